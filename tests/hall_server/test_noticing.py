"""Notices that a manager posts: on every board, ended by time or by hand, kept through a restart."""

from __future__ import annotations

import pytest

from hall_server.hall import commands as c
from hall_server.hall import pictures
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.pictures import Look
from hall_server.hall.snapshot import freeze, thaw
from tests.hall_server.test_hall import Desk

MINUTE_MS = 60_000


def shown(hall: Hall) -> tuple[str, ...]:
    return pictures.board_now(hall, next(iter(hall.plan.boards)), Look(boot="b")).notices


def test_a_notice_is_on_the_boards_until_its_time_is_over() -> None:
    desk = Desk()
    always = shown(desk.hall)
    desk.do(c.PostNotice, text=" 社保系统正在恢复 ", minutes=10)
    assert shown(desk.hall) == ("社保系统正在恢复", *always)
    again = Hall(desk.hall.plan)
    thaw(again, freeze(desk.hall))
    assert shown(again) == ("社保系统正在恢复", *always)
    desk.now_ms += 6 * MINUTE_MS
    desk.do(c.PostNotice, text="社保系统正在恢复", minutes=10)
    assert len(desk.hall.notices) == 1
    desk.now_ms += 9 * MINUTE_MS
    desk.do(c.Tick)
    assert len(desk.hall.notices) == 1
    desk.now_ms += MINUTE_MS
    desk.do(c.Tick)
    assert shown(desk.hall) == always


def test_a_notice_is_taken_down_by_hand_and_there_are_not_too_many() -> None:
    desk = Desk()
    for number in range(6):
        desk.do(c.PostNotice, text=f"通知{number}")
    with pytest.raises(RuleBroken, match="many_notices"):
        desk.do(c.PostNotice, text="又一条")
    with pytest.raises(RuleBroken, match="no_text"):
        desk.do(c.PostNotice, text="  ")
    desk.do(c.WithdrawNotice, notice=next(iter(desk.hall.notices)))
    assert [notice.text for notice in desk.hall.notices.values()] == [f"通知{n}" for n in range(1, 6)]
