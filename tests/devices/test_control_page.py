"""The control page in Chromium: a click moves the simulated devices, and nobody else is asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from devices.ports import CallBoxKey, KeyPress
from devices.registry import build
from devices.simulators.bench import Bench
from devices.simulators.bench_file import BenchPlace, CallBoxes, Camera, Printer, Reader, Simulated
from devices.simulators.control_server import ControlServer

pytestmark = pytest.mark.browser

FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    wanted: dict[str, Simulated] = {
        "reader-1": Reader(),
        "printer-1": Printer(rows_per_second=0),
        "callbox": CallBoxes(addresses=(1, 2, 3)),
        "camera-1": Camera(port=0),
    }
    made = Bench(BenchPlace(links=str(tmp_path_factory.mktemp("page") / "dev")), wanted)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def page(bench: Bench) -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: apt install chromium")
    server = ControlServer(bench, 0)
    server.start()
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        opened = browser.new_page(viewport={"width": 1440, "height": 1000})
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on(
            "request",
            lambda request: (
                None if request.url.startswith((server.address, "data:")) else wrong.append(request.url)
            ),
        )
        opened.goto(server.address)
        yield opened
        browser.close()
    server.stop()
    assert not wrong


def test_a_card_is_laid_and_taken(bench: Bench, page: Page) -> None:
    card = page.get_by_role("button", name="王𠮷")
    card.click()
    expect(card).to_have_attribute("aria-pressed", "true")
    assert bench.simulators["reader-1"].state()["card"] == "wang"
    page.get_by_role("button", name="拿走证件").click()
    expect(card).to_have_attribute("aria-pressed", "false")
    assert bench.simulators["reader-1"].state()["card"] == ""


def test_a_fault_is_switched_on_seen_and_switched_off(bench: Bench, page: Page) -> None:
    section = page.locator("section", has_text="取号打印机")
    fault = section.get_by_role("button", name="上盖打开")
    fault.click()
    expect(section.locator(".state")).to_have_text("上盖打开")
    assert bench.simulators["printer-1"].state()["faults"] == ["cover_open"]
    fault.click()
    expect(section.locator(".state")).to_have_text("正常")
    assert bench.simulators["printer-1"].state()["faults"] == []


def test_a_key_is_pressed_at_the_box_that_was_chosen(bench: Bench, page: Page) -> None:
    section = page.locator("section", has_text="窗口呼叫器")
    section.get_by_role("button", name="3号", exact=False).first.click()
    section.get_by_role("button", name="下一位").click()
    expect(page.locator("#said")).to_have_text("3号呼叫器：下一位")
    line: Any = build("callbox", {"port": bench.simulators["callbox"].address, "addresses": [1, 2, 3]})
    line.open()
    assert line.poll(timeout_seconds=10.0) == KeyPress(3, CallBoxKey.NEXT)
    line.close()


def test_the_camera_is_seen_and_a_command_from_outside_shows_by_itself(bench: Bench, page: Page) -> None:
    expect(page.get_by_alt_text("摄像头画面")).to_be_visible()
    bench.lay("aynur")
    expect(page.get_by_role("button", name="阿依努尔")).to_have_attribute("aria-pressed", "true")
