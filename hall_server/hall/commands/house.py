"""PURE: the house: its description, its day, its clock, its journal."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.hall.commands.command import Command
from hall_server.hall.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPlan(Command):
    """Describe the hall anew while numbers wait.

    ``base`` is the version that the publisher had before him: another one published meanwhile refuses it
    (None: whatever is there, for the file at the start). ``file`` is the digest of the plan when it comes
    from the file on disk, '' from a page; ``document`` and ``note`` are kept with it.
    """

    plan: Plan
    base: int | None = None
    file: str = ""
    document: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopIssuing(Command):
    """Give no more numbers of a service today. ``by_rule``: the forecast says that who comes now would be
    done in ``needed_minutes``; the hall decides whether that is too late. Else a person wants it."""

    service: str
    by_rule: bool = False
    needed_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeIssuing(Command):
    """Give numbers again. By a person: the rule leaves the service alone for the rest of the day."""

    service: str
    by_rule: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseStation(Command):
    """No more citizens at this box until it is opened again; ``reason`` stands on its screen."""

    station: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStation(Command):
    """Citizens are served at this box again."""

    station: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Command):
    """A second of hall time has passed: parked numbers return, shifts change, appointments are missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectClock(Command):
    """The clock could not be trusted at the start; journalled so that reports know."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSnapshot(Command):
    """Journal the digest of the state after record ``seq``; the state itself lies ready beside the writer."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectTime(Command):
    """A technician sets hall time forward: the box was off for days, or its clock was wrong."""

    to_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipNumbers(Command):
    """The journal comes from a backup: leave out so many numbers of each series, and of each service's
    blocks (``leased``), which may be on paper."""

    count: int
    leased: int = 0
