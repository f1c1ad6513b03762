"""What a screen and a voice tell of each call: one word each, and only what is true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import Call, CallDrop, CallFate, CallKind
from queue_display.announcer import Reason, Story, Told, Utterance
from queue_display.confirming import IN_FORCE_MS, Confirmed, Glass, draw, flip, hear, in_force, of_voice
from queue_display.news import Now

AT_MS = 1_795_000_000_000
NOW = Now(1000.0, AT_MS)
LATE = Now(1046.0, AT_MS + 45_000)
SHOWN, DROPPED = CallFate.SHOWN, CallFate.DROPPED


def call(turn: int = 1, number: str = "A012", kind: CallKind = CallKind.CALL) -> Call:
    return Call(
        call=f"{number}:{turn}",
        kind=kind,
        board="hall",
        ticket=number,
        number=number,
        window="w03",
        window_label="3号窗口",
        zone="z",
        service="综合",
        at_ms=AT_MS,
        expires_ms=AT_MS + 45_000,
    )


def test_a_call_is_shown_when_the_frame_that_holds_it_is_on_the_glass() -> None:
    glass, told = hear(Glass(), call())
    assert not told
    glass, told = flip(glass)
    assert not told, "a frame that does not hold it"
    glass, told = draw(glass, ("A012:1", "", "A012:1"), NOW)
    assert not told, "not yet on the glass"
    glass, told = flip(glass)
    assert told == (Confirmed("A012:1", SHOWN),)
    glass, told = draw(glass, ("A012:1",), NOW)
    assert (flip(glass)[1], told, glass.heard) == ((), (), ())


def test_a_picture_confirms_calls_that_were_never_heard() -> None:
    glass, _ = draw(Glass(), ("A001:1", "A002:3"), NOW)
    assert [each.call for each in flip(glass)[1]] == ["A001:1", "A002:3"]


def test_what_no_picture_held_in_time_is_too_late() -> None:
    glass, _ = hear(Glass(), call())
    glass, told = draw(glass, ("B001:1",), NOW)
    assert not told
    glass, told = draw(glass, ("B001:1",), LATE)
    assert told == (Confirmed("A012:1", DROPPED, CallDrop.STALE),)
    assert draw(hear(Glass(), call())[0], (), Now(1.0, 0))[1] == (), "hall time is not known"


def test_a_recall_takes_the_place_of_its_call_and_a_retraction_of_both() -> None:
    glass, _ = hear(Glass(), call())
    glass, told = hear(glass, call(2))
    assert told == (Confirmed("A012:1", DROPPED, CallDrop.SUPERSEDED),)
    glass, told = hear(glass, call(2))
    assert not told, "the same call for two boards"
    glass, told = hear(glass, call(2, kind=CallKind.RETRACT))
    assert told == (Confirmed("A012:2", DROPPED, CallDrop.SUPERSEDED),)
    glass, told = hear(glass, call(2, kind=CallKind.RETRACT))
    assert (told, glass.heard) == ((), ())


def test_what_is_old_is_not_confirmed() -> None:
    assert in_force(AT_MS - IN_FORCE_MS + 1, NOW)
    assert not in_force(AT_MS - IN_FORCE_MS, NOW)
    assert in_force(0, Now(1.0, 0))


STEPS = st.lists(
    st.tuples(st.sampled_from("hrdf"), st.integers(1, 3), st.sampled_from(("A", "B")), st.booleans()),
    max_size=40,
)


@given(STEPS)
def test_no_call_is_told_shown_twice_or_dropped_after_it_was_shown(
    steps: list[tuple[str, int, str, bool]],
) -> None:
    glass, shown = Glass(), set[str]()
    for what, turn, number, late in steps:
        match what:
            case "h" | "r":
                kind = CallKind.RETRACT if what == "r" else CallKind.CALL
                glass, told = hear(glass, call(turn, number, kind))
            case "d":
                glass, told = draw(glass, (f"{number}:{turn}",), LATE if late else NOW)
            case _:
                glass, told = flip(glass)
        assert not shown & {each.call for each in told}
        shown |= {each.call for each in told if each.fate is SHOWN}


def spoken(story: Story, reason: Reason = Reason.NONE, **more: object) -> Told:
    what: dict[str, object] = {"parts": ("A", "零一二号"), **more}
    return Told(story, Utterance("c1", "t", "A012", "zh", at_ms=0, expires_ms=0, **what), reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "muted", "said"),
    [
        (spoken(Story.FINISHED), False, (CallFate.SPOKEN, CallDrop.NONE)),
        (spoken(Story.FINISHED, parts=()), False, (CallFate.CHIMED, CallDrop.NONE)),
        (spoken(Story.FINISHED), True, (DROPPED, CallDrop.MUTED)),
        (spoken(Story.FINISHED, reading=2), False, None),
        (spoken(Story.DROPPED, Reason.SECOND_STALE, reading=2), False, None),
        (spoken(Story.QUEUED), False, None),
        (spoken(Story.STARTED), False, None),
        (spoken(Story.REPEATED), False, None),
        (spoken(Story.DROPPED, Reason.DUPLICATE), False, None),
        (spoken(Story.DROPPED, Reason.LATE), False, (DROPPED, CallDrop.STALE)),
        (spoken(Story.DROPPED, Reason.EXPIRED), False, (DROPPED, CallDrop.STALE)),
        (spoken(Story.DROPPED, Reason.ARRIVED), False, (DROPPED, CallDrop.SUPERSEDED)),
        (spoken(Story.DROPPED, Reason.RETRACTED), False, (DROPPED, CallDrop.SUPERSEDED)),
        (spoken(Story.DROPPED, Reason.REPLACED), False, (DROPPED, CallDrop.SUPERSEDED)),
        (spoken(Story.DROPPED, Reason.SILENT), False, (DROPPED, CallDrop.SILENT)),
        (spoken(Story.DROPPED, Reason.SOUND_LOST), False, (DROPPED, CallDrop.SOUND_LOST)),
    ],
)
def test_the_voice_tells_of_first_readings_only(
    told: Told, muted: bool, said: tuple[CallFate, CallDrop] | None
) -> None:
    found = of_voice(told, muted=muted)
    assert (found and (found.fate, found.why)) == said
