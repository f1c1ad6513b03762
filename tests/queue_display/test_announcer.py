"""The announcement queue: order, no overlap, nothing stale, whatever comes in whatever order."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from contract.messages import Call, CallKind, Speech
from queue_display.announcer import (
    Arrived,
    Called,
    Effect,
    Event,
    Reason,
    Rules,
    Sound,
    Speak,
    Spoken,
    State,
    Story,
    Tick,
    Told,
    Utterance,
    step,
)

T0 = 1_000_000
ZH = Speech(lang="zh", parts=("A", "零一二号", "请到三号窗口办理"))
EN = Speech(lang="en", parts=("Ticket number A", "zero one two", "please go to counter three"))
READY = State(works=True)


def call(name: str, at_ms: int = T0, **changes: object) -> Call:
    fields: dict[str, object] = {
        "call": name,
        "kind": CallKind.CALL,
        "board": "hall",
        "ticket": f"t-{name}",
        "number": name.upper(),
        "window": "w03",
        "window_label": "3号窗口",
        "zone": "general",
        "service": "综合",
        "at_ms": at_ms,
        "expires_ms": at_ms + 60_000,
        "say": (ZH,),
    }
    return Call(**(fields | changes))  # type: ignore[arg-type]


def run(state: State, *events: tuple[Event, int]) -> tuple[State, list[Effect]]:
    told: list[Effect] = []
    for event, now in events:
        state, effects = step(state, event, now)
        told += effects
    return state, told


def spoken(effects: list[Effect]) -> list[tuple[str, str, int]]:
    return [
        (effect.utterance.call, effect.utterance.lang, effect.utterance.reading)
        for effect in effects
        if isinstance(effect, Speak)
    ]


def dropped(effects: list[Effect]) -> list[tuple[str, Reason]]:
    return [
        (effect.utterance.call, effect.reason)
        for effect in effects
        if isinstance(effect, Told) and effect.story is Story.DROPPED
    ]


def test_a_call_in_a_quiet_hall_is_chimed_and_read_twice() -> None:
    state, effects = run(
        READY,
        (Called(call("a1")), T0),
        (Spoken(True), T0 + 4_000),
        (Spoken(True), T0 + 8_000),
    )
    assert spoken(effects) == [("a1", "zh", 1), ("a1", "zh", 2)]
    assert [effect.chime for effect in effects if isinstance(effect, Speak)] == [True, False]
    assert state.playing is None
    assert not state.first
    assert not state.later


def test_first_readings_come_before_any_second_one() -> None:
    _, effects = run(
        READY,
        (Called(call("a1")), T0),
        (Called(call("a2", T0 + 100)), T0 + 100),
        (Spoken(True), T0 + 4_000),
        (Called(call("a3", T0 + 5_000)), T0 + 5_000),
        (Spoken(True), T0 + 8_000),
        (Spoken(True), T0 + 11_000),
        (Spoken(True), T0 + 14_000),
    )
    assert spoken(effects) == [
        ("a1", "zh", 1),
        ("a2", "zh", 1),
        ("a3", "zh", 1),
        ("a1", "zh", 2),
        ("a3", "zh", 2),
    ]
    assert ("a2", Reason.SECOND_STALE) in dropped(effects)


def test_a_second_reading_is_given_up_after_twelve_seconds() -> None:
    _, effects = run(READY, (Called(call("a1")), T0), (Spoken(True), T0 + 12_000))
    assert spoken(effects) == [("a1", "zh", 1)]
    assert dropped(effects) == [("a1", Reason.SECOND_STALE)]


def test_translations_come_before_second_readings() -> None:
    _, effects = run(
        READY,
        (Called(call("a1", say=(ZH, EN))), T0),
        *((Spoken(True), T0 + 3_000 * turn) for turn in (1, 2, 3)),
    )
    assert spoken(effects) == [("a1", "zh", 1), ("a1", "en", 1), ("a1", "zh", 2)]


def test_a_late_call_is_not_spoken_but_told() -> None:
    _, effects = run(
        READY,
        (Called(call("a1")), T0),
        (Called(call("a2")), T0),
        (Spoken(True), T0 + 45_001),
    )
    assert spoken(effects) == [("a1", "zh", 1)]
    assert ("a2", Reason.LATE) in dropped(effects)


def test_an_expired_call_is_never_spoken() -> None:
    _, effects = run(READY, (Called(call("a1", expires_ms=T0 + 5_000)), T0 + 5_000))
    assert spoken(effects) == []
    assert dropped(effects) == [("a1", Reason.EXPIRED)]


def test_the_same_call_is_spoken_once() -> None:
    _, effects = run(
        State(rules=Rules(readings=1), works=True),
        (Called(call("a1")), T0),
        (Called(call("a1")), T0 + 10),
        (Spoken(True), T0 + 3_000),
        (Called(call("a1")), T0 + 3_010),
    )
    assert spoken(effects) == [("a1", "zh", 1)]
    assert dropped(effects) == [("a1", Reason.DUPLICATE)] * 2


def test_a_recall_takes_the_place_of_the_waiting_call() -> None:
    again = call("b9", T0 + 500, ticket="t-a2", kind=CallKind.RECALL)
    state, effects = run(
        READY,
        (Called(call("a1")), T0),
        (Called(call("a2")), T0),
        (Called(call("a3")), T0),
        (Called(again), T0 + 500),
    )
    assert [waiting.call for waiting in state.first] == ["b9", "a3"]
    assert ("a2", Reason.REPLACED) in dropped(effects)


def test_a_retracted_and_an_answered_call_are_not_spoken() -> None:
    state, effects = run(
        READY,
        (Called(call("a1")), T0),
        (Called(call("a2")), T0),
        (Called(call("a3")), T0),
        (Called(call("a2", kind=CallKind.RETRACT)), T0 + 1_000),
        (Arrived("a3"), T0 + 2_000),
        (Arrived("a1"), T0 + 2_500),
        (Spoken(True), T0 + 3_000),
    )
    assert spoken(effects) == [("a1", "zh", 1)]
    assert dropped(effects) == [("a2", Reason.RETRACTED), ("a3", Reason.ARRIVED)]
    assert state.later == ()


def test_a_silent_call_is_counted_and_not_spoken() -> None:
    _, effects = run(READY, (Called(call("a1", silent=True)), T0))
    assert spoken(effects) == []
    assert dropped(effects) == [("a1", Reason.SILENT)]


def test_a_call_without_words_is_a_chime_and_not_repeated() -> None:
    state, effects = run(READY, (Called(call("a1", say=())), T0), (Spoken(True), T0 + 1_500))
    assert [effect.chime for effect in effects if isinstance(effect, Speak)] == [True]
    assert state.playing is None
    assert state.later == ()


def test_back_to_back_calls_flow_without_a_chime() -> None:
    _, effects = run(
        State(rules=Rules(readings=1), works=True),
        (Called(call("a1")), T0),
        (Called(call("a2")), T0),
        (Spoken(True), T0 + 4_000),
        (Spoken(True), T0 + 8_000),
        (Called(call("a3", T0 + 10_000)), T0 + 10_000),
        (Spoken(True), T0 + 14_000),
        (Called(call("a4", T0 + 16_001)), T0 + 16_001),
    )
    assert [effect.chime for effect in effects if isinstance(effect, Speak)] == [True, False, False, True]


def test_a_reading_whose_sound_was_lost_is_repeated_once() -> None:
    lost = (Sound(False), T0 + 1_000), (Spoken(False), T0 + 1_001), (Sound(True), T0 + 4_000)
    state, effects = run(READY, (Called(call("a1")), T0), (Called(call("a2")), T0), *lost)
    assert spoken(effects) == [("a1", "zh", 1), ("a1", "zh", 1)]
    state, effects = run(state, (Spoken(False), T0 + 5_000))
    assert ("a1", Reason.SOUND_LOST) in dropped(effects)
    assert isinstance(state.playing, Utterance)
    assert state.playing.call == "a2"


def test_nothing_is_spoken_without_sound_and_old_calls_do_not_come_back_with_it() -> None:
    state, effects = run(State(), (Called(call("a1")), T0), (Called(call("a2", T0 + 30_000)), T0 + 30_000))
    assert spoken(effects) == []
    _, effects = run(state, (Sound(True), T0 + 50_000))
    assert spoken(effects) == [("a2", "zh", 1)]


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 9_000),
        st.one_of(
            st.builds(
                lambda number, ticket, kind, languages, silent: (
                    "call",
                    number,
                    ticket,
                    kind,
                    languages,
                    silent,
                ),
                st.integers(0, 40),
                st.integers(0, 6),
                st.sampled_from([CallKind.CALL, CallKind.CALL, CallKind.RECALL, CallKind.RETRACT]),
                st.integers(0, 2),
                st.booleans().filter(lambda silent: not silent) | st.booleans(),
            ),
            st.tuples(st.just("arrived"), st.integers(0, 40)),
            st.tuples(st.just("spoken"), st.booleans()),
            st.tuples(st.just("sound"), st.booleans()),
            st.tuples(st.just("tick")),
        ),
    ),
    max_size=60,
)


def event_of(what: tuple[object, ...], now: int, playing: object) -> Event:
    match what:
        case ("call", number, ticket, kind, languages, silent):
            assert isinstance(languages, int)
            return Called(
                call(
                    f"c{number}", now, ticket=f"t{ticket}", kind=kind, say=(ZH, EN)[:languages], silent=silent
                )
            )
        case ("arrived", number):
            return Arrived(f"c{number}")
        case ("spoken", bool(heard)) if playing is not None:
            return Spoken(heard)
        case ("sound", bool(works)):
            return Sound(works)
        case _:
            return Tick()


@settings(max_examples=300)
@given(EVENTS)
def test_whatever_comes_nothing_overlaps_nothing_is_stale_and_first_readings_keep_their_order(
    events: list[tuple[int, tuple[object, ...]]],
) -> None:
    state, now = State(), T0
    readings: list[Utterance] = []
    for wait, what in events:
        now += wait
        before = state
        event = event_of(what, now, state.playing)
        state, effects = step(state, event, now)
        speaks = [effect for effect in effects if isinstance(effect, Speak)]
        assert len(speaks) <= 1
        for speak in speaks:
            assert before.playing is None or isinstance(event, Spoken)
            assert state.works
            assert state.playing == speak.utterance
            age = now - speak.utterance.at_ms
            assert age <= state.rules.late_ms
            assert now < speak.utterance.expires_ms
            if speak.utterance.reading > 1:
                assert age < state.rules.second_fresh_ms
                assert not state.first
            readings.append(speak.utterance)
        assert [w.reading for w in state.later] == sorted(w.reading for w in state.later)
        tickets = [waiting.ticket for waiting in state.first if not waiting.final]
        assert len(tickets) == len(set(tickets))
        if state.works and state.playing is None:
            assert not state.first
            assert not state.later
    seconds = [(r.call, r.lang) for r in readings if r.reading == 2]
    assert len(seconds) == len(set(seconds))
    firsts = [(r.call, r.lang, r.final) for r in readings if r.reading == 1]
    assert len(firsts) == len(set(firsts))


@given(st.lists(st.integers(0, 3_000), min_size=2, max_size=20))
def test_distinct_calls_are_first_read_in_the_order_of_the_calls(waits: list[int]) -> None:
    state, now = READY, T0
    order: list[str] = []
    for number, wait in enumerate(waits):
        now += wait
        state, effects = step(state, Called(call(f"c{number}", now)), now)
        order += [name for name, _, reading in spoken(list(effects)) if reading == 1]
    while state.playing is not None:
        now += 3_500
        state, effects = step(state, Spoken(True), now)
        order += [name for name, _, reading in spoken(list(effects)) if reading == 1]
    assert order == sorted(order, key=lambda name: int(name[1:]))
    assert replace(state, seen=()).playing is None
