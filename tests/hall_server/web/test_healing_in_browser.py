"""The clerk's page while the server is frozen, killed and started again: no false success, no lost press."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.killable import Killable

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Killable]:
    killable = Killable(tmp_path)
    yield killable
    killable.kill()


def test_a_killed_server_is_seen_and_the_page_heals(server: Killable, opened: Opener) -> None:
    page = opened(f"{server.url}/clerk/w01").page
    lamp, banner = page.locator("#lamp"), page.locator("#link")
    expect(lamp).to_have_text("已连接")
    server.kill()
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("连接中断，正在重连…")
    page.keyboard.press("Space")
    expect(page.locator("#say")).to_have_text("连接中断，“下一位”未提交")
    server.start()
    expect(lamp).to_have_text("已连接")
    expect(banner).to_be_hidden()
    assert server.calls() == []
    page.keyboard.press("Space")
    expect(page.locator("#ticket .number")).to_have_text("A001")


def test_a_press_into_a_dying_server_is_done_once_after_it_is_back(server: Killable, opened: Opener) -> None:
    page = opened(f"{server.url}/clerk/w01").page
    expect(page.locator("#lamp")).to_have_text("已连接")
    expect(page.locator("#do-next")).to_be_enabled()
    server.freeze()
    page.keyboard.press("Space")
    expect(page.locator("#do-next .busy")).to_be_visible()
    expect(page.locator("#ticket")).to_have_attribute("data-number", "")
    server.kill()
    expect(page.locator("#link")).to_contain_text("“下一位”未提交，恢复后自动重试")
    expect(page.locator("#ticket")).to_have_attribute("data-number", "")
    server.start()
    expect(page.locator("#ticket .number")).to_have_text("A001")
    expect(page.locator("#say")).to_have_text("已呼叫 A001")
    assert server.calls() == ["A001"]


def test_a_frozen_server_is_noticed_without_a_word(server: Killable, opened: Opener) -> None:
    page = opened(f"{server.url}/clerk/w01").page
    expect(page.locator("#lamp")).to_have_text("已连接")
    server.freeze()
    expect(page.locator("#link")).to_be_visible()
    server.process.send_signal(signal.SIGCONT)
    expect(page.locator("#link")).to_be_hidden()
