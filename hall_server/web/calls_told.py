"""What became of calls as JSON: of the number at a window now, for clerks' programs other than our page."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, Field

from hall_server.call_story import CallTold
from hall_server.confirmations import Confirmations
from hall_server.hall.model import Hall
from hall_server.service import HallService
from hall_server.web.asking import ask


class PlaceToldOut(BaseModel):
    """How a call stood at one screen or voice, by its own report."""

    place: str = Field(description="Station, or ledbar:WINDOW")
    name: str
    voice: bool
    stand: str = Field(
        description="awaited, shown, spoken, chimed, dropped, missed, untold (an older version)"
    )
    why: str = Field(description="Of dropped: stale, superseded, silent, muted, sound_lost, no_time")
    words: str
    at_ms: int = Field(description="When it was shown, spoken or dropped; 0 when nobody knows")


class CallToldOut(BaseModel):
    """One call or recall, as far as the hall still knows what became of it."""

    call: str
    number: str
    window: str
    at_ms: int
    places: list[PlaceToldOut]
    wanting: str = Field(description="Where it did not reach people, '' when it did")


def told_out(call: CallTold) -> dict[str, object]:
    """As CallToldOut describes it."""
    places = [
        {
            "place": each.place,
            "name": each.name,
            "voice": each.voice,
            "stand": each.stand.value,
            "why": each.why.value,
            "words": each.words,
            "at_ms": each.at_ms,
        }
        for each in call.places
    ]
    return {
        "call": call.call,
        "number": call.number,
        "window": call.window,
        "at_ms": call.at_ms,
        "places": places,
        "wanting": call.wanting,
    }


def call_routes(service: HallService, calls: Confirmations) -> APIRouter:
    """GET /api/windows/{window}/calls."""
    router = APIRouter(prefix="/api/windows/{window}", tags=["window"])

    def told(hall: Hall, window: str) -> tuple[CallTold, ...]:
        ticket = hall.ticket_at(window)
        return () if ticket is None else calls.of_ticket(ticket.id, ticket.calls, ticket.recalls + 1)

    @router.get("/calls", operation_id="window-calls", responses={200: {"model": list[CallToldOut]}})
    async def window_calls(window: str) -> Response:
        """Call and recalls of the number at this window, oldest first: shown and spoken where, or why not.

        Screens confirm within a second, a voice when its first reading has ended. Empty without a number.
        """
        if window not in service.plan.windows:
            raise HTTPException(404, "没有这个窗口")
        found = await ask(service, lambda hall: told(hall, window))
        return Response(
            msgspec.json.encode([told_out(each) for each in found]), media_type="application/json"
        )

    return router
