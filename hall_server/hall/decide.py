"""PURE: decide(hall, command, now) -> what happens and what the sender is told; nothing changes here.

Raises RuleBroken with a Chinese sentence when a rule forbids the command. No function behind it scans
a collection that grows with the number of tickets, save the close of the business day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hall_server.hall import (
    booking,
    broadcasting,
    closing,
    describing,
    entrusting,
    evaluation,
    following,
    helping,
    holder,
    issuing,
    leasing,
    merging,
    noticing,
    serving,
    shutting,
    staffing,
)
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import closing_after, label
from hall_server.hall.lookup import Decision
from hall_server.hall.model import Hall, RuleBroken

_CORRECTION_MS = range(1000, 400 * 24 * 3600 * 1000)


def decide(hall: Hall, command: c.Command, now_ms: int) -> Decision:
    """What ``command`` brings about at ``now_ms``, within the business day that ``turn_of_day`` opened.

    Raises RuleBroken.
    """
    if isinstance(command, c.AtWindow):
        _require_seen(hall, command)
        seated = staffing.seated(hall, command, now_ms)
        decision = _DECIDERS[type(command)](hall, command, now_ms)
        return replace(decision, events=(*seated, *decision.events)) if seated else decision
    return _DECIDERS[type(command)](hall, command, now_ms)


def _require_seen(hall: Hall, command: c.AtWindow) -> None:
    """A press meant for the number that the clerk saw must not hit another one that came meanwhile."""
    if command.seen is None or command.window not in hall.windows:
        return
    ticket = hall.ticket_at(command.window)
    if command.seen != (ticket.id if ticket else ""):
        now = f"现在是 {ticket.number}" if ticket else "现在没有号"
        raise RuleBroken("stale", f"窗口的号已变化（{now}），操作未提交，请核对后再操作")


def turn_of_day(hall: Hall, now_ms: int) -> tuple[e.Event, ...]:
    """The close of the running business day and the opening of the next, when it is time; else ()."""
    if hall.day is not None and now_ms < hall.day.closes_ms:
        return ()
    rules = hall.plan.rules
    opened = e.DayOpened(
        at_ms=now_ms,
        day=label(now_ms, rules, hall.day.label if hall.day else None),
        closes_ms=closing_after(now_ms, rules),
    )
    if hall.day is None:
        return (opened,)
    expired = tuple(t.id for t in hall.open_tickets())
    return (e.DayClosed(at_ms=now_ms, day=hall.day.label, expired=expired), opened)


def _tick(hall: Hall, _command: c.Tick, now_ms: int) -> Decision:
    events: list[e.Event] = []
    for until_ms, ticket in hall.parked:
        if until_ms > now_ms:
            break
        events.append(e.TicketReturned(at_ms=now_ms, ticket=ticket))
        events += staffing.set_free(hall, hall.tickets[ticket], now_ms)
    events += booking.missed(hall, now_ms)
    events += broadcasting.over(hall, now_ms)
    events += noticing.over(hall, now_ms)
    events += staffing.shifts_due(hall, now_ms)
    return Decision(tuple(events))


def _suspect_clock(_hall: Hall, command: c.SuspectClock, now_ms: int) -> Decision:
    return Decision((e.ClockSuspected(at_ms=now_ms, sentence=command.sentence),))


def _seal_snapshot(_hall: Hall, command: c.SealSnapshot, now_ms: int) -> Decision:
    return Decision((e.SnapshotSealed(at_ms=now_ms, seq=command.seq, digest=command.digest),))


def _correct_time(_hall: Hall, command: c.CorrectTime, now_ms: int) -> Decision:
    forward = command.to_ms - now_ms
    if forward < _CORRECTION_MS.start:
        raise RuleBroken("time_back", "大厅时间只能向前校正，不能往回拨")
    if forward >= _CORRECTION_MS.stop:
        raise RuleBroken("time_far", "校正超过 400 天，请先核对本机时间")
    return Decision((e.ClockCorrected(at_ms=command.to_ms, from_ms=now_ms, by=command.by),))


_DECIDERS: dict[type[c.Command], Callable[..., Decision]] = {
    c.Issue: issuing.issue,
    c.ReportPaper: issuing.report_paper,
    c.Cancel: issuing.cancel,
    c.Void: issuing.cancel,
    c.Postpone: holder.postpone,
    c.ComeBack: holder.come_back,
    c.Evaluate: evaluation.evaluate,
    c.FollowPoor: following.follow,
    c.SkipNumbers: issuing.skip_numbers,
    c.PublishPlan: describing.publish,
    c.ReturnNoShow: issuing.return_no_show,
    c.Book: booking.book,
    c.CancelBooking: booking.cancel_booking,
    c.CheckIn: booking.check_in,
    c.CallNext: serving.call_next,
    c.CallTicket: serving.call_ticket,
    c.CallParked: serving.call_parked,
    c.Recall: serving.recall,
    c.Arrive: serving.arrive,
    c.Finish: serving.finish,
    c.TakePapers: serving.take_papers,
    c.NoShow: serving.no_show,
    c.Transfer: serving.transfer,
    c.Park: serving.park,
    c.Undo: serving.undo,
    c.OpenWindow: staffing.open_window,
    c.PauseWindow: staffing.pause_window,
    c.CloseWindow: staffing.close_window,
    c.SetSkills: staffing.set_skills,
    c.LeaseNumbers: leasing.lease_numbers,
    c.RenewLeases: leasing.renew_leases,
    c.GiveUpLease: leasing.give_up_lease,
    c.MergeLease: merging.merge_lease,
    c.CancelIssue: issuing.cancel_issue,
    c.StopIssuing: closing.stop,
    c.ResumeIssuing: closing.resume,
    c.CloseStation: shutting.close,
    c.OpenStation: shutting.reopen,
    c.Tick: _tick,
    c.ReadEndings: entrusting.read,
    c.CallGuide: helping.call_guide,
    c.CallForHelp: helping.call_for_help,
    c.TakeHelp: helping.take_help,
    c.EndHelp: helping.end_help,
    c.PostNotice: noticing.post,
    c.WithdrawNotice: noticing.withdraw,
    c.MakeBroadcast: broadcasting.make,
    c.EndBroadcast: broadcasting.end,
    c.NoteBroadcast: broadcasting.note,
    c.SuspectClock: _suspect_clock,
    c.CorrectTime: _correct_time,
    c.SealSnapshot: _seal_snapshot,
}
