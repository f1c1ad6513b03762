"""Live pages over one WebSocket each: after a commit, only changed fragments to the pages concerned.

The writer thread of the journal only wakes the hub; the hub asks the hall's thread once for all pages
that the new view concerns, draws each kind of page once however many browsers show it, and gives every
browser the newest fragments that it has not had yet. A slow browser holds up nobody: what waits for it
is the latest of each fragment. A beat each two seconds carries hall time and shows that the line lives.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from starlette.websockets import WebSocket, WebSocketDisconnect

from hall_server.hall.model import Hall
from hall_server.hall.pictures import HallView
from hall_server.service import Ended, HallService

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
T = TypeVar("T")


class LivePage(Hashable, Protocol):
    """One kind of page with its subject, such as the clerk's page of one window; equal pages are one."""

    def changed(self, old: HallView, new: HallView) -> bool:
        """Whether the page may look different; quick."""

    def read(self, hall: Hall) -> Any:
        """What to draw, as an immutable value; runs on the hall's thread and must be quick."""

    def render(self, seen: Any) -> dict[str, str]:
        """Fragment name -> HTML that swaps itself in by its id."""


async def ask(service: HallService, function: Callable[[Hall], T]) -> T:
    """A query of the hall, awaited. Raises Ended."""
    return await asyncio.shield(asyncio.wrap_future(service.query(function)))


@dataclass(slots=True, eq=False)
class _Browser:
    """One open page: what it has not had yet."""

    pending: dict[str, str] = field(default_factory=dict)
    beat: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, fragments: dict[str, str]) -> None:
        self.pending.update(fragments)
        self.news.set()

    async def send(self, websocket: WebSocket) -> None:
        """Send whatever is new, for ever."""
        while True:
            await self.news.wait()
            self.news.clear()
            fragments, self.pending = self.pending, {}
            beat, self.beat = self.beat, ""
            if fragments:
                await websocket.send_text("".join(fragments.values()))
            if beat:
                await websocket.send_text(beat)


@dataclass(slots=True, eq=False)
class _Group:
    """All browsers that show the same page, and how it looks now."""

    page: LivePage
    browsers: set[_Browser] = field(default_factory=set)
    fragments: dict[str, str] = field(default_factory=dict)


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
        self._seen = service.view

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

    async def serve(self, websocket: WebSocket, page: LivePage) -> None:
        """One browser from its connection to its end: everything at once, then what changes."""
        await websocket.accept()
        browser = _Browser(beat=self._beat_text())
        group = await self._join(page, browser)
        tasks = (
            asyncio.create_task(browser.send(websocket)),
            asyncio.create_task(_until_gone(websocket)),
        )
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except (WebSocketDisconnect, RuntimeError, OSError):
            log.debug("a page went away while it was being told")
        finally:
            for task in tasks:
                task.cancel()
            group.browsers.discard(browser)
            if not group.browsers and self._groups.get(page) is group:
                del self._groups[page]

    async def _join(self, page: LivePage, browser: _Browser) -> _Group:
        async with self._lock:
            group = self._groups.setdefault(page, _Group(page))
            group.browsers.add(browser)
            await self._draw([group])
            browser.offer(group.fragments)
        return group

    async def _follow(self) -> None:
        async with self._lock:
            view, before = self._service.view, self._seen
            self._seen = view
            stale = [group for group in self._groups.values() if group.page.changed(before, view)]
            if stale:
                await self._draw(stale)

    async def _draw(self, groups: list[_Group]) -> None:
        """Read all in one query, draw each, offer what differs."""
        pages = [group.page for group in groups]
        try:
            seen = await ask(self._service, lambda hall: [page.read(hall) for page in pages])
        except Ended:
            return
        for group, value in zip(groups, seen, strict=True):
            fragments = group.page.render(value)
            fresh = {name: html for name, html in fragments.items() if group.fragments.get(name) != html}
            group.fragments = fragments
            if fresh:
                for browser in group.browsers:
                    browser.offer(fresh)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            text = self._beat_text()
            for group in self._groups.values():
                for browser in group.browsers:
                    browser.beat = text
                    browser.news.set()

    def _beat_text(self) -> str:
        return json.dumps({"at_ms": self._now_ms(), "version": self._version})


async def _until_gone(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        continue
