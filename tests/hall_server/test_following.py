"""Poor ratings over the days: contact first, then close; whoever is rated may only appeal; clocks run."""

from __future__ import annotations

import pytest

from hall_server.hall import commands as c
from hall_server.hall.decide import decide
from hall_server.hall.evaluation import Grade
from hall_server.hall.evolve import evolve
from hall_server.hall.following import due_ms
from hall_server.hall.model import FollowUp, Hall, Poor, RuleBroken
from hall_server.hall.snapshot import freeze, same_state, thaw
from hall_server.hall.supervision import findings, scene
from tests.hall_server.test_hall import Desk

HOUR = 3_600_000
DAY = 24 * HOUR


def rated(grade: int = Grade.POOR) -> tuple[Desk, str]:
    desk = Desk()
    desk.do(c.OpenWindow, window="w1", clerk="017")
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1", clerk="017")
    desk.do(c.Arrive, window="w1", clerk="017")
    desk.do(c.Finish, window="w1", clerk="017")
    (served,) = desk.hall.served[ticket]
    desk.do(c.Evaluate, ticket=ticket, call=served.call, grade=grade, tags=("slow",), words="等太久")
    return desk, served.call


def step(desk: Desk, call: str, kind: FollowUp, note: str = "已致歉", by: str = "clerk:m1") -> None:
    command = c.FollowPoor(request="r", by=by, call=call, step=kind, note=note)
    for event in decide(desk.hall, command, desk.now_ms).events:
        desk.events.append(event)
        evolve(desk.hall, event)


def only(desk: Desk) -> Poor:
    (poor,) = desk.hall.poor.values()
    return poor


def told(desk: Desk) -> list[str]:
    return [one.title for one in findings(scene(desk.hall, desk.now_ms), {}) if one.key.startswith("poor-")]


def test_a_poor_rating_is_contacted_remedied_and_closed_over_the_days() -> None:
    desk, call = rated()
    assert (only(desk).number, only(desk).clerk, only(desk).words) == ("B001", "017", "等太久")
    assert told(desk) == ["1 条差评待回访"]
    with pytest.raises(RuleBroken, match="请先回访"):
        step(desk, call, FollowUp.CLOSED)
    with pytest.raises(RuleBroken, match="请写明回访的情况"):
        step(desk, call, FollowUp.CONTACTED, note=" ")
    assert due_ms(only(desk), desk.plan.rules) == desk.now_ms + DAY
    desk.now_ms += DAY
    desk.do(c.Tick)
    assert told(desk) == ["1 条差评超过时限"], "another business day, and still open"
    step(desk, call, FollowUp.CONTACTED)
    assert told(desk) == []
    step(desk, call, FollowUp.REMEDIED, "加开一个窗口")
    desk.now_ms += 14 * DAY
    desk.do(c.Tick)
    assert told(desk) == ["1 条差评超过时限"]
    step(desk, call, FollowUp.CLOSED, "属实，已整改")
    assert [one.step.value for one in only(desk).steps] == ["contacted", "remedied", "closed"]
    assert (due_ms(only(desk), desk.plan.rules), told(desk)) == (0, [])
    with pytest.raises(RuleBroken, match="已办结"):
        step(desk, call, FollowUp.CONTACTED)
    again, thawed = Hall(desk.plan), Hall(desk.plan)
    for event in desk.events:
        evolve(again, event)
    thaw(thawed, freeze(desk.hall))
    assert same_state(again, desk.hall)
    assert same_state(thawed, desk.hall)
    desk.now_ms += DAY
    desk.do(c.Tick)
    assert desk.hall.poor == {}


def test_whoever_is_rated_may_only_appeal_and_once() -> None:
    desk, call = rated(Grade.VERY_POOR)
    with pytest.raises(RuleBroken, match="不能处理自己的差评"):
        step(desk, call, FollowUp.CONTACTED, by="clerk:017")
    step(desk, call, FollowUp.APPEALED, "系统故障所致", by="clerk:017")
    with pytest.raises(RuleBroken, match="已经申诉过"):
        step(desk, call, FollowUp.APPEALED, by="clerk:017")
    assert only(desk).grade == Grade.VERY_POOR, "nobody changes a rating"


def test_who_is_content_is_not_followed_up() -> None:
    desk, call = rated(Grade.FAIR)
    assert desk.hall.poor == {}
    with pytest.raises(RuleBroken, match="没有这条差评"):
        step(desk, call, FollowUp.CONTACTED)
