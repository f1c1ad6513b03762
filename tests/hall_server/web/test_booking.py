"""Booking: residents without an account, partners by token, the manager's list; slots, limits, seals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from hall_server.accounts.roles import Scope
from hall_server.hall import commands as c
from hall_server.hall.model import Booking
from tests.hall_server.web.booking_hall import BOOKING_PLAN, MINUTE, MONDAY_NINE, Standing, booking_hall
from tests.hall_server.web.hall import ITEM, PLAN, PagedHall

HOUR = 60 * MINUTE
TEN = MONDAY_NINE + HOUR
NUMBER = "11010519491231002X"  # the example of GB 11643


@pytest.fixture
def booked(tmp_path: Path) -> Iterator[tuple[PagedHall, Standing]]:
    hall, standing = booking_hall(tmp_path)
    hall.start()
    yield hall, standing
    hall.stop()
    assert not hall.failures


def book(
    client: httpx.Client, start_ms: int = TEN, request: str = "book-page-1", **more: object
) -> httpx.Response:
    return client.post("/book/shebao", data={"request": request, "start": start_ms, **more})


def statuses(hall: PagedHall) -> list[Booking]:
    return hall.service.query(lambda h: [a.status for a in h.appointments.values()]).result(5)


def test_from_the_item_to_the_code_and_back(booked: tuple[PagedHall, Standing]) -> None:
    hall, _ = booked
    with hall.stranger() as phone:
        assert "社保医保" in phone.get("/book").text
        assert "户籍" not in phone.get("/book").text, "no share is kept for it"
        found = phone.get("/book?q=身份证").text
        assert f"/book/shebao?item={ITEM}" in found
        page = phone.get(f"/book/shebao?item={ITEM}").text
        for words in ("居民户口簿", "需要带来", "09:00–10:00", "剩 2 个", "11月23日（周一）"):
            assert words in page
        assert "11月28日" not in page, "three days ahead"
        made = book(phone, item=ITEM)
        assert made.status_code == 303
        mine = phone.get(made.headers["location"]).text
        code = re.search(r"(\d{4}) (\d{4})</p>", mine)
        assert code is not None
        for words in ("10:00–11:00", "居民户口簿", "<svg"):
            assert words in mine
        again = book(phone, item=ITEM)
        assert again.headers["location"] == made.headers["location"], "a second press is the same promise"
        assert "剩 1 个" in phone.get("/book/shebao").text
        gone = phone.post(f"{made.headers['location']}/cancel", data={"request": "cancel-1-page"})
        assert gone.status_code == 303
        assert "已取消" in phone.get(made.headers["location"]).text
    assert statuses(hall) == [Booking.CANCELLED]


def test_the_share_is_a_limit_and_slots_have_their_hours(booked: tuple[PagedHall, Standing]) -> None:
    hall, standing = booked
    with hall.stranger() as phone:
        assert [book(phone, request=f"book-n-{n}-x").status_code for n in range(2)] == [303, 303]
        full = book(phone, request="book-n-3-x")
        assert full.status_code == 409
        assert "已约满" in full.text
        for wrong, words in (
            (TEN + 7, "每 60 分钟一个"),
            (MONDAY_NINE + 4 * HOUR, "不接受预约"),
            (0, "请选择时段"),
        ):
            assert words in book(phone, wrong, request=f"book-at-{wrong}").text
    standing.at_ms += 3 * HOUR
    with hall.stranger() as phone:
        later = phone.get("/book/shebao").text
        assert "11月24日（周二）" in later
        assert 'aria-current="date">11月24日' in later, "today has no slot left: tomorrow is shown"


def test_one_address_books_only_so_many_an_hour(booked: tuple[PagedHall, Standing]) -> None:
    hall, standing = booked
    starts = [TEN, TEN + HOUR, TEN + 24 * HOUR]
    with hall.stranger() as phone:
        codes = [book(phone, starts[n % 3], request=f"book-many-{n}").status_code for n in range(7)]
        assert codes[:5] == [303] * 5
        assert codes[5:] == [429, 429]
        standing.at_ms += 13 * MINUTE
        assert book(phone, starts[2] - HOUR, request="book-many-later").status_code == 303


def test_a_forged_address_and_another_seal_find_nothing(booked: tuple[PagedHall, Standing]) -> None:
    hall, _ = booked
    with hall.stranger() as phone:
        path = book(phone).headers["location"]
        code, _, seal = path.removeprefix("/b/").partition(".")
        other = hall.issue()
        for forged in (f"/b/{code}.{'0' * 16}", f"/b/{code}", f"/b/{other}.{seal}", f"/t/{code}.{seal}"):
            assert phone.get(forged).status_code == 404
        assert phone.post(f"/b/{code}.0/cancel", data={"request": "cancel-forged"}).status_code == 404
    assert statuses(hall) == [Booking.BOOKED]


def test_a_hall_without_appointments_says_so(tmp_path: Path) -> None:
    hall = PagedHall(tmp_path, plan=replace(BOOKING_PLAN, booking=None))
    hall.start()
    try:
        with hall.stranger() as phone:
            assert "暂不接受网上预约" in phone.get("/book").text
            assert book(phone).status_code == 404
        with hall.client() as partner:
            body = {"request": "partner-1-x", "service": "shebao", "start_ms": TEN}
            assert partner.post("/api/appointments", json=body).json()["code"] == "not_offered"
    finally:
        hall.stop()


# ---------------------------------------------------------------- partners


def test_a_partner_books_asks_and_cancels_its_own(booked: tuple[PagedHall, Standing]) -> None:
    hall, _ = booked
    body = {
        "service": "shebao",
        "start_ms": TEN,
        "person": {"number": NUMBER, "name": "张三丰"},
        "items": [ITEM],
    }
    with hall.client() as one, hall.client() as other:
        slots = one.get("/api/slots", params={"service": "shebao", "date": "2026-11-23"}).json()
        assert [slot["left"] for slot in slots] == [2, 2, 2]
        assert one.get("/api/slots", params={"service": "shebao", "date": "2026-11-28"}).json() == []
        key = {"Idempotency-Key": "partner-once-1"}
        made = one.post("/api/appointments", json=body, headers=key).json()
        assert one.post("/api/appointments", json=body, headers=key).json() == made
        assert (made["status"], made["masked_name"], made["end_ms"]) == ("booked", "张*", TEN + HOUR)
        path = f"/api/appointments/{made['appointment']}"
        assert one.get(path).json() == made
        assert other.get(path).status_code == 404
        assert other.delete(path).status_code == 404
        assert [one.delete(path).json()["status"] for _ in range(2)] == ["cancelled", "cancelled"]
    journal = b"".join(p.read_bytes() for p in hall.state.glob("journal.db*"))
    assert NUMBER.encode() not in journal
    assert "张三丰".encode() not in journal


@pytest.mark.parametrize(
    "number", ["110105194912310020", "abc" * 6, "110105194913310021", "110105209912310029"]
)
def test_a_wrong_number_is_refused_and_not_repeated(booked: tuple[PagedHall, Standing], number: str) -> None:
    hall, _ = booked
    body = {"request": "partner-2-x", "service": "shebao", "start_ms": TEN, "person": {"number": number}}
    with hall.client() as partner:
        answer = partner.post("/api/appointments", json=body)
    assert answer.status_code == 409
    assert number not in answer.text


def test_a_token_of_another_scope_may_not(booked: tuple[PagedHall, Standing]) -> None:
    hall, _ = booked
    with hall.stranger() as client:
        client.headers["Authorization"] = f"Bearer {hall.token(Scope.READ)}"
        assert client.get("/api/slots", params={"service": "shebao", "date": "2026-11-23"}).status_code == 403


# ---------------------------------------------------------------- the day's list


def test_the_manager_checks_somebody_in_and_sees_who_did_not_come(booked: tuple[PagedHall, Standing]) -> None:
    hall, standing = booked
    with hall.stranger() as phone:
        paths = [book(phone, request=f"list-{n}-book").headers["location"] for n in range(2)]
    codes = [path[3:11] for path in paths]
    with hall.person("manager") as manager, hall.stranger() as phone:
        assert all(code in manager.get("/manage/appointments").text for code in codes)
        path = f"/manage/appointments/{codes[0]}/check-in"
        assert manager.post(path, data={"request": "check-in-1"}).status_code == 303
        assert "看我的号票" in phone.get(paths[0]).text
    standing.at_ms = TEN + 31 * MINUTE
    hall.service.submit(c.Tick(request="", by="clock")).result(5)
    with hall.person("manager") as manager:
        page = manager.get("/manage/appointments").text
        assert "已签到 1，待到场 0" in page
        assert "过期 1" in page
    assert sorted(statuses(hall)) == [Booking.CHECKED_IN, Booking.MISSED]


def test_the_plan_of_other_tests_is_as_it_was() -> None:
    assert PLAN.booking is not None
    assert not PLAN.services["shebao"].ring_fenced


def test_another_time_takes_the_former_ones_place(booked: tuple[PagedHall, Standing]) -> None:
    hall, _ = booked
    with hall.stranger() as phone:
        former = book(phone, item=ITEM).headers["location"].removeprefix("/b/")
        assert f"instead={former}" in phone.get(f"/b/{former}").text
        form = phone.get(f"/book/shebao?instead={former}").text
        assert "您现在约的是 11月23日（周一）10:00–11:00" in form
        assert f'name="instead" value="{former}"' in form
        made = book(phone, TEN + HOUR, request="book-page-2", instead=former, item=ITEM)
        assert "11:00–12:00" in phone.get(made.headers["location"]).text
        again = book(phone, TEN + HOUR, request="book-page-2", instead=former, item=ITEM)
        assert again.headers["location"] == made.headers["location"]
        assert "已取消" in phone.get(f"/b/{former}").text
    assert sorted(statuses(hall)) == [Booking.BOOKED, Booking.CANCELLED]


def test_a_time_that_is_full_or_a_forged_seal_gives_nothing_up(booked: tuple[PagedHall, Standing]) -> None:
    hall, _ = booked
    with hall.stranger() as phone:
        former = book(phone).headers["location"].removeprefix("/b/")
        for n in range(2):
            book(phone, TEN + HOUR, request=f"book-other-{n}")
        assert book(phone, TEN + HOUR, request="book-page-3", instead=former).status_code == 409
        assert book(phone, request="book-page-4", instead=f"{former[:-1]}!").status_code == 303
    assert set(statuses(hall)) == {Booking.BOOKED}


def test_who_comes_back_to_the_form_is_told_of_what_he_made(booked: tuple[PagedHall, Standing]) -> None:
    hall, _ = booked
    with hall.stranger() as phone:
        assert "您刚才已经约好" not in phone.get("/book/shebao").text
        made = book(phone)
        page = phone.get("/book/shebao").text
        assert "您刚才已经约好：11月23日（周一）10:00–11:00" in page
        assert f'href="{made.headers["location"]}"' in page
        phone.post(f"{made.headers['location']}/cancel", data={"request": "cancel-1-page"})
        assert "您刚才已经约好" not in phone.get("/book/shebao").text


def test_another_look_keeps_what_was_chosen(booked: tuple[PagedHall, Standing]) -> None:
    hall, _ = booked
    with hall.stranger() as phone:
        big = phone.get(f"/book/shebao?item={ITEM}&s0=1&look=big")
        assert big.headers["location"] == f"/book/shebao?item={ITEM}&s0=1"
        assert phone.get("/items?q=%E8%BA%AB&look=big-dark").headers["location"] == "/items?q=%E8%BA%AB"
        assert 'class="public big dark"' in phone.get(f"/items/{ITEM}").text
        assert f'href="/book/shebao?item={ITEM}"' in phone.get(f"/items/{ITEM}").text


def test_the_words_that_find_an_item_in_the_catalogue_find_it_here(
    booked: tuple[PagedHall, Standing],
) -> None:
    hall, _ = booked
    with hall.stranger() as phone:
        for words in ("sfz", "身份证 换领", "换领"):
            assert ITEM in phone.get("/items", params={"q": words}).text, words
            assert f"/book/shebao?item={ITEM}" in phone.get("/book", params={"q": words}).text, words
        assert "没有找到可以预约的" in phone.get("/book", params={"q": "鱼"}).text
