"""A station says what became of each call once, many in one message, and never makes its caller wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from contract import topics
from contract.bus import Ids
from contract.call_reports import KEPT_SECONDS, LARGEST, CallReporter, better
from contract.clock import StationClock
from contract.memory import MemoryBroker
from contract.messages import CallDrop, CallFate, CallReport, CallReports
from tests.contract.wire import Box

HALL_MS = 1_795_000_000_000
DROPPED, SHOWN, SPOKEN, CHIMED = CallFate.DROPPED, CallFate.SHOWN, CallFate.SPOKEN, CallFate.CHIMED


class Rig:
    """A station with its reporter, and the hall that hears it; ``now`` is the station's monotonic clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.broker = MemoryBroker()
        self.heard: Box[tuple[str, CallReports]] = Box()
        self.hall = self.broker.bus("hall-server")
        self.hall.on(topics.STATION_CALLS, self._hear)
        listening = threading.Event()
        self.hall.on_link(lambda up: listening.set() if up else None)
        self.hall.open()
        assert listening.wait(10)
        self.bus = self.broker.bus("board-1")
        self.clock = StationClock(monotonic=lambda: round(self.now * 1000))
        self.clock.heard("b1", HALL_MS)
        self.reporter = CallReporter(
            self.bus, self.clock, gather_seconds=(0.0, 0.0), monotonic=lambda: self.now
        )
        self.linked = threading.Event()
        self.bus.on_link(lambda up: self.linked.set() if up else self.linked.clear())

    def _hear(self, message: CallReports, ids: Ids) -> None:
        self.heard.put((ids["station"], message))

    def open(self) -> None:
        self.reporter.open()
        self.bus.open()
        assert self.linked.wait(10)

    def reports(self, count: int) -> list[CallReport]:
        """All that came, once there are so many."""
        told = self.heard.wait(lambda all_: sum(len(m.reports) for _, m in all_) >= count)
        assert {station for station, _ in told} == {"board-1"}
        return [report for _, message in told for report in message.reports]


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.reporter.close()
    rig.bus.close()
    rig.hall.close()


def test_what_became_of_a_call_is_said_with_its_instant(rig: Rig) -> None:
    rig.open()
    rig.reporter.note("c1", SHOWN)
    rig.reporter.note("c2", DROPPED, CallDrop.STALE)
    first, second = rig.reports(2)
    assert first == CallReport(call="c1", fate=SHOWN, at_ms=HALL_MS)
    assert second == CallReport(call="c2", fate=DROPPED, why=CallDrop.STALE, at_ms=HALL_MS)


def test_nothing_is_said_twice_but_better_news_is(rig: Rig) -> None:
    rig.open()
    for fate in (DROPPED, DROPPED, SHOWN, SHOWN, DROPPED):
        rig.reporter.note("c1", fate)
    rig.reporter.note("c2", CHIMED)
    rig.reporter.note("c2", CHIMED)
    rig.reporter.note("last", SHOWN)
    said: dict[str, list[CallFate]] = {}
    for report in rig.heard.wait(lambda all_: any(r.call == "last" for _, m in all_ for r in m.reports)):
        for each in report[1].reports:
            said.setdefault(each.call, []).append(each.fate)
    assert said["c1"][-1] is SHOWN
    assert len(said["c1"]) <= 2
    assert (said["c2"], said["last"]) == ([CHIMED], [SHOWN])


def test_many_at_once_are_one_message_and_a_flood_is_cut(rig: Rig) -> None:
    for number in range(LARGEST + 30):
        rig.reporter.note(f"c{number}", SHOWN)
    rig.open()
    reports = rig.reports(LARGEST)
    assert len(rig.heard.values) <= 2
    assert reports[-1].call == f"c{LARGEST + 29}"


def test_without_a_link_it_is_said_when_there_is_one_unless_nobody_cares_any_more(rig: Rig) -> None:
    rig.open()
    rig.broker.cut("board-1")
    while rig.linked.is_set():
        threading.Event().wait(0.005)
    rig.reporter.note("old", SHOWN)
    rig.now += KEPT_SECONDS
    rig.reporter.note("new", SHOWN)
    rig.now += 5.0
    rig.broker.mend("board-1")
    (report,) = rig.reports(1)
    assert (report.call, report.at_ms) == ("new", HALL_MS + round(KEPT_SECONDS * 1000))


def test_without_hall_time_no_instant_is_made_up(rig: Rig) -> None:
    rig.reporter = CallReporter(rig.bus, StationClock(), gather_seconds=(0.0, 0.0))
    rig.open()
    rig.reporter.note("c1", SPOKEN)
    assert rig.reports(1)[0].at_ms == 0


def test_what_is_said_last_goes_out_before_the_end(rig: Rig) -> None:
    rig.reporter = CallReporter(rig.bus, rig.clock, gather_seconds=(30.0, 30.0), monotonic=lambda: rig.now)
    rig.open()
    rig.reporter.note("c1", SHOWN)
    rig.reporter.close()
    assert rig.reports(1)[0].call == "c1"


def test_better_news() -> None:
    order = [DROPPED, CHIMED, SPOKEN]
    assert [[better(new, old) for old in order] for new in order] == [
        [False, False, False],
        [True, False, False],
        [True, True, False],
    ]
    assert not better(SHOWN, SPOKEN)
