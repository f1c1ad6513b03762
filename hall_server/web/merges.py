"""The manager's list of what kiosks issued alone, as JSON; reads the journal, never the hall.

The handler is a plain function, so it runs on a worker thread with a connection of its own.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from hall_server.reports.days import Days
from hall_server.service import HallService

Day = Annotated[
    str,
    Query(pattern=r"^(\d{4}-\d{2}-\d{2}|\d{8}[b-z]?)?$", description="Business day; '' = the running one"),
]


class DecidedOut(BaseModel):
    """One decision of a merge, in the words that the manager reads."""

    seq: int
    at_ms: int = Field(description="When it came home, hall time")
    issued_ms: int = Field(description="When the kiosk says that it was issued")
    station: str
    number: str
    service: str
    code: str = Field(examples=["duplicate", "day_over", "quota", "taken", "no_paper"])
    sentence: str
    waits: bool = Field(description="False: the number has no place in a queue, somebody must act")
    ticket: str = ""
    other: str = Field("", description="The number that it met")
    masked_name: str = ""


class LeaseOut(BaseModel):
    """A block of numbers that a kiosk may issue alone."""

    token: int
    station: str
    service: str
    first: int
    last: int


class MergesOut(BaseModel):
    """A business day's merges, and the blocks that kiosks have now."""

    day: str
    home: dict[str, int] = Field(description="Numbers issued alone that came home, by station")
    decisions: list[DecidedOut]
    taken_back: list[tuple[str, str, str]] = Field(description="Blocks: station, service, reason")
    leases: list[LeaseOut]


def merge_routes(service: HallService, days: Days) -> APIRouter:
    """GET /api/merges."""
    router = APIRouter(prefix="/api", tags=["hall"])

    @router.get("/merges", operation_id="merges")
    def merges(day: Day = "") -> MergesOut:
        """What the merges of a business day decided, oldest first; numbers that cannot wait are marked."""
        leases = service.query(lambda hall: tuple(hall.leases.values())).result()
        plan = service.plan
        found = days.merges(day.replace("-", "") or service.view.day, plan)
        plain: dict[str, Any] = msgspec.to_builtins(found)
        blocks = [
            LeaseOut(
                token=lease.token,
                station=lease.station,
                service=plan.service(lease.service).name,
                first=lease.first,
                last=lease.last,
            )
            for lease in leases
        ]
        return MergesOut(**plain, leases=blocks)

    return router
