"""Broadcasts in the hall: who is disturbed when, what each zone told, and the end; kept through a restart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hall_server.hall import broadcasting, pictures
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import local_minute
from hall_server.hall.evolve import broadcasts
from hall_server.hall.model import Broadcast, Hall, Heard, RuleBroken
from hall_server.hall.pictures import Look
from hall_server.hall.snapshot import freeze, thaw
from tests.hall_server.test_hall import Desk

MINUTE_MS = 60_000
BOTH = ("announcer-1", "announcer-2")


def only(desk: Desk) -> Broadcast:
    (found,) = desk.hall.broadcasts.values()
    return found


def quiet(desk: Desk, begins: int, ends: int) -> None:
    """Quiet hours from so many minutes after now to so many."""
    minute = local_minute(desk.now_ms, desk.plan.rules)
    desk.hall.plan = replace(desk.plan, quiet=(((minute + begins) % 1440, (minute + ends) % 1440),))


def test_what_each_zone_told_is_kept_and_the_last_word_ends_it() -> None:
    desk = Desk()
    desk.do(c.MakeBroadcast, text=" 各位群众，\n今天17:30下班。 ", stations=BOTH, times=2, board=True)
    assert only(desk).text == "各位群众， 今天17:30下班。"
    assert [notice.text for notice in desk.hall.notices.values()] == [only(desk).text]
    name = only(desk).id
    desk.do(c.NoteBroadcast, broadcast=name, station="announcer-1", spoken=2, over=True)
    desk.do(c.NoteBroadcast, broadcast=name, station="announcer-1", spoken=1)
    desk.do(c.NoteBroadcast, broadcast=name, station="announcer-9", over=True)
    assert not only(desk).ended_ms
    again = Hall(desk.hall.plan)
    thaw(again, freeze(desk.hall))
    assert again.broadcasts == desk.hall.broadcasts
    desk.do(c.NoteBroadcast, broadcast=name, station="announcer-2", over=True, why="no_gap")
    assert only(desk).of("announcer-1") == Heard("announcer-1", 2, True)
    assert only(desk).of("announcer-2") == Heard("announcer-2", 0, True, "no_gap")
    assert only(desk).ended_ms == desk.now_ms
    assert only(desk).ended_by == ""
    assert desk.hall.notices, "the boards show it for its time"


def test_a_person_stops_it_and_its_line_on_the_boards_goes_too() -> None:
    desk = Desk()
    desk.do(c.MakeBroadcast, text="请有序撤离", stations=BOTH, urgent=True, board=True, times=3)
    found = only(desk)
    assert (found.times, found.every_ms) == (0, 5_000)
    desk.do(c.EndBroadcast, broadcast=found.id)
    assert only(desk).ended_by == "test"
    assert not desk.hall.notices
    events = len(desk.events)
    desk.do(c.EndBroadcast, broadcast=found.id)
    desk.now_ms += 200 * MINUTE_MS
    desk.do(c.Tick)
    assert len(desk.events) == events
    desk.do(c.NoteBroadcast, broadcast=found.id, station="announcer-1", spoken=4, over=True)
    assert only(desk).of("announcer-1").spoken == 4, "what was heard is told after the stop as well"
    with pytest.raises(RuleBroken, match="unknown_broadcast"):
        desk.do(c.EndBroadcast, broadcast=4711)


def test_while_an_urgent_one_goes_on_the_boards_show_nothing_else() -> None:
    desk = Desk()
    board = next(iter(desk.plan.boards))
    desk.do(c.PostNotice, text="社保系统正在恢复")
    usual = pictures.board_now(desk.hall, board, Look(boot="b")).notices
    desk.do(c.MakeBroadcast, text="请有序撤离", stations=BOTH, urgent=True, board=True)
    assert pictures.board_now(desk.hall, board, Look(boot="b")).notices == ("请有序撤离",)
    desk.do(c.EndBroadcast, broadcast=only(desk).id)
    assert pictures.board_now(desk.hall, board, Look(boot="b")).notices == usual


def test_quiet_hours_may_go_past_midnight() -> None:
    desk = Desk()
    quiet(desk, -60, 9 * 60)
    assert broadcasting.quiet_until(desk.hall, desk.now_ms)
    desk.now_ms += 12 * 60 * MINUTE_MS
    assert not broadcasting.quiet_until(desk.hall, desk.now_ms)
    quiet(desk, -23 * 60, 10)
    assert broadcasting.quiet_until(desk.hall, desk.now_ms) <= desk.now_ms + 10 * MINUTE_MS


def test_its_time_ends_it() -> None:
    desk = Desk()
    desk.do(c.MakeBroadcast, text="即将下班", stations=BOTH, minutes=5, board=True)
    desk.now_ms += 5 * MINUTE_MS - 1
    desk.do(c.Tick)
    assert not only(desk).ended_ms
    desk.now_ms += 1
    desk.do(c.Tick)
    assert only(desk).ended_by == "clock"
    assert not desk.hall.notices


def test_quiet_hours_are_kept_by_ordinary_ones_and_cut_them_short() -> None:
    desk = Desk()
    quiet(desk, -10, 20)
    assert broadcasting.quiet_until(desk.hall, desk.now_ms) - desk.now_ms in range(
        19 * MINUTE_MS, 20 * MINUTE_MS + 1
    )
    with pytest.raises(RuleBroken, match="静音时段"):
        desk.do(c.MakeBroadcast, text="即将下班", stations=BOTH)
    desk.do(c.MakeBroadcast, text="请有序撤离", stations=BOTH, urgent=True)
    assert only(desk).until_ms == desk.now_ms + broadcasting.URGENT_MINUTES * MINUTE_MS
    quiet(desk, 5, 60)
    assert not broadcasting.quiet_until(desk.hall, desk.now_ms)
    desk.do(c.MakeBroadcast, text="即将下班", stations=BOTH, minutes=30)
    assert 4 * MINUTE_MS <= list(desk.hall.broadcasts.values())[-1].until_ms - desk.now_ms <= 5 * MINUTE_MS


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"text": " 。 "}, "no_text"),
        ({"text": "请＿＿到导办台"}, "blank"),
        ({"text": "好" * 121}, "long_broadcast"),
        ({"text": "请身份证号360102 19900101 1234的群众"}, "document"),
        ({"stations": ()}, "no_zone"),
        ({"times": 0}, "many_times"),
        ({"times": 11}, "many_times"),
        ({"every_seconds": 3601}, "long_broadcast"),
        ({"minutes": 241}, "long_broadcast"),
    ],
)
def test_what_cannot_be_broadcast_is_refused_with_a_reason(wanted: dict[str, object], code: str) -> None:
    with pytest.raises(RuleBroken, match=code):
        Desk().do(c.MakeBroadcast, **({"text": "即将下班", "stations": BOTH} | wanted))


def test_there_are_not_too_many_but_always_room_for_an_urgent_one() -> None:
    desk = Desk()
    for number in range(broadcasting.MOST_GOING):
        desk.do(c.MakeBroadcast, text=f"第{number}次", stations=BOTH)
    with pytest.raises(RuleBroken, match="many_broadcasts"):
        desk.do(c.MakeBroadcast, text="又一次", stations=BOTH)
    desk.do(c.MakeBroadcast, text="请有序撤离", stations=BOTH, urgent=True)


def test_pages_keep_the_last_ones_of_the_day_and_none_that_goes_on_is_lost() -> None:
    desk = Desk()
    desk.do(c.MakeBroadcast, text="请有序撤离", stations=BOTH, urgent=True)
    for number in range(3 * broadcasts.KEPT):
        desk.do(c.MakeBroadcast, text=f"第{number}次", stations=BOTH)
        desk.do(c.EndBroadcast, broadcast=max(desk.hall.broadcasts))
    assert len(desk.hall.broadcasts) == broadcasts.KEPT
    assert next(iter(desk.hall.broadcasts.values())).urgent
    desk.now_ms += 86_400_000
    desk.do(c.Tick)
    assert not desk.hall.broadcasts
    assert any(isinstance(event, e.DayClosed) for event in desk.events)
