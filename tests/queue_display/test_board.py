"""The call board's fold: truth of the rows, blinking, bursts, retraction, stale news."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import (
    BoardNow,
    BoardRow,
    Call,
    CallKind,
    Presence,
    ServerState,
    WindowState,
    WindowStatus,
    ZoneWaiting,
)
from queue_display.blink import BLINK_HZ, BLINK_SECONDS
from queue_display.board import (
    GRACE_SECONDS,
    HOLD_SECONDS,
    LAG_SECONDS,
    PAGE_SECONDS,
    ROWS,
    BoardState,
    BoardView,
    fold,
    next_change,
    tidy,
    view,
)
from queue_display.news import STALE, STALE_SECONDS, STARTING, Now

HALL = 1_795_000_000_000


def at(seconds: float) -> Now:
    return Now(100.0 + seconds, HALL + int(seconds * 1000))


def row(number: str, call: str = "", window: str = "3号窗口") -> BoardRow:
    return BoardRow(call=call or f"c-{number}", number=number, window=window, called_ms=HALL)


def board(seq: int, *numbers: str, boot: str = "b1", notices: tuple[str, ...] = ()) -> BoardNow:
    return BoardNow(
        board="hall",
        title="大厅",
        seq=seq,
        boot=boot,
        rows=tuple(row(n) for n in numbers),
        notices=notices,
        waiting=(ZoneWaiting(zone="综合", waiting=seq),),
    )


def call(
    number: str,
    *,
    call_id: str = "",
    kind: CallKind = CallKind.CALL,
    window: str = "3号窗口",
    expires: float = 45.0,
    board_id: str = "hall",
) -> Call:
    return Call(
        call=call_id or f"c-{number}",
        kind=kind,
        board=board_id,
        ticket=f"t-{number}",
        number=number,
        window="w03",
        window_label=window,
        zone="zonghe",
        service="社保医保",
        at_ms=HALL,
        expires_ms=HALL + int(expires * 1000),
    )


def beat(presence: Presence = Presence.READY, boot: str = "b1", at_ms: int = HALL) -> ServerState:
    return ServerState(s=presence, boot=boot, at_ms=at_ms, hall_name="示例县政务服务中心")


def after(*steps: tuple[float, object]) -> BoardState:
    state = BoardState("hall")
    for seconds, message in steps:
        state = fold(state, message, at(seconds))
    return state


def numbers(shown: BoardView) -> list[str]:
    return [line.number for line in shown.rows]


# ---------------------------------------------------------------- rows


def test_a_screen_that_comes_back_shows_the_truth_and_repeats_nothing() -> None:
    shown = view(after((0, board(7, "A002", "A001"))), at(0.1))
    assert numbers(shown) == ["A002", "A001"]
    assert shown.current is not None
    assert shown.current.number == "A002"
    assert not any(line.fresh or line.lit for line in (*shown.rows, shown.current))


def test_a_call_stands_first_and_large_before_its_snapshot_comes() -> None:
    state = after((0, board(1, "A001")), (1, call("A002", window="5号窗口")))
    shown = view(state, at(1.01))
    assert numbers(shown) == ["A002", "A001"]
    assert shown.rows[0].window == "5号窗口"
    assert shown.rows[0].lit
    assert shown.current == shown.rows[0]


def test_the_snapshot_that_holds_the_call_changes_nothing_on_the_screen() -> None:
    early = after((0, board(1, "A001")), (1, call("A002")))
    later = fold(early, board(2, "A002", "A001"), at(1.02))
    assert numbers(view(early, at(1.1))) == numbers(view(later, at(1.1)))
    assert view(later, at(1.1)).rows[0].lit
    assert view(later, at(1.1)).current == replace(view(early, at(1.1)).rows[0], service="社保医保")


def test_an_older_snapshot_is_ignored_a_newer_server_is_not() -> None:
    state = after((0, board(5, "A005")), (1, board(4, "A004")), (2, board(5, "A000")))
    assert numbers(view(state, at(3))) == ["A005"]
    state = fold(state, board(1, "B001", boot="b2"), at(4))
    assert numbers(view(state, at(5))) == ["B001"]
    state = fold(state, board(9, "A009", boot="b1"), at(6))
    assert numbers(view(state, at(7))) == ["B001"]


def test_a_recalled_number_stands_once() -> None:
    state = after((0, board(1, "A002", "A001")), (1, call("A001", call_id="again", kind=CallKind.RECALL)))
    shown = view(state, at(1.1))
    assert numbers(shown) == ["A001", "A002"]
    assert shown.current is not None
    assert shown.current.number == "A001"


def test_a_snapshot_that_does_not_hold_the_call_wins_after_a_moment() -> None:
    state = after((0, board(1, "A001")), (1, call("A002")), (1.1, board(2, "A001")))
    assert numbers(view(state, at(1.2))) == ["A002", "A001"]
    assert numbers(view(state, at(1 + GRACE_SECONDS + 0.1))) == ["A001"]


def test_a_call_that_is_taken_back_before_its_snapshot_is_gone_at_once() -> None:
    state = after((0, board(1, "A001")), (1, call("A002")), (1.1, call("A002", kind=CallKind.RETRACT)))
    shown = view(state, at(1.1))
    assert numbers(shown) == ["A001"]
    assert shown.current is not None
    assert shown.current.number == "A001"
    assert numbers(view(fold(state, call("A002"), at(1.2)), at(1.3))) == ["A001"]
    again = fold(state, call("A002", call_id="new"), at(3))
    assert numbers(view(again, at(3.1))) == ["A002", "A001"]


def test_who_has_arrived_stays_in_the_rows_and_no_longer_blinks() -> None:
    state = after(
        (0, board(1, "A001")),
        (1, call("A002")),
        (1.1, board(2, "A002", "A001")),
        (2, call("A002", kind=CallKind.RETRACT)),
    )
    shown = view(state, at(2))
    assert numbers(shown) == ["A002", "A001"]
    assert not shown.rows[0].fresh
    assert shown.current == shown.rows[0]
    assert numbers(view(fold(state, board(3, "A001"), at(2.1)), at(2.1))) == ["A001"]


def test_never_more_than_ten_rows() -> None:
    state = after((0, board(1, *(f"A{n:03d}" for n in range(20)))), (1, call("B001")))
    assert len(view(state, at(1)).rows) == ROWS
    assert view(state, at(1)).rows[0].number == "B001"


def test_what_belongs_to_another_board_changes_nothing() -> None:
    state = after((0, board(1, "A001")))
    assert fold(state, call("B001", board_id="other"), at(1)) is state
    assert fold(state, replace_board(board(9, "B001")), at(1)) is state
    assert fold(state, "nonsense", at(1)) is state


def replace_board(picture: BoardNow) -> BoardNow:
    return BoardNow(board="other", title="", seq=picture.seq, rows=picture.rows)


# ---------------------------------------------------------------- calls in time


def test_an_expired_call_is_ignored_and_a_shown_one_ends() -> None:
    state = after((0, board(1, "A001")))
    assert fold(state, call("A002", expires=3), at(3)).fresh == ()
    state = fold(state, call("A002", expires=3), at(2))
    assert numbers(view(state, at(2.5))) == ["A002", "A001"]
    assert view(tidy(state, at(3)), at(3)).rows[0].number == "A001"


def test_a_call_delivered_twice_blinks_once() -> None:
    state = after((0, board(1)), (1, call("A002")), (4, call("A002")))
    assert not view(state, at(1 + BLINK_SECONDS + 0.1)).rows[0].fresh


def test_a_call_blinks_for_five_seconds_at_most_three_times_a_second() -> None:
    state = after((0, board(1)), (1, call("A002")), (1, board(2, "A002")))
    lit = [view(state, at(1 + step / 100)).rows[0].lit for step in range(700)]
    flashes = sum(not before and now for before, now in pairwise([False, *lit]))
    assert flashes == BLINK_SECONDS * BLINK_HZ
    assert BLINK_HZ <= 3
    assert not any(lit[int(BLINK_SECONDS * 100) :])


def test_calls_of_a_burst_stand_large_one_after_another() -> None:
    state = after((0, board(1)), *((1, call(f"A{n:03d}")) for n in range(1, 4)))
    large = [view(state, at(1 + HOLD_SECONDS * n + 0.1)).current for n in range(3)]
    assert [each.number for each in large if each] == ["A001", "A002", "A003"]
    assert numbers(view(state, at(1.1))) == ["A003", "A002", "A001"]


def test_the_large_call_never_lags_far_behind_the_voice() -> None:
    state = after((0, board(1)), *((n / 10, call(f"A{n:03d}")) for n in range(1, 31)))
    last = view(state, at(3.0 + LAG_SECONDS + 0.01)).current
    assert last is not None
    assert last.number == "A030"
    assert not view(state, at(3.1 + LAG_SECONDS + BLINK_SECONDS)).current.fresh  # type: ignore[union-attr]


def test_a_burst_later_than_its_expiry_is_not_shown() -> None:
    state = after((0, board(1)), *((1, call(f"A{n:03d}", expires=4)) for n in range(1, 9)))
    current = view(state, at(5)).current
    assert current is None or current.number not in {f"A{n:03d}" for n in range(1, 9)}


# ---------------------------------------------------------------- news, notices


def test_a_screen_without_news_says_so() -> None:
    assert view(BoardState("hall"), at(0)).banner == STARTING
    state = after((0, beat()))
    assert view(state, at(STALE_SECONDS)).banner == ""
    assert view(state, at(STALE_SECONDS + 0.1)).banner == STALE
    assert view(fold(state, beat(at_ms=HALL + 1), at(20)), at(21)).banner == ""


def test_a_quiet_board_wakes_when_the_news_grows_old() -> None:
    state = after((0, board(1, "A001")), (3, beat()))
    moment = 3.0
    while not view(state, at(moment)).banner:
        assert moment <= 3 + STALE_SECONDS
        moment += next_change(state, at(moment))
    assert 3 + STALE_SECONDS < moment < 3 + STALE_SECONDS + 0.1


def test_a_last_will_says_so_at_once_unless_it_is_that_of_an_older_server() -> None:
    state = after((0, beat(boot="b2")))
    assert view(fold(state, beat(Presence.LOST, boot="b1"), at(1)), at(1)).banner == ""
    assert view(fold(state, beat(Presence.LOST, boot="b2"), at(1)), at(1)).banner == STALE


def test_a_beat_that_the_broker_repeats_is_no_news() -> None:
    state = after((0, beat()), (STALE_SECONDS, beat()))
    assert view(state, at(STALE_SECONDS + 1)).banner == STALE


def test_notices_take_turns() -> None:
    state = after((0, board(1, notices=("一", "二", "三"))))
    start = PAGE_SECONDS - 100.0 % PAGE_SECONDS
    said = [view(state, at(start + PAGE_SECONDS * n + 0.5)).notice for n in range(4)]
    assert sorted(set(said)) == sorted(["一", "二", "三"])
    assert said[0] == said[3]
    assert view(state, at(0)).pages == 3


def test_masked_names_stand_beside_their_numbers() -> None:
    window = WindowState(
        window="w03",
        label="3号窗口",
        name="",
        zone="综合",
        status=WindowStatus.OPEN,
        seq=1,
        number="A002",
        masked_name="张*",
    )
    state = after((0, board(1, "A002", "A001")), (1, window), (2, call("A001", call_id="again")))
    assert [(line.number, line.name) for line in view(state, at(2)).rows] == [("A001", ""), ("A002", "张*")]
    renamed = fold(state, replace_name(window, "李*"), at(3))
    assert view(renamed, at(3)).rows[1].name == "李*"
    left = fold(renamed, msgspec.structs.replace(window, number="", masked_name=""), at(4))
    assert view(left, at(4)).rows[1].name == "李*"
    nameless = fold(left, replace_name(window, ""), at(5))
    assert view(nameless, at(5)).rows[1].name == ""


def replace_name(window: WindowState, name: str) -> WindowState:
    return msgspec.structs.replace(window, masked_name=name)


# ---------------------------------------------------------------- properties

messages = st.one_of(
    st.builds(
        lambda seq, ns, boot: board(seq, *ns, boot=boot),
        st.integers(0, 9),
        st.lists(st.sampled_from(["A001", "A002", "A003", "B001"]), unique=True, max_size=4),
        st.sampled_from(["b1", "b2"]),
    ),
    st.builds(
        lambda n, i, kind: call(n, call_id=f"c-{n}-{i}", kind=kind),
        st.sampled_from(["A001", "A002", "A003", "B001"]),
        st.integers(0, 3),
        st.sampled_from(CallKind),
    ),
    st.builds(beat, st.sampled_from(Presence), st.sampled_from(["b1", "b2"]), st.integers(HALL, HALL + 9)),
)
walks = st.lists(st.tuples(st.floats(0.0, 4.0, allow_nan=False), messages), max_size=25)


@given(walks)
def test_a_number_never_stands_twice_and_what_is_taken_back_never_blinks(
    walk: list[tuple[float, object]],
) -> None:
    state, time = BoardState("hall"), 0.0
    for pause, message in walk:
        time += pause
        state = fold(state, message, at(time))
        shown = view(state, at(time))
        assert len(numbers(shown)) == len(set(numbers(shown)))
        assert len(shown.rows) <= ROWS
        if isinstance(message, Call) and message.kind is CallKind.RETRACT:
            lines = (*shown.rows, *filter(None, [shown.current]))
            assert not any(line.fresh for line in lines if line.number == message.number)


@given(walks)
def test_the_snapshot_is_what_a_quiet_board_shows(walk: list[tuple[float, object]]) -> None:
    state, time = BoardState("hall"), 0.0
    for pause, message in walk:
        time += pause
        state = fold(state, message, at(time))
    final = board(1000, "Z001", "Z002", boot="b9")
    state = fold(state, final, at(time))
    later = at(time + 60)
    assert numbers(view(tidy(state, later), later)) == ["Z001", "Z002"]
    assert view(state, later).current == view(state, later).rows[0]


@given(walks, st.floats(0.001, 0.999))
def test_nothing_changes_between_two_moments_of_change(walk: list[tuple[float, object]], part: float) -> None:
    state, time = BoardState("hall"), 0.0
    for pause, message in walk:
        time += pause
        state = fold(state, message, at(time))
    pause = next_change(state, at(time))
    assert pause > 0
    between = time + pause * part
    if round(between * 1000) >= round((time + pause) * 1000):
        return
    assert view(state, at(between)) == view(state, at(time))


@pytest.mark.parametrize("seconds", [0.0, 1.3, 59.9])
def test_a_quiet_board_wakes_for_the_minute_and_the_page(seconds: float) -> None:
    state = after((0, board(1, "A001", notices=("一", "二"))), (seconds, beat(at_ms=HALL + 5)))
    assert 0 < next_change(state, at(seconds)) <= PAGE_SECONDS
