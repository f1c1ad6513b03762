"""PURE: people who ask for people: a citizen for a guide (导办), a clerk for the manager (紧急求助).

A call is open until somebody ends it, and one person takes it: two guides never run to the same place.
Its identifier is the number of its record in the journal, and never comes again.
"""

from __future__ import annotations

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.lookup import Decision, window_named
from hall_server.hall.model import Asked, Hall, HelpCall, RuleBroken


def call_guide(hall: Hall, command: c.CallGuide, now_ms: int) -> Decision:
    """Somebody presses again while nobody has come yet: it stays one call, with its first time."""
    if command.window:
        window_named(hall, command.window)
    if _waits(hall, Asked.GUIDE, command.by, command.window):
        return Decision(())
    event = e.GuideCalled(
        at_ms=now_ms,
        call=hall.seq + 1,
        station=command.by,
        about=command.about,
        window=command.window,
    )
    return Decision((event,))


def call_for_help(hall: Hall, command: c.CallForHelp, now_ms: int) -> Decision:
    """The clerk need not sit down for it, and no rule about the number there forbids it."""
    window, _ = window_named(hall, command.window)
    if _waits(hall, Asked.MANAGER, "", window.id):
        raise RuleBroken("help_called", f"{window.label}的求助已发出，值班长尚未接手")
    event = e.HelpCalled(
        at_ms=now_ms, call=hall.seq + 1, window=window.id, clerk=command.clerk, about=command.about
    )
    return Decision((event,))


def take_help(hall: Hall, command: c.TakeHelp, now_ms: int) -> Decision:
    """Whoever is first goes; the same person pressing again changes nothing."""
    call = _named(hall, command)
    if call.taken_by == command.by:
        return Decision(())
    if call.taken_by:
        raise RuleBroken("help_taken", f"已由{_who(call)}前往，不用再去")
    return Decision((e.HelpTaken(at_ms=now_ms, call=call.id, by=command.by),))


def end_help(hall: Hall, command: c.EndHelp, now_ms: int) -> Decision:
    """By whoever took it; a call that nobody took is ended by taking it first."""
    call = _named(hall, command)
    if not call.taken_by:
        raise RuleBroken("help_not_taken", "还没有人接手，请先按“我去”")
    if call.taken_by != command.by:
        raise RuleBroken("help_taken", f"由{_who(call)}接手，请由本人完成")
    ticket = _number_of_today(hall, command.number)
    if ticket and not command.note:
        raise RuleBroken("no_note", f"写了号码 {command.number}，请同时写给窗口的说明")
    event = e.HelpEnded(at_ms=now_ms, call=call.id, by=command.by, note=command.note, ticket=ticket)
    return Decision((event,))


def _number_of_today(hall: Hall, number: str) -> str:
    """The ticket with this number, '' for none given. Raises RuleBroken."""
    if not number:
        return ""
    found = hall.by_number.get(number.upper(), "")
    if not found:
        raise RuleBroken("unknown_number", f"今天没有号码 {number}，请核对后再填，或留空")
    return found


def _waits(hall: Hall, asked: Asked, station: str, window: str) -> bool:
    """Whether somebody asked at the same place and nobody has taken it yet."""
    here = (asked, station, window)
    return any((h.asked, h.station, h.window) == here and not h.taken_ms for h in hall.helps.values())


def _named(hall: Hall, command: c.TakeHelp | c.EndHelp) -> HelpCall:
    """An open call of the kind that is meant. Raises RuleBroken."""
    found = hall.helps.get(command.call)
    if found is None or command.asked not in (None, found.asked):
        raise RuleBroken("unknown_help", "没有这个求助，或已不是今天的")
    if found.ended_ms:
        raise RuleBroken("help_ended", "这个求助已经完成")
    return found


def _who(call: HelpCall) -> str:
    """The staff number of whoever took it, for people."""
    return f"工号 {call.taken_by.rpartition(':')[2]} "
