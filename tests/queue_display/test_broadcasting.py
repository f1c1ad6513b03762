"""Broadcasts among calls: gaps for ordinary ones, everything for urgent ones, nothing stale or stopped."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contract.messages import Broadcast, BroadcastPart
from queue_display.announcer import (
    Announced,
    Called,
    Effect,
    Event,
    Fetched,
    Rules,
    Silence,
    Sound,
    Speak,
    SpeakPassage,
    Spoken,
    State,
    Tick,
    Utterance,
    step,
)
from queue_display.passages import Became, Outcome, Passage
from tests.queue_display.test_announcer import READY, T0, call, run, spoken

MINUTE = 60_000


def broadcast(name: str, at_ms: int = T0, **changes: object) -> Broadcast:
    fields: dict[str, object] = {
        "broadcast": name,
        "parts": (BroadcastPart(text="各位群众，"), BroadcastPart(text="即将下班。")),
        "at_ms": at_ms,
        "expires_ms": at_ms + 5 * MINUTE,
    }
    return Broadcast(**(fields | changes))  # type: ignore[arg-type]


def came(name: str, at_ms: int = T0, **changes: object) -> tuple[tuple[Event, int], tuple[Event, int]]:
    return (Announced(broadcast(name, at_ms, **changes)), at_ms), (Fetched(name), at_ms)


def said(effects: list[Effect]) -> list[str]:
    """Calls by name, passages as name/index, a break as |."""
    line = []
    for effect in effects:
        match effect:
            case Speak(utterance=utterance):
                line.append(utterance.call)
            case SpeakPassage(passage=passage):
                line.append(f"{passage.broadcast}/{passage.index}")
            case Silence():
                line.append("|")
    return line


def became(effects: list[Effect]) -> list[tuple[str, Outcome]]:
    return [(effect.broadcast, effect.outcome) for effect in effects if isinstance(effect, Became)]


def test_an_ordinary_broadcast_is_read_passage_by_passage_and_told() -> None:
    state, effects = run(READY, *came("b1"), (Spoken(True), T0 + 3_000), (Spoken(True), T0 + 6_000))
    assert said(effects) == ["b1/0", "b1/1"]
    assert became(effects) == [("b1", Outcome.HEARD), ("b1", Outcome.OVER)]
    assert state.playing is None


def test_a_call_comes_between_two_passages_with_its_chime_and_the_broadcast_goes_on() -> None:
    _, effects = run(
        READY,
        *came("b1"),
        (Called(call("a1", T0 + 500)), T0 + 500),
        (Spoken(True), T0 + 3_000),
        (Spoken(True), T0 + 7_000),
        (Spoken(True), T0 + 9_000),
    )
    assert said(effects) == ["b1/0", "a1", "b1/1", "a1"]
    assert [effect.chime for effect in effects if isinstance(effect, Speak)] == [True, True]


def test_without_its_sounds_a_broadcast_holds_nobody_up_and_is_told_to_be_missing() -> None:
    _, effects = run(
        READY,
        (Announced(broadcast("b1")), T0),
        (Called(call("a1")), T0),
        (Spoken(True), T0 + 13_000),
        (Tick(), T0 + 5 * MINUTE),
    )
    assert spoken(effects) == [("a1", "zh", 1)]
    assert became(effects) == [("b1", Outcome.NO_CLIPS)]


def test_a_broadcast_that_finds_no_gap_is_told_to_have_found_none() -> None:
    rules = Rules(late_ms=10 * MINUTE)
    events: list[tuple[Event, int]] = [(Called(call("a0", expires_ms=T0 + MINUTE)), T0), *came("b1")]
    for turn in range(1, 100):
        now = T0 + turn * 4_000
        events += [(Called(call(f"a{turn}", now)), now), (Spoken(True), now)]
    _, effects = run(State(rules=rules, works=True), *events)
    assert became(effects) == [("b1", Outcome.NO_GAP)]
    assert not any(isinstance(effect, SpeakPassage) for effect in effects)


def test_second_readings_go_first_until_the_broadcast_has_waited_long_enough() -> None:
    first = run(READY, (Called(call("a1")), T0), *came("b1"), (Spoken(True), T0 + 4_000))[1]
    assert said(first) == ["a1", "a1"]
    patient = State(rules=Rules(patience_ms=3_000), works=True)
    waited = run(patient, (Called(call("a1")), T0), *came("b1"), (Spoken(True), T0 + 4_000))[1]
    assert said(waited) == ["a1", "b1/0"]


def test_repeats_keep_their_distance_and_their_number() -> None:
    events: list[tuple[Event, int]] = [*came("b1", times=2, every_ms=30_000)]
    events += [(Spoken(True), T0 + 3_000), (Spoken(True), T0 + 6_000), (Tick(), T0 + 35_999)]
    state, effects = run(READY, *events)
    assert said(effects) == ["b1/0", "b1/1"]
    _, again = run(
        state,
        (Tick(), T0 + 36_000),
        (Spoken(True), T0 + 39_000),
        (Spoken(True), T0 + 42_000),
        (Tick(), T0 + MINUTE),
    )
    assert said(again) == ["b1/0", "b1/1"]
    assert became(again) == [("b1", Outcome.HEARD), ("b1", Outcome.OVER)]


def test_an_urgent_broadcast_breaks_a_call_off_holds_the_others_and_they_follow_when_it_is_stopped() -> None:
    urgent = {"urgent": True, "times": 0, "every_ms": 5_000, "expires_ms": T0 + 30 * MINUTE}
    _, effects = run(
        READY,
        (Called(call("a1")), T0),
        *came("u1", T0 + 1_000, **urgent),
        (Called(call("a2", T0 + 1_100)), T0 + 1_100),
        (Spoken(False), T0 + 1_200),
        (Spoken(True), T0 + 4_000),
        (Spoken(True), T0 + 7_000),
        (Tick(), T0 + 8_000),
        (Tick(), T0 + 12_000),
        (Announced(Broadcast(broadcast="u1", stop=True)), T0 + 13_000),
        (Spoken(False), T0 + 13_100),
        (Spoken(True), T0 + 17_000),
    )
    assert said(effects) == ["a1", "|", "u1/0", "u1/1", "u1/0", "|", "a1", "a2"]
    assert became(effects) == [("u1", Outcome.HEARD), ("u1", Outcome.OVER)]


def test_a_broadcast_that_was_stopped_does_not_come_back() -> None:
    _, effects = run(READY, (Announced(Broadcast(broadcast="b1", stop=True)), T0), *came("b1"))
    assert said(effects) == []
    assert became(effects) == [("b1", Outcome.STOPPED)]


class Zone(RuleBasedStateMachine):
    """Whatever the hall sends and the loudspeaker does: what may never be heard is never played."""

    def __init__(self) -> None:
        super().__init__()
        self.now = T0
        self.count = 0
        self.state, _ = step(State(), Sound(True), self.now)
        self.playing: object = None
        self.sent: dict[str, Broadcast] = {}
        self.ready: set[str] = set()
        self.stopped: set[str] = set()
        self.ended: list[str] = []
        self.order: list[str] = []
        self.begun: list[str] = []

    def do(self, event: Event) -> None:
        self.state, effects = step(self.state, event, self.now)
        if isinstance(event, Spoken):
            self.playing = None
        for effect in effects:
            self.note(effect)
        urgent = [n for n in self.going() if self.sent[n].urgent and n in self.ready]
        if urgent and self.state.works and isinstance(self.state.playing, Utterance):
            assert self.state.cut, "an urgent broadcast waits for nothing that is playing"

    def note(self, effect: Effect) -> None:
        match effect:
            case Speak(utterance=utterance):
                assert self.playing is None, "two sounds at once"
                assert not any(self.sent[n].urgent and n in self.ready for n in self.going())
                self.playing = utterance
                if utterance.reading == 1 and utterance.call not in self.begun:
                    self.begun.append(utterance.call)
            case SpeakPassage(passage=passage):
                assert self.playing is None, "two sounds at once"
                sent = self.sent[passage.broadcast]
                assert self.now < sent.expires_ms, "stale"
                assert passage.broadcast not in self.stopped
                assert passage.broadcast not in self.ended
                assert passage.broadcast in self.ready
                assert sent.urgent or not self.state.first, "a call waits while an ordinary passage begins"
                self.playing = passage
            case Silence():
                assert self.playing is not None
            case Became(broadcast=name, outcome=outcome) if outcome is not Outcome.HEARD:
                assert name not in self.ended, "ended twice"
                self.ended.append(name)

    def going(self) -> list[str]:
        return [n for n, b in self.sent.items() if n not in self.ended and n not in self.stopped]

    @rule(ms=st.integers(0, 9_000))
    def time_passes(self, ms: int) -> None:
        self.now += ms
        self.do(Tick())

    @rule()
    def call_comes(self) -> None:
        self.count += 1
        self.order.append(f"c{self.count}")
        self.do(Called(call(f"c{self.count}", self.now)))

    @rule(
        urgent=st.booleans(),
        times=st.integers(0, 3),
        every=st.integers(0, 20_000),
        length=st.integers(1, 3),
        good=st.integers(1_000, 90_000),
    )
    def broadcast_comes(self, urgent: bool, times: int, every: int, length: int, good: int) -> None:
        self.count += 1
        name = f"b{self.count}"
        self.sent[name] = broadcast(
            name,
            self.now,
            urgent=urgent,
            times=times,
            every_ms=every,
            expires_ms=self.now + good,
            parts=tuple(BroadcastPart(text=str(at)) for at in range(length)),
        )
        self.do(Announced(self.sent[name]))

    @precondition(lambda self: bool(self.sent))
    @rule(data=st.data())
    def sounds_come(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.sent)))
        self.ready.add(name)
        self.do(Fetched(name))

    @precondition(lambda self: bool(self.sent))
    @rule(data=st.data())
    def it_comes_again(self, data: st.DataObject) -> None:
        self.do(Announced(self.sent[data.draw(st.sampled_from(sorted(self.sent)))]))

    @precondition(lambda self: bool(self.sent))
    @rule(data=st.data())
    def it_is_stopped(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.sent)))
        self.stopped.add(name)
        self.do(Announced(Broadcast(broadcast=name, stop=True)))
        playing = self.state.playing
        assert not isinstance(playing, Passage) or playing.broadcast != name or self.state.cut

    @precondition(lambda self: self.playing is not None)
    @rule(heard=st.booleans(), ms=st.integers(500, 6_000))
    def sound_ends(self, heard: bool, ms: int) -> None:
        self.now += ms
        self.do(Spoken(heard and not self.state.cut))

    @rule(works=st.booleans())
    def loudspeaker(self, works: bool) -> None:
        self.do(Sound(works))

    @invariant()
    def calls_keep_their_order(self) -> None:
        places = [self.order.index(name) for name in self.begun]
        assert places == sorted(places)

    @invariant()
    def nothing_is_left_that_is_over(self) -> None:
        left = {each.broadcast for each in self.state.programme.going}
        assert not left & (self.stopped | set(self.ended))


Zone.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestZone = Zone.TestCase
