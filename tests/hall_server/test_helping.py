"""Guides and managers who are called: one call, one person who goes, an end; and papers taken in."""

from __future__ import annotations

import pytest

from hall_server.hall import commands as c
from hall_server.hall.decide import decide
from hall_server.hall.evolve import evolve
from hall_server.hall.model import Asked, Hall, HelpCall, Outcome, Papers, RuleBroken
from hall_server.hall.snapshot import freeze, same_state, thaw
from tests.hall_server.test_hall import Desk


def by(desk: Desk, who: str, kind: type[c.Command], **options: object) -> None:
    decision = decide(desk.hall, kind(request="r", by=who, **options), desk.now_ms)
    for event in decision.events:
        desk.events.append(event)
        evolve(desk.hall, event)


def only(desk: Desk) -> HelpCall:
    (call,) = desk.hall.helps.values()
    return call


def test_a_guide_is_called_taken_and_done() -> None:
    desk = Desk()
    desk.do(c.Tick)
    by(desk, "kiosk-1", c.CallGuide, about="身份证")
    call = only(desk)
    assert (call.asked, call.station, call.about, call.taken_ms) == (Asked.GUIDE, "kiosk-1", "身份证", 0)
    assert call.id == desk.hall.seq
    desk.now_ms += 5000
    with pytest.raises(RuleBroken, match="没有这个求助"):
        by(desk, "clerk:g1", c.TakeHelp, call=call.id, asked=Asked.MANAGER)
    by(desk, "clerk:g1", c.TakeHelp, call=call.id, asked=Asked.GUIDE)
    with pytest.raises(RuleBroken, match="help_taken: 已由工号 g1 前往"):
        by(desk, "clerk:g2", c.TakeHelp, call=call.id)
    with pytest.raises(RuleBroken, match="由工号 g1 接手"):
        by(desk, "clerk:g2", c.EndHelp, call=call.id)
    by(desk, "clerk:g1", c.EndHelp, call=call.id, note="已取号")
    ended = only(desk)
    assert (ended.taken_by, ended.taken_ms, ended.note) == ("clerk:g1", desk.now_ms, "已取号")
    with pytest.raises(RuleBroken, match="已经完成"):
        by(desk, "clerk:g1", c.EndHelp, call=call.id)


def test_who_presses_twice_is_one_call_until_somebody_comes() -> None:
    desk = Desk()
    for _ in range(3):
        by(desk, "kiosk-1", c.CallGuide)
    first = only(desk)
    by(desk, "kiosk-2", c.CallGuide)
    assert [call.station for call in desk.hall.helps.values()] == ["kiosk-1", "kiosk-2"]
    by(desk, "clerk:g1", c.TakeHelp, call=first.id)
    by(desk, "kiosk-1", c.CallGuide)
    assert [call.station for call in desk.hall.helps.values()] == ["kiosk-1", "kiosk-2", "kiosk-1"]


def test_nobody_ends_what_nobody_took_and_what_is_not_there() -> None:
    desk = Desk()
    by(desk, "kiosk-1", c.CallGuide)
    with pytest.raises(RuleBroken, match="还没有人接手"):
        by(desk, "clerk:g1", c.EndHelp, call=only(desk).id)
    with pytest.raises(RuleBroken, match="没有这个求助"):
        by(desk, "clerk:g1", c.TakeHelp, call=999)


def test_a_clerk_rings_the_manager_whatever_goes_on_there() -> None:
    desk = Desk()
    window = next(iter(desk.plan.windows))
    desk.do(c.CallForHelp, window=window, clerk="017", about="纠纷")
    call = only(desk)
    assert (call.asked, call.window, call.clerk, call.about) == (Asked.MANAGER, window, "017", "纠纷")
    assert not desk.hall.windows[window].clerk
    with pytest.raises(RuleBroken, match="求助已发出"):
        desk.do(c.CallForHelp, window=window)
    with pytest.raises(RuleBroken, match="unknown_window"):
        desk.do(c.CallForHelp, window="nowhere")


def test_calls_and_papers_survive_a_snapshot_and_a_replay_and_end_with_the_day() -> None:
    desk = Desk()
    window = next(iter(desk.plan.windows))
    desk.do(c.Issue, service=next(iter(desk.plan.services)))
    desk.do(c.CallNext, window=window)
    desk.do(c.Arrive, window=window)
    desk.do(c.TakePapers, window=window, papers=("户口簿",))
    desk.do(c.CallGuide)
    desk.do(c.CallForHelp, window=window)
    desk.do(c.Finish, window=window, outcome=Outcome.MISSING_MATERIAL, missing=("照片",))
    thawed, replayed = Hall(desk.plan), Hall(desk.plan)
    thaw(thawed, freeze(desk.hall))
    for event in desk.events:
        evolve(replayed, event)
    assert same_state(thawed, desk.hall)
    assert same_state(replayed, desk.hall)
    assert list(thawed.papers.values()) == [Papers(("户口簿",), ("照片",))]
    desk.now_ms += 86_400_000
    desk.do(c.Tick)
    assert desk.hall.helps == {}
    assert desk.hall.papers == {}


def test_papers_are_taken_only_from_who_is_served() -> None:
    desk = Desk()
    window = next(iter(desk.plan.windows))
    ticket = desk.do(c.Issue, service=next(iter(desk.plan.services)))
    desk.do(c.CallNext, window=window)
    with pytest.raises(RuleBroken, match="wrong_state"):
        desk.do(c.TakePapers, window=window, papers=("户口簿",))
    desk.do(c.Arrive, window=window)
    desk.do(c.TakePapers, window=window, papers=("户口簿", "照片"))
    before = len(desk.events)
    desk.do(c.TakePapers, window=window, papers=("户口簿", "照片"))
    assert len(desk.events) == before
    assert desk.hall.papers[ticket].taken == ("户口簿", "照片")
    desk.do(c.Transfer, window=window, service=list(desk.plan.services)[1])
    assert desk.hall.papers[ticket].taken == ("户口簿", "照片")
