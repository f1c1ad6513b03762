"""Every figure of every report once more, naively, from the raw rows of the journal's table.

Written from PRODUCT.md, docs/indicators.md and the names of the events; shares no code with
``hall_server.reports`` and none with ``hall_server.hall``. It is slow, and looks at everything again for each
question; what it may not do is agree with the folds by construction.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

from tests.hall_server.reports.naive_queue import Queue
from tests.hall_server.reports.naive_rows import (
    ARRIVE,
    CALL,
    CLASSES,
    ENDS_SERVICE,
    FINISH,
    GOOD,
    GRADES,
    LIFE,
    MINUTE,
    Key,
    Row,
    at_windows,
    half_up,
    queues,
    rank,
    retracted,
)

# ---------------------------------------------------------------- what was measured


class Naive:
    """Measurements of a whole journal: ``found`` are dicts of indicator, day, place, number and value."""

    def __init__(self, rows: list[Row], plan: dict[str, Any]) -> None:
        self.rows = rows
        self.first_plan = plan
        self.days = list(dict.fromkeys(r["day"] for r in rows if r["day"]))
        self.found: list[dict[str, Any]] = []
        self.order: dict[str, int] = {}
        self.plans = [(r["seq"], r["plan"]) for r in rows if r["kind"] == "PlanPublished"]
        self.by_day = {day: [r for r in rows if r["day"] == day] for day in self.days}
        self.zones: dict[tuple[str, str, str], str] = {}
        self.queue = Queue(rows, set().union(*map(retracted, self.by_day.values())), plan)
        for day in self.days:
            self._day(day)
        self._second_visits()

    # ------------------------------------------------------------ descriptions

    def plan_at(self, seq: int) -> dict[str, Any]:
        """The description in force at a row."""
        plans = [plan for at, plan in self.plans if at <= seq]
        return plans[-1] if plans else self.first_plan

    def comprehensive(self, day: str, window: str) -> bool:
        """Whether the last description of the day that has the window gives it two services or more."""
        first, last = self.by_day[day][0]["seq"], self.by_day[day][-1]["seq"]
        plans = [self.plan_at(first), *(plan for at, plan in self.plans if first < at <= last)]
        having = [plan["windows"][window]["services"] for plan in plans if window in plan["windows"]]
        return bool(having) and len(having[-1]) >= 2

    def zone_of(self, day: str, table: str, name: str) -> str:
        """Where the last description of the day that has this service or window places it."""
        if (day, table, name) not in self.zones:
            first, last = self.by_day[day][0]["seq"], self.by_day[day][-1]["seq"]
            plans = [self.plan_at(first), *(plan for at, plan in self.plans if first < at <= last)]
            having = [plan[table][name]["zone"] for plan in plans if name in plan[table]]
            self.zones[day, table, name] = having[-1] if having else ""
        return self.zones[day, table, name]

    # ------------------------------------------------------------ one day

    def _day(self, day: str) -> None:
        rows = self.by_day[day]
        gone = retracted(rows)
        closed = [r for r in rows if r["kind"] == "DayClosed"]
        end = closed[0]["at_ms"] if closed else rows[-1]["at_ms"]
        expired = set(closed[0].get("expired", ())) if closed else set()
        offset = self.plan_at(rows[-1]["seq"])["rules"]["utc_offset_minutes"]
        self.offset = offset
        issues = [r for r in rows if r["kind"] == "TicketIssued"]
        by_ticket: dict[str, list[Row]] = defaultdict(list)
        papers = [r for r in rows if r["kind"] == "PaperReported" and r.get("reprint")]
        for r in rows:
            if r["kind"] in LIFE and r["seq"] not in gone:
                by_ticket[r["ticket"]].append(r)
        for issue in issues:
            self.order[issue["ticket"]] = len(self.order)
            steps = [r for r in by_ticket[issue["ticket"]] if r["kind"] != "TicketUnbound"]
            self._ticket(day, issue, steps, expired, end, papers)
        self._undos(day, rows, issues)
        self._windows(day, rows, issues, by_ticket, end)
        self._appointments(day, rows, issues)
        self._evaluations(day, rows, issues)

    def put(self, indicator: str, day: str, at: int, value: int = 1, **where: Any) -> None:
        half = (at // MINUTE + self.offset) % 1440 // 30
        self.found.append(
            {
                "indicator": indicator,
                "value": value,
                "day": day,
                "half_hour": f"{half // 2:02d}:{'30' if half % 2 else '00'}",
                "service": "",
                "window": "",
                "clerk": "",
                "class": "",
                "reason": "",
                "items": (),
                "ticket": "",
                **where,
            }
        )

    def _ticket(
        self, day: str, issue: Row, steps: list[Row], expired: set[str], end: int, papers: list[Row]
    ) -> None:
        ticket = issue["ticket"]
        apart = ticket in expired
        taken = issue.get("true_ms") or issue["at_ms"]
        began = taken
        if issue.get("arrival") == "early":
            bookings = [
                r
                for r in self.rows
                if r["kind"] == "AppointmentBooked" and r["appointment"] == issue["appointment"]
            ]
            began = bookings[-1]["start_ms"]
        common = {
            "class": CLASSES[issue.get("rank_class", 2)],
            "items": tuple(issue.get("items") or ()) or ("@" + issue["service"],),
            "ticket": ticket,
        }

        def place(before: int) -> dict[str, Any]:
            """Service, window and clerk of the number when ``before`` steps had been made."""
            service, window, clerk = issue["service"], "", ""
            had: dict[str, str] = {}
            for s in steps[:before]:
                if s["kind"] == CALL:
                    window, clerk = s["window"], s.get("clerk", "")
                    had[window] = service
                elif s["kind"] == "TicketTransferred":
                    service, window, clerk = s["service"], "", ""
                elif s["kind"] == "TicketSentBack":
                    service, window, clerk = had.get(s["to_window"], service), "", ""
                elif s["kind"] in ("TicketReturned", "TicketPostponed") or (
                    s["kind"] == "TicketNoShow" and s.get("rank") is not None
                ):
                    window = clerk = ""
            return {**common, "service": service, "window": window, "clerk": clerk}

        def count(indicator: str, at: int, reason: str = "", before: int = 0) -> None:
            self.put(indicator, day, at, **place(before), reason=reason)

        def lasted(indicator: str, at: int, ms: int, before: int) -> None:
            if not apart:
                self.put(indicator, day, at, ms, **place(before))

        count("issued", taken)
        if not issue.get("visit") or issue["visit"] == ticket:
            count("visits", taken)
        if issue.get("true_ms"):
            count("issued_offline", taken)
        if issue.get("agent"):
            count("issued_by_agent", taken)
        if issue.get("also"):
            count("baskets", taken)
        if issue.get("green_reason"):
            count("green", taken, issue["green_reason"])
        if issue.get("appointment") and issue.get("arrival"):
            count("appointment_came", taken, issue["arrival"])
        for r in papers:
            if r["ticket"] == ticket and r["paper"] not in ("failed", "sent"):
                count("reprinted", r["at_ms"])

        counted = {
            CALL: ("called", None),
            "TicketRecalled": ("recalled", None),
            FINISH: ("finished", None),
            "TicketSentBack": ("sent_back", "to_window"),
            "TicketTransferred": ("transferred", "service"),
            "TicketParked": ("parked", "reason"),
        }
        for n, s in enumerate(steps):
            here = n + 1 if s["kind"] == CALL else n
            if s["kind"] in counted:
                indicator, why = counted[s["kind"]]
                count(indicator, s["at_ms"], s.get(why, "") if why else "", here)
            if s["kind"] == "TicketPostponed":
                count("postponed", s["at_ms"], "kept" if s.get("until_ms") else "behind", here)
            if n and steps[n - 1]["kind"] == ARRIVE and s["kind"] in ENDS_SERVICE:
                count("rendered", s["at_ms"], "", here)
            if s["kind"] == CALL and s.get("reason"):
                count("out_of_order", s["at_ms"], s["reason"], here)
            if s["kind"] == FINISH:
                count("outcome", s["at_ms"], s["outcome"], here)
                if s["outcome"] not in GOOD:
                    count("without_result", s["at_ms"], s["outcome"], here)
                if self.comprehensive(day, s["window"]):
                    count("finished_comprehensive", s["at_ms"], "", here)
                if s.get("by_next"):
                    count("ended_by_next", s["at_ms"], "", here)
            if s["kind"] == "TicketNoShow":
                how = "back" if s.get("rank") is not None else "void" if s.get("void") else "out"
                count("no_show", s["at_ms"], how, here)
            if s["kind"] == "TicketCancelled":
                count("voided" if s.get("void") else "cancelled", s["at_ms"], s.get("reason", ""), here)
            if s["kind"] == "TicketReturned" and steps[n - 1]["kind"] == "TicketNoShow":
                count("no_show_returned", s["at_ms"], "", here)

        self._durations(issue, steps, taken, began, lasted)
        self._how_it_ended(steps, apart, end, count)

    def _durations(self, issue: Row, steps: list[Row], taken: int, began: int, lasted: Any) -> None:
        calls = [n for n, s in enumerate(steps) if s["kind"] == CALL]
        any_call = [n for n, s in enumerate(steps) if s["kind"] in (CALL, "TicketRecalled")]
        if calls:
            lasted("wait", taken, max(0, steps[calls[0]]["at_ms"] - began), calls[0] + 1)
            lasted("wait_last", taken, max(0, steps[any_call[-1]]["at_ms"] - began), any_call[-1] + 1)
            story = [{"kind": "issue", "at_ms": began}, *steps]
            in_queue = ("issue", "TicketTransferred", "TicketSentBack", "TicketReturned")
            total = sum(
                max(0, b["at_ms"] - a["at_ms"])
                for a, b in pairwise(story)
                if b["kind"] in (CALL, "TicketPostponed") and queues(a, in_queue)
            )
            lasted("wait_total", taken, total, calls[0] + 1)
        served = 0
        for n, s in enumerate(steps):
            if s["kind"] == ARRIVE:
                call = [m for m in calls if m < n][-1]
                lasted("answer", steps[call]["at_ms"], s["at_ms"] - steps[call]["at_ms"], n)
            if n and steps[n - 1]["kind"] == ARRIVE:
                ms = s["at_ms"] - steps[n - 1]["at_ms"]
                served += ms
                lasted("service_leg", steps[n - 1]["at_ms"], ms, n)
            if n and s["kind"] in (CALL, "TicketReturned"):
                aside, name = steps[n - 1], ""
                if aside["kind"] == "TicketParked":
                    name = "parked_time"
                elif aside["kind"] == "TicketPostponed" and aside.get("until_ms"):
                    name = "postponed_time"
                if name:
                    lasted(name, aside["at_ms"], s["at_ms"] - aside["at_ms"], n)
        if steps and steps[-1]["kind"] == FINISH:
            arrivals = [s["at_ms"] for s in steps if s["kind"] == ARRIVE]
            lasted("service_ticket", arrivals[0], served, len(steps))
            lasted("stay", taken, max(0, steps[-1]["at_ms"] - began), len(steps))

    def _how_it_ended(self, steps: list[Row], apart: bool, end: int, count: Any) -> None:
        status = "waiting"
        missed = None
        for n, s in enumerate(steps):
            if s["kind"] in (CALL, "TicketRecalled"):
                status = "called"
            elif s["kind"] == ARRIVE:
                status, missed = "serving", None
            elif s["kind"] == "TicketParked" or s.get("until_ms"):
                status = "parked"
            elif s["kind"] in (FINISH, "TicketCancelled"):
                status = "ended"
            elif s["kind"] == "TicketNoShow":
                missed = n
                status = "waiting" if s.get("rank") is not None else "missed"
            else:
                status = "waiting"
        if apart:
            count("overnight", end, status, len(steps))
        if missed is not None and (apart or status == "missed"):
            count("no_show_lost", steps[missed]["at_ms"], "", missed)

    def _undos(self, day: str, rows: list[Row], issues: list[Row]) -> None:
        for r in rows:
            if r["kind"] != "ActionUndone":
                continue
            stood = r["tickets"][0]
            issue = next(i for i in issues if i["ticket"] == stood["id"])
            ranked: dict[str, Any] = {"class": CLASSES[issue.get("rank_class", 2)]}
            self.put(
                "undone",
                day,
                r["at_ms"],
                service=stood["service"],
                window=r["window"],
                clerk=self._seat(r["window"], r["seq"])[1],
                reason=r["what"],
                ticket=stood["id"],
                items=tuple(issue.get("items") or ()) or ("@" + issue["service"],),
                **ranked,
            )

    # ------------------------------------------------------------ windows

    def _seat(self, window: str, seq: int) -> tuple[str, str]:
        """(status, clerk) of a window after a row."""
        status, clerk = "none", ""
        plan = self.first_plan
        if window in plan["windows"]:
            status = "open" if plan["windows"][window].get("open_at_start") else "closed"
        for r in self.rows:
            if r["seq"] > seq:
                break
            if r["kind"] == "WindowChanged" and r["window"] == window:
                status, clerk = r["status"], r.get("clerk", "")
            if r["kind"] == "PlanPublished":
                described = r["plan"]["windows"].get(window)
                if described is None:
                    status, clerk = "none", ""
                elif status == "none" or r["seq"] == 1:
                    status, clerk = ("open" if described.get("open_at_start") else "closed"), ""
        return status, clerk

    def _windows(
        self, day: str, rows: list[Row], issues: list[Row], lives: dict[str, list[Row]], end: int
    ) -> None:
        begin = rows[0]["at_ms"]
        names = set()
        for r in rows:
            names |= (
                set(self.plan_at(r["seq"])["windows"])
                if r["kind"] in ("PlanPublished", "DayOpened")
                else set()
            )
        for window in sorted(names):
            touches = [r["at_ms"] for r in rows if r.get("window") == window]
            first, last = (touches[0], touches[-1]) if touches else (end, end)
            work = [
                (a["at_ms"], b, a.get("clerk", ""))
                for issue in issues
                for a, b in at_windows(lives[issue["ticket"]], last)
                if a["window"] == window
            ]
            changes = [
                r["seq"]
                for r in rows
                if (r["kind"] == "WindowChanged" and r["window"] == window) or r["kind"] == "PlanPublished"
            ]
            at = {r["seq"]: r["at_ms"] for r in rows}
            seats = [(begin, self._seat(window, rows[0]["seq"]))]
            seats += [(at[seq], self._seat(window, seq)) for seq in changes]
            marks = {begin, end, first, last}
            marks |= {a for a, _, _ in work} | {b for _, b, _ in work} | {a for a, _ in seats}
            half = 30 * MINUTE
            marks |= set(range(begin - begin % half, end + half, half)) | self.queue.changes(window)
            line = sorted(m for m in marks if begin <= m <= end)
            for a, b in pairwise(line):
                status, clerk = [seat for since, seat in seats if since <= a][-1]
                busy = [w for w in work if w[0] <= a and b <= w[1]]
                for w in busy:
                    self.put("busy_time", day, a, b - a, window=window, clerk=w[2])
                inside = first <= a and b <= last
                names_of: list[str] = []
                if status == "open" and inside and busy:
                    names_of = ["open_time"]
                elif status == "open" and inside:
                    wanted = self.queue.callable_at(window, clerk, a)
                    names_of = ["open_time", "idle_time"]
                    names_of.append("idle_wanted_time" if wanted else "idle_calm_time")
                elif status == "open":
                    names_of = ["left_open_time"]
                elif status == "paused" and inside and not busy:
                    names_of = ["paused_time"]
                for name in names_of:
                    self.put(name, day, a, b - a, window=window, clerk=clerk)

    # ------------------------------------------------------------ evaluations

    def _evaluations(self, day: str, rows: list[Row], issues: list[Row]) -> None:
        for r in rows:
            step = {"contacted": "poor_contacted", "closed": "poor_closed"}.get(r.get("step", ""), "")
            if r["kind"] == "PoorFollowed" and step:
                before = [b for b in self.rows if b["kind"] == "PoorFollowed" and b["seq"] < r["seq"]]
                if all((b["call"], b["step"]) != (r["call"], r["step"]) for b in before):
                    about = {"service": r["service"], "window": r["at_window"], "clerk": r.get("clerk", "")}
                    items, ticket = ("@" + r["service"],), r["call"].split(":")[0]
                    self.put(step, day, r["at_ms"], **about, items=items, ticket=ticket)
            if r["kind"] != "ServiceEvaluated":
                continue
            issue = next(i for i in issues if i["ticket"] == r["ticket"])
            where = {
                "service": r["service"],
                "window": r["at_window"],
                "clerk": r.get("clerk", ""),
                "class": CLASSES[issue.get("rank_class", 2)],
                "items": tuple(issue.get("items") or ()) or ("@" + issue["service"],),
                "ticket": r["ticket"],
            }
            names = ["evaluated", "evaluated_good" if r["grade"] >= 3 else "evaluated_poor"]
            names += ["evaluated_words"] if r.get("words") else []
            for name in names:
                self.put(name, day, r["at_ms"], **where, reason=GRADES[r["grade"]])
            for tag in r.get("tags") or ():
                self.put("evaluation_tags", day, r["at_ms"], **where, reason=tag)

    # ------------------------------------------------------------ appointments, second visits

    def _appointments(self, day: str, rows: list[Row], issues: list[Row]) -> None:
        for r in rows:
            if not r["kind"].startswith("Appointment"):
                continue
            booking = [
                b
                for b in self.rows
                if b["kind"] == "AppointmentBooked"
                and b["appointment"] == r["appointment"]
                and b["seq"] <= r["seq"]
            ][-1]
            came = any(i.get("appointment") == r["appointment"] for i in issues)
            if r["kind"] == "AppointmentMissed" and came:
                continue
            name = "appointment_" + r["kind"].removeprefix("Appointment").lower()
            self.put(name, day, r["at_ms"], service=booking["service"])

    def _second_visits(self) -> None:
        """Every coming looks back for the latest ending of the same person and item."""
        comings, endings = [], []
        for day in self.days:
            rows = self.by_day[day]
            gone = retracted(rows)
            of_ticket: dict[str, list[Row]] = defaultdict(list)
            for r in rows:
                of_ticket[r.get("ticket", "")].append(r)
            for issue in (r for r in rows if r["kind"] == "TicketIssued" and r.get("person")):
                items = issue.get("items") or ["@" + issue["service"]]
                taken = issue.get("true_ms") or issue["at_ms"]
                mine = [r for r in of_ticket[issue["ticket"]] if r["seq"] not in gone]
                visit = issue.get("visit") or issue["ticket"]
                comings += [(taken, issue["seq"], day, issue, item, visit) for item in items]
                for r in mine:
                    if r["kind"] == "TicketReturned" and r.get("visit"):
                        visit = r["visit"]
                for r in mine:
                    if r["kind"] == FINISH:
                        call = [c for c in mine if c["kind"] == CALL][-1]
                        place = (r["at_ms"], r["seq"], day, issue)
                        endings += [(*place, item, visit, r, call) for item in items]
        for at, _, day, issue, item, _, end, call in endings:
            self.put("endings_known", day, at, **self._of_ending(issue, item, end, call))
        used: set[tuple[int, str]] = set()
        twice: set[tuple[str, str]] = set()
        for taken, seq, day, issue, item, visit in sorted(comings, key=lambda c: c[:2]):
            before = [
                x
                for x in endings
                if x[:2] < (taken, seq) and x[4] == item and x[3]["person"]["key"] == issue["person"]["key"]
            ]
            if not before:
                continue
            latest = max(before, key=lambda x: x[:2])
            at, end_seq, _, old, _, old_visit, end, call = latest
            limit = self.plan_at(seq)["rules"]["second_visit_days"] * 1440 * MINUTE
            if end["outcome"] in GOOD or (end_seq, item) in used or visit == old_visit or taken - at > limit:
                continue
            used.add((end_seq, item))
            twice.add((issue["ticket"], item))
            where = self._of_ending(old, item, end, call)
            self.put("second_visits", day, taken, **{**where, "ticket": issue["ticket"]})
        for at, _, day, issue, item, _, end, call in endings:
            if end["outcome"] in GOOD:
                where = self._of_ending(issue, item, end, call)
                self.put("achieved", day, at, **where)
                if (issue["ticket"], item) not in twice:
                    self.put("achieved_once", day, at, **where)

    @staticmethod
    def _of_ending(issue: Row, item: str, end: Row, call: Row) -> dict[str, Any]:
        return {
            "service": issue["service"],
            "window": end["window"],
            "clerk": call.get("clerk", ""),
            "items": (item,),
            "reason": end["outcome"],
            "ticket": issue["ticket"],
        }

    # ------------------------------------------------------------ figures

    def figures(
        self, days: list[str], wanted: list[tuple[str, str, str, str]], by: tuple[str, ...]
    ) -> dict[Key, dict[str, Any]]:
        """``wanted``: (id, unit, numerator, denominator). Key -> id -> figure; spreads as tuples."""
        groups: dict[str, dict[Key, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        for m in self.found:
            if m["day"] in days:
                for key in self._keys(m, by):
                    groups[m["indicator"]][key].append(m)
        for key, both in [
            (key, groups[part][key])
            for part in ("appointment_came", "appointment_missed")
            for key in groups[part]
        ]:
            groups["appointment_due"][key] = groups["appointment_due"][key] + both
        keys: set[Key] = set()
        for name, unit, above, below in wanted:
            for part in (above, below) if unit == "rate" else (name,):
                keys |= set(groups[part])
        return {key: {w[0]: self._figure(w, key, groups) for w in wanted} for key in sorted(keys)}

    def _figure(self, wanted: tuple[str, str, str, str], key: Key, groups: Any) -> Any:
        name, unit, above, below = wanted
        if unit == "rate":
            whole = sum(m["value"] for m in groups[below][key])
            part = sum(m["value"] for m in groups[above][key])
            return half_up(Decimal(part) * 10_000 / whole) if whole else None
        measured = groups[name][key]
        if unit != "duration":
            return sum(m["value"] for m in measured)
        if not measured:
            return None
        values = [m["value"] for m in measured]
        most = max(values)
        first = min(
            (m for m in measured if m["value"] == most),
            key=lambda m: (m["day"], self.order[m["ticket"]]),
        )
        return (
            len(values),
            sum(values),
            half_up(Decimal(sum(values)) / len(values)),
            {p: rank(values, p) for p in (50, 80, 90, 95)},
            most,
            first["ticket"],
        )

    def _keys(self, m: dict[str, Any], by: tuple[str, ...]) -> Iterator[Key]:
        keys: list[Key] = [()]
        for name in by:
            parts: tuple[str, ...]
            if name == "hall":
                parts = ("",)
            elif name == "item":
                parts = m["items"] or ("",)
            elif name == "zone":
                table, id_ = ("services", m["service"]) if m["service"] else ("windows", m["window"])
                parts = (self.zone_of(m["day"], table, id_),)
            elif name == "week":
                year, week, _ = datetime.datetime.strptime(m["day"][:8], "%Y%m%d").date().isocalendar()  # noqa: DTZ007
                parts = (f"{year}-W{week:02d}",)
            elif name == "month":
                parts = (m["day"][:4] + "-" + m["day"][4:6],)
            else:
                parts = (m[name],)
            keys = [(*key, part) for key in keys for part in parts]
        yield from keys
