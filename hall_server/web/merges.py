"""The manager's list of what kiosks issued alone, as JSON; reads the journal, never the hall.

The handler is a plain function, so it runs on a worker thread with a connection of its own.
"""

from __future__ import annotations

from dataclasses import replace
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


After = Annotated[int, Query(ge=0, le=2**53, description="Only decisions behind this seq")]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many decisions")]


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
    next: int = Field(0, description="Ask on with ``after`` this; 0 = that was all")


def merge_routes(service: HallService, days: Days) -> APIRouter:
    """GET /api/merges."""
    router = APIRouter(prefix="/api", tags=["hall"])

    @router.get("/merges", operation_id="merges")
    def merges(day: Day = "", after: After = 0, limit: Limit = 500) -> MergesOut:
        """What the merges of a business day decided, oldest first; numbers that cannot wait are marked. A
        long list comes in pieces: ask on with ``after`` = ``next`` until that is 0."""
        leases = service.query(lambda hall: tuple(hall.leases.values())).result()
        plan = service.plan
        found = days.merges(day.replace("-", "") or service.view.day, plan)
        behind = [one for one in found.decisions if one.seq > after]
        shown = tuple(behind[:limit])
        plain: dict[str, Any] = msgspec.to_builtins(replace(found, decisions=shown))
        names = {name: one.name for name, one in plan.services.items()}
        blocks = [
            LeaseOut(
                token=lease.token,
                station=lease.station,
                service=names.get(lease.service, lease.service),
                first=lease.first,
                last=lease.last,
            )
            for lease in leases
        ]
        return MergesOut(**plain, leases=blocks, next=shown[-1].seq if len(behind) > limit else 0)

    return router
