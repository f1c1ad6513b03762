"""PURE: getting a number, and what its holder or his paper asks of it."""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import Paper, Person
from hall_server.hall.commands.command import Command
from hall_server.hall.model import FollowUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Command):
    """Give a number for a service, or for a basket of them (``also``).

    ``green_reason`` asks for the green lane. ``agent`` (代办员) is the key of who comes for ``person``, with
    ``agent_reason``; agents may hold several numbers.
    """

    service: str
    also: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    green_reason: str = ""
    agent: str = ""
    agent_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPaper(Command):
    """What became of the paper of a ticket."""

    ticket: str
    paper: Paper
    reprint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Command):
    """Take a number back at the wish of its holder."""

    ticket: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelIssue(Command):
    """Nobody waits for the number of request ``issue``; the door fills in its ``ticket``, and ``unheard``
    when that request never came: then it shall never be carried out."""

    issue: str
    reason: str = ""
    ticket: str = ""
    unheard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Postpone(Command):
    """我还需要几分钟: the holder cannot come yet; what that does is the hall's rule (plan.Postponing)."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComeBack(Command):
    """The holder who asked for more time is back before it is over."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate(Command):
    """好差评: the holder's judgement of the service rendered after ``call``: ``grade`` 5 best to 1 worst,
    ``tags`` (evaluation.TAGS), and his own words."""

    ticket: str
    call: str
    grade: int
    tags: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPoor(Command):
    """A step about the poor rating of the service after ``call`` (差评: 回访, 申诉, 整改, 办结), in words."""

    call: str
    step: FollowUp
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Void(Command):
    """Declare a number void (a paper that was never taken)."""

    ticket: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnNoShow(Command):
    """Let a number back that had passed (过号召回)."""

    ticket: str
