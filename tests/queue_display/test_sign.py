"""The window sign's fold."""

from __future__ import annotations

import pytest

from contract.messages import (
    Call,
    CallKind,
    Presence,
    ServerState,
    TicketStatus,
    WindowState,
    WindowStatus,
)
from queue_display.blink import BLINK_SECONDS
from queue_display.news import STALE, STARTING, Now
from queue_display.sign import Doing, SignState, fold, next_change, view

HALL = 1_795_000_000_000


def at(seconds: float) -> Now:
    return Now(50.0 + seconds, HALL + int(seconds * 1000))


def window(
    seq: int,
    number: str = "",
    ticket: TicketStatus | None = None,
    status: WindowStatus = WindowStatus.OPEN,
    boot: str = "b1",
    window_id: str = "w03",
) -> WindowState:
    return WindowState(
        window=window_id,
        label="3号窗口",
        name="综合受理",
        zone="综合",
        status=status,
        seq=seq,
        boot=boot,
        number=number,
        ticket_status=ticket,
        masked_name="张*" if number else "",
        services=("社保医保",),
    )


def call(number: str = "A012", kind: CallKind = CallKind.CALL, window_id: str = "w03") -> Call:
    return Call(
        call=f"c-{number}",
        kind=kind,
        board="hall",
        ticket="t",
        number=number,
        window=window_id,
        window_label="3号窗口",
        zone="zonghe",
        service="社保医保",
        at_ms=HALL,
        expires_ms=HALL + 45_000,
    )


def after(*steps: tuple[float, object]) -> SignState:
    state = SignState("w03")
    for seconds, message in steps:
        state = fold(state, message, at(seconds))
    return state


@pytest.mark.parametrize(
    ("picture", "doing", "number"),
    [
        (window(1), Doing.FREE, ""),
        (window(1, status=WindowStatus.PAUSED), Doing.PAUSED, ""),
        (window(1, status=WindowStatus.CLOSED), Doing.CLOSED, ""),
        (window(1, "A012", TicketStatus.CALLED), Doing.CALLING, "A012"),
        (window(1, "A012", TicketStatus.SERVING), Doing.SERVING, "A012"),
        (window(1, "A012", TicketStatus.SERVING, WindowStatus.PAUSED), Doing.SERVING, "A012"),
    ],
)
def test_the_sign_says_what_happens_at_its_window(picture: WindowState, doing: Doing, number: str) -> None:
    shown = view(after((0, picture)), at(1))
    assert (shown.doing, shown.number) == (doing, number)
    assert not shown.lit
    assert shown.label == "3号窗口"


def test_a_call_flashes_at_once_and_the_state_takes_over() -> None:
    state = after((0, window(1)), (1, call()))
    shown = view(state, at(1.01))
    assert (shown.number, shown.doing, shown.lit) == ("A012", Doing.CALLING, True)
    state = fold(state, window(2, "A012", TicketStatus.CALLED), at(1.1))
    assert view(state, at(1.11)).lit
    assert view(state, at(1.11)).masked_name == "张*"
    assert not any(view(state, at(1 + BLINK_SECONDS + n / 10)).lit for n in range(30))
    state = fold(state, window(3, "A012", TicketStatus.SERVING), at(2))
    assert not view(state, at(2.01)).lit


def test_a_retracted_call_is_gone() -> None:
    state = after((0, window(1)), (1, call()), (2, call(kind=CallKind.RETRACT)))
    assert view(state, at(2)).number == ""


def test_calls_and_states_of_other_windows_change_nothing() -> None:
    state = after((0, window(1)))
    assert fold(state, call(window_id="w04"), at(1)) is state
    assert fold(state, window(9, "B001", TicketStatus.CALLED, window_id="w04"), at(1)) is state


def test_an_old_call_and_an_old_state_are_ignored() -> None:
    state = after((0, window(5)))
    assert view(fold(state, call(), at(46)), at(46)).number == ""
    assert view(fold(state, window(4, "A001", TicketStatus.CALLED), at(1)), at(1)).number == ""
    newer = fold(state, window(1, "B001", TicketStatus.CALLED, boot="b2"), at(1))
    assert view(newer, at(1)).number == "B001"
    assert view(fold(newer, window(9, "A009", TicketStatus.CALLED), at(2)), at(2)).number == "B001"


def test_news() -> None:
    assert view(SignState("w03"), at(0)).banner == STARTING
    state = after((0, ServerState(s=Presence.READY, boot="b", at_ms=1)), (0, window(1)))
    assert view(state, at(1)).banner == ""
    assert view(state, at(30)).banner == STALE
    assert next_change(state, at(0)) < 30
    assert view(state, at(next_change(state, at(0)))).banner == STALE
