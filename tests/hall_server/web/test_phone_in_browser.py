"""The phone pages in real Chromium as an old phone has them: small, touched, slow, large type, no scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from contract.messages import Person
from hall_server.hall import commands as c
from hall_server.hall.model import Hall
from hall_server.hall.pictures import booking_seal, qr_seal
from tests.hall_server.web.axe import findings
from tests.hall_server.web.booking_hall import MINUTE, MONDAY_NINE, booking_hall
from tests.hall_server.web.conftest import STRANGER, Opener
from tests.hall_server.web.hall import ITEM, KEY, PagedHall

pytestmark = pytest.mark.browser

OLD = {"width": 360, "height": 640, "touch": True, "account": STRANGER}
LOOKS = ("plain", "big", "dark", "big-dark")
NARROW = "document.documentElement.scrollWidth <= window.innerWidth"
SMALL_TARGETS = """() => [...document.querySelectorAll('button, .press, summary, label, .looks a, .days a')]
  .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.textContent.trim())"""
FEELS = """
  window.felt = []; window.heard = 0;
  navigator.vibrate = pattern => { window.felt.push(pattern); return true; };
  const Real = window.AudioContext;
  window.AudioContext = function () {
    const made = new Real(), own = made.createOscillator.bind(made);
    made.createOscillator = () => { window.heard += 1; return own(); };
    return made;
  };
"""


def address(hall: PagedHall, ticket: str) -> str:
    return f"{hall.url}/t/{ticket}.{qr_seal(ticket, KEY)}"


def look_again(page: Page) -> None:
    """As when the phone is taken out of the pocket: the page asks at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagedHall]:
    hall, _ = booking_hall(tmp_path_factory.mktemp("phones"))
    hall.start()
    yield hall
    hall.stop()
    assert not hall.failures


@pytest.fixture
def hall(house: PagedHall) -> Iterator[PagedHall]:
    """The hall of this module, with nobody in it before and after."""
    yield house
    for window in ("w01", "w02"):
        if house.service.query(partial(Hall.ticket_at, window=window)).result(5) is not None:
            house.do(c.Arrive, window)
            house.do(c.Finish, window)
    for ticket in house.service.query(lambda h: list(h.open_tickets())).result(5):
        house.service.submit(c.Cancel(request="", by="t", ticket=ticket.id)).result(5)


def test_the_call_is_seen_felt_and_heard(hall: PagedHall, opened: Opener) -> None:
    ticket = hall.issue()
    watched = opened(address(hall, ticket), before=lambda page: page.add_init_script(FEELS), **OLD)
    page = watched.page
    expect(page.locator("#flash")).to_be_hidden()
    page.get_by_role("button", name="响铃加震动提醒我").tap()
    expect(page.locator("#reminding")).to_contain_text("提醒已打开")
    assert page.evaluate("heard") == 1
    hall.do(c.CallNext, "w01")
    look_again(page)
    expect(page.locator("#flash-window")).to_have_text("1号窗口")
    expect(page).to_have_title(re.compile("叫到您了"))
    assert page.evaluate("felt.length") == 2
    assert page.evaluate("heard") == 7
    page.get_by_role("button", name="知道了，我马上去").tap()
    expect(page.locator("#flash")).to_be_hidden()
    look_again(page)
    expect(page.locator("#state")).to_have_attribute("data-status", "called")
    assert page.evaluate("felt.length") == 2, "one call is felt once"
    hall.do(c.Recall, "w01")
    look_again(page)
    expect(page.locator("#flash")).to_be_visible()
    assert watched.errors == []
    assert watched.strangers(hall.url) == []


def test_who_wants_no_sound_gets_none(hall: PagedHall, opened: Opener) -> None:
    ticket = hall.issue()
    page = opened(address(hall, ticket), before=lambda page: page.add_init_script(FEELS), **OLD).page
    page.get_by_role("button", name="只震动，不出声").tap()
    hall.do(c.CallNext, "w01")
    look_again(page)
    expect(page.locator("#flash")).to_be_visible()
    assert page.evaluate("[heard, felt.length]") == [0, 2]


def test_a_phone_that_loses_the_network_says_so_and_comes_back(hall: PagedHall, opened: Opener) -> None:
    ticket = hall.issue()
    page = opened(address(hall, ticket), **OLD).page
    gone = re.compile("/now$")
    page.route(gone, lambda route: route.abort())
    look_again(page)
    expect(page.locator("#broken")).to_be_visible()
    page.unroute(gone)

    def slowly(route: Route) -> None:
        page.wait_for_timeout(300)  # the network of an old phone
        route.continue_()

    page.route(gone, slowly)
    look_again(page)
    expect(page.locator("#broken")).to_be_hidden()


def test_more_time_cancel_and_evaluation_by_touch(hall: PagedHall, opened: Opener) -> None:
    ticket, other = hall.issue(), hall.issue()
    page = opened(address(hall, ticket), **OLD).page
    page.get_by_role("button", name="我还需要 10 分钟").tap()
    expect(page.locator(".slip")).to_contain_text("位置给您留着")
    page.get_by_role("button", name="我回来了").tap()
    expect(page.locator(".slip")).to_contain_text("您是")
    for kind in (c.CallNext, c.Arrive, c.Finish):
        hall.do(kind, "w01")
    look_again(page)
    expect(page.get_by_text("请您评价刚才的服务")).to_be_visible()
    page.get_by_label("非常满意").check()
    page.get_by_text("想说得具体一点").tap()
    page.get_by_label("一次讲清楚", exact=True).check()
    page.get_by_label("您的意见").fill("<img src=x onerror=alert(1)> 很好")
    look_again(page)
    expect(page.get_by_label("您的意见")).to_have_value(re.compile("很好"))
    page.get_by_role("button", name="提交评价").tap()
    expect(page.get_by_text("感谢您的评价：非常满意")).to_be_visible()
    page.goto(address(hall, other))
    assert page.get_by_role("button", name="确定取消").is_hidden(), "it asks first"
    page.get_by_text("不办了，取消此号").tap()
    page.get_by_role("button", name="确定取消").tap()
    expect(page.locator(".slip")).to_contain_text("此号已取消")


def test_without_scripts_all_is_told_and_done_on_reload(hall: PagedHall, browser: Browser) -> None:
    first, ticket = hall.issue(), hall.issue()
    context = browser.new_context(
        viewport={"width": 360, "height": 640}, has_touch=True, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(address(hall, ticket))
    expect(page.locator(".slip")).to_contain_text("前面还有 1 人")
    hall.do(c.CallNext, "w01")
    page.reload()
    expect(page.locator(".slip")).to_contain_text("下一位")
    page.get_by_role("button", name="我还需要 10 分钟").tap()
    expect(page.locator(".slip")).to_contain_text("位置给您留着")
    page.get_by_role("button", name="大字").tap()
    expect(page.locator("body")).to_have_class("phone big")
    page.goto(address(hall, first))
    expect(page.locator(".slip")).to_contain_text("1号窗口")
    context.close()


def test_an_appointment_from_the_search_to_the_code(hall: PagedHall, opened: Opener) -> None:
    watched = opened(f"{hall.url}/book", **OLD)
    page = watched.page
    page.get_by_label("您要办什么事").fill("身份证")
    page.get_by_role("button", name="查找事项").tap()
    page.get_by_role("link", name="居民身份证换领").tap()
    expect(page.get_by_text("居民户口簿")).to_be_visible()
    page.get_by_role("link", name="11月24日").tap()
    page.get_by_label("10:00–11:00").check()
    page.get_by_role("button", name="确定预约").tap()
    expect(page.locator(".code")).to_have_text(re.compile(r"^\d{4} \d{4}$"))
    assert page.locator(".qr svg").bounding_box() is not None
    page.get_by_text("不来了，取消预约").tap()
    page.get_by_role("button", name="确定取消").tap()
    expect(page.locator(".slip")).to_contain_text("已取消")
    assert watched.errors == []


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_keeps_anybody_from_using_it(hall: PagedHall, opened: Opener, look: str) -> None:
    hall.issue("huji")
    done = ""
    hall.do(c.OpenWindow, "w03")
    for kind in (c.CallNext, c.Arrive, c.Finish):
        done = hall.do(kind, "w03")
    waiting = hall.issue()
    start_ms = MONDAY_NINE + (24 + LOOKS.index(look) // 2) * 60 * MINUTE
    book = c.Book(
        request="", by="book", appointment=f"1234567{len(look)}", service="shebao", start_ms=start_ms
    )
    booking = hall.service.submit(book).result(5).ticket
    page = opened(f"{address(hall, waiting)}?look={look}", **OLD).page
    for path in (
        address(hall, waiting),
        address(hall, done),
        f"{hall.url}/book",
        f"{hall.url}/book/shebao?item={ITEM}",
        f"{hall.url}/b/{booking}.{booking_seal(booking, KEY)}",
        f"{hall.url}/t/forged.00",
    ):
        page.goto(path)
        assert findings(page) == [], path
        assert page.evaluate(NARROW), path
        assert page.evaluate(SMALL_TARGETS) == [], path


def test_the_managers_list_fits_a_phone_and_a_desk(hall: PagedHall, opened: Opener) -> None:
    book = c.Book(
        request="", by="book", appointment="87654321", service="shebao", start_ms=MONDAY_NINE + 60 * MINUTE
    )
    hall.service.submit(book).result(5)
    page = opened(f"{hall.url}/manage/appointments", account="manager").page
    assert findings(page) == []
    page.get_by_role("button", name="签到").click()
    expect(page.locator("tbody")).to_contain_text("已签到取号")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(NARROW)


def test_a_press_without_network_is_told_and_may_be_repeated(hall: PagedHall, opened: Opener) -> None:
    ticket = hall.issue()
    page = opened(address(hall, ticket), **OLD).page
    page.context.set_offline(True)
    page.get_by_role("button", name="我还需要 10 分钟").tap()
    expect(page.locator("#wrong")).to_contain_text("没有送出去")
    expect(page.locator(".slip")).to_contain_text("您是")
    page.context.set_offline(False)
    page.get_by_role("button", name="我还需要 10 分钟").tap()
    expect(page.get_by_role("button", name="我回来了")).to_be_visible()
    expect(page.locator("#wrong")).to_be_hidden()
    page.get_by_role("button", name="我回来了").tap()
    expect(page.locator(".slip")).to_contain_text("您是")


def test_the_public_catalogue_is_for_the_old_too(hall: PagedHall, opened: Opener) -> None:
    page = opened(f"{hall.url}/items/{ITEM}", **OLD).page
    page.get_by_role("button", name="大字").tap()
    page.get_by_role("button", name="高对比").tap()
    expect(page.locator("body")).to_have_class("public big dark")
    for path in ("/items", "/items?q=身份证", f"/items/{ITEM}"):
        page.goto(f"{hall.url}{path}")
        assert findings(page) == [], path
        assert page.evaluate(NARROW), path


def test_an_item_is_printed_black_on_white_whatever_the_look(hall: PagedHall, opened: Opener) -> None:
    page = opened(f"{hall.url}/items/{ITEM}?look=big-dark", **OLD).page
    page.emulate_media(media="print")
    expect(page.locator(".looks")).to_be_hidden()
    told = page.evaluate(
        "[document.body, document.querySelector('.facts-of dd')].map(e => getComputedStyle(e))"
        ".map((style, i) => i ? style.color : style.backgroundColor)"
    )
    assert told == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]


def test_a_call_of_the_visits_other_number_is_felt_too(hall: PagedHall, opened: Opener) -> None:
    me = Person(key="k-two", masked_name="古*")
    mine, other = hall.issue("huji", person=me), hall.issue(person=me)
    watched = opened(address(hall, mine), before=lambda page: page.add_init_script(FEELS), **OLD)
    page = watched.page
    page.get_by_role("button", name="响铃加震动提醒我").tap()
    assert hall.do(c.CallNext, "w02") == other
    look_again(page)
    expect(page.locator("#flash-window")).to_have_text("2号窗口")
    expect(page.locator("#flash-number")).to_have_text(
        hall.service.query(lambda h: h.tickets[other].number).result(5)
    )
    assert page.evaluate("heard") == 7
    page.get_by_role("button", name="知道了，我马上去").tap()
    expect(page.locator(".plain-list .called")).to_contain_text("请到2号窗口")
    expect(page.locator("#state")).to_have_attribute("data-status", "waiting")


def test_who_works_by_keys_never_loses_his_place(hall: PagedHall, opened: Opener) -> None:
    ticket = hall.issue()
    page = opened(address(hall, ticket), account=STRANGER).page
    page.get_by_role("button", name="我还需要 10 分钟").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#place")).to_be_focused()
    page.keyboard.press("Tab")
    page.get_by_role("button", name="我回来了").press("Enter")
    expect(page.locator(".slip")).to_contain_text("您是")
    page.locator("summary").focus()
    hall.do(c.CallNext, "w01")
    look_again(page)
    expect(page.locator("#flash-ok")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#flash")).to_be_hidden()
    assert page.evaluate("document.activeElement !== document.body")
