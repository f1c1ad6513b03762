"""Reports and the wall in real Chromium, as a manager uses them, with a mouse and without."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from contract.clock import HallClock
from hall_server.hall import commands as c
from hall_server.hall.events import TicketIssued
from tests.hall_server.reports.agreement import written
from tests.hall_server.reports.test_days import several_days
from tests.hall_server.web import axe
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import PagedHall

pytestmark = pytest.mark.browser

SIZES = [(390, 844), (1024, 600), (1920, 1080)]


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagedHall]:
    state = tmp_path_factory.mktemp("browsed")
    desk = several_days(11)
    written(state / "journal.db", desk.events)
    now_ms = desk.events[-1].at_ms
    paged = PagedHall(state, plan=desk.plan, clock=HallClock(monotonic=lambda: 0, wall=lambda: now_ms))
    paged.start()
    yield paged
    paged.stop()
    assert not paged.failures


def column(page: Page, name: str) -> list[str]:
    cells = page.locator(f"#report td[data-column='{name}']").all()
    return [cell.get_attribute("data-value") or "" for cell in cells]


def test_a_manager_looks_sorts_plots_and_goes_down_to_one_visit(hall: PagedHall, opened: Opener) -> None:
    watched = opened(f"{hall.url}/reports?kind=waits&from=2026-11-21&to=2026-11-24", account="manager")
    page = watched.page
    expect(page.locator("#plot-canvas canvas")).to_be_visible()
    expect(page.locator("#plot-said")).to_contain_text("首呼等候时长·平均：最高")
    page.locator("#plot-what").select_option("issued")
    expect(page.locator("#plot-said")).to_contain_text("取号数：最高")
    shown = column(page, "issued")
    head = page.locator("#report .sort", has_text="取号数")
    head.click()
    assert column(page, "issued") == sorted(shown, key=int, reverse=True)
    head.click()
    assert column(page, "issued") == sorted(shown, key=int)
    head.click()
    assert column(page, "issued") == shown
    page.locator("select[name=against]").select_option("previous")
    page.locator("select[name=by]").select_option("day")
    page.get_by_role("button", name="查询").click()
    expect(page.locator("#report thead")).to_contain_text("业务日")
    figure = page.locator("td[data-column='wait.mean'] a").first
    figure.click()
    expect(page.locator("h1")).to_contain_text("首呼等候时长")
    page.locator("#behind a").first.click()
    expect(page.locator("#story > li").first).to_contain_text("取号")
    assert watched.errors == []
    assert watched.strangers(hall.url) == []


def test_a_formula_is_read_without_a_mouse(hall: PagedHall, opened: Opener) -> None:
    page = opened(f"{hall.url}/reports?kind=waits&from=2026-11-21", account="supervisor").page
    about = page.get_by_role("button", name="首呼等候时长的公式").first
    about.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".formula:popover-open")).to_contain_text("从取号到第一次被叫号")
    page.keyboard.press("Escape")
    expect(page.locator(".formula:popover-open")).to_have_count(0)
    page.locator("#report .sort").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#report th[aria-sort=descending]")).to_have_count(1)


def test_a_file_is_taken_and_a_busy_press_is_told(hall: PagedHall, opened: Opener) -> None:
    page = opened(f"{hall.url}/reports?kind=arrivals&from=2026-11-21&to=2026-11-24", account="manager").page
    with page.expect_download() as taken:
        page.locator("#files a", has_text="CSV").first.click()
    expect(page.locator("#file-said")).to_have_text("已导出 arrivals-20261121-20261124.csv")
    rows = list(csv.reader(Path(taken.value.path()).read_text("utf-8-sig").splitlines()))
    assert [row[1] for row in rows[1:]] == column(page, "issued")
    assert hall.reports.press._turn.acquire(blocking=False)
    try:
        page.locator("#files a", has_text="PDF").click()
        expect(page.locator("#file-said")).to_have_text("另一份报表正在生成，请稍候片刻再导出")
    finally:
        hall.reports.press._turn.release()


def test_the_wall_follows_the_hall_and_shows_nobody(hall: PagedHall, opened: Opener) -> None:
    watched = opened(f"{hall.url}/wall", account="supervisor", width=1920, height=1080)
    page = watched.page
    waiting = page.locator("#wall-bigs li", has_text="正在等候").locator("b")
    before = int(waiting.inner_text())
    issued = page.locator("[data-column=issued]")
    expect(issued).to_have_text(f"{_issued(hall):,}")
    hall.issue("tax")
    for call in [call for call in hall.service.view.helps if not call.ended_ms]:
        if not call.taken_by:
            hall.service.submit(c.TakeHelp(request=f"take-{call.id}", by="clerk:x", call=call.id)).result(10)
        by = call.taken_by or "clerk:x"
        hall.service.submit(c.EndHelp(request=f"end-{call.id}", by=by, call=call.id)).result(10)
    window = next(iter(hall.plan.windows.values()))
    hall.service.submit(c.CallForHelp(request="help-1", by="clerk:1", window=window.id)).result(10)
    told = f"{window.label} 紧急求助，尚无人接手"
    expect(page.locator("#wall-alerts")).to_contain_text(told, timeout=30_000)
    expect(waiting).to_have_text(str(before + 1))
    expect(issued).to_have_text(f"{_issued(hall):,}")
    assert page.evaluate("document.documentElement.scrollHeight") <= 1080
    numbers = hall.service.query(lambda now: [ticket.number for ticket in now.tickets.values()]).result(10)
    text = page.locator("body").inner_text()
    assert numbers
    assert not [number for number in numbers if number in text]
    assert watched.errors == []


def _issued(hall: PagedHall) -> int:
    """Of the day that runs, from the journal itself."""
    events = list(hall.reports.days.lives(hall.service.view.day))
    return sum(isinstance(life.issued, TicketIssued) for day in events for life in day.lives.values())


def test_a_wall_that_is_cut_off_says_so(hall: PagedHall, opened: Opener) -> None:
    page = opened(f"{hall.url}/wall", account="manager", before=lambda page: page.clock.install()).page
    page.route("**/wall/now", lambda route: route.abort())
    page.clock.run_for(30_000)
    expect(page.locator("#wall-state")).to_contain_text("连接中断，数字停在")


@pytest.mark.parametrize(
    "path",
    [
        "/reports?kind=waits&from=2026-11-21&to=2026-11-24&against=previous",
        "/reports?kind=evaluations&from=2026-11-21&to=2026-11-24&by=clerk",
        "/wall",
    ],
)
def test_nothing_scrolls_sideways_and_axe_is_content(hall: PagedHall, opened: Opener, path: str) -> None:
    for width, height in SIZES:
        watched = opened(hall.url + path, account="manager", width=width, height=height)
        page = watched.page
        expect(page.locator("canvas").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        if width == SIZES[-1][0]:
            assert axe.findings(page) == []
        assert watched.errors == []
