"""Live pages over one WebSocket each: after a commit, only changed fragments to the pages concerned.

The writer thread of the journal only wakes the hub; the hub asks the hall's thread once for all pages
that the new view concerns, draws each kind of page once however many browsers show it, and gives every
browser the newest fragments that it has not had yet. A slow browser holds up nobody: what waits for it
is the latest of each fragment. A beat each two seconds carries hall time and shows that the line lives;
with it each page is asked whether time alone has changed it. A page with a pace is drawn at once, then
rests for so long, whatever happens.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Hashable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.websockets import WebSocketDisconnect

from hall_server.hall.model import Hall
from hall_server.hall.pictures import HallView
from hall_server.service import HallService
from hall_server.web.asking import Away, ask

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
SOON_SECONDS = 0.15
BROKEN = "画面更新出错，请刷新页面；如仍不行，请联系运维人员"


class LivePage(Hashable, Protocol):
    """One kind of page with its subject, such as the clerk's page of one window; equal pages are one."""

    def changed(self, seen: Any, old: HallView, new: HallView) -> bool:
        """Whether the page, which showed ``seen``, may look different now; quick."""

    def read(self, hall: Hall) -> Any:
        """What to draw, as an immutable value; runs on the hall's thread and must be quick."""

    def render(self, seen: Any) -> dict[str, str]:
        """Fragment name -> HTML that swaps itself in by its id."""


class Socket(Protocol):
    """A browser's end of a line; Starlette's WebSocket fits."""

    async def accept(self) -> None:
        """Take the connection."""

    async def send_text(self, data: str) -> None:
        """Send, waiting while the browser is slow."""

    async def receive(self) -> MutableMapping[str, Any]:
        """The next ASGI message."""


@dataclass(slots=True, eq=False)
class _Browser:
    """One open page: what it has not had yet."""

    pending: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, fragments: dict[str, str]) -> None:
        """Fragments to be swapped in, the newest of each."""
        self.pending.update(fragments)
        self.news.set()

    def note(self, subject: str, text: str) -> None:
        """Something for the page's script, behind the fragments; the newest of each subject."""
        self.notes[subject] = text
        self.news.set()

    async def send(self, socket: Socket) -> None:
        """Send whatever is new, for ever."""
        while True:
            await self.news.wait()
            self.news.clear()
            fragments, self.pending = self.pending, {}
            notes, self.notes = self.notes, {}
            if fragments:
                await socket.send_text("".join(fragments.values()))
            for note in notes.values():
                await socket.send_text(note)


@dataclass(slots=True, eq=False)
class _Group:
    """All browsers that show the same page, how it looks now, and up to which view that was looked at."""

    page: LivePage
    view: HallView
    pace_seconds: float
    rests_until: float = 0.0
    browsers: set[_Browser] = field(default_factory=set)
    fragments: dict[str, str] = field(default_factory=dict)
    seen: Any = None

    def stale(self, new: HallView) -> bool:
        """Whether to read and draw anew; yes as long as nothing could be read."""
        if self.seen is None or self.page.changed(self.seen, self.view, new):
            return True
        self.view = new
        return False

    def draw(self, seen: Any) -> None:
        """Offer what differs from before; a page that cannot be drawn says so instead of lying."""
        self.seen = seen
        try:
            fragments = self.page.render(seen)
        except Exception:
            log.exception("a %s could not be drawn", type(self.page).__name__)
            for browser in self.browsers:
                browser.note("broken", json.dumps({"broken": BROKEN}))
            return
        fresh = {name: html for name, html in fragments.items() if self.fragments.get(name) != html}
        self.fragments = fragments
        if fresh:
            for browser in self.browsers:
                browser.offer(fresh)


class Hub:
    """Meeting point of the hall's thread and the open pages. All but ``wake`` runs on the web loop."""

    def __init__(self, service: HallService, *, now_ms: Callable[[], int], version: str) -> None:
        self._service = service
        self._now_ms = now_ms
        self._version = version
        self._groups: dict[LivePage, _Group] = {}
        self._lock = asyncio.Lock()
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking_soon = False

    @property
    def open_pages(self) -> int:
        """How many browsers are connected."""
        return sum(len(group.browsers) for group in self._groups.values())

    def wake(self, _view: HallView) -> None:
        """There is a new view; from the writer thread, never waits."""
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self._news.set)
            except RuntimeError:  # the loop has just closed: nobody is there to be told
                self._loop = None

    def wake_soon(self) -> None:
        """There is news beside the view; from any thread, never waits. Many of these cost one look."""
        loop = self._loop
        if loop is not None and not self._looking_soon:
            self._looking_soon = True
            try:
                loop.call_soon_threadsafe(loop.call_later, SOON_SECONDS, self._look)
            except RuntimeError:  # the loop has just closed: nobody is there to be told
                self._loop = None

    def _look(self) -> None:
        self._looking_soon = False
        self._news.set()

    async def run(self) -> None:
        """Follow the hall until cancelled."""
        self._loop = asyncio.get_running_loop()
        beats = asyncio.create_task(self._beat())
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                await self._follow()
        finally:
            self._loop = None
            beats.cancel()

    async def serve(self, socket: Socket, page: LivePage, *, pace_seconds: float = 0.0) -> None:
        """One browser from its connection to its end: everything at once, then what changes, drawn no more
        often than each ``pace_seconds``."""
        await socket.accept()
        browser = _Browser()
        tasks = (asyncio.create_task(browser.send(socket)), asyncio.create_task(_until_gone(socket)))
        try:
            await self._join(page, browser, pace_seconds)
            browser.note("beat", self._beat_text())
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except (WebSocketDisconnect, RuntimeError, OSError):
            log.debug("a page went away while it was being told")
        finally:
            for task in tasks:
                task.cancel()
            self._leave(page, browser)

    async def show(self, page: LivePage, request: str, number: str) -> None:
        """After a press: draw its own page at once and tell its browsers that this request is done and
        in the picture, so that a page never takes the next press by an older one."""
        async with self._lock:
            group = self._groups.get(page)
            if group is None:
                return
            await self._draw([group])
            for browser in group.browsers:
                browser.note(request, json.dumps({"done": request, "number": number}))

    async def _join(self, page: LivePage, browser: _Browser, pace_seconds: float) -> None:
        async with self._lock:
            group = self._groups.setdefault(page, _Group(page, self._service.view, pace_seconds))
            group.browsers.add(browser)
            await self._draw([group])
            browser.offer(group.fragments)

    def _leave(self, page: LivePage, browser: _Browser) -> None:
        group = self._groups.get(page)
        if group is not None:
            group.browsers.discard(browser)
            if not group.browsers:
                del self._groups[page]

    async def _follow(self) -> None:
        async with self._lock:
            view, loop = self._service.view, asyncio.get_running_loop()
            now = loop.time()
            stale = [group for group in self._groups.values() if group.stale(view)]
            due = [group for group in stale if group.rests_until <= now]
            for group in due:
                group.view, group.rests_until = view, now + group.pace_seconds
            if due:
                await self._draw(due)
            if rest := [group.rests_until for group in stale if group.rests_until > now and group not in due]:
                loop.call_at(min(rest), self._news.set)

    async def _draw(self, groups: list[_Group]) -> None:
        """Read all in one query, draw each, offer what differs. One broken page harms no other."""
        pages = [group.page for group in groups]
        try:
            seen = await ask(self._service, lambda hall: [_read(page, hall) for page in pages])
        except Away:
            return
        for group, value in zip(groups, seen, strict=True):
            group.draw(value)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            text = self._beat_text()
            self._news.set()
            for group in self._groups.values():
                for browser in group.browsers:
                    browser.note("beat", text)

    def _beat_text(self) -> str:
        return json.dumps({"at_ms": self._now_ms(), "version": self._version})


def _read(page: LivePage, hall: Hall) -> Any:
    try:
        return page.read(hall)
    except Exception:
        log.exception("a %s could not be read", type(page).__name__)
        return None  # nothing that can be drawn: the page says that it is broken


async def _until_gone(socket: Socket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        continue
