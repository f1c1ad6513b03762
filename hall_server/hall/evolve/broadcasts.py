"""PURE: what an event does to the broadcasts of the day."""

from __future__ import annotations

from dataclasses import replace

from hall_server.hall import events as e
from hall_server.hall.model import Broadcast, Hall, Heard

KEPT = 12
"""Broadcasts of the day that pages still show; the journal has them all."""


def made(hall: Hall, event: e.BroadcastMade) -> None:
    over = [name for name, each in hall.broadcasts.items() if each.ended_ms]
    for name in over[: max(0, len(hall.broadcasts) - KEPT + 1)]:
        del hall.broadcasts[name]
    hall.broadcasts[event.broadcast] = Broadcast(
        id=event.broadcast,
        text=event.text,
        stations=event.stations,
        urgent=event.urgent,
        times=event.times,
        every_ms=event.every_ms,
        at_ms=event.at_ms,
        until_ms=event.until_ms,
        by=event.by,
        notice=event.notice,
    )


def heard(hall: Hall, event: e.BroadcastHeard) -> None:
    news = Heard(event.station, event.spoken, event.over, event.why)
    hall.broadcasts[event.broadcast] = hall.broadcasts[event.broadcast].told(news)


def ended(hall: Hall, event: e.BroadcastEnded) -> None:
    found = hall.broadcasts[event.broadcast]
    hall.broadcasts[event.broadcast] = replace(found, ended_ms=event.at_ms, ended_by=event.by)
