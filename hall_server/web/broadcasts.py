"""Broadcasts on the manager's page: what is being said where, what came of it, how a text will be read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from contract.messages import CallDrop, StationKind
from hall_server.broadcast_preview import Preview
from hall_server.broadcasts import BroadcastDesk
from hall_server.clips import NotRendered
from hall_server.hall.broadcasting import CLOCK, LONGEST
from hall_server.hall.model import Broadcast, RuleBroken
from hall_server.house import KIND_TEXT, House, Station
from hall_server.web.frame import Frame

SHOWN_MS = 15 * 60_000
"""So long the page shows a broadcast that is over."""
SHOWN_OVER = 2
LISTEN_SECONDS = 60.0
_WHY = {
    CallDrop.STALE: "到时间了还没轮到",
    CallDrop.NO_GAP: "叫号不断，没有空隙",
    CallDrop.NO_CLIPS: "语音没有传到广播主机，请检查网络",
    CallDrop.SOUND_LOST: "音箱没有声音，请看设备状态",
    CallDrop.MUTED: "广播主机音量为 0",
    CallDrop.NO_TIME: "广播主机还没有大厅时间",
    CallDrop.STOPPED: "播完一遍之前停止了",
}


@dataclass(frozen=True, slots=True)
class ShownZone:
    """One sound zone of a broadcast; ``mood`` good, bad, wait."""

    name: str
    sentence: str
    mood: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One broadcast as the page tells of it."""

    id: int
    text: str
    urgent: bool
    going: bool
    at_ms: int
    until_ms: int
    by: str
    zones: tuple[ShownZone, ...]


class Text(BaseModel):
    """A text that somebody thinks of having spoken."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=4 * LONGEST)


def announcers(house: House) -> tuple[Station, ...]:
    """The sound zones: each announcer that the hall describes."""
    return tuple(s for s in house.stations if s.kind == KIND_TEXT[StationKind.ANNOUNCER])


def desk_of(house: House) -> BroadcastDesk:
    """Raises RuleBroken in a hall that has nothing to speak with."""
    if house.broadcasts is None or not announcers(house):
        raise RuleBroken("no_voice", "本大厅没有登记广播主机")
    return house.broadcasts


def shown(
    broadcasts: tuple[Broadcast, ...], house: House, now_ms: int, name: Callable[[str], str]
) -> tuple[Shown, ...]:
    """Those that go on, urgent first, then the last that are over."""
    going = sorted((b for b in broadcasts if not b.ended_ms), key=lambda b: (not b.urgent, b.id))
    over = [b for b in broadcasts if b.ended_ms and now_ms - b.ended_ms < SHOWN_MS]
    stations = {station.id: station for station in house.stations}
    return tuple(
        Shown(
            id=b.id,
            text=b.text,
            urgent=b.urgent,
            going=not b.ended_ms,
            at_ms=b.at_ms,
            until_ms=b.until_ms,
            by=name(b.by.partition(":")[2]),
            zones=tuple(_zones(b, stations, house.broadcasts)),
        )
        for b in (*going, *reversed(over[-SHOWN_OVER:]))
    )


def _zones(b: Broadcast, stations: dict[str, Station], desk: BroadcastDesk | None) -> Iterator[ShownZone]:
    rendering = desk is not None and desk.is_rendering(b.id)
    for name in b.stations:
        station, heard = stations.get(name), b.of(name)
        spoken = max(heard.spoken, desk.spoken(b.id, name) if desk is not None else 0)
        title = station.name if station is not None else name
        online = station is not None and station.online
        if heard.over:
            yield ShownZone(title, *_over(b, spoken, heard.why))
        elif b.ended_ms:
            yield ShownZone(title, *_silent(b, spoken, online))
        else:
            yield ShownZone(title, *_going(b, spoken, online, rendering))


def _over(b: Broadcast, spoken: int, why: str) -> tuple[str, str]:
    reason = _WHY.get(CallDrop(why), why) if why in CallDrop._value2member_map_ else why
    if spoken:
        return _heard(b, spoken), "good"
    return (f"未播报：{reason}", "bad") if why else ("已播报", "good")


def _heard(b: Broadcast, spoken: int) -> str:
    """How often it was heard, and why not as often as was wanted."""
    if spoken >= b.times:
        return f"已播报 {spoken} 遍"
    return f"已播报 {spoken} 遍，共 {b.times} 遍（{'到时间了' if b.ended_by == CLOCK else '已停止'}）"


def _silent(b: Broadcast, spoken: int, online: bool) -> tuple[str, str]:
    """It is over, and the announcer has not said how it ended."""
    if spoken:
        return _heard(b, spoken), "good"
    return ("没有回报，不知道播了没有" if online else "未播报：离线"), "bad"


def _going(b: Broadcast, spoken: int, online: bool, rendering: bool) -> tuple[str, str]:
    if not online:
        return (f"离线；已播报 {spoken} 遍" if spoken else "离线，连上后再播"), "bad"
    if rendering:
        return "正在合成语音", "wait"
    if b.urgent:
        return (f"正在反复播报，已 {spoken} 遍" if spoken else "正在发出"), "good" if spoken else "wait"
    if spoken:
        return f"已播报 {spoken} 遍，共 {b.times} 遍", "good"
    return "等待叫号的空隙", "wait"


def broadcast_routes(frame: Frame) -> APIRouter:
    """/manager/broadcast: how a text is read, and its sounds."""
    router = APIRouter(prefix="/manager/broadcast", include_in_schema=False)

    @router.post("/preview")
    async def how_it_is_read(asked: Text) -> JSONResponse:
        found = await asyncio.to_thread(desk_of(frame.house).preview, asked.text)
        return JSONResponse({**asdict(found), "trouble": _trouble(asked.text, found)})

    @router.post("/listen")
    async def listen(asked: Text) -> JSONResponse:
        """Addresses of the sounds, in their order; rendered now where they are missing."""
        desk = desk_of(frame.house)
        found = await asyncio.to_thread(desk.preview, asked.text)
        if trouble := _trouble(asked.text, found):
            raise RuleBroken("unspeakable", trouble)
        try:
            clips = await asyncio.wait_for(asyncio.wrap_future(desk.listen(asked.text)), LISTEN_SECONDS)
        except NotRendered as error:
            raise RuleBroken("voice", error.sentence) from error
        except TimeoutError as error:
            raise RuleBroken("voice", "语音合成很慢，请稍后再试听；可以直接播报，合成好就播") from error
        return JSONResponse({"sounds": [f"/blobs/{clip.sha256}" for clip in clips]})

    return router


def _trouble(text: str, found: Preview) -> str:
    """Why it cannot be broadcast as it stands."""
    if len(" ".join(text.split())) > LONGEST:
        return f"最多 {LONGEST} 字"
    return found.trouble if found.said else "请填写广播内容"
