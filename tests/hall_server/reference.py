"""A hall as slow and plain as it can be, written from PRODUCT.md alone, to judge the real core by.

Lists, scans of everybody, no indexes. Places are fractions: a number that goes back behind somebody gets
the middle between that one and the next. Nothing of ``hall_server.hall`` is used but the described hall
and the names of commands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from fractions import Fraction

from hall_server.hall import commands as c
from hall_server.hall.plan import CallingKind, Plan

OPEN = ("waiting", "called", "serving", "parked")
CHINA = timezone(timedelta(hours=8))


class Refused(Exception):
    """The rules of a hall forbid it."""


@dataclass
class Holder:
    """Somebody with a number."""

    number: str
    service: str
    place: Fraction
    person: str = ""
    green: bool = False
    status: str = "waiting"
    window: str = ""
    recalls: int = 0
    parked_until_ms: int = 0
    postponed: int = 0
    away: bool = False


@dataclass
class Desk:
    """A window as people see it."""

    status: str
    clerk: str = ""


@dataclass
class Reference:
    """The whole hall: everybody who ever came today, in the order in which they came."""

    plan: Plan
    everybody: list[Holder] = field(default_factory=list)
    desks: dict[str, Desk] = field(default_factory=dict)
    issued: dict[str, int] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    blocks: dict[int, range] = field(default_factory=dict)
    leased: dict[str, int] = field(default_factory=dict)
    closes_ms: int = 0

    def __post_init__(self) -> None:
        for window in self.plan.windows.values():
            self.desks[window.id] = Desk("open" if window.open_at_start else "closed")

    # ------------------------------------------------------------ one command

    def do(self, command: c.Command, now_ms: int) -> set[str]:
        """Carry it out; returns the numbers that would be a right answer ({''} = none). Raises Refused."""
        self._close_the_day(now_ms)
        if isinstance(command, c.AtWindow) and command.window not in self.plan.windows:
            raise Refused("no such window")
        match command:
            case c.Issue():
                return self._issue(command, now_ms)
            case c.LeaseNumbers():
                self._lease(command.service, command.count)
                return {""}
            case c.MergeLease():
                self._merge(command)
                return {""}
            case c.Postpone():
                return {self._postpone(command.ticket, now_ms)}
            case c.ComeBack():
                return {self._come_back(command.ticket)}
            case c.StopIssuing():
                self.stopped.add(command.service)
                return {""}
            case c.ResumeIssuing():
                self.stopped.discard(command.service)
                return {""}
            case c.PublishPlan():
                self._publish(command.plan)
                return {""}
            case c.CorrectTime():
                if command.to_ms < now_ms + 1000:
                    raise Refused("time does not go back")
                return {""}
            case c.CallNext():
                return {self._call_next(command.window)}
            case c.CallTicket():
                return {self._call_this(command.window, command.ticket, "waiting", command.reason)}
            case c.CallParked():
                return {self._call_this(command.window, command.ticket, "parked", "parked")}
            case c.Recall():
                return {self._recall(command.window)}
            case c.Arrive():
                holder = self._here(command.window, "called")
                holder.status = "serving"
                return {holder.number}
            case c.Finish():
                holder = self._here(command.window, "serving")
                holder.status = "done"
                return {holder.number}
            case c.NoShow():
                return {self._no_show(command.window)}
            case c.Park():
                return {self._park(command.window, command.minutes, now_ms)}
            case c.Transfer():
                return {self._transfer(command.window, command.service)}
            case c.ReturnNoShow():
                return {self._return(command.ticket)}
            case c.Cancel():
                return {self._end(command.ticket, ("waiting", "parked", "called"), "cancelled")}
            case c.Void():
                return {self._end(command.ticket, ("waiting",), "void")}
            case c.Tick():
                self._parked_return(now_ms)
                return {""}
            case c.OpenWindow():
                self.desks[command.window].status = "open"
                return {""}
            case c.PauseWindow():
                self.desks[command.window].status = "paused"
                return {""}
            case c.CloseWindow():
                self._close_window(command.window)
                return {""}
        raise AssertionError(f"the reference does not know {command}")

    # ------------------------------------------------------------ the day

    def _close_the_day(self, now_ms: int) -> None:
        """Everything still open expires when the business day closes; numbers restart."""
        if now_ms < self.closes_ms:
            return
        rules = self.plan.rules
        now = datetime.fromtimestamp(now_ms / 1000, CHINA)
        closes = now.replace(hour=0, minute=0, second=0, microsecond=0)
        closes += timedelta(minutes=rules.day_closes_minute)
        while closes <= now:
            closes += timedelta(days=1)
        self.closes_ms = round(closes.timestamp() * 1000)
        self.everybody, self.issued = [], {}
        self.stopped, self.blocks, self.leased = set(), {}, {}

    # ------------------------------------------------------------ getting a number

    def _issue(self, command: c.Issue, now_ms: int) -> set[str]:
        if command.service not in self.plan.services:
            raise Refused("no such service")
        person = command.person.key if command.person else ""
        open_ones = [h for h in self.everybody if person and h.person == person and h.status in OPEN]
        same = {h.number for h in open_ones if h.service == command.service}
        if same:
            return same
        if command.service in self.stopped:
            raise Refused("no more numbers today")
        if len(open_ones) >= self.plan.rules.open_per_person:
            raise Refused("too many open numbers")
        service = self.plan.services[command.service]
        ordinal = self.issued.get(service.prefix, service.first - 1) + 1
        self.issued[service.prefix] = ordinal
        number = service.prefix + str(ordinal).rjust(service.width, "0")
        self.everybody.append(
            Holder(number, service.id, Fraction(now_ms), person, bool(command.green_reason))
        )
        return {number}

    def _lease(self, name: str, count: int) -> None:
        """The next numbers of the series, from 501 on, for a box that may be alone."""
        first = self.leased.get(name, 500) + 1
        self.leased[name] = first + count - 1
        self.blocks[len(self.blocks)] = range(first, first + count)

    def _merge(self, command: c.MergeLease) -> None:
        """Each number of a known block waits from the time at which it was taken; once."""
        service = self.plan.services[command.service]
        for ticket in command.tickets:
            number = service.prefix + str(ticket.ordinal).rjust(service.width, "0")
            known = any(ticket.ordinal in block for block in self.blocks.values())
            if known and all(h.number != number for h in self.everybody):
                place = Fraction(ticket.issued_ms) + Fraction(ticket.ordinal, 1_000_000)
                self.everybody.append(Holder(number, service.id, place))

    def _postpone(self, ticket: str, now_ms: int) -> str:
        """Its place is kept for some minutes, so often."""
        holder, rules = self._named(ticket), self.plan.rules
        if holder.status not in ("waiting", "called") or holder.postponed >= rules.postpones_per_ticket:
            raise Refused("cannot be postponed")
        holder.status, holder.parked_until_ms = "parked", now_ms + rules.postpone_minutes * 60_000
        holder.postponed, holder.away = holder.postponed + 1, True
        return holder.number

    def _come_back(self, ticket: str) -> str:
        holder = self._named(ticket)
        if holder.status == "waiting":
            return holder.number
        if holder.status != "parked" or not holder.away:
            raise Refused("was not away")
        holder.status, holder.away = "waiting", False
        return holder.number

    # ------------------------------------------------------------ the house

    def _publish(self, plan: Plan) -> None:
        """Refused while somebody would be left without a service or without the window where he stands."""
        if plan == self.plan:
            raise Refused("nothing new")
        for holder in self.everybody:
            at_window = holder.status in ("called", "serving")
            if holder.status in OPEN and holder.service not in plan.services:
                raise Refused("its service would be gone")
            if at_window and holder.window not in plan.windows:
                raise Refused("its window would be gone")
        self.plan = plan
        kept = {w: desk for w, desk in self.desks.items() if w in plan.windows}
        for window in plan.windows.values():
            kept.setdefault(window.id, Desk("open" if window.open_at_start else "closed"))
        self.desks = {window: kept[window] for window in plan.windows}

    def _end(self, ticket: str, allowed: tuple[str, ...], status: str) -> str:
        holder = self._named(ticket)
        if holder.status not in allowed:
            raise Refused(f"{holder.number} is {holder.status}")
        holder.status = status
        return holder.number

    def _return(self, ticket: str) -> str:
        holder = self._named(ticket)
        if holder.status != "no_show":
            raise Refused(f"{holder.number} is {holder.status}")
        if holder.service not in self.plan.services:
            raise Refused("its service is gone")
        for other in self.everybody:
            same = other.person == holder.person and other.service == holder.service
            if holder.person and same and other.status in OPEN:
                raise Refused("has a newer number")
        holder.place = self._behind(holder, self.plan.rules.return_places)
        holder.status = "waiting"
        return holder.number

    # ------------------------------------------------------------ at a window

    def _call_next(self, window: str) -> str:
        self._require_open(window)
        present = self._at(window)
        if present is not None and present.status == "called":
            raise Refused("still being called")
        if present is not None:
            present.status = "done"
        found = self._callable(window)
        found = [h for h in found if h.service in self.plan.windows[window].services] or found
        if not found:
            if present is not None:
                return ""
            raise Refused("nobody waits")
        chosen = min(found, key=self._order)
        self._call(chosen, window)
        return chosen.number

    def _callable(self, window: str) -> list[Holder]:
        """Who waits for what the window does, and does not stand at a window with another number."""
        described = self.plan.windows[window]
        return [
            h
            for h in self.everybody
            if h.status == "waiting"
            and h.service in (*described.services, *described.helps_with)
            and not self._stands_somewhere(h)
        ]

    def _stands_somewhere(self, holder: Holder) -> bool:
        return bool(holder.person) and any(
            other.person == holder.person and other.status in ("called", "serving")
            for other in self.everybody
        )

    def _call_this(self, window: str, ticket: str, wanted: str, reason: str) -> str:
        if not reason.strip():
            raise Refused("no reason")
        self._require_open(window)
        holder = self._named(ticket)
        described = self.plan.windows[window]
        if holder.status != wanted or holder.service not in (*described.services, *described.helps_with):
            raise Refused("not to be called here")
        present = self._at(window)
        if present is not None and present.status == "called":
            raise Refused("still being called")
        elsewhere = [
            other
            for other in self.everybody
            if holder.person
            and other.person == holder.person
            and other.status in ("called", "serving")
            and other is not present
        ]
        if elsewhere:
            raise Refused("its holder stands at another window")
        if present is not None:
            present.status = "done"
        self._call(holder, window)
        return holder.number

    def _call(self, holder: Holder, window: str) -> None:
        holder.status, holder.window, holder.recalls, holder.away = "called", window, 0, False

    def _recall(self, window: str) -> str:
        holder = self._here(window, "called")
        if holder.recalls >= self.plan.rules.recalls_before_no_show:
            raise Refused("recalled often enough")
        holder.recalls += 1
        return holder.number

    def _no_show(self, window: str) -> str:
        holder = self._here(window, "called")
        rules = self.plan.rules
        match rules.no_show_policy.value:
            case "void":
                holder.status = "void"
            case "manual":
                holder.status = "no_show"
            case "back":
                holder.place = self._behind(holder, rules.back_places)
                holder.status = "waiting"
            case "end":
                holder.place = self._behind(holder, len(self.everybody))
                holder.status = "waiting"
        return holder.number

    def _park(self, window: str, minutes: int, now_ms: int) -> str:
        holder = self._here(window, "called", "serving")
        if minutes < 1:
            raise Refused("a minute at least")
        holder.status, holder.parked_until_ms = "parked", now_ms + minutes * 60_000
        return holder.number

    def _parked_return(self, now_ms: int) -> None:
        for holder in self.everybody:
            if holder.status == "parked" and holder.parked_until_ms <= now_ms:
                holder.status, holder.away = "waiting", False

    def _transfer(self, window: str, service: str) -> str:
        holder = self._here(window, "called", "serving")
        if service not in self.plan.services:
            raise Refused("no such service")
        if service == holder.service:
            raise Refused("is there already")
        if not any(service in (*w.services, *w.helps_with) for w in self.plan.windows.values()):
            raise Refused("no window does it")
        holder.service, holder.status = service, "waiting"
        return holder.number

    def _close_window(self, window: str) -> None:
        if self._at(window) is not None:
            raise Refused("somebody is there")
        self.desks[window].status = "closed"

    # ------------------------------------------------------------ order and places

    def queue(self, service: str) -> list[str]:
        """Numbers that wait for a service, in the order in which they will be called."""
        waiting = [h for h in self.everybody if h.status == "waiting" and h.service == service]
        return [h.number for h in sorted(waiting, key=self._order)]

    def _order(self, holder: Holder) -> tuple[int, Fraction, str]:
        strict = self._strict(holder.service)
        return (0 if strict and holder.green else 1, holder.place, holder.number)

    def _strict(self, service: str) -> bool:
        return self.plan.rule_of(service).kind is CallingKind.STRICT

    def _behind(self, holder: Holder, places: int) -> Fraction:
        """Behind so many who wait for the same service (of the same preference where that comes first);
        never further ahead than before."""
        apart = self._strict(holder.service)
        others = sorted(
            h.place
            for h in self.everybody
            if h is not holder
            and h.status == "waiting"
            and h.service == holder.service
            and (h.green == holder.green or not apart)
        )
        if not others:
            return holder.place
        last = others[min(places, len(others)) - 1]
        if holder.place > last:
            return holder.place
        gaps = [h.place - last for h in self.everybody if h.place > last and h is not holder]
        return last + min([Fraction(1), *gaps]) / 2

    # ------------------------------------------------------------ finding

    def _named(self, ticket: str) -> Holder:
        number = ticket.split("-")[-1]
        for holder in self.everybody:
            if holder.number == number:
                return holder
        raise Refused("no such number today")

    def _at(self, window: str) -> Holder | None:
        for holder in self.everybody:
            if holder.window == window and holder.status in ("called", "serving"):
                return holder
        return None

    def _here(self, window: str, *allowed: str) -> Holder:
        holder = self._at(window)
        if holder is None or holder.status not in allowed:
            raise Refused("nobody here in that state")
        return holder

    def _require_open(self, window: str) -> None:
        if self.desks[window].status != "open":
            raise Refused("the window is not open")

    # ------------------------------------------------------------ what anybody can see

    def seen(self) -> dict[str, object]:
        """Queues in order, who is at which window, how every number of today stands."""
        return {
            "queues": {service: self.queue(service) for service in self.plan.services},
            "windows": {
                window: (desk.status, present.number if (present := self._at(window)) else "")
                for window, desk in self.desks.items()
            },
            "tickets": {h.number: (h.status, h.service) for h in self.everybody},
        }
