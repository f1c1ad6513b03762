"""首问负责: whoever took a number first is told how it ended elsewhere; a guide's note goes with it."""

from __future__ import annotations

import pytest

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.entrusting import Awaited, Entrusted, awaits, entrusted_at
from hall_server.hall.evolve import evolve
from hall_server.hall.model import Asked, Hall, Outcome, RuleBroken
from hall_server.hall.plan import NoShowPolicy
from hall_server.hall.snapshot import freeze, same_state, thaw
from tests.hall_server.test_hall import Desk

MINUTE = 60_000


def staffed(policy: NoShowPolicy = NoShowPolicy.MANUAL) -> Desk:
    """Windows 1 to 3, a clerk at each."""
    desk = Desk(policy)
    for window, clerk in (("w1", "017"), ("w2", "022"), ("w3", "031")):
        desk.do(c.OpenWindow, window=window, clerk=clerk)
    return desk


def sent_on(desk: Desk, *, come_back: bool = False) -> str:
    """Clerk 017 took it and sent it to window 2."""
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1", clerk="017")
    desk.do(c.Arrive, window="w1", clerk="017")
    desk.do(c.Transfer, window="w1", service="police", to_window="w2", come_back=come_back, clerk="017")
    return ticket


def only(desk: Desk, window: str = "w1") -> Entrusted:
    (one,) = entrusted_at(desk.hall, window)
    return one


def replayed(desk: Desk) -> None:
    again = Hall(desk.plan)
    for event in desk.events:
        evolve(again, event)
    assert same_state(again, desk.hall)
    thawed = Hall(desk.plan)
    thaw(thawed, freeze(desk.hall))
    assert same_state(thawed, desk.hall)


def test_the_first_clerk_sees_the_end_and_reads_it_once() -> None:
    desk = staffed()
    ticket = sent_on(desk)
    assert (only(desk).said, only(desk).unread) == ("正在等候", False)
    assert awaits(desk.hall, "w1") == Awaited(services=frozenset({"police"}))
    desk.do(c.CallNext, window="w2", clerk="022")
    desk.do(c.Arrive, window="w2", clerk="022")
    assert (only(desk).said, only(desk).window) == ("正在办理", "2号窗口")
    assert awaits(desk.hall, "w1") == Awaited(windows=frozenset({"w2"}))
    desk.now_ms += MINUTE
    desk.do(c.Finish, window="w2", clerk="022", outcome=Outcome.MISSING_MATERIAL, note="缺户口簿")
    told = only(desk)
    assert (told.said, told.window, told.clerk, told.note) == ("材料不全", "2号窗口", "022", "缺户口簿")
    assert (told.unread, told.ended_ms) == (True, desk.now_ms)
    assert not awaits(desk.hall, "w1")
    assert entrusted_at(desk.hall, "w2") == entrusted_at(desk.hall, "w3") == ()
    before = len(desk.events)
    desk.do(c.ReadEndings, window="w2", tickets=(ticket,))
    assert len(desk.events) == before, "none of his"
    desk.do(c.ReadEndings, window="w1", tickets=(ticket, "20261121-X001"))
    assert isinstance(desk.events[-1], e.EndingsRead)
    assert desk.events[-1].reader == "017"
    assert not only(desk).unread
    desk.do(c.ReadEndings, window="w1", tickets=(ticket,))
    assert len(desk.events) == before + 1, "once"
    replayed(desk)


def test_an_end_that_is_taken_back_and_comes_again_is_news() -> None:
    desk = staffed()
    ticket = sent_on(desk)
    desk.do(c.CallNext, window="w2", clerk="022")
    desk.do(c.Arrive, window="w2", clerk="022")
    desk.do(c.Finish, window="w2", clerk="022")
    desk.do(c.ReadEndings, window="w1", tickets=(ticket,))
    desk.now_ms += 5000
    desk.do(c.Undo, window="w2", clerk="022")
    assert (only(desk).said, only(desk).unread) == ("正在办理", False)
    desk.now_ms += 5000
    desk.do(c.Finish, window="w2", clerk="022", outcome=Outcome.ELSEWHERE)
    assert (only(desk).said, only(desk).unread) == ("须回原单位", True)


def test_who_does_not_come_and_who_cancels_is_told_too() -> None:
    desk = staffed()
    first = sent_on(desk)
    desk.do(c.CallNext, window="w2", clerk="022")
    desk.do(c.NoShow, window="w2", clerk="022")
    assert (only(desk).said, only(desk).unread) == ("已过号", True)
    desk.now_ms += MINUTE
    desk.do(c.ReturnNoShow, ticket=first)
    assert (only(desk).said, only(desk).unread) == ("正在等候", False)
    desk.do(c.Cancel, ticket=first, reason="有事")
    assert (only(desk).said, only(desk).unread, only(desk).note) == ("已取消", True, "有事")


def test_what_comes_back_and_ends_with_him_is_no_news() -> None:
    desk = staffed()
    sent_on(desk, come_back=True)
    desk.do(c.CallNext, window="w2", clerk="022")
    desk.do(c.Arrive, window="w2", clerk="022")
    desk.do(c.Finish, window="w2", clerk="022")
    assert only(desk).said == "正在等候"
    desk.do(c.CallNext, window="w1", clerk="017")
    assert entrusted_at(desk.hall, "w1") == ()
    desk.do(c.Arrive, window="w1", clerk="017")
    desk.do(c.Finish, window="w1", clerk="017")
    assert entrusted_at(desk.hall, "w1") == ()


def test_a_number_set_aside_that_another_takes_in_is_still_his() -> None:
    desk = staffed()
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1", clerk="017")
    desk.do(c.Arrive, window="w1", clerk="017")
    desk.do(c.Park, window="w1", minutes=5, clerk="017")
    assert entrusted_at(desk.hall, "w1") == (), "set aside by himself"
    assert awaits(desk.hall, "w1")
    desk.do(c.CallParked, window="w3", ticket=ticket, clerk="031")
    assert only(desk).said == "已被呼叫"
    desk.do(c.Arrive, window="w3", clerk="031")
    desk.do(c.Finish, window="w3", clerk="031")
    assert (only(desk).said, only(desk).clerk, only(desk).unread) == ("办结", "031", True)


def test_it_follows_the_clerk_to_another_window_and_ends_with_the_day() -> None:
    desk = staffed()
    sent_on(desk)
    desk.do(c.CloseWindow, window="w1", clerk="017")
    desk.do(c.CloseWindow, window="w3", clerk="031")
    desk.do(c.OpenWindow, window="w3", clerk="017")
    assert entrusted_at(desk.hall, "w1") == ()
    assert only(desk, "w3").said == "正在等候"
    desk.now_ms += 24 * 60 * MINUTE
    desk.do(c.Tick)
    assert entrusted_at(desk.hall, "w3") == ()


def test_where_nobody_was_signed_in_the_window_is_told() -> None:
    desk = Desk()
    desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.do(c.Transfer, window="w1", service="police", to_window="w2")
    desk.do(c.CallNext, window="w2")
    desk.do(c.Arrive, window="w2")
    desk.do(c.Finish, window="w2")
    assert (only(desk).said, only(desk).unread) == ("办结", True)


def test_a_guides_note_is_for_the_number_that_he_names() -> None:
    desk = staffed()
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.CallGuide, about="keypad")
    (call,) = desk.hall.helps
    desk.do(c.TakeHelp, call=call)
    with pytest.raises(RuleBroken, match="今天没有号码 Z999"):
        desk.do(c.EndHelp, call=call, asked=Asked.GUIDE, note="听力不便", number="Z999")
    with pytest.raises(RuleBroken, match="请同时写给窗口的说明"):
        desk.do(c.EndHelp, call=call, asked=Asked.GUIDE, number="B001")
    desk.do(c.EndHelp, call=call, asked=Asked.GUIDE, note="听力不便，请写字", number="b001")
    assert desk.hall.guided == {ticket: ("听力不便，请写字",)}
    assert desk.hall.helps[call].note == "听力不便，请写字"
    replayed(desk)
