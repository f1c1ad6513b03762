"""PURE: boxes that a manager takes out of the citizens' way for a while, and brings back."""

from __future__ import annotations

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.lookup import Decision
from hall_server.hall.model import Hall, RuleBroken

LONGEST = 30
"""A kiosk in large type has room for no more."""


def close(hall: Hall, command: c.CloseStation, now_ms: int) -> Decision:
    """With its reason; one that is closed already only changes what it says."""
    reason = " ".join(command.reason.split())
    if len(reason) > LONGEST:
        raise RuleBroken("long_reason", f"原因最多 {LONGEST} 字，自助机的屏幕上才放得下")
    now = hall.closed_stations.get(command.station)
    if now is not None and now.reason == reason:
        return Decision(())
    event = e.StationClosed(at_ms=now_ms, station=command.station, reason=reason, by=command.by)
    return Decision((event,))


def reopen(hall: Hall, command: c.OpenStation, now_ms: int) -> Decision:
    """Nothing happens to one that serves."""
    if command.station not in hall.closed_stations:
        return Decision(())
    return Decision((e.StationOpened(at_ms=now_ms, station=command.station, by=command.by),))
