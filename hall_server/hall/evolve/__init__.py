"""PURE: evolve(hall, event) is the only thing that changes a hall; live and in every replay alike.

What each event does stands by subject, as the events do in hall/events/; the table below says which function
applies which event. Nobody else calls them.
"""

from __future__ import annotations

from collections.abc import Callable

from hall_server.hall import events as e
from hall_server.hall.describing import adopt
from hall_server.hall.evolve import appointments, at_window, broadcasts, house, leases, people, tickets
from hall_server.hall.model import Hall


def evolve(hall: Hall, event: e.Event) -> None:
    """Apply one event; events come in the order of the journal and are never refused."""
    _EVOLVERS[type(event)](hall, event)
    hall.seq += 1


def _nothing(_hall: Hall, _event: e.Event) -> None:
    """Kept in the journal for its own sake."""


_EVOLVERS: dict[type[e.Event], Callable[..., None]] = {
    e.DayOpened: house.day_opened,
    e.DayClosed: house.day_closed,
    e.TicketIssued: tickets.issued,
    e.PaperReported: tickets.paper,
    e.TicketCancelled: tickets.cancelled,
    e.TicketPostponed: tickets.postponed,
    e.ServiceEvaluated: tickets.evaluated,
    e.PoorFollowed: tickets.followed,
    e.TicketReturned: tickets.returned,
    e.AppointmentBooked: appointments.booked,
    e.AppointmentCancelled: appointments.cancelled,
    e.AppointmentMissed: appointments.missed,
    e.TicketCalled: at_window.called,
    e.TicketRecalled: at_window.recalled,
    e.TicketArrived: at_window.arrived,
    e.TicketFinished: at_window.finished,
    e.TicketSentBack: at_window.sent_back,
    e.TicketNoShow: at_window.no_show,
    e.TicketTransferred: at_window.transferred,
    e.TicketUnbound: tickets.unbound,
    e.TicketParked: at_window.parked,
    e.ActionUndone: at_window.undone,
    e.WindowChanged: at_window.window_changed,
    e.SkillsChanged: at_window.skills_changed,
    e.EndingsRead: at_window.endings_read,
    e.PlanPublished: adopt,
    e.IssuingStopped: house.stopped,
    e.IssuingResumed: house.resumed,
    e.StationClosed: house.station_closed,
    e.StationOpened: house.station_opened,
    e.NumbersLeased: leases.leased,
    e.LeaseGivenUp: leases.given_up,
    e.LeaseMerged: leases.merged,
    e.MergeDecided: _nothing,
    e.IssueForgone: _nothing,
    e.NumbersSkipped: house.skipped,
    e.HoardingSuspected: _nothing,
    e.GuideCalled: people.guide_called,
    e.HelpCalled: people.help_called,
    e.HelpTaken: people.help_taken,
    e.HelpEnded: people.help_ended,
    e.NoticePosted: people.notice_posted,
    e.NoticeEnded: people.notice_ended,
    e.BroadcastMade: broadcasts.made,
    e.BroadcastHeard: broadcasts.heard,
    e.BroadcastEnded: broadcasts.ended,
    e.PapersTaken: at_window.papers_taken,
    e.ClockSuspected: _nothing,
    e.ClockCorrected: _nothing,
    e.SnapshotSealed: _nothing,
    e.JournalMigrated: _nothing,
    e.JournalRestored: _nothing,
}
