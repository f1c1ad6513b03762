"""The guide's page: who asks for help, where, since when, about what; take, done; and what was today."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, WebSocket
from fastapi.responses import HTMLResponse

from hall_server.hall.model import Asked, Hall, HelpCall
from hall_server.hall.pictures import HallView
from hall_server.hall.plan import Plan
from hall_server.house import House, Station
from hall_server.web.asking import ask
from hall_server.web.caller import Here
from hall_server.web.frame import Frame
from hall_server.web.rendering import Rendering

FRAGMENTS = ("guide-calls", "guide-today")
ENDED_SHOWN = 60
ABOUT_TEXT = {
    "home": "正在看首页",
    "zone": "正在选业务",
    "service": "正在选业务",
    "guide": "正在看办事指南",
    "keypad": "正在输入证件号",
    "issuing": "正在取号",
    "number": "刚取到号",
    "offer": "想补打号票",
    "reprint": "想补打号票",
    "card_left": "忘了取证件",
    "error": "机器提示故障",
    "out_of_service": "机器暂停服务",
    "welcome": "正在看首页",
    "idle_warning": "",
    "technician": "",
    "guide_called": "",
}


@dataclass(frozen=True, slots=True)
class Asks:
    """One call in words; instants are hall time, 0 for what has not happened. ``by``
    took it, with the account ``by_id``; ``number``: of whoever is at the window that called."""

    call: int
    where: str
    place: str
    about: str
    at_ms: int
    by: str
    by_id: str
    taken_ms: int
    ended_ms: int
    note: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Floor:
    """All that the page shows: who waits for somebody, to whom somebody goes, and what is done."""

    open: tuple[Asks, ...]
    ended: tuple[Asks, ...]
    count: int


@dataclass(frozen=True, slots=True)
class GuidePage:
    """The live page of all guides; one for all of them."""

    house: House = field(compare=False)
    name_of: Callable[[str], str] = field(compare=False)
    rendering: Rendering = field(compare=False)

    def changed(self, _seen: Floor, old: HallView, new: HallView) -> bool:
        """Whether somebody called, was taken or helped."""
        return old.helps != new.helps

    def read(self, hall: Hall) -> Floor:
        """On the hall's thread; a day has tens of calls."""
        return floor_of(hall, self.house.stations, self.name_of)

    def render(self, seen: Floor) -> dict[str, str]:
        """Fragment id -> HTML."""
        pages = {name: f"guide/{name.partition('-')[2]}.html" for name in FRAGMENTS}
        return {name: self.rendering.page(page, f=seen, live=True) for name, page in pages.items()}


def floor_of(hall: Hall, stations: Iterable[Station], name_of: Callable[[str], str]) -> Floor:
    """Who nobody has taken first, then who is taken, each by since when; the newest of the ended first."""
    places = {station.id: station for station in stations}
    calls = [call for call in hall.helps.values() if call.asked is Asked.GUIDE]
    told = [replace(_told(hall.plan, call, places, name_of), number=_number(hall, call)) for call in calls]
    waiting = sorted((a for a in told if not a.ended_ms), key=lambda a: (bool(a.taken_ms), a.at_ms))
    ended = sorted((a for a in told if a.ended_ms), key=lambda a: -a.ended_ms)
    return Floor(tuple(waiting), tuple(ended[:ENDED_SHOWN]), len(ended))


def _number(hall: Hall, call: HelpCall) -> str:
    """Only while the call is open: afterwards somebody else may be there."""
    present = hall.ticket_at(call.window) if call.window in hall.windows and not call.ended_ms else None
    return present.number if present is not None else ""


def _told(plan: Plan, call: HelpCall, places: Mapping[str, Station], name_of: Callable[[str], str]) -> Asks:
    window = plan.windows.get(call.window)
    station = places.get(call.station)
    from_staff = call.station.partition(":")[2]
    if window is not None:
        where, place = window.label, window.name
    elif from_staff:
        where, place = name_of(call.station), "工作人员呼叫"
    else:
        where, place = (station.name or station.id, station.place) if station else (call.station, "")
    about = ABOUT_TEXT.get(call.about, call.about)
    by = name_of(call.taken_by) if call.taken_by else ""
    return Asks(
        call.id,
        where,
        place,
        about,
        call.at_ms,
        by,
        call.taken_by.rpartition(":")[2],
        call.taken_ms,
        call.ended_ms,
        call.note,
    )


def guide_routes(frame: Frame) -> APIRouter:
    """GET /guide and its line."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    service, people = frame.service, frame.accounts.book

    def name_of(sender: str) -> str:
        known = people.accounts.get(sender.rpartition(":")[2])
        return known.name if known is not None else sender.rpartition(":")[2]

    page = GuidePage(frame.house, name_of, frame.rendering)

    @router.get("/guide")
    async def guide(here: Here) -> HTMLResponse:
        seen = await ask(service, page.read)
        return frame.page(here, "guide.html", f=seen, live=False)

    @router.websocket("/guide/live")
    async def guide_live(websocket: WebSocket) -> None:
        await frame.hub.serve(websocket, page)

    return router
