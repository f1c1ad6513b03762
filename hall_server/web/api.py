"""The JSON interface: what a window can do, and the state of hall and windows; used by the pages too.

Each post carries ``request``, made before the first send: a repeat gets the first answer. An answer
with ``ok`` leaves only after the commit; everything else is problem+json.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, HTTPException
from fastapi import Path as InPath
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from contract import messages as m
from hall_server.hall import commands as c
from hall_server.hall.model import Outcome, RuleBroken
from hall_server.hall.pictures import HallView
from hall_server.service import HallService
from hall_server.web.asking import answered
from hall_server.web.caller import Caller, Here
from hall_server.web.problems import Problem

REQUEST = r"^[0-9A-Za-z_-]{8,64}$"
BEARER = HTTPBearer(auto_error=False, description="A partner's token, made by the system administrator")
COOKIE = APIKeyCookie(
    name="banshi", auto_error=False, description="A person's session; posts carry its token as X-CSRF as well"
)
_TEXT = Field(default="", max_length=200)
Window = Annotated[str, InPath(description="Identifier of the window, such as w03", max_length=64)]


Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=REQUEST,
        description="In place of ``request`` in the body",
        default_factory=str,
    ),
]


class Press(BaseModel):
    """What every post carries."""

    model_config = ConfigDict(extra="forbid")

    request: str | None = Field(
        default=None,
        description="ULID made before the first send; a repeat gets the first answer. May be sent as "
        "Idempotency-Key instead; one of both is needed",
        pattern=REQUEST,
        examples=["01JD9Q7Z4N8T1X5V2B6M3K0HSR"],
    )
    seen: str | None = Field(
        default=None,
        max_length=64,
        description="Ticket id at the window that the sender saw ('' = none); refused as stale when it "
        "is another one by now. Leave out to act on whatever is there.",
    )


class FinishPress(Press):
    """The service ended."""

    outcome: Outcome = Outcome.DONE
    note: str = _TEXT


class ParkPress(Press):
    """Set the number aside."""

    minutes: int = Field(ge=1, le=1440)
    reason: str = _TEXT


class TransferPress(Press):
    """Send the person on."""

    service: str = Field(max_length=64)
    note: str = _TEXT


class PausePress(Press):
    """Take nobody for a while."""

    reason: str = _TEXT


class CallParkedPress(Press):
    """Call a number that was set aside."""

    ticket: str = Field(max_length=64)


class Done(BaseModel):
    """Carried out and on disk; ``ticket`` and ``number`` are '' when none is concerned."""

    ok: bool = True
    ticket: str = ""
    number: str = ""


class WindowOut(BaseModel):
    """A window and the number at it."""

    window: str
    label: str
    name: str
    zone: str
    status: m.WindowStatus
    services: list[str]
    ticket: str = ""
    number: str = ""
    ticket_status: m.TicketStatus | None = None
    service: str = ""
    masked_name: str = ""
    called_ms: int = 0
    recalls: int = 0
    seq: int


class QueueOut(BaseModel):
    """A queue; waits are minutes, null when not honestly known, low without high: so long or longer.
    ``wait_note`` says why there is none, ``closed_reason`` why no numbers are given."""

    service: str
    name: str
    zone: str
    waiting: int
    wait_low: int | None
    wait_high: int | None
    wait_note: str = ""
    issuing: bool = True
    closed_reason: str = ""
    windows: list[str]


class HallOut(BaseModel):
    """The newest durable picture of the hall."""

    hall: str
    name: str
    business_day: str
    seq: int
    at_ms: int
    windows: list[WindowOut]
    queues: list[QueueOut]
    parked: list[str]


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}, "description": text}
    for status, text in {
        401: "No session and no valid token",
        403: "Not for this role or scope, not this window, or not from our own pages",
        404: "No such window, ticket or service",
        409: "A rule of the hall forbids it; sentence says which",
        422: "The request itself is wrong",
        429: "Too many requests; Retry-After says when to go on",
        503: "The hall is restarting: send the same request again",
    }.items()
}


def api_routes(service: HallService, show: Callable[[str, str, str], Awaitable[None]]) -> APIRouter:
    """All under /api; ``show(window, request, number)`` is awaited between a commit and its answer."""
    router = APIRouter(prefix="/api")

    async def carry_out(command: c.AtWindow) -> Done:
        answer = await answered(service.submit(command))
        number = answer.ticket.rpartition("-")[2]
        await show(command.window, command.request, number)
        return Done(ticket=answer.ticket, number=number)

    def common(here: Caller, key: str, window: str, press: Press) -> dict[str, Any]:
        return {
            "window": window,
            "by": here.by,
            "clerk": here.clerk,
            "request": _request_of(press, key),
            "seen": press.seen,
        }

    at_window = APIRouter(prefix="/windows/{window}", tags=["window"])

    @at_window.post("/next", operation_id="next")
    async def call_next(here: Here, key: Key, window: Window, press: Press) -> Done:
        """Call the next number; a service still going on ends as done (下一位)."""
        return await carry_out(c.CallNext(**common(here, key, window, press)))

    @at_window.post("/recall", operation_id="recall")
    async def recall(here: Here, key: Key, window: Window, press: Press) -> Done:
        """Call the present number again (重呼)."""
        return await carry_out(c.Recall(**common(here, key, window, press)))

    @at_window.post("/arrive", operation_id="arrive")
    async def arrive(here: Here, key: Key, window: Window, press: Press) -> Done:
        """The person stands at the window (到窗)."""
        return await carry_out(c.Arrive(**common(here, key, window, press)))

    @at_window.post("/finish", operation_id="finish")
    async def finish(here: Here, key: Key, window: Window, press: FinishPress) -> Done:
        """The service ended, with an outcome (办结)."""
        command = c.Finish(**common(here, key, window, press), outcome=press.outcome, note=_clean(press.note))
        return await carry_out(command)

    @at_window.post("/no-show", operation_id="no-show")
    async def no_show(here: Here, key: Key, window: Window, press: Press) -> Done:
        """The person did not come (过号)."""
        return await carry_out(c.NoShow(**common(here, key, window, press)))

    @at_window.post("/park", operation_id="park")
    async def park(here: Here, key: Key, window: Window, press: ParkPress) -> Done:
        """Set the number aside; it comes back by itself (挂起)."""
        command = c.Park(
            **common(here, key, window, press), minutes=press.minutes, reason=_clean(press.reason)
        )
        return await carry_out(command)

    @at_window.post("/transfer", operation_id="transfer")
    async def transfer(here: Here, key: Key, window: Window, press: TransferPress) -> Done:
        """Send the person on to another service (转移)."""
        command = c.Transfer(
            **common(here, key, window, press), service=press.service, note=_clean(press.note)
        )
        return await carry_out(command)

    @at_window.post("/open", operation_id="open")
    async def open_window(here: Here, key: Key, window: Window, press: Press) -> Done:
        """The window takes people (开窗)."""
        return await carry_out(c.OpenWindow(**common(here, key, window, press)))

    @at_window.post("/pause", operation_id="pause")
    async def pause(here: Here, key: Key, window: Window, press: PausePress) -> Done:
        """The window takes nobody for a while (暂停)."""
        return await carry_out(c.PauseWindow(**common(here, key, window, press), reason=_clean(press.reason)))

    @at_window.post("/close", operation_id="close")
    async def close(here: Here, key: Key, window: Window, press: Press) -> Done:
        """The window is closed (关窗)."""
        return await carry_out(c.CloseWindow(**common(here, key, window, press)))

    @at_window.post("/call-parked", operation_id="call-parked")
    async def call_parked(here: Here, key: Key, window: Window, press: CallParkedPress) -> Done:
        """Call a number that was set aside (挂起的号)."""
        return await carry_out(c.CallParked(**common(here, key, window, press), ticket=press.ticket))

    @at_window.get("", operation_id="window")
    async def window_now(window: Window) -> WindowOut:
        """A window and the number at it."""
        view = await answered(service.settled())
        state = view.windows.get(window)
        if state is None:
            raise RuleBroken("unknown_window", f"没有编号为“{window}”的窗口")
        return _window(view, state)

    router.include_router(at_window)

    @router.get("/hall", tags=["hall"], operation_id="hall")
    async def hall_now() -> HallOut:
        """The picture of the hall that holds everything answered so far."""
        return _hall(service, await answered(service.settled()))

    return router


def described_routes(app: FastAPI) -> APIRouter:
    """The OpenAPI document of what stands above."""
    router = APIRouter(prefix="/api", include_in_schema=False)

    @router.get("/openapi.json")
    async def document() -> JSONResponse:
        return JSONResponse(app.openapi())

    return router


def _request_of(press: Press, key: str) -> str:
    """The request id, from the body or the header. Raises HTTPException when there is none, or two."""
    if press.request and key and press.request != key:
        raise HTTPException(422, "请求编号（request）与 Idempotency-Key 不一致")
    request = press.request or key
    if not request:
        raise HTTPException(422, "缺少请求编号：请在 request 或 Idempotency-Key 中给出")
    return request


def _clean(text: str) -> str:
    """One line without control characters."""
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())


def _window(view: HallView, state: m.WindowState) -> WindowOut:
    present = view.present.get(state.window)
    return WindowOut(
        window=state.window,
        label=state.label,
        name=state.name,
        zone=state.zone,
        status=state.status,
        services=list(state.services),
        ticket=present.id if present else "",
        number=state.number,
        ticket_status=state.ticket_status,
        service=state.service,
        masked_name=state.masked_name,
        called_ms=state.called_ms,
        recalls=state.recalls,
        seq=view.seq,
    )


def _hall(service: HallService, view: HallView) -> HallOut:
    return HallOut(
        hall=service.plan.id,
        name=service.plan.name,
        business_day=view.day,
        seq=view.seq,
        at_ms=view.at_ms,
        windows=[_window(view, state) for state in view.windows.values()],
        queues=[
            QueueOut(
                service=q.service,
                name=q.name,
                zone=q.zone,
                waiting=q.waiting,
                wait_low=q.wait_low,
                wait_high=q.wait_high,
                wait_note=q.wait_note,
                issuing=q.open,
                closed_reason=q.closed_reason,
                windows=list(q.windows),
            )
            for q in view.queues.values()
        ],
        parked=[ticket.number for ticket in view.parked],
    )
