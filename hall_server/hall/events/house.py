"""PURE: the house: its days, its description, when no numbers are given, its clock."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.hall.events.event import Event
from hall_server.hall.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOpened(Event):
    """A business day began; numbers restart."""

    day: str
    closes_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed(Event):
    """A business day ended; every open number expires with it."""

    day: str
    expired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPublished(Event):
    """From here on the hall is described so; everything before keeps its own description in a replay.

    ``document`` is the hall's file of which the plan was made, as JSON, as people edited it; ``file`` the
    digest of what the file on disk last brought; ``note`` why, in the publisher's words.
    """

    version: int
    plan: Plan
    by: str
    file: str
    document: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingStopped(Event):
    """No more numbers of a service today; ``sentence`` is what citizens are told. ``by_rule``: somebody who
    came now would be done in ``needed_minutes``, and the service closes in ``left_minutes``."""

    service: str
    sentence: str
    by_rule: bool = False
    needed_minutes: int = 0
    left_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingResumed(Event):
    """Numbers are given again; ``lifted``: a person overruled the rule for the rest of the day."""

    service: str
    lifted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StationClosed(Event):
    """A box serves no citizens, by the word of ``by``, until it is opened; through days and restarts."""

    station: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StationOpened(Event):
    """It serves again."""

    station: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSuspected(Event):
    """时钟异常: after a restart the real-time clock stood before, or a day beyond, the last hall time."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCorrected(Event):
    """校时: somebody set hall time forward, from ``from_ms`` to ``at_ms``."""

    from_ms: int
    by: str
