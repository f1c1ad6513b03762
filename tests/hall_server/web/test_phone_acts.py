"""What a holder does on the phone page: each act once, only with the true seal, told in plain words."""

from __future__ import annotations

import re

import httpx
import pytest

from contract.messages import Person
from hall_server.hall import commands as c
from hall_server.hall.evaluation import to_evaluate
from hall_server.hall.model import Outcome, Served, Ticket
from hall_server.hall.pictures import qr_seal
from tests.hall_server.web.hall import ITEM, KEY, PagedHall

ACTS = ("postpone", "back", "cancel", "evaluate")


def address(ticket: str) -> str:
    return f"/t/{ticket}.{qr_seal(ticket, KEY)}"


def press(client: httpx.Client, ticket: str, act: str, **fields: object) -> httpx.Response:
    form = {"request": f"phone-{act}-1", **fields}
    return client.post(f"{address(ticket)}/{act}", data=form)


def now(hall: PagedHall, ticket: str) -> Ticket:
    return hall.service.query(lambda h: h.tickets[ticket]).result(5)


def served(hall: PagedHall, ticket: str) -> Served:
    found = hall.service.query(lambda h: to_evaluate(h, h.tickets[ticket])).result(5)
    assert found is not None
    return found


def finish(hall: PagedHall) -> str:
    ticket = hall.issue()
    for kind in (c.CallNext, c.Arrive, c.Finish):
        hall.do(kind)
    return ticket


def test_more_time_and_back_again(hall: PagedHall) -> None:
    ticket = hall.issue()
    with hall.stranger() as phone:
        assert "我还需要 10 分钟" in phone.get(address(ticket)).text
        assert press(phone, ticket, "postpone").status_code == 303
        assert now(hall, ticket).away
        page = phone.get(address(ticket)).text
        assert "位置给您留着" in page
        assert "我还需要" not in page
        assert press(phone, ticket, "back").headers["location"] == address(ticket)
        assert "您是<b>下一位</b>" in phone.get(address(ticket)).text
        refused = press(phone, ticket, "postpone", request="phone-again-1")
        assert refused.status_code == 409
        assert "已延后 1 次" in refused.text


def test_a_second_press_of_the_same_button_changes_nothing(hall: PagedHall) -> None:
    ticket = hall.issue()
    with hall.stranger() as phone:
        first, again = (press(phone, ticket, "postpone") for _ in range(2))
    assert (first.status_code, again.status_code) == (303, 303)
    assert now(hall, ticket).postpones == 1


def test_cancelled_by_its_holder_and_written_so(hall: PagedHall) -> None:
    ticket = hall.issue()
    with hall.stranger() as phone:
        assert press(phone, ticket, "cancel").status_code == 303
        assert "此号已取消" in phone.get(address(ticket)).text
    assert now(hall, ticket).note == "持号人在手机上取消"
    with hall.person("manager") as manager:
        assert "持号人手机" in manager.get(f"/api/visits/{ticket}").text


def test_one_evaluation_of_ones_own_service(hall: PagedHall) -> None:
    mine, other = finish(hall), finish(hall)
    call = served(hall, mine).call
    with hall.stranger() as phone:
        page = phone.get(address(mine)).text
        assert "请您评价刚才的服务" in page
        assert f'value="{call}"' in page
        assert "请选择满意程度" in press(phone, mine, "evaluate", call=call).text
        stranger = press(phone, other, "evaluate", call=call, grade=1)
        assert stranger.status_code == 409
        form = {
            "call": call,
            "grade": 2,
            "tags": ["slow", "cold"],
            "words": "等了\n一小时",
            "request": "e-2-words",
        }
        assert press(phone, mine, "evaluate", **form).status_code == 303
        assert "感谢您的评价：不满意" in phone.get(address(mine)).text
        twice = press(phone, mine, "evaluate", call=call, grade=5, request="e-3-other")
        assert "已经评价过" in twice.text
    assert served(hall, mine).grade == 2
    assert served(hall, other).grade == 0


@pytest.mark.parametrize("act", ACTS)
def test_a_forged_seal_moves_nothing(hall: PagedHall, act: str) -> None:
    ticket, other = hall.issue(), hall.issue()
    with hall.stranger() as phone:
        for seal in ("0" * 16, qr_seal(other, KEY), ""):
            form = {"request": "phone-forged-1", "call": "x", "grade": 1}
            assert phone.post(f"/t/{ticket}.{seal}/{act}", data=form).status_code == 404
    assert (now(hall, ticket).postpones, now(hall, ticket).ended_ms) == (0, 0)


def test_who_guesses_seals_is_slowed_down_and_the_holder_is_not(hall: PagedHall) -> None:
    ticket = hall.issue()
    with hall.stranger() as phone:
        codes = [phone.get(f"/t/{ticket}.{n:016x}").status_code for n in range(40)]
        assert codes.count(429) >= 5
        assert phone.get(address(ticket)).status_code == 200


def test_a_holder_who_presses_without_end_is_stopped(hall: PagedHall) -> None:
    ticket = hall.issue()
    with hall.stranger() as phone:
        codes = [press(phone, ticket, "back", request=f"phone-back-{n}").status_code for n in range(12)]
    assert codes[:8] == [303] * 8
    assert codes[-1] == 429


def test_other_sites_cannot_press(hall: PagedHall) -> None:
    ticket = hall.issue()
    with hall.stranger() as phone:
        phone.headers["Origin"] = "http://evil.example"
        assert press(phone, ticket, "cancel").status_code == 403
    assert now(hall, ticket).ended_ms == 0


def test_type_and_contrast_are_kept_without_scripts(hall: PagedHall) -> None:
    ticket = hall.issue()
    with hall.stranger() as phone:
        assert 'class="phone"' in phone.get(address(ticket)).text
        assert phone.get(f"{address(ticket)}?look=big-dark").headers["location"] == address(ticket)
        assert 'class="phone big dark"' in phone.get(address(ticket)).text
        phone.get(f"{address(ticket)}?look=<script>")
        assert 'class="phone"' in phone.get(address(ticket)).text


def test_what_to_do_after_the_call_was_missed(hall: PagedHall) -> None:
    ticket = hall.issue()
    hall.do(c.CallNext)
    with hall.stranger() as phone:
        called = phone.get(address(ticket)).text
        assert re.search("请到<b>1号窗口</b>办理.*综合", called, re.DOTALL)
        hall.do(c.Recall)
        assert "已叫您 2 次" in phone.get(address(ticket)).text
        hall.do(c.NoShow)
        assert "刚才叫过您" in phone.get(address(ticket)).text


ME = Person(key="k-phone", masked_name="古*")


def test_who_got_it_not_done_is_told_why_and_what_to_bring(hall: PagedHall) -> None:
    ticket = hall.issue(items=(ITEM,))
    for kind in (c.CallNext, c.Arrive):
        hall.do(kind)
    hall.do(c.Finish, outcome=Outcome.MISSING_MATERIAL, missing=("旧居民身份证",), note="照片要白底")
    with hall.stranger() as phone:
        page = phone.get(address(ticket)).text
    for told in ("这次没有办成", "旧居民身份证", "照片要白底", "1号窗口", "办不成事", f"/items/{ITEM}"):
        assert told in page
    assert "已办结" not in page


def test_what_was_accepted_without_a_paper_says_what_to_supply(hall: PagedHall) -> None:
    ticket = hall.issue()
    for kind in (c.CallNext, c.Arrive):
        hall.do(kind)
    hall.do(c.Finish, outcome=Outcome.MISSING_ACCEPTED, missing=("近期照片",))
    with hall.stranger() as phone:
        page = phone.get(address(ticket)).text
    assert "已受理，材料要补交" in page
    assert "近期照片" in page


def test_the_other_numbers_of_the_visit_are_told(hall: PagedHall) -> None:
    ticket, other = hall.issue(person=ME), hall.issue("huji", person=ME)
    stranger = hall.issue()
    hall.do(c.OpenWindow, "w03")
    hall.do(c.CallNext, "w03")
    with hall.stranger() as phone:
        page = phone.get(address(ticket)).text
        assert f'href="{address(other)}"' in page
        assert "请到3号窗口" in page
        assert now(hall, stranger).number not in page
        assert "其他号" not in phone.get(address(stranger)).text


def test_without_scripts_no_form_is_lost_to_a_reload(hall: PagedHall) -> None:
    with hall.stranger() as phone:
        done, waiting = finish(hall), hall.issue()
        pages = [phone.get(address(ticket)).text for ticket in (waiting, done)]
    assert 'http-equiv="refresh"' in pages[0]
    assert "请您评价" in pages[1]
    assert 'http-equiv="refresh"' not in pages[1]
