"""A paged hall for each test, one Chromium for each module of browser tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.hall_server.web.entering import known
from tests.hall_server.web.hall import PagedHall

FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


expect.set_options(timeout=20_000)  # a machine under load is slow, not wrong


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[PagedHall]:
    paged = PagedHall(tmp_path)
    paged.start()
    yield paged
    paged.stop()
    assert not paged.failures


@pytest.fixture
def client(hall: PagedHall) -> Iterator[httpx.Client]:
    with hall.client() as client:
        yield client


@pytest.fixture
def clerk(hall: PagedHall) -> Iterator[httpx.Client]:
    with hall.person("clerk") as client:
        yield client


@pytest.fixture(scope="module")  # while it lives, this thread has a running loop: no asyncio.run
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Watched:
    """What a page did besides what it should: console errors, requests to others, refused answers."""

    page: Page
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def strangers(self, url: str) -> list[str]:
        """Requests that left our origin."""
        own = (f"{url}/", f"{url.replace('http', 'ws', 1)}/")
        return [address for address in self.asked if not address.startswith(own)]


STRANGER = "nobody"
Opener = Callable[..., Watched]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opener]:
    """``opened(url, width=…, height=…, touch=…, before=…, account=…)``: a page of its own, watched."""
    contexts = []

    def open_page(
        url: str,
        *,
        width: int = 1024,
        height: int = 600,
        touch: bool = False,
        before: Callable[[Page], None] | None = None,
        account: str = "",
    ) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=touch, locale="zh-CN"
        )
        contexts.append(context)
        if account != STRANGER:
            known(context, url, account)
        context.set_default_timeout(20_000)
        page = context.new_page()
        watched = Watched(page)

        def console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                watched.errors.append(message.text)

        page.on("console", console)
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.on("request", lambda request: watched.asked.append(request.url))
        page.on("websocket", lambda socket: watched.asked.append(socket.url))
        if before is not None:
            before(page)
        page.goto(url)
        return watched

    yield open_page
    for context in contexts:
        context.close()
