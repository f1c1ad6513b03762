"""Carries out the hall's broadcasts (广播): has them rendered, sends and stops them, hears what came of them.

The hall decides and journals (hall/broadcasting.py); this desk follows each new view of it, so that after a
restart what goes on is sent again and what was stopped is stopped again. Announcers take each once. A thread
of its own does it all; nobody waits for it.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from assets.speech.pack import Clip
from assets.speech.voice_model import lacking
from contract import messages as m
from contract import topics
from contract.bus import Bus, Ids
from hall_server.broadcast_preview import Preview, preview
from hall_server.clips import NotRendered, Progress
from hall_server.hall import commands as c
from hall_server.hall.broadcasting import CLOCK
from hall_server.hall.lookup import Answer
from hall_server.hall.model import Broadcast
from hall_server.hall.pictures import HallView
from hall_server.spoken_hall import SpokenHall

log = logging.getLogger(__name__)

_NAME = re.compile(r"b(\d{1,18})(?:-(\d{1,9}))?")
SWITCHED_OFF = "语音合成没有开启（大厅设置 · 语音 · 在本机合成语音），只能播广播主机上已有的录音"
_GONE = (m.Presence.LOST, m.Presence.DISCONNECTED)


class Voice(Protocol):
    """What renders passages: hall_server.clips.ClipRendering."""

    @property
    def progress(self) -> Progress:
        """How far it is, and what troubles it."""

    def render_now(self, parts: Sequence[str]) -> Future[tuple[Clip, ...]]:
        """Their clips, on the shelf; NotRendered when they cannot be had."""


class Door(Protocol):
    """Where commands go: hall_server.service.HallService."""

    def submit(self, command: c.Command) -> Future[Answer]:
        """Carry it out."""


@dataclass(slots=True)
class _Going:
    """A broadcast that is being spoken; ``parts`` None while it is being rendered."""

    broadcast: Broadcast
    parts: tuple[m.BroadcastPart, ...] | None = None
    spoken: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Rendered:
    name: int
    clips: Future[tuple[Clip, ...]]


@dataclass(frozen=True, slots=True)
class _Said:
    station: str
    reports: tuple[m.CallReport, ...]


@dataclass(frozen=True, slots=True)
class _There:
    """A station is there, perhaps with everything forgotten."""

    station: str


class BroadcastDesk:
    """Of one hall. ``join`` before the bus opens; ``start`` and ``stop`` around the hall's life.

    ``hall`` tells how the hall speaks now; ``voice`` None: it renders nothing, announcers must have clips of
    their own with these texts.
    """

    def __init__(self, door: Door, bus: Bus, hall: Callable[[], SpokenHall], voice: Voice | None) -> None:
        self._door, self._bus, self._hall, self._voice = door, bus, hall, voice
        self._inbox: queue.SimpleQueue[tuple[Broadcast, ...] | _Rendered | _Said | _There | None] = (
            queue.SimpleQueue()
        )
        self._going: dict[int, _Going] = {}
        self._ended: dict[int, Broadcast] = {}
        self._live: dict[int, dict[str, int]] = {}
        self._rendering: frozenset[int] = frozenset()
        self._followed: tuple[Broadcast, ...] = ()
        self._thread = threading.Thread(target=self._run, name="broadcasts", daemon=True)

    def join(self) -> None:
        """Hear the stations."""
        self._bus.on(topics.STATION_CALLS, self._hear)
        self._bus.on(topics.STATION_STATE, self._see)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what announcers speak they go on speaking until it expires."""
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def follow(self, view: HallView) -> None:
        """The hall as it is now; returns at once."""
        if view.broadcasts != self._followed:
            self._followed = view.broadcasts
            self._inbox.put(view.broadcasts)

    # ------------------------------------------------------------ what is asked, on any thread

    def preview(self, text: str) -> Preview:
        """How a text would be read."""
        return preview(text, self._hall())

    @property
    def trouble(self) -> str:
        """Why nothing new can be spoken here, for the manager; '' when it can."""
        if self._voice is None:
            return SWITCHED_OFF
        if missing := lacking(self._hall().voice):
            return f"本机没有装全语音合成（缺少 {'、'.join(missing)}），请系统管理员运行 ./banshi up"
        said = self._voice.progress.trouble
        return f"语音合成不能运行（{said}），请系统管理员处理" if said else ""

    def listen(self, text: str) -> Future[tuple[Clip, ...]]:
        """The clips of a text, for somebody who wants to hear it first. Ends with NotRendered."""
        if self._voice is not None:
            return self._voice.render_now(self._hall().passages(text))
        none: Future[tuple[Clip, ...]] = Future()
        none.set_exception(NotRendered(SWITCHED_OFF))
        return none

    def is_rendering(self, broadcast: int) -> bool:
        """Whether its sounds are still being made."""
        return broadcast in self._rendering

    def spoken(self, broadcast: int, station: str) -> int:
        """Whole readings that an announcer told so far in this run."""
        return self._live.get(broadcast, {}).get(station, 0)

    # ------------------------------------------------------------ posting

    def _hear(self, message: m.CallReports, ids: Ids) -> None:
        mine = tuple(report for report in message.reports if _NAME.fullmatch(report.call))
        if mine:
            self._inbox.put(_Said(ids["station"], mine))

    def _see(self, state: m.StationState, ids: Ids) -> None:
        if state.kind is m.StationKind.ANNOUNCER and state.s not in _GONE:
            self._inbox.put(_There(ids["station"]))

    # ------------------------------------------------------------ its thread

    def _run(self) -> None:
        while (item := self._inbox.get()) is not None:
            try:
                self._take(item)
            except Exception:
                log.exception("a broadcast could not be carried out; the desk goes on")

    def _take(self, item: tuple[Broadcast, ...] | _Rendered | _Said | _There) -> None:
        match item:
            case _Rendered(name, clips):
                self._rendered(name, clips)
            case _Said(station, reports):
                for report in reports:
                    self._told(station, report)
            case _There(station):
                self._again(station)
            case broadcasts:
                self._follow(broadcasts)

    def _follow(self, broadcasts: tuple[Broadcast, ...]) -> None:
        now = {each.id: each for each in broadcasts}
        self._ended = {name: each for name, each in now.items() if each.ended_ms}
        for name in [name for name in self._going if name not in now or name in self._ended]:
            going = self._going.pop(name)
            self._end(now.get(name, going.broadcast))
        for name, each in now.items():
            if name in self._going:
                self._going[name].broadcast = each
            elif name not in self._ended:
                self._begin(each)
        self._show()

    def _begin(self, broadcast: Broadcast) -> None:
        """Have it rendered, or send its texts alone."""
        self._going[broadcast.id] = going = _Going(broadcast)
        parts = self._hall().passages(broadcast.text)
        if self._voice is None:
            going.parts = tuple(m.BroadcastPart(text=part) for part in parts)
            self._send(going, broadcast.stations)
            return
        self._voice.render_now(parts).add_done_callback(
            lambda clips: self._inbox.put(_Rendered(broadcast.id, clips))
        )

    def _rendered(self, name: int, clips: Future[tuple[Clip, ...]]) -> None:
        going = self._going.get(name)
        if going is None:
            return
        error = clips.exception()
        if error is not None:
            log.warning("broadcast %d cannot be spoken: %s", name, error)
            sentence = error.sentence if isinstance(error, NotRendered) else "语音合成出错，详见服务器日志"
            going.parts = ()
            for station in going.broadcast.stations:
                self._note(going.broadcast, station, over=True, why=sentence)
        else:
            going.parts = tuple(map(_part, clips.result()))
            self._send(going, going.broadcast.stations)
        self._show()

    def _send(self, going: _Going, stations: Sequence[str]) -> None:
        said = going.broadcast
        for station in stations:
            heard = max(said.of(station).spoken, going.spoken.get(station, 0))
            if not going.parts or said.of(station).over or (said.times and heard >= said.times):
                continue
            message = m.Broadcast(
                broadcast=f"b{said.id}",
                parts=going.parts,
                urgent=said.urgent,
                times=said.times,
                every_ms=said.every_ms,
                at_ms=said.at_ms,
                expires_ms=said.until_ms,
                spoken=heard,
            )
            self._bus.publish(topics.STATION_BROADCAST, message, station=station)

    def _end(self, broadcast: Broadcast) -> None:
        """Stop it wherever nobody has said that it is over; when its time is over, each stops by itself."""
        for station in broadcast.stations if broadcast.ended_by != CLOCK else ():
            if not broadcast.of(station).over:
                self._stop_at(broadcast, station)

    def _stop_at(self, broadcast: Broadcast, station: str) -> None:
        stop = m.Broadcast(broadcast=f"b{broadcast.id}", stop=True)
        self._bus.publish(topics.STATION_BROADCAST, stop, station=station)

    def _again(self, station: str) -> None:
        """To a station that came back: what it is to say, and what no more."""
        for going in self._going.values():
            if station in going.broadcast.stations:
                self._send(going, (station,))
        for each in self._ended.values():
            if station in each.stations and not each.of(station).over and each.ended_by != CLOCK:
                self._stop_at(each, station)

    # ------------------------------------------------------------ what announcers tell

    def _told(self, station: str, report: m.CallReport) -> None:
        found = _NAME.fullmatch(report.call)
        going = self._going.get(int(found[1])) if found else None
        broadcast = going.broadcast if going else self._ended.get(int(found[1])) if found else None
        if found is None or broadcast is None or station not in broadcast.stations:
            return
        live = self._live.setdefault(broadcast.id, {})
        if found[2] is None:
            self._note(broadcast, station, over=True, why=report.why.value)
        elif report.fate is m.CallFate.SPOKEN:
            live[station] = max(live.get(station, 0), int(found[2]))
            if going is not None:
                going.spoken[station] = live[station]
            if not broadcast.of(station).spoken:
                self._note(broadcast, station)
        self._show()

    def _note(self, broadcast: Broadcast, station: str, *, over: bool = False, why: str = "") -> None:
        spoken = self._live.get(broadcast.id, {}).get(station, 0)
        self._door.submit(
            c.NoteBroadcast(
                request="",
                by=station,
                broadcast=broadcast.id,
                station=station,
                spoken=spoken,
                over=over,
                why=why,
            )
        )

    def _show(self) -> None:
        self._live = {
            name: told for name, told in self._live.items() if name in self._going or name in self._ended
        }
        self._rendering = frozenset(name for name, going in self._going.items() if going.parts is None)


def _part(clip: Clip) -> m.BroadcastPart:
    sound = m.BlobRef(path=f"/blobs/{clip.sha256}", sha256=clip.sha256, size=clip.size)
    return m.BroadcastPart(text=clip.text, sound=sound)
