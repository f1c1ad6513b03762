"""A broadcast from the hall's door to the loudspeaker and back: rendered, spoken, told, stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hall_server.hall import commands as c
from hall_server.hall.model import Heard
from tests.hall.spoken import ZONE, Spoken
from tests.sinks import eventually


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Spoken]:
    hall = Spoken(tmp_path)
    yield hall
    hall.server.stop()
    assert not hall.failures


def test_words_that_nobody_rendered_are_synthesised_beside_the_calls_and_heard_between_them(
    hall: Spoken,
) -> None:
    with hall.announcer():
        hall.do(c.Issue(request="ticket-1", by="kiosk-1", service="shebao"))
        name = hall.make("拾到雨伞一把。", board=True)
        hall.do(c.CallNext(request="next-1", by="clerk:0001", window="w03"))
        told = hall.wait(name, lambda b: b.of(ZONE).over)
    assert told.of(ZONE).spoken == 1
    assert told.ended_ms
    assert not told.of(ZONE).why
    assert hall.played() == ["C001", "broadcast1"], "the call does not wait for the synthesiser"
    assert "拾到雨伞一把。" in hall.server.service.view.boards["hall"].notices


def test_an_urgent_one_goes_on_through_a_restart_of_the_hall_until_somebody_stops_it(tmp_path: Path) -> None:
    hall = Spoken(tmp_path, ("即将下班", "消防疏散"))
    late, gone = hall.make(hall.text("即将下班")), hall.make("乙。")
    hall.do(c.EndBroadcast(request="end-0", by="clerk:9001", broadcast=gone))
    with hall.announcer():
        assert hall.wait(late, lambda b: b.of(ZONE).over).of(ZONE).spoken == 1, (
            "a zone that comes late says it"
        )
        assert hall.wait(gone, lambda b: b.of(ZONE).over).of(ZONE) == Heard(ZONE, 0, True, "stopped")
        assert len(hall.played()) == len(hall.passages("即将下班"))
        name = hall.make(hall.text("消防疏散"), urgent=True)
        hall.wait(name, lambda b: b.of(ZONE).spoken >= 1)
        hall.server.stop()
        heard = len(hall.played())
        hall.start()
        assert not hall.known(name).ended_ms
        eventually(lambda: len(hall.played()) > heard)
        hall.do(c.EndBroadcast(request="end-1", by="clerk:9001", broadcast=name))
        told = hall.wait(name, lambda b: b.of(ZONE).over)
        assert told.ended_by == "clerk:9001"
        assert told.of(ZONE).spoken >= 1
        heard = len(hall.played())
    assert len(hall.played()) == heard
    hall.server.stop()
    assert not hall.failures


def test_a_hall_without_a_synthesiser_tells_the_cause_for_each_zone(tmp_path: Path) -> None:
    hall = Spoken(tmp_path, render=False)
    with hall.announcer():
        name = hall.make("即将下班。", minutes=1)
        eventually(lambda: bool(hall.arrived))
        hall.do(c.CorrectTime(request="t", by="technician", to_ms=hall.server.service.now_ms() + 61_000))
        hall.do(c.Tick(request="", by="clock"))
        told = hall.wait(name, lambda b: b.of(ZONE).over)
    assert told.of(ZONE).why == "no_clips"
    hall.server.stop()
