"""A page that cannot be drawn harms no other page, and says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from hall_server.hall.model import Hall
from hall_server.hall.pictures import HallView
from hall_server.web.live import BROKEN, Hub
from tests.hall_server.web.hall import PagedHall


@dataclass(frozen=True)
class Counting:
    """A page that shows the seq, or breaks on purpose."""

    name: str
    breaks: str = field(default="", compare=False)

    def changed(self, seen: int, old: HallView, new: HallView) -> bool:
        return old.seq != new.seq

    def read(self, hall: Hall) -> int:
        if self.breaks == "read":
            raise ZeroDivisionError
        return hall.seq

    def render(self, seen: Any) -> dict[str, str]:
        if self.breaks == "render":
            raise ZeroDivisionError
        return {"seq": f"<p>{seen + 0}</p>"}


class Line:
    """The browser's end of a WebSocket, as far as the hub uses it."""

    def __init__(self) -> None:
        self.texts: asyncio.Queue[str] = asyncio.Queue()
        self.gone = asyncio.Event()

    async def accept(self) -> None:
        """Nothing to do."""

    async def send_text(self, data: str) -> None:
        await self.texts.put(data)

    async def receive(self) -> MutableMapping[str, Any]:
        await self.gone.wait()
        return {"type": "websocket.disconnect"}

    async def until(self, wanted: str) -> None:
        """Wait for a text that contains this."""
        while wanted not in await asyncio.wait_for(self.texts.get(), 10):
            continue


@pytest.mark.parametrize("breaks", ["read", "render"])
def test_a_broken_page_is_alone_in_it(hall: PagedHall, breaks: str) -> None:
    async def play() -> None:
        hub = Hub(hall.service, now_ms=hall.clock.now_ms, version="1")
        running = asyncio.create_task(hub.run())
        good, bad = Line(), Line()
        served = [
            asyncio.create_task(hub.serve(bad, Counting("bad", breaks))),
            asyncio.create_task(hub.serve(good, Counting("good"))),
        ]
        await good.until("<p>")
        await bad.until(json.dumps(BROKEN))
        hall.issue()
        view = await asyncio.wrap_future(hall.service.settled())
        hub.wake(view)
        await good.until(f"<p>{view.seq}</p>")
        assert hub.open_pages == 2
        good.gone.set()
        bad.gone.set()
        await asyncio.gather(*served)
        assert hub.open_pages == 0
        running.cancel()

    asyncio.run(play())


@dataclass(frozen=True)
class Looked:
    """A page that counts how often it is looked at, and changes with each look that finds something new."""

    looks: list[int] = field(compare=False)
    news: list[int] = field(compare=False)

    def changed(self, seen: int, old: HallView, new: HallView) -> bool:
        self.looks.append(seen)
        return seen != self.news[0]

    def read(self, hall: Hall) -> int:
        return self.news[0]

    def render(self, seen: int) -> dict[str, str]:
        return {"news": f"<p>{seen}</p>"}


def test_news_beside_the_view_is_seen_soon_and_many_cost_one_look(
    hall: PagedHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when sixty screens confirm a call; without a new view, and well before the next beat."""
    monkeypatch.setattr("hall_server.web.live.BEAT_SECONDS", 3600.0)
    looks: list[int] = []
    news = [0]

    async def play() -> None:
        hub = Hub(hall.service, now_ms=hall.clock.now_ms, version="1")
        hub.wake_soon()
        running = asyncio.create_task(hub.run())
        line = Line()
        served = asyncio.create_task(hub.serve(line, Looked(looks, news)))
        await line.until("<p>0</p>")
        news[0] = 60
        for _ in range(60):
            await asyncio.to_thread(hub.wake_soon)
        await line.until("<p>60</p>")
        line.gone.set()
        await served
        running.cancel()

    asyncio.run(play())
    assert len(looks) <= 2
