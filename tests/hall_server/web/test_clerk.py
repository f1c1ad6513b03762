"""What the clerk's page shows, and which presses the hall's own rules forbid."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from contract.messages import Paper, Person
from hall_server.hall import commands as c
from hall_server.hall.model import Outcome
from hall_server.hall.plan import ServiceWindow
from hall_server.web.actions import ACTIONS, BY_NAME
from hall_server.web.clerk import ClerkPage, Counter, counter
from hall_server.web.clerk_sheet import Sheets
from hall_server.web.rendering import Rendering
from tests.hall_server.web.hall import CATALOGUE, ITEM, PLAN, PagedHall

SHEETS = Sheets(lambda: CATALOGUE)


def look(hall: PagedHall, window: str = "w01") -> Counter:
    return hall.service.query(lambda h: counter(h, window, hall.clock.now_ms(), SHEETS)).result(5)


def allowed(hall: PagedHall, window: str = "w01") -> set[str]:
    return {action.name for action in ACTIONS} - set(look(hall, window).forbidden) - {"help"}


def test_allowed_presses_follow_the_life_of_a_number(hall: PagedHall) -> None:
    assert allowed(hall) == {"pause", "close"}
    assert look(hall).forbidden["next"] == "暂无等待"
    hall.issue()
    assert allowed(hall) == {"next", "pause", "close"}
    hall.do(c.CallNext)
    assert allowed(hall) == {"arrive", "recall", "no-show", "park", "transfer", "pause", "close", "undo"}
    hall.do(c.Recall)
    hall.do(c.Recall)
    assert allowed(hall) == {"arrive", "no-show", "park", "transfer", "pause", "close"}
    assert "请按“过号”" in look(hall).forbidden["recall"]
    hall.do(c.Arrive)
    assert allowed(hall) == {"next", "finish", "park", "transfer", "pause", "close", "undo"}
    hall.do(c.PauseWindow, reason="午餐")
    assert allowed(hall) == {"finish", "park", "transfer", "open", "pause", "close", "undo"}
    hall.do(c.Finish)
    hall.do(c.CloseWindow)
    assert allowed(hall) == {"open", "pause"}


def test_asking_what_is_allowed_changes_nothing(hall: PagedHall) -> None:
    hall.issue()
    before = hall.service.query(lambda h: h.seq).result(5)
    look(hall)
    assert hall.service.query(lambda h: h.seq).result(5) == before


def test_the_present_number_with_all_that_the_clerk_needs(hall: PagedHall) -> None:
    person = Person(key="k", masked_name="张*", flags=("age60",))
    ticket = hall.issue(items=(ITEM,), situation=("有效期满",), person=person)
    hall.service.submit(
        c.ReportPaper(request="paper-1", by="kiosk-1", ticket=ticket, paper=Paper.FAILED)
    ).result(5)
    hall.do(c.CallNext)
    shown = look(hall).present
    assert shown is not None
    assert (shown.number, shown.service, shown.masked_name) == ("A001", "社保医保", "张*")
    assert (shown.items, shown.sample, shown.situation) == (("居民身份证换领",), True, ("有效期满",))
    assert (shown.green, shown.flags, shown.no_paper) == ("老年人", ("60周岁以上",), True)


def test_queues_parked_and_last_calls(hall: PagedHall) -> None:
    for _ in range(6):
        hall.issue()
    hall.issue("huji")
    hall.do(c.CallNext)
    hall.do(c.Park, minutes=15, reason="复印")
    hall.do(c.CallNext)
    hall.do(c.Arrive)
    hall.do(c.Finish, outcome=Outcome.MISSING_MATERIAL)
    seen = look(hall)
    assert [(q.name, q.waiting, tuple(h.number for h in q.heads)) for q in seen.queues] == [
        ("社保医保", 4, ("A003", "A004", "A005", "A006")),
        ("户籍与身份证", 1, ("B001",)),
    ]
    assert [(p.number, p.reason, p.why_not) for p in seen.parked] == [("A001", "复印", "")]
    assert [(r.number, r.status_text) for r in seen.recent] == [("A002", "材料不全")]
    assert look(hall, "w03").parked == ()
    hall.do(c.CallNext)
    assert "呼叫中" in look(hall).parked[0].why_not


def test_words_of_people_are_never_markup(hall: PagedHall, clerk: httpx.Client) -> None:
    payload = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    hall.issue()
    hall.do(c.CallNext)
    hall.do(c.Transfer, service="huji", note=payload)
    hall.do(c.OpenWindow, "w03")
    hall.do(c.CallNext, "w03")
    hall.do(c.PauseWindow, "w03", reason=payload)
    page = clerk.get("/clerk/w03").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "<img" not in page


def test_index_choice_and_an_unknown_window(clerk: httpx.Client) -> None:
    assert "示例县政务服务中心" in clerk.get("/").text
    chosen = clerk.get("/clerk").text
    assert all(label in chosen for label in ("1号窗口", "2号窗口", "3号窗口"))
    lost = clerk.get("/clerk/w99")
    assert lost.status_code == 404
    assert "没有这个窗口" in lost.text


def test_a_page_is_stale_only_by_its_own_window_and_queues(hall: PagedHall) -> None:
    service = hall.service
    rendering = Rendering(hall_name=str, actions=BY_NAME, action_list=ACTIONS)
    pages = {w: ClerkPage(w, hall.plan, SHEETS, hall.clock.now_ms, rendering) for w in hall.plan.windows}

    shown = {w: look(hall, w) for w in pages}

    def stale_after(act: Callable[[], object]) -> set[str]:
        before = service.view
        act()
        service.query(lambda _: None).result(5)  # the flush leaves behind the answer: wait for both
        while service.view is before:
            service.query(lambda _: None).result(5)
        return {w for w, page in pages.items() if page.changed(shown[w], before, service.view)}

    stale_after(hall.issue)  # opens the business day: everything is new
    assert stale_after(lambda: hall.issue("huji")) == {"w01", "w03"}
    assert stale_after(lambda: hall.issue("shebao")) == {"w01", "w02"}
    assert stale_after(lambda: hall.do(c.PauseWindow, "w03", reason="午餐")) == {"w01", "w03"}


@pytest.fixture
def four_windows(tmp_path: Path) -> Iterator[PagedHall]:
    """With one that shares no queue with w03, whatever it is let do."""
    other = ServiceWindow("w04", "4号窗口", "社保专窗", "z", ("shebao",), open_at_start=True)
    hall = PagedHall(tmp_path, plan=dataclasses.replace(PLAN, windows={**PLAN.windows, "w04": other}))
    hall.start()
    yield hall
    hall.stop()
    assert not hall.failures


def test_a_page_has_news_of_a_number_that_went_elsewhere(four_windows: PagedHall) -> None:
    """首问负责: only what happens where the number stands now makes the page stale."""
    hall = four_windows
    rendering = Rendering(hall_name=str, actions=BY_NAME, action_list=ACTIONS)
    page = ClerkPage("w03", hall.plan, SHEETS, hall.clock.now_ms, rendering)
    hall.do(c.OpenWindow, "w03", clerk="clerk-w03")
    hall.do(c.OpenWindow, "w02", clerk="clerk-w02")
    hall.issue("huji")
    hall.do(c.CallNext, "w03", clerk="clerk-w03")
    hall.do(c.Arrive, "w03", clerk="clerk-w03")
    hall.do(c.Transfer, "w03", service="shebao", to_window="w02", clerk="clerk-w03")
    hall.do(c.CallNext, "w02", clerk="clerk-w02")
    hall.do(c.Arrive, "w02", clerk="clerk-w02")
    shown = look(hall, "w03")
    assert [one.said for one in shown.endings] == ["正在办理"]

    def stale_after(act: Callable[[], object]) -> bool:
        before = hall.service.settled().result(5)
        act()
        return page.changed(shown, before, hall.service.settled().result(5))

    assert not stale_after(lambda: hall.issue("shebao"))
    assert not stale_after(lambda: hall.do(c.PauseWindow, "w04", reason="午餐"))
    assert stale_after(lambda: hall.do(c.Finish, "w02", clerk="clerk-w02"))
    assert [(one.said, one.unread) for one in look(hall, "w03").endings] == [("办结", True)]


def test_a_page_has_news_when_another_takes_what_could_be_taken_back(hall: PagedHall) -> None:
    """The number is another's to answer for, and waits for a service that this window does not do."""
    rendering = Rendering(hall_name=str, actions=BY_NAME, action_list=ACTIONS)
    page = ClerkPage("w02", hall.plan, SHEETS, hall.clock.now_ms, rendering)
    hall.do(c.OpenWindow, "w03", clerk="clerk-w03")
    hall.issue("huji")
    hall.do(c.CallNext, "w03", clerk="clerk-w03")
    hall.do(c.Arrive, "w03", clerk="clerk-w03")
    hall.do(c.Transfer, "w03", service="shebao", to_window="w02", clerk="clerk-w03")
    hall.do(c.CallNext, "w02", clerk="clerk-w02")
    hall.do(c.Arrive, "w02", clerk="clerk-w02")
    hall.do(c.Transfer, "w02", service="huji", to_window="w03", clerk="clerk-w02")
    shown = look(hall, "w02")
    assert shown.undoing is not None
    before = hall.service.settled().result(5)
    hall.do(c.CallNext, "w03", clerk="clerk-w03")
    assert look(hall, "w02").undoing is None
    assert page.changed(shown, before, hall.service.settled().result(5))


def test_a_window_that_learns_a_service_follows_its_queue(hall: PagedHall) -> None:
    rendering = Rendering(hall_name=str, actions={}, action_list=())
    page = ClerkPage("w02", hall.plan, SHEETS, hall.clock.now_ms, rendering)
    hall.do(c.SetSkills, "w02", skills=(("shebao", 1), ("huji", 2)))
    assert [q.name for q in look(hall, "w02").queues] == ["社保医保", "户籍与身份证"]
    shown, before = look(hall, "w02"), hall.service.view
    hall.issue("huji")
    while hall.service.view is before:
        hall.service.query(lambda _: None).result(5)
    assert page.changed(shown, before, hall.service.view)
