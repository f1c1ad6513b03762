"""PURE: the events of one business day gathered by what they befell: numbers, windows, appointments.

``DayLives.take`` is fed every event of a business day in the order of the journal. What an undo took
back is taken out of the number's life, so that nothing later counts it. What goes over from one day
to the next (the description, windows and who sits there, appointments) is a ``Carry``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from contract.messages import WindowStatus
from hall_server.hall import events as e
from hall_server.hall.model import own_skills
from hall_server.hall.plan import Plan

Step = (
    e.TicketCalled
    | e.TicketRecalled
    | e.TicketArrived
    | e.TicketFinished
    | e.TicketSentBack
    | e.TicketNoShow
    | e.TicketTransferred
    | e.TicketUnbound
    | e.TicketParked
    | e.TicketReturned
    | e.TicketCancelled
    | e.TicketPostponed
)

NAMED = ("service", "window", "zone", "item")
"""What a description gives names to."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A window's state from an instant on, and the clerk who sits there ('' = nobody signed in)."""

    at_ms: int
    status: WindowStatus
    clerk: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """An appointment that is still to be kept."""

    service: str
    start_ms: int


@dataclass(frozen=True, slots=True)
class Ending:
    """An item that ended without result for a known person; whoever comes again for it came twice."""

    person: str
    item: str
    at_ms: int
    visit: str
    ticket: str
    outcome: str
    note: str
    service: str
    window: str
    clerk: str


@dataclass(frozen=True, slots=True)
class Carry:
    """What a business day takes over from the one before: at the very first only the plan. ``skills``: what
    each window does, in its order."""

    plan: Plan
    seats: dict[str, Seat] = field(default_factory=dict)
    promises: dict[str, Promise] = field(default_factory=dict)
    endings: tuple[Ending, ...] = ()
    skills: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Life:
    """One number: how it was issued, and every step that still stands; ``end_seq`` is that of the last;
    ``wanted`` says for each way back (TicketSentBack) what the window there did at that moment."""

    issued: e.TicketIssued
    seq: int
    end_seq: int = 0
    steps: list[Step] = field(default_factory=list)
    wanted: list[tuple[str, ...]] = field(default_factory=list)
    reprints: list[e.PaperReported] = field(default_factory=list)

    @property
    def issued_ms(self) -> int:
        """When its holder took it, wherever that was."""
        return self.issued.true_ms or self.issued.at_ms

    @property
    def visit(self) -> str:
        """The visit that it belongs to by now."""
        moved = [step.visit for step in self.steps if isinstance(step, e.TicketReturned) and step.visit]
        return moved[-1] if moved else self.issued.visit or self.issued.ticket

    @property
    def items(self) -> tuple[str, ...]:
        """Its items; the service, marked with @, when none was chosen."""
        return self.issued.items or (f"@{self.issued.service}",)


class DayLives:
    """Everything of one business day so far. Not shared between threads while it grows."""

    def __init__(self, carry: Carry) -> None:
        self.plan = carry.plan
        self.described = False
        self.prior = carry.endings
        self.day = ""
        self.opened_ms = 0
        self.closed_ms: int | None = None
        self.last_ms = 0
        self.first_seq = 0
        self.last_seq = 0
        self.expired: tuple[str, ...] = ()
        self.lives: dict[str, Life] = {}
        self.seats = dict(carry.seats)
        self.seat_changes: list[tuple[str, Seat]] = []
        self.touched: dict[str, tuple[int, int]] = {}
        self.skills = dict(carry.skills)
        self.skill_changes: list[tuple[str, int, tuple[str, ...]]] = []
        self.evaluated: list[e.ServiceEvaluated] = []
        self.followed: list[e.PoorFollowed] = []
        self.undone: list[tuple[e.ActionUndone, str]] = []
        self.promises = dict(carry.promises)
        self.booked: list[tuple[str, str, int, Promise]] = []
        self.service_zone: dict[str, str] = {}
        self.window_zone: dict[str, str] = {}
        self.comprehensive: dict[str, bool] = {}
        self.names: dict[str, dict[str, tuple[str, ...]]] = {kind: {} for kind in NAMED}
        self._describe(carry.plan)
        for window in carry.plan.windows.values():
            at_start = WindowStatus.OPEN if window.open_at_start else WindowStatus.CLOSED
            self.seats.setdefault(window.id, Seat(0, at_start))
            self.skills.setdefault(window.id, tuple(own_skills(window)))
        self.start_seats = dict(self.seats)
        self.start_skills = dict(self.skills)

    @property
    def end_ms(self) -> int:
        """Where the day ends: its close, or the last thing heard of it."""
        return self.last_ms if self.closed_ms is None else self.closed_ms

    def take(self, seq: int, event: e.Event) -> None:
        """The next event of the day; kinds that say nothing about reports are passed over."""
        self.first_seq = self.first_seq or seq
        self.last_seq, self.last_ms = seq, event.at_ms
        window = getattr(event, "window", "")
        if window:
            first, _ = self.touched.get(window, (event.at_ms, 0))
            self.touched[window] = (first, event.at_ms)
        handle = _TAKE.get(type(event))
        if handle is not None:
            handle(self, seq, event)

    def carry(self, endings: tuple[Ending, ...]) -> Carry:
        """What the next day takes over."""
        return Carry(self.plan, dict(self.seats), dict(self.promises), endings, dict(self.skills))

    def name(self, kind: str, id_: str) -> str:
        """What the day last called it."""
        return self.names[kind].get(id_, (id_,))[-1]

    # ------------------------------------------------------------ by kind

    def _opened(self, _seq: int, event: e.DayOpened) -> None:
        self.day, self.opened_ms = event.day, event.at_ms

    def _closed(self, _seq: int, event: e.DayClosed) -> None:
        self.closed_ms, self.expired = event.at_ms, event.expired

    def _issued(self, seq: int, event: e.TicketIssued) -> None:
        self.lives[event.ticket] = Life(event, seq)
        if event.appointment:
            self.promises.pop(event.appointment, None)

    def _stepped(self, seq: int, event: Step) -> None:
        life = self.lives[event.ticket]
        life.steps.append(event)
        life.end_seq = seq
        if isinstance(event, e.TicketSentBack):
            life.wanted.append(self.skills.get(event.to_window, ()))

    def _undone(self, _seq: int, event: e.ActionUndone) -> None:
        """The rule lets only that be undone after which nothing befell these numbers: their last step."""
        self.undone.append((event, self.seats[event.window].clerk if event.window in self.seats else ""))
        for ticket in event.tickets:
            life = self.lives[ticket.id]
            if isinstance(life.steps.pop(), e.TicketSentBack):
                life.wanted.pop()

    def _paper(self, _seq: int, event: e.PaperReported) -> None:
        if event.reprint:
            self.lives[event.ticket].reprints.append(event)

    def _seat(self, _seq: int, event: e.WindowChanged) -> None:
        self._sit(event.window, Seat(event.at_ms, event.status, event.clerk))

    def _sit(self, window: str, seat: Seat) -> None:
        self.seats[window] = seat
        self.seat_changes.append((window, seat))

    def _skilled(self, _seq: int, event: e.SkillsChanged) -> None:
        self._do(event.window, tuple(service for service, _ in event.skills), event.at_ms)

    def _do(self, window: str, skills: tuple[str, ...], at_ms: int) -> None:
        self.skills[window] = skills
        self.skill_changes.append((window, at_ms, skills))

    def _judged(self, _seq: int, event: e.ServiceEvaluated) -> None:
        self.evaluated.append(event)

    def _followed(self, _seq: int, event: e.PoorFollowed) -> None:
        self.followed.append(event)

    def _promised(self, _seq: int, event: e.AppointmentBooked) -> None:
        promise = self.promises[event.appointment] = Promise(event.service, event.start_ms)
        self.booked.append(("appointment_booked", event.appointment, event.at_ms, promise))

    def _given_up(self, _seq: int, event: e.AppointmentCancelled | e.AppointmentMissed) -> None:
        missed = isinstance(event, e.AppointmentMissed)
        indicator = "appointment_missed" if missed else "appointment_cancelled"
        promise = self.promises.pop(event.appointment, None)
        if promise is not None:  # days that are only listed begin without what was promised before them
            self.booked.append((indicator, event.appointment, event.at_ms, promise))

    def _planned(self, seq: int, event: e.PlanPublished) -> None:
        """Windows that go are closed from here on; new ones stand as they are described. What a window was
        given to do meanwhile stays unless its own description changes; the first description is a start."""
        plan, old = event.plan, self.plan
        for described in plan.windows.values():
            before, own = old.windows.get(described.id), own_skills(described)
            kept = seq > 1 and before is not None and own_skills(before) == own
            if not kept or described.id not in self.skills:
                self._do(described.id, tuple(own), event.at_ms)
        for window in [w for w in self.skills if w not in plan.windows]:
            self._do(window, (), event.at_ms)
            del self.skills[window]
        for window in [w for w in self.seats if w not in plan.windows]:
            self.seat_changes.append((window, Seat(event.at_ms, WindowStatus.CLOSED)))
            del self.seats[window]
        for described in plan.windows.values():
            if described.id not in self.seats:
                status = WindowStatus.OPEN if described.open_at_start else WindowStatus.CLOSED
                self._sit(described.id, Seat(event.at_ms, status))
        self.plan, self.described = plan, True
        self._describe(plan)

    def _describe(self, plan: Plan) -> None:
        """Names and zones of the day, in their order: what a later description drops keeps its last ones."""
        described = (
            {s.id: s.name for s in plan.services.values()},
            {w.id: w.label for w in plan.windows.values()},
            {z.id: z.name for z in plan.zones.values()},
            plan.item_names,
        )
        for kind, names in zip(NAMED, described, strict=True):
            known = self.names[kind]
            for id_, name in names.items():
                if name not in known.get(id_, ())[-1:]:
                    known[id_] = (*known.get(id_, ()), name)
        self.service_zone.update({s.id: s.zone for s in plan.services.values()})
        self.window_zone.update({w.id: w.zone for w in plan.windows.values()})
        self.comprehensive.update({w.id: len(w.services) > 1 for w in plan.windows.values()})


_TAKE: dict[type[e.Event], Callable[..., None]] = {
    e.DayOpened: DayLives._opened,
    e.DayClosed: DayLives._closed,
    e.TicketIssued: DayLives._issued,
    e.TicketCalled: DayLives._stepped,
    e.TicketRecalled: DayLives._stepped,
    e.TicketArrived: DayLives._stepped,
    e.TicketFinished: DayLives._stepped,
    e.TicketSentBack: DayLives._stepped,
    e.TicketNoShow: DayLives._stepped,
    e.TicketTransferred: DayLives._stepped,
    e.TicketUnbound: DayLives._stepped,
    e.TicketParked: DayLives._stepped,
    e.TicketReturned: DayLives._stepped,
    e.TicketCancelled: DayLives._stepped,
    e.TicketPostponed: DayLives._stepped,
    e.ActionUndone: DayLives._undone,
    e.PaperReported: DayLives._paper,
    e.WindowChanged: DayLives._seat,
    e.SkillsChanged: DayLives._skilled,
    e.ServiceEvaluated: DayLives._judged,
    e.PoorFollowed: DayLives._followed,
    e.AppointmentBooked: DayLives._promised,
    e.AppointmentCancelled: DayLives._given_up,
    e.AppointmentMissed: DayLives._given_up,
    e.PlanPublished: DayLives._planned,
}
