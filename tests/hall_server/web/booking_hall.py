"""A paged hall that takes appointments, at nine on a Monday morning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from contract.clock import HallClock
from hall_server.hall.plan import BookingRules
from tests.hall_server.web.hall import PLAN, PagedHall

MINUTE = 60_000
MONDAY_NINE = 1_795_395_600_000  # 2026-11-23 09:00 +08:00
RULES = BookingRules(days_ahead=3, hours=((9 * 60, 12 * 60),), weekdays=(0, 1, 2, 3, 4), per_address=5)
SERVICES = dict(PLAN.services) | {
    "shebao": replace(PLAN.services["shebao"], slot_minutes=60, slot_quota=100, ring_fenced=2)
}
BOOKING_PLAN = replace(PLAN, services=SERVICES, booking=RULES)


class Standing:
    """A clock that stands until it is moved."""

    def __init__(self, at_ms: int = MONDAY_NINE) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        """For HallClock, as both of its sources."""
        return self.at_ms


def booking_hall(state: Path) -> tuple[PagedHall, Standing]:
    """Not started yet, with the hand that moves its time."""
    standing = Standing()
    return PagedHall(
        state, plan=BOOKING_PLAN, clock=HallClock(monotonic=standing.now_ms, wall=standing.now_ms)
    ), standing
