"""PURE: the described hall, frozen: rules, zones, services, windows, boards, rota, calling rules.

Minutes of a day count from local midnight; instants are hall time in milliseconds. Every reference
has been checked. A plan never changes; another one may be published while the hall runs (describing.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class NoShowPolicy(StrEnum):
    """What becomes of a number whose holder did not come (过号)."""

    VOID = "void"
    BACK = "back"
    END = "end"
    MANUAL = "manual"


class Postponing(StrEnum):
    """What "I need more time" does to a number: nothing, it moves back, or it is set aside for a while."""

    OFF = "off"
    BACK = "back"
    PARK = "park"


class CallingKind(StrEnum):
    """The five ways in which a group of services decides who is next."""

    FIRST_COME = "first_come"
    STRICT = "strict"
    ACCUMULATING = "accumulating"
    RATIO = "ratio"
    AGED = "aged"


@dataclass(frozen=True, slots=True)
class CallingRule:
    """How a service group calls.

    ``green_weight``, ``appointment_weight``: waits count so many times (accumulating). ``ratio``: after so
    many preferred ones, ``ratio_normal`` normal ones. ``aged_minutes``: once a normal one waited longer,
    everyone who did goes by first come (aged). ``green_share_percent``: green goes first only while it
    takes no more than this share of the hall's calls (strict, ratio), 100 = always: a flood of green
    then waits like everybody. ``max_wait_minutes``: whoever waited longer goes first whatever the rule,
    0 = never.
    """

    kind: CallingKind = CallingKind.FIRST_COME
    green_weight: float = 3.0
    appointment_weight: float = 2.0
    ratio: int = 2
    ratio_normal: int = 1
    aged_minutes: int = 20
    green_share_percent: int = 100
    max_wait_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of the hall that a manager may set; minutes, seconds and counts.

    ``wait_…``, ``service_…``: from then on a queue's or a window's light on the manager's page is yellow or
    red. ``idle_minutes``: an open window that calls nobody while its services wait; ``guide_minutes``: a call
    for a guide that nobody takes.
    """

    recalls_before_no_show: int = 3
    no_show_policy: NoShowPolicy = NoShowPolicy.END
    back_places: int = 3
    return_places: int = 2
    day_closes_minute: int = 24 * 60 - 1
    utc_offset_minutes: int = 8 * 60
    call_expires_seconds: int = 45
    undo_seconds: int = 30
    open_per_person: int = 3
    hoarding_per_day: int = 8
    postpone: Postponing = Postponing.PARK
    postpone_places: int = 5
    postpone_minutes: int = 10
    postpones_per_ticket: int = 1
    early_minutes: int = 30
    grace_minutes: int = 10
    late_minutes: int = 30
    stop_before_closing: bool = True
    second_visit_days: int = 30
    poor_contact_hours: int = 24
    poor_close_days: int = 15
    wait_yellow_minutes: int = 20
    wait_red_minutes: int = 40
    service_yellow_minutes: int = 20
    service_red_minutes: int = 40
    idle_minutes: int = 5
    guide_minutes: int = 3
    green_reasons: tuple[str, ...] = ("age", "disabled", "serviceman", "pregnant", "talent")


@dataclass(frozen=True, slots=True)
class Zone:
    """专区."""

    id: str
    name: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """业务队列: a queue that items map to.

    ``series`` is the letter of its numbers, shared by services of one group when they name the same.
    ``slot_quota``: numbers a slot of ``slot_minutes`` may bring, 0 = no limit; ``ring_fenced`` of them are
    kept for appointments. ``issue_until_minute``: no number after it, -1 = until the day closes.
    ``closes_minute``: served until then, -1 = until no more numbers are given: what stopping before
    closing reckons with.
    """

    id: str
    name: str
    zone: str
    prefix: str
    first: int = 1
    width: int = 3
    mean_minutes: float = 8.0
    items: tuple[str, ...] = ()
    group: str = ""
    slot_minutes: int = 60
    slot_quota: int = 0
    ring_fenced: int = 0
    issue_until_minute: int = -1
    closes_minute: int = -1


@dataclass(frozen=True, slots=True)
class ServiceWindow:
    """窗口: any service point. ``label`` is what is shown and spoken (3号窗口).

    ``services`` it does as its own; ``helps_with`` are done when nobody waits for its own (level 2).
    """

    id: str
    label: str
    name: str
    zone: str
    services: tuple[str, ...]
    open_at_start: bool = False
    helps_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """A call board and its sound zone: the zones whose calls it shows and speaks."""

    id: str
    title: str
    zones: tuple[str, ...]
    rows: int = 10


@dataclass(frozen=True, slots=True)
class Shift:
    """One line of the rota: from-to minutes on weekdays (0 = Monday) or holidays; what the window does then.

    ``to_minute`` beyond 1440 lies on the next day, which does not count for the line's days.
    ``closed`` shifts pause the window; others open it, for ``services`` when these are named.
    """

    window: str
    from_minute: int
    to_minute: int
    weekdays: tuple[int, ...]
    holidays: bool = False
    closed: bool = False
    services: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class BookingRules:
    """When appointments are taken: from ``days_ahead`` before their day to ``lead_minutes`` before the slot,
    for slots that lie within ``hours`` (from-to minutes) on ``weekdays`` (0 = Monday) that are no holidays.
    ``per_person``: promises that one person may hold; ``per_address``: bookings an hour from one address."""

    days_ahead: int = 14
    lead_minutes: int = 0
    hours: tuple[tuple[int, int], ...] = ((0, 24 * 60),)
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    per_person: int = 3
    per_address: int = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """The described hall; every reference inside it has been checked. ``booking`` None: no appointments.
    ``quiet``: from-to minutes in which no ordinary broadcast is spoken."""

    id: str
    name: str
    rules: Rules
    zones: dict[str, Zone]
    services: dict[str, Service]
    windows: dict[str, ServiceWindow]
    boards: dict[str, Board]
    item_names: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    calling: dict[str, CallingRule] = field(default_factory=dict)
    rota: tuple[Shift, ...] = ()
    holidays: tuple[int, ...] = ()
    booking: BookingRules | None = BookingRules()
    quiet: tuple[tuple[int, int], ...] = ()

    def windows_for(self, service: str) -> tuple[ServiceWindow, ...]:
        """Windows that the plan gives to the service, in its order."""
        return tuple(w for w in self.windows.values() if service in (*w.services, *w.helps_with))

    def service(self, name: str) -> Service:
        """The service, or what stands for one that the plan had when the number was issued."""
        return self.services.get(name) or Service(name, "已撤销的业务", "", "")

    def zone_name(self, name: str) -> str:
        """The zone's name, '' when the plan has it no more."""
        found = self.zones.get(name)
        return found.name if found else ""

    def rule_of(self, service: str) -> CallingRule:
        """The calling rule of a service's group."""
        return self.calling.get(self.group_of(service), _FIRST_COME)

    def group_of(self, service: str) -> str:
        """The group that a service is called in: its own name when it names none."""
        found = self.services.get(service)
        return found.group or service if found else service


_FIRST_COME = CallingRule()
