"""The clerk's page while the server is frozen, killed and started again: no false success, no lost press."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.hall_server.web.conftest import Opener

pytestmark = [pytest.mark.browser, pytest.mark.processes]

ISSUE = """
import sys
from pathlib import Path
from tests.hall_server.web.hall import PagedHall
hall = PagedHall(Path(sys.argv[1]))
hall.start()
for _ in range(int(sys.argv[2])):
    hall.issue()
hall.stop()
"""


class Killable:
    """The paged hall as a process on one port."""

    def __init__(self, state: Path) -> None:
        self.state = state
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        subprocess.run([sys.executable, "-c", ISSUE, str(state), "3"], check=True)
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.hall_server.web.program", str(self.state), str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == str(self.port).encode()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def calls(self) -> list[str]:
        """Numbers at the windows, as the hall itself says."""
        windows = httpx.get(f"{self.url}/api/hall", trust_env=False).json()["windows"]
        return [window["number"] for window in windows if window["number"]]


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
    expect(lamp).to_have_text("已连接", timeout=5_000)
    expect(banner).to_be_hidden()
    assert server.calls() == []
    page.keyboard.press("Space")
    expect(page.locator("#ticket .number")).to_have_text("A001")


def test_a_press_into_a_dying_server_is_done_once_after_it_is_back(server: Killable, opened: Opener) -> None:
    page = opened(f"{server.url}/clerk/w01").page
    expect(page.locator("#lamp")).to_have_text("已连接")
    expect(page.locator("#do-next")).to_be_enabled()
    server.process.send_signal(signal.SIGSTOP)
    page.keyboard.press("Space")
    expect(page.locator("#do-next .busy")).to_be_visible()
    expect(page.locator("#ticket")).to_have_attribute("data-number", "")
    server.kill()
    expect(page.locator("#link")).to_contain_text("“下一位”未提交，恢复后自动重试")
    expect(page.locator("#ticket")).to_have_attribute("data-number", "")
    server.start()
    expect(page.locator("#ticket .number")).to_have_text("A001", timeout=5_000)
    expect(page.locator("#say")).to_have_text("已呼叫 A001")
    assert server.calls() == ["A001"]


def test_a_frozen_server_is_noticed_without_a_word(server: Killable, opened: Opener) -> None:
    page = opened(f"{server.url}/clerk/w01").page
    expect(page.locator("#lamp")).to_have_text("已连接")
    server.process.send_signal(signal.SIGSTOP)
    expect(page.locator("#link")).to_be_visible(timeout=15_000)
    server.process.send_signal(signal.SIGCONT)
    expect(page.locator("#link")).to_be_hidden(timeout=10_000)
