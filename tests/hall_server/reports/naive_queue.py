"""Who could be called where, row by row of the journal: for the naive side of idle windows beside a queue.

Written from PRODUCT.md, docs/indicators.md and the names of the events; shares no code with ``hall_server``.
Every number is moved by each of its rows; after each row every window looks at everybody who waits.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

Row = dict[str, Any]
Waiting = tuple[frozenset[str], str, str]


class Queue:
    """``timeline``: window -> (since, whether anybody at all may be called, clerks who may call somebody)."""

    def __init__(self, rows: list[Row], gone: set[int], plan: Row) -> None:
        self.plan = plan
        self.skills = {name: own(window) for name, window in plan["windows"].items()}
        self.tickets: dict[str, Row] = {}
        self.waiting: Counter[Waiting] = Counter()
        self.standing: Counter[str] = Counter()
        self.of_visit: dict[str, set[str]] = {}
        self.timeline: dict[str, list[tuple[int, bool, frozenset[str]]]] = {}
        for row in rows:
            if row["seq"] not in gone:
                self._row(row)
            for window in {*self.skills, *self.timeline}:
                self._look(window, row["at_ms"])

    def callable_at(self, window: str, clerk: str, at_ms: int) -> bool:
        """Whether from this instant on somebody could have been called."""
        before = [one for one in self.timeline.get(window, []) if one[0] <= at_ms]
        return bool(before) and (before[-1][1] or (bool(clerk) and clerk in before[-1][2]))

    def changes(self, window: str) -> set[int]:
        """When the answer may have changed."""
        return {at_ms for at_ms, _, _ in self.timeline.get(window, [])}

    def _look(self, window: str, at_ms: int) -> None:
        skills = set(self.skills.get(window, ()))
        may = [w for w, count in self.waiting.items() if count and w[0] <= skills and w[1] in ("", window)]
        now = any(not clerk for _, _, clerk in may), frozenset(clerk for _, _, clerk in may if clerk)
        line = self.timeline.setdefault(window, [])
        if not line or line[-1][1:] != now:
            line.append((at_ms, *now))

    # ------------------------------------------------------------ rows

    def _row(self, row: Row) -> None:
        kind = row["kind"]
        if kind == "TicketIssued":
            services = frozenset({row["service"], *(row.get("also") or ())})
            visit = row.get("visit") or row["ticket"]
            ticket = {"needs": services, "service": row["service"], "also": row.get("also") or ()}
            self.tickets[row["ticket"]] = {**ticket, "window": "", "clerk": "", "visit": visit, "back": ""}
            self._move(row["ticket"], "waiting")
        elif kind == "DayClosed":
            self.tickets.clear()
            self.waiting.clear()
            self.standing.clear()
            self.of_visit.clear()
        elif kind == "SkillsChanged":
            self.skills[row["window"]] = [service for service, _ in row["skills"]]
        elif kind == "PlanPublished":
            self._planned(row)
        elif row.get("ticket") in self.tickets:
            self._ticket(row, self.tickets[row["ticket"]])

    def _planned(self, row: Row) -> None:
        old, new = self.plan["windows"], row["plan"]["windows"]
        kept = {
            name
            for name in new
            if row["seq"] > 1
            and name in old
            and name in self.skills
            and levels(old[name]) == levels(new[name])
        }
        self.skills = {name: self.skills[name] if name in kept else own(new[name]) for name in new}
        self.plan = row["plan"]

    def _ticket(self, row: Row, ticket: Row) -> None:
        kind, name = row["kind"], row["ticket"]
        if kind == "TicketCalled":
            self._move(name, "standing", window="", clerk="")
        elif kind == "TicketUnbound":
            self._move(name, ticket["at"], window="", clerk="")
        elif kind == "TicketTransferred":
            needs = frozenset({row["service"], *(row.get("also") or ())})
            bound = {"window": row.get("to_window", ""), "clerk": row.get("to_clerk", "")}
            back = row.get("return_service") or ticket["back"]
            told = {"service": row["service"], "also": row.get("also") or (), "back": back}
            self._move(name, "waiting", needs=needs, **bound, **told)
        elif kind == "TicketSentBack":
            service = ticket["back"] or ticket["service"]
            there = self.skills.get(row["to_window"], [])
            if there and service not in there:
                service = there[0]
            needs = frozenset({service, *ticket["also"]})
            self._move(name, "waiting", needs=needs, service=service, window=row["to_window"], back="")
        elif kind == "TicketReturned":
            self._move(name, "waiting", visit=row.get("visit") or ticket["visit"])
        elif kind == "TicketNoShow":
            self._move(name, "waiting" if row.get("rank") is not None else "gone")
        elif kind == "TicketPostponed":
            self._move(name, "aside" if row.get("until_ms") else "waiting")
        elif kind in ("TicketFinished", "TicketParked", "TicketCancelled"):
            self._move(name, "gone")

    def _move(self, name: str, to: str, **changed: Any) -> None:
        ticket = self.tickets[name]
        visits = {ticket["visit"], changed.get("visit", ticket["visit"])}
        others = {other for visit in visits for other in self.of_visit.get(visit, set())} | {name}
        for other in others:
            self._count(other, -1)
        if ticket.get("at") == "standing":
            self.standing[ticket["visit"]] -= 1
        ticket.update(changed, at=to)
        self.of_visit.setdefault(ticket["visit"], set()).add(name)
        if to == "standing":
            self.standing[ticket["visit"]] += 1
        for other in others:
            self._count(other, 1)

    def _count(self, name: str, by: int) -> None:
        """Who waits and does not stand at a window with another number."""
        ticket = self.tickets[name]
        if ticket.get("at") == "waiting" and not self.standing[ticket["visit"]]:
            self.waiting[ticket["needs"], ticket["window"], ticket["clerk"]] += by


def own(window: Row) -> list[str]:
    """What a window does by its description: what it helps with first."""
    return list(dict.fromkeys([*(window.get("helps_with") or ()), *(window.get("services") or ())]))


def levels(window: Row) -> tuple[set[str], set[str]]:
    """What it does as its own, and as help."""
    mine = set(window.get("services") or ())
    return mine, set(window.get("helps_with") or ()) - mine
