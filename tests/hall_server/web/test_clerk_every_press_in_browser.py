"""Everything that a clerk can press, at 1024×600: once with keys alone, once with a finger alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from contract.messages import Person
from hall_server.hall import commands as c
from hall_server.hall.model import Asked, Hall, Outcome, Ticket
from hall_server.hall.plan import NoShowPolicy
from tests.hall_server.web import axe
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import ITEM, PLAN, PagedHall
from tests.hall_server.web.test_clerk_in_browser import desk, say

pytestmark = [pytest.mark.browser]
ANNA = Person(key="k", masked_name="王*", flags=("age70",))


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[PagedHall]:
    """A hall where a number that has passed waits for a person's word."""
    rules = replace(PLAN.rules, no_show_policy=NoShowPolicy.MANUAL)
    paged = PagedHall(tmp_path, plan=replace(PLAN, rules=rules))
    paged.start()
    yield paged
    paged.stop()
    assert not paged.failures


@dataclass
class Keys:
    """Hands that have a keyboard and nothing else."""

    page: Page
    touch = False

    def press(self, action: str) -> None:
        key = self.page.locator(f"#do-{action}").get_attribute("data-keys") or ""
        self.page.keyboard.press({" ": "Space"}.get(key.split("|")[0], key.split("|")[0]))

    def look(self, name: str) -> None:
        self.page.keyboard.press(self.page.locator(f"[data-look={name}]").get_attribute("data-keys") or "")

    def paper(self, name: str) -> None:
        paper = self.page.locator(".paper", has_text=name)
        self.page.keyboard.press(paper.get_attribute("data-keys") or "")

    def reach(self, control: Locator) -> None:
        """By Tab, as far as it takes; arrows go from one choice to the next of its group."""
        for _ in range(40):
            if control.evaluate("e => e === document.activeElement"):
                return
            same = control.evaluate(
                "e => e.type === 'radio' && document.activeElement?.type === 'radio'"
                " && e.name === document.activeElement.name"
            )
            self.page.keyboard.press("ArrowDown" if same else "Tab")
        raise AssertionError(f"{control} cannot be reached by keys")

    def choose(self, choice: Locator) -> None:
        self.reach(choice)
        if not choice.is_checked():
            self.page.keyboard.press("Space")

    def write(self, field: Locator, words: str) -> None:
        self.reach(field)
        self.page.keyboard.insert_text(words)

    def select(self, field: Locator, value: str) -> None:
        self.reach(field)
        for _ in range(12):
            if field.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} cannot be reached by keys")

    def submit(self, dialog: str) -> None:
        if self.page.evaluate("document.activeElement.tagName") == "SELECT":
            self.page.keyboard.press("Tab")
        self.page.keyboard.press("Enter")

    def hit(self, button: Locator) -> None:
        self.reach(button)
        self.page.keyboard.press("Enter")


@dataclass
class Finger:
    """A hand on a screen that has no keys but those of its own for writing."""

    page: Page
    touch = True

    def press(self, action: str) -> None:
        self.page.locator(f"#do-{action}").tap()

    def look(self, name: str) -> None:
        self.page.locator(f"[data-look={name}]").tap()

    def paper(self, name: str) -> None:
        self.page.locator(".paper", has_text=name).tap()

    def choose(self, choice: Locator) -> None:
        choice.locator("xpath=..").tap()

    def write(self, field: Locator, words: str) -> None:
        field.tap()
        self.page.keyboard.insert_text(words)

    def select(self, field: Locator, value: str) -> None:
        field.tap()
        field.select_option(value)  # the list itself is the system's

    def submit(self, dialog: str) -> None:
        self.page.locator(f"#dialog-{dialog} .go").tap()

    def hit(self, button: Locator) -> None:
        button.tap()


Hand = Keys | Finger
HANDS: dict[str, Callable[[Page], Hand]] = {"keys": Keys, "finger": Finger}


def hand_at(hall: PagedHall, opened: Opener, how: str) -> Hand:
    page = desk(hall, opened, width=1024, height=600, touch=how == "finger")
    return HANDS[how](page)


def ticket(hall: PagedHall, number: str) -> Ticket:
    return hall.service.query(lambda h: h.tickets[h.by_number[number]]).result(5)


def choice(hand: Hand, dialog: str, name: str, value: str) -> Locator:
    return hand.page.locator(f"#dialog-{dialog} [name={name}][value='{value}']")


@pytest.mark.parametrize("how", HANDS)
def test_calls_papers_and_an_end_without_result(hall: PagedHall, opened: Opener, how: str) -> None:
    hall.issue(items=(ITEM,), situation=("委托他人办理",), person=ANNA, green_reason="age")
    hall.issue("huji", person=ANNA)
    hand = hand_at(hall, opened, how)
    page = hand.page
    hand.press("next")
    say(page, "已呼叫 A001")
    for shown in ("绿色通道 · 老年人", "70周岁以上", "居民身份证换领", "委托他人办理", "王*"):
        expect(page.locator("#ticket")).to_contain_text(shown)
    expect(page.locator(".others")).to_contain_text("B001")
    hand.press("recall")
    say(page, "已重呼 A001")
    expect(page.locator("#ticket .head")).to_contain_text("已重呼 1/2 次")
    hand.press("arrive")
    say(page, "已到窗 A001")
    for paper in ("居民户口簿", "近期照片"):
        hand.paper(paper)
    expect(page.locator(".sheet h2 b")).to_have_text("2/4")
    assert axe.findings(page) == []
    hand.press("finish")
    hand.choose(choice(hand, "finish", "outcome", "missing_material"))
    expect(page.locator("#lacking input:checked")).to_have_count(2)
    hand.write(page.locator("#dialog-finish [name=note]"), "委托书须写明受托人")
    assert axe.findings(page) == []
    in_sight(page.locator("#dialog-finish"))
    hand.submit("finish")
    say(page, "已结束办理 A001")
    ended = ticket(hall, "A001")
    assert (ended.outcome, ended.note) == (Outcome.MISSING_MATERIAL, "委托书须写明受托人")
    with page.context.expect_page() as told:
        page.keyboard.press("p") if how == "keys" else page.locator("#print-notice").tap()
    printed = told.value
    expect(printed.locator(".sheet ol li")).to_have_text(["旧居民身份证", "委托书"])
    printed.close()
    hand.press("undo")
    say(page, "已撤销 A001")
    expect(page.locator("#ticket .badge.serving")).to_be_visible()
    hand.press("finish")
    hand.submit("finish")
    say(page, "已结束办理 A001")
    assert ticket(hall, "A001").outcome is Outcome.DONE


@pytest.mark.parametrize("how", HANDS)
def test_passed_set_aside_paused_and_out_of_order(hall: PagedHall, opened: Opener, how: str) -> None:
    for _ in range(3):
        hall.issue()
    hand = hand_at(hall, opened, how)
    page = hand.page
    hand.press("next")
    say(page, "已呼叫 A001")
    hand.press("no-show")
    say(page, "已过号 A001")
    hand.look("passed")
    hand.choose(page.locator("#dialog-passed [name=ticket]").first)
    hand.submit("passed")
    say(page, "已召回队列 A001")

    hand.look("waiting")
    hand.choose(page.locator("#dialog-waiting label", has_text="A003").locator("input"))
    expect(page.locator("#why")).to_contain_text("A003 已等")
    hand.write(page.locator("#dialog-waiting [name=reason]"), "身体不适")
    in_sight(page.locator("#dialog-waiting"))
    hand.submit("waiting")
    say(page, "已呼叫 A003")

    hand.press("park")
    hand.choose(choice(hand, "park", "minutes", "20"))
    hand.write(page.locator("#dialog-park [name=reason]"), "去复印")
    in_sight(page.locator("#dialog-park"))
    hand.submit("park")
    say(page, "已挂起 A003")
    aside = ticket(hall, "A003")
    assert (aside.note, round((aside.parked_until_ms - hall.clock.now_ms()) / 60_000)) == ("去复印", 20)
    expect(page.locator("#parked")).to_contain_text("去复印")
    hand.hit(page.locator("#call-A003"))
    say(page, "已呼叫 A003")
    hand.press("arrive")
    say(page, "已到窗 A003")

    hand.press("pause")
    hand.choose(choice(hand, "pause", "reason", "临时离开"))
    in_sight(page.locator("#dialog-pause"))
    hand.submit("pause")
    say(page, "已暂停")
    expect(page.locator("#state .pill")).to_have_text("暂停 · 临时离开")
    hand.press("open")
    say(page, "已开窗")

    hand.press("help")
    hand.choose(choice(hand, "help", "about", "有人身体不适"))
    in_sight(page.locator("#dialog-help"))
    hand.submit("help")
    expect(page.locator("#help")).to_contain_text("等待值班长接手")
    (call,) = hall.service.query(lambda h: list(h.helps.values())).result(5)
    assert (call.asked, call.about, call.window) == (Asked.MANAGER, "有人身体不适", "w01")
    hall.service.submit(c.TakeHelp(request="t", by="clerk:manager", call=call.id)).result(5)
    expect(page.locator("#help")).to_contain_text("值班长正在赶来")
    assert axe.findings(page) == []


@pytest.mark.parametrize("how", HANDS)
def test_sent_to_a_service_a_window_a_clerk_and_told_how_it_ended(
    hall: PagedHall, opened: Opener, how: str, tmp_path: Path
) -> None:
    first, second, third = hall.issue(person=ANNA), hall.issue(), hall.issue()
    hall.do(c.OpenWindow, "w02", clerk="clerk-w02")
    hall.do(c.OpenWindow, "w03", clerk="clerk-w03")
    hand = hand_at(hall, opened, how)
    page = hand.page

    def send(number: str, service: str, to: str, note: str) -> None:
        hand.press("next")
        say(page, f"已呼叫 {number}")
        hand.press("arrive")
        say(page, f"已到窗 {number}")
        hand.press("transfer")
        hand.choose(choice(hand, "transfer", "service", service))
        if to:
            hand.select(page.locator("#dialog-transfer [name=to]"), to)
        if note:
            hand.write(page.locator("#dialog-transfer [name=note]"), note)
        in_sight(page.locator("#dialog-transfer"))
        hand.submit("transfer")
        say(page, f"已转移 {number}")

    send("A001", "", "window:w02", "")
    send("A002", "huji", "clerk:clerk-w03", "")
    send("A003", "huji", "", "请先核对户籍")
    bound = hall.service.query(lambda h: [h.tickets[t] for t in (first, second, third)]).result(5)
    assert [(t.service, t.bound_window, t.bound_clerk) for t in bound] == [
        ("shebao", "w02", ""),
        ("huji", "", "clerk-w03"),
        ("huji", "", ""),
    ]
    expect(page.locator("#endings")).to_contain_text("首问负责 3 个号")

    hall.do(c.CallNext, "w02", clerk="clerk-w02")
    hall.do(c.Arrive, "w02", clerk="clerk-w02")
    hall.do(c.Finish, "w02", clerk="clerk-w02", outcome=Outcome.ELSEWHERE)
    expect(page.locator("#endings.unread")).to_contain_text("首问 A001")
    expect(page.locator("#endings")).to_contain_text("须回原单位")
    page.reload()
    expect(page.locator("#lamp")).to_have_text("已连接")
    expect(page.locator("#endings.unread")).to_contain_text("首问 A001")
    page.screenshot(path=tmp_path / "entrusted.png")
    hand.look("endings")
    expect(page.locator("#dialog-endings .unread")).to_contain_text("工号 clerk-w02")
    expect(page.locator("#dialog-endings")).to_contain_text("正在等候")
    assert axe.findings(page) == []
    in_sight(page.locator("#dialog-endings"))
    hand.submit("endings")
    expect(page.locator("#endings.unread")).to_have_count(0)
    page.reload()
    expect(page.locator("#endings")).to_contain_text("首问负责 3 个号")
    assert hall.service.query(lambda h: dict(h.endings_read)).result(5).keys() == {first}


def test_a_guides_note_stands_with_the_number_when_it_is_called(hall: PagedHall, opened: Opener) -> None:
    hall.issue()
    hall.service.submit(c.CallGuide(request="g", by="kiosk-1", about="keypad")).result(5)

    def open_call(h: Hall) -> int:
        return next(iter(h.helps))

    call = hall.service.query(open_call).result(5)
    take = c.TakeHelp(request="t", by="clerk:guide", call=call)
    end = c.EndHelp(request="e", by="clerk:guide", call=call, note="听力不便，请写字", number="A001")
    for command in (take, end):
        hall.service.submit(command).result(5)
    page = desk(hall, opened)
    page.keyboard.press("Space")
    expect(page.locator(".guided")).to_have_text("导办说明听力不便，请写字")


def in_sight(dialog: Locator) -> None:
    """What is pressed last can be seen without scrolling."""
    box = dialog.locator(".ends").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 600
