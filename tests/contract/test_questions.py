"""When a request is asked again and when it is given up, by a clock set by hand."""

from __future__ import annotations

from concurrent.futures import Future

from contract.parcels import Parcel
from contract.questions import Questions
from contract.topics import ISSUE
from contract.watch import BeatWatch


class Desk:
    """Questions with their clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.questions = Questions(lambda: self.now)

    def ask(self, key: bytes, timeout_seconds: float) -> None:
        self.questions.ask(ISSUE, Future(), Parcel("t", b"", correlation=key), timeout_seconds)

    def step(self, seconds: float) -> tuple[list[bytes], list[bytes]]:
        """Given up, and asked again, after this time."""
        self.now += seconds
        over, again = self.questions.due()
        return [question.parcel.correlation for question in over], [parcel.correlation for parcel in again]


def test_a_question_is_repeated_and_then_given_up() -> None:
    desk = Desk()
    desk.ask(b"a", 3.0)
    told = [desk.step(0.25) for _ in range(13)]
    assert [n * 0.25 for n, (_, again) in enumerate(told, 1) if again] == [0.5, 1.5, 2.5]
    assert [n * 0.25 for n, (over, _) in enumerate(told, 1) if over] == [3.0]
    assert desk.questions.patience() is None
    assert desk.questions.answer(b"a") is None


def test_a_short_time_has_no_repeat() -> None:
    desk = Desk()
    desk.ask(b"a", 0.3)
    assert desk.questions.patience() == 0.3
    assert desk.step(0.3) == ([b"a"], [])


def test_unheard_brings_the_repeat_forward_and_only_one() -> None:
    desk = Desk()
    desk.ask(b"a", 10.0)
    assert desk.questions.unheard(b"a")
    assert desk.questions.unheard(b"a")
    assert desk.step(0.1) == ([], [b"a"])
    assert desk.step(0.4) == ([], [])
    assert desk.step(0.6) == ([], [b"a"])
    assert not desk.questions.unheard(b"other")


def test_an_answered_question_is_not_asked_again() -> None:
    desk = Desk()
    desk.ask(b"a", 10.0)
    desk.ask(b"b", 10.0)
    question = desk.questions.answer(b"a")
    assert question is not None
    assert question.kind is ISSUE
    assert desk.step(0.5) == ([], [b"b"])
    assert [parcel.correlation for parcel in desk.questions.parcels()] == [b"b"]
    assert [question.parcel.correlation for question in desk.questions.give_up_all()] == [b"b"]
    assert desk.questions.patience() is None


def test_a_silent_link_is_condemned_and_the_next_gets_twice_as_long() -> None:
    watch = BeatWatch(5.0)
    now, allowed = 0.0, []
    for _ in range(5):
        watch.linked(now)
        allowed.append(watch.allowed)
        assert not watch.condemns(now + watch.allowed)
        now += watch.allowed + 0.25
        assert watch.condemns(now)
    assert allowed == [5.0, 10.0, 20.0, 40.0, 40.0]
    watch.linked(now)
    watch.heard(now + 1, replayed=False, gone=False)
    assert not watch.condemns(now + 6)
    assert watch.condemns(now + 6.1)


def test_a_replay_is_no_beat_and_a_goodbye_excuses_silence() -> None:
    watch = BeatWatch(5.0)
    watch.linked(0.0)
    watch.heard(4.0, replayed=True, gone=False)
    assert watch.condemns(5.1)
    watch.linked(6.0)
    watch.heard(7.0, replayed=True, gone=True)
    assert not watch.condemns(1000.0)
    watch.heard(1001.0, replayed=False, gone=False)
    assert watch.condemns(1006.1)


def test_no_watch_never_condemns() -> None:
    watch = BeatWatch(None)
    watch.linked(0.0)
    assert watch.pause is None
    assert not watch.condemns(1e9)
