"""PURE: what an event does to calls for help and to notices."""

from __future__ import annotations

from dataclasses import replace

from hall_server.hall import events as e
from hall_server.hall.model import Asked, Hall, HelpCall, Notice


def guide_called(hall: Hall, event: e.GuideCalled) -> None:
    call = event.call or hall.seq + 1
    hall.helps[call] = HelpCall(call, Asked.GUIDE, event.at_ms, event.station, event.window, event.about)


def help_called(hall: Hall, event: e.HelpCalled) -> None:
    hall.helps[event.call] = HelpCall(
        event.call, Asked.MANAGER, event.at_ms, "", event.window, event.about, event.clerk
    )


def help_taken(hall: Hall, event: e.HelpTaken) -> None:
    hall.helps[event.call] = replace(hall.helps[event.call], taken_by=event.by, taken_ms=event.at_ms)


def help_ended(hall: Hall, event: e.HelpEnded) -> None:
    hall.helps[event.call] = replace(hall.helps[event.call], ended_ms=event.at_ms, note=event.note)
    if event.ticket and event.note:
        hall.guided[event.ticket] = (*hall.guided.get(event.ticket, ()), event.note)


def notice_posted(hall: Hall, event: e.NoticePosted) -> None:
    hall.notices[event.notice] = Notice(event.notice, event.text, event.until_ms)


def notice_ended(hall: Hall, event: e.NoticeEnded) -> None:
    hall.notices.pop(event.notice, None)
