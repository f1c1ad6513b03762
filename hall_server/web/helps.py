"""Calls for a guide and for the manager as JSON: call, take, end; for the guides' and managers' pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath

from hall_server.hall import commands as c
from hall_server.hall.model import Asked
from hall_server.service import HallService
from hall_server.web.asking import answered
from hall_server.web.caller import Here
from hall_server.web.presses import Asking, Done, EndHelpPress, GuidePress, Key, clean, request_of

Call = Annotated[int, InPath(ge=1, le=2**53, description="Number of the call, as the pages show it")]


def help_routes(service: HallService) -> APIRouter:
    """POST /api/guide-calls, /api/guide-calls/{call}/take and /end, /api/help-calls/{call}/take and /end."""
    router = APIRouter(prefix="/api", tags=["help"])

    async def carry_out(command: c.Command) -> Done:
        await answered(service.submit(command))
        return Done()

    @router.post("/guide-calls", operation_id="call_guide")
    async def call_guide(here: Here, key: Key, press: GuidePress) -> Done:
        """Call a guide to a window, or to whoever calls (呼叫导办)."""
        request = request_of(press, key)
        about = clean(press.about)
        return await carry_out(c.CallGuide(request=request, by=here.by, about=about, window=press.window))

    @router.post("/guide-calls/{call}/take", operation_id="take_guide_call")
    async def take_guide(here: Here, key: Key, call: Call, press: Asking) -> Done:
        """I go: nobody else does (我去)."""
        return await carry_out(_take(here.by, request_of(press, key), call, Asked.GUIDE))

    @router.post("/guide-calls/{call}/end", operation_id="end_guide_call")
    async def end_guide(here: Here, key: Key, call: Call, press: EndHelpPress) -> Done:
        """Helped, by whoever went (完成)."""
        return await carry_out(_end(here.by, request_of(press, key), call, Asked.GUIDE, press))

    @router.post("/help-calls/{call}/take", operation_id="take_help_call")
    async def take_help(here: Here, key: Key, call: Call, press: Asking) -> Done:
        """The manager goes to the clerk who rang (我去)."""
        return await carry_out(_take(here.by, request_of(press, key), call, Asked.MANAGER))

    @router.post("/help-calls/{call}/end", operation_id="end_help_call")
    async def end_help(here: Here, key: Key, call: Call, press: EndHelpPress) -> Done:
        """Dealt with, by the manager who went (完成)."""
        return await carry_out(_end(here.by, request_of(press, key), call, Asked.MANAGER, press))

    return router


def _take(by: str, request: str, call: int, asked: Asked) -> c.TakeHelp:
    return c.TakeHelp(request=request, by=by, call=call, asked=asked)


def _end(by: str, request: str, call: int, asked: Asked, press: EndHelpPress) -> c.EndHelp:
    note, number = clean(press.note), clean(press.number)
    return c.EndHelp(request=request, by=by, call=call, asked=asked, note=note, number=number)
