"""Birth, beats, hall time and orders of any station, on a MemoryBroker with clocks set by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any, TypeVar

import pytest

from contract import messages as m
from contract import topics as t
from contract.bus import Ids
from contract.clock import StationClock
from contract.memory import MemoryBroker
from contract.orders import CommandRefused
from contract.station import ConfigRefused, Station
from tests.contract.wire import Box

M = TypeVar("M")
NOON = 1_795_233_600_000


class Hall:
    """A broker, a server's bus that collects what stations say, and one clock for all."""

    def __init__(self) -> None:
        self.now = 100.0
        self.broker = MemoryBroker()
        self.server = self.broker.bus("hall-server")
        self.said: Box[tuple[str, m.Message]] = Box()
        for route in (t.STATION_STATE, t.STATION_HEALTH, t.STATION_RESULT, t.STATION_APPLIED, t.STATION_INFO):
            self._listen(route)
        self.server.open()
        self.station = Station(
            self.broker.bus("kiosk-1"),
            m.StationInfo(kind=m.StationKind.KIOSK, software="1", place="大厅入口"),
            clock=StationClock(monotonic=lambda: int(self.now * 1000)),
            monotonic=lambda: self.now,
        )
        self.up: Box[bool] = Box()
        self.station.on_server(self.up.put)

    def _listen(self, route: t.Route[Any]) -> None:
        def hear(message: m.Message, ids: Ids) -> None:
            self.said.put((ids["station"], message))

        self.server.on(route, hear)

    def beat(self, *, s: m.Presence = m.Presence.READY, boot: str = "b1", at_ms: int | None = None) -> None:
        at = int(self.now * 1000) + NOON if at_ms is None else at_ms
        self.server.publish(t.SERVER, m.ServerState(s=s, boot=boot, at_ms=at))

    def open(self) -> None:
        """The station is linked and its birth was heard, so that each later word is heard too."""
        self.station.open()
        self.states_are("init")

    def states_are(self, *words: str) -> None:
        """Wait until the station said exactly this; a state may be said twice."""

        def changes(values: list[tuple[str, m.Message]]) -> tuple[str, ...]:
            said = [state.s.value for state in _of(values, m.StationState)]
            return tuple(word for word, _ in itertools.groupby(said))

        self.said.wait(lambda values: changes(values) == words)

    def results(self, count: int) -> list[m.CommandResult]:
        return _of(self.said.wait(lambda values: len(_of(values, m.CommandResult)) >= count), m.CommandResult)

    def healths(self, count: int) -> list[m.StationHealth]:
        return _of(self.said.wait(lambda values: len(_of(values, m.StationHealth)) >= count), m.StationHealth)

    def order(self, op: str, *, id: str = "c1", expires_ms: int = 2 * NOON) -> None:
        command = m.Command(id=id, op=op, expires_ms=expires_ms)
        self.server.publish(t.STATION_COMMAND, command, station="kiosk-1")


def _of(values: list[tuple[str, m.Message]], kind: type[M]) -> list[M]:
    return [message for _, message in values if isinstance(message, kind)]


@pytest.fixture
def hall() -> Iterator[Hall]:
    with ExitStack() as stack:
        hall = Hall()
        stack.callback(hall.server.close)
        stack.callback(hall.station.close)
        yield hall


def test_birth_ready_and_goodbye(hall: Hall) -> None:
    hall.open()
    hall.station.ready()
    hall.station.close()
    hall.states_are("init", "ready", "disconnected")
    info = _of(hall.said.values, m.StationInfo)[0]
    assert (info.place, info.kind) == ("大厅入口", m.StationKind.KIOSK)


def test_a_lost_station_says_the_truth_again_when_it_is_back(hall: Hall) -> None:
    hall.open()
    hall.station.ready()
    hall.states_are("init", "ready")
    hall.broker.cut("kiosk-1")
    hall.states_are("init", "ready", "lost")
    hall.broker.mend("kiosk-1")
    hall.states_are("init", "ready", "lost", "ready")


def test_a_will_that_comes_after_the_birth_is_contradicted(hall: Hall) -> None:
    hall.open()
    hall.station.ready()
    stale = m.StationState(s=m.Presence.LOST, boot="an earlier run", kind=m.StationKind.KIOSK)
    hall.states_are("init", "ready")
    hall.server.publish(t.STATION_STATE, stale, station="kiosk-1")
    hall.states_are("init", "ready", "lost", "ready")


def test_a_new_server_is_told_who_is_here(hall: Hall) -> None:
    hall.open()
    hall.station.ready()
    hall.beat(boot="b1")
    hall.up.first()
    hall.states_are("init", "ready")
    before = len(_of(hall.said.values, m.StationInfo))
    hall.beat(boot="b2")
    hall.said.wait(lambda values: len(_of(values, m.StationInfo)) > before)


def test_the_server_is_there_while_it_beats_and_away_after_six_seconds(hall: Hall) -> None:
    hall.open()
    assert not hall.station.server_ready
    hall.beat()
    hall.up.wait(lambda values: values == [True])
    hall.now += 5.9
    hall.station.tick()
    assert hall.station.server_ready
    hall.now += 0.2
    hall.station.tick()
    assert not hall.station.server_ready
    hall.beat()
    hall.up.wait(lambda values: values == [True, False, True])


@pytest.mark.parametrize("word", [m.Presence.LOST, m.Presence.DISCONNECTED])
def test_the_servers_will_counts_at_once(hall: Hall, word: m.Presence) -> None:
    hall.open()
    hall.beat()
    hall.beat(s=word, at_ms=0)
    hall.up.wait(lambda values: values == [True, False])


def test_the_will_of_an_earlier_server_is_stale(hall: Hall) -> None:
    hall.open()
    hall.beat(boot="new")
    hall.beat(s=m.Presence.LOST, boot="old", at_ms=0)
    hall.beat(boot="new", at_ms=NOON * 2)
    hall.up.wait(bool)
    assert hall.station.clock.now_ms() is not None
    hall.beat(boot="new", s=m.Presence.LOST, at_ms=0)
    assert hall.up.wait(lambda values: values[-1] is False) == [True, False]


def test_a_replayed_beat_proves_nothing(hall: Hall) -> None:
    hall.open()
    hall.beat(at_ms=NOON)
    hall.up.first()
    hall.now += 6.1
    hall.station.tick()
    hall.up.wait(lambda values: values == [True, False])
    links: Box[bool] = Box()
    hall.station.bus.on_link(links.put)
    hall.broker.cut("kiosk-1")
    hall.broker.mend("kiosk-1")
    links.wait(lambda values: values == [False, True])
    hall.beat(at_ms=NOON, boot="b1")
    hall.order("nothing")
    hall.results(1)
    assert hall.up.values == [True, False]


def test_hall_time_comes_with_the_beats(hall: Hall) -> None:
    hall.open()
    hall.beat(at_ms=NOON)
    hall.up.first()
    hall.now += 2.0
    assert hall.station.clock.now_ms() == NOON + 2_000


def test_health_is_said_on_a_link_each_eight_seconds_and_on_change(hall: Hall) -> None:
    printer = m.DeviceHealth(name="printer", kind="ticket_printer", state="faulty", sentence="缺纸")
    hall.station.report(devices=(printer,))
    hall.open()
    first = hall.healths(1)[0]
    assert (first.boot, first.devices, first.showing) == (hall.station.boot, (printer,), "")
    hall.now += 7.9
    hall.station.tick()
    hall.station.report(showing="home")
    hall.station.report(showing="home")
    hall.now += 7.9
    assert 0 < hall.station.tick() <= 0.1
    hall.station.report(showing="zone")
    hall.now += 8.1
    assert hall.station.tick() > 7.9
    assert [health.showing for health in hall.healths(4)] == ["", "home", "zone", "zone"]


def test_what_a_device_counts_waits_for_the_next_beat(hall: Hall) -> None:
    printer = m.DeviceHealth(name="printer", kind="ticket_printer", state="ready", counters={"tickets": 1})
    hall.station.report(devices=(printer,))
    hall.open()
    assert hall.healths(1)[0].devices == (printer,)
    more = m.DeviceHealth(name="printer", kind="ticket_printer", state="ready", counters={"tickets": 2})
    hall.station.report(devices=(more,))
    hall.now += 8.1
    hall.station.tick()
    assert [health.devices[0].counters["tickets"] for health in hall.healths(2)] == [1, 2]


def test_counters_travel_with_health(hall: Hall) -> None:
    hall.station.bus.publish(t.BOARD_CALL, _call(), board="hall")
    hall.open()
    assert hall.healths(1)[0].counters == {"dropped_out": 1}


def test_configuration_is_applied_once_or_refused_with_a_sentence(hall: Hall) -> None:
    taken: Box[m.StationConfig] = Box()

    def apply(config: m.StationConfig) -> None:
        if config.idle_seconds < 10:
            raise ConfigRefused("空闲时间太短")
        taken.put(config)

    hall.station.on_config(apply)
    hall.open()
    good = m.StationConfig(version="1", hall_name="示例", person_key="secret")
    for config in (good, good, m.StationConfig(version="2", hall_name="示例", idle_seconds=1)):
        hall.server.publish(t.STATION_CONFIG, config, station="kiosk-1")
    heard = hall.said.wait(lambda values: len(_of(values, m.Applied)) == 2)
    assert [(said.version, said.ok, said.sentence) for said in _of(heard, m.Applied)] == [
        ("1", True, ""),
        ("2", False, "空闲时间太短"),
    ]
    assert taken.values == [good]
    assert hall.station.config == good


def test_orders_are_carried_out_once_and_answered_each_time(hall: Hall) -> None:
    done: list[str] = []

    def print_test(command: m.Command) -> str:
        done.append(command.id)
        return "已打印"

    hall.station.orders.on("test_print", print_test)
    hall.open()
    hall.beat()
    hall.up.first()
    hall.order("test_print")
    hall.order("test_print")
    assert hall.results(2) == [m.CommandResult(id="c1", ok=True, sentence="已打印")] * 2
    assert done == ["c1"]


def test_an_order_may_take_its_time(hall: Hall) -> None:
    later: Future[str] = Future()
    hall.station.orders.on("clean", lambda _command: later)
    hall.open()
    hall.beat()
    hall.up.first()
    hall.order("clean", id="slow")
    hall.order("clean", id="slow")
    hall.order("dance", id="next")
    assert hall.results(1)[0].id == "next"
    later.set_result("好了")
    assert hall.results(2)[1] == m.CommandResult(id="slow", ok=True, sentence="好了")


def test_orders_that_are_late_unknown_refused_or_broken_are_answered_so(hall: Hall) -> None:
    def refuse(_command: m.Command) -> str:
        raise CommandRefused("正在打印")

    def fail(_command: m.Command) -> str:
        raise ZeroDivisionError

    hall.station.orders.on("refuse", refuse)
    hall.station.orders.on("fail", fail)
    hall.open()
    hall.beat()
    hall.up.first()
    hall.order("refuse", id="late", expires_ms=NOON - 1)
    for op in ("dance", "refuse", "fail"):
        hall.order(op, id=op)
    assert [(result.id, result.ok, result.sentence) for result in hall.results(4)] == [
        ("late", False, "指令已过期"),
        ("dance", False, "本机不会执行“dance”"),
        ("refuse", False, "正在打印"),
        ("fail", False, "执行时出错，详见本机日志"),
    ]


def _call() -> m.Call:
    return m.Call(
        call="c",
        kind=m.CallKind.CALL,
        board="hall",
        ticket="t",
        number="A001",
        window="w01",
        window_label="1号窗口",
        zone="z",
        service="s",
        at_ms=1,
        expires_ms=2,
    )
