"""What only the MQTT wire has: sockets, frozen brokers, refusals, goodbyes."""

from __future__ import annotations

import gc
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from contract import messages as m
from contract import topics as t
from contract.mqtt import BrokerAddress, BrokerNotFound, MqttBus
from tests.contract.test_bus import SLIP, window_state
from tests.contract.wire import Box
from tests.mosquitto import Mosquitto, free_port


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    """Buses to be closed at the end."""
    with ExitStack() as stack:
        yield stack


class Beats:
    """A server's heart: publishes ServerState every tenth of a second until it is stopped."""

    def __init__(self, bus: MqttBus) -> None:
        self._bus, self._stop = bus, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        seq = 0
        while not self._stop.wait(0.1):
            seq += 1
            self._bus.publish(t.SERVER, m.ServerState(s=m.Presence.READY, boot="b", at_ms=seq, seq=seq))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def linked(
    closing: ExitStack,
    station: str,
    locate: BrokerAddress | Callable[[], BrokerAddress],
    *,
    watch_seconds: float | None = None,
) -> tuple[MqttBus, Box[bool]]:
    bus = MqttBus("demo", station, locate, watch_seconds=watch_seconds)
    links: Box[bool] = Box()
    bus.on_link(links.put)
    bus.open()
    closing.callback(bus.close)
    links.first()
    return bus, links


def test_small_packets_leave_at_once(mosquitto: Mosquitto, closing: ExitStack) -> None:
    bus, _ = linked(closing, "kiosk-1", mosquitto.address("kiosk-1"))
    assert bus.nodelay()


def test_a_frozen_broker_is_noticed_and_states_follow_when_it_thaws(
    mosquitto: Mosquitto, closing: ExitStack
) -> None:
    server, _ = linked(closing, "hall-server", mosquitto.address("hall-server"), watch_seconds=1.0)
    closing.callback(Beats(server).close)
    heard: Box[m.StationState] = Box()
    server.on(t.STATION_STATE, heard.put)
    kiosk, links = linked(closing, "kiosk-1", mosquitto.address("kiosk-1"), watch_seconds=1.0)
    mosquitto.freeze()
    links.wait(lambda values: values == [True, False])
    kiosk.publish(t.STATION_STATE, m.StationState(s=m.Presence.READY, boot="k", kind=m.StationKind.KIOSK))
    mosquitto.thaw()
    links.wait(lambda values: values == [True, False, True])
    heard.last(lambda state: state.boot == "k")


def test_silence_is_no_fault_when_the_server_said_goodbye(mosquitto: Mosquitto, closing: ExitStack) -> None:
    server, _ = linked(closing, "hall-server", mosquitto.address("hall-server"))
    kiosk, links = linked(closing, "kiosk-1", mosquitto.address("kiosk-1"), watch_seconds=0.3)
    heard: Box[m.ServerState] = Box()
    kiosk.on(t.SERVER, heard.put)
    server.publish(t.SERVER, m.ServerState(s=m.Presence.DISCONNECTED, boot="b"))
    heard.first()
    before = list(links.values)
    threading.Event().wait(1.2)  # four times what would be too long a silence
    assert links.values == before


def test_a_wrong_password_is_said_once_and_the_bus_goes_on_trying(
    mosquitto: Mosquitto,
    closing: ExitStack,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("contract.mqtt.REFUSED_SECONDS", (0.05, 0.1))
    asked: Box[str] = Box()
    good, bad = mosquitto.address("kiosk-1"), mosquitto.address("kiosk-1", "wrong")

    def locate() -> BrokerAddress:
        asked.put("again")
        return bad if len(asked.values) < 4 else good

    with caplog.at_level(logging.INFO):
        bus, _ = linked(closing, "kiosk-1", locate)
    assert len(asked.values) >= 4
    said = [record.getMessage() for record in caplog.records if "refuses" in record.getMessage()]
    assert len(said) == 1
    assert "Not authorized" in said[0]
    assert "wrong" not in caplog.text
    assert bus.trouble == ""


def test_two_programs_of_one_name_are_noticed_and_slow_down(mosquitto: Mosquitto, closing: ExitStack) -> None:
    said: Box[str] = Box()
    closing.enter_context(heard_log("contract.mqtt", said))
    address = mosquitto.address("kiosk-1")
    for _ in range(2):
        bus = MqttBus("demo", "kiosk-1", address, reconnect_seconds=(0.01, 0.05))
        bus.open()
        closing.callback(bus.close)
    said.wait(lambda values: any("does another program run as kiosk-1?" in one for one in values))


@contextmanager
def heard_log(name: str, said: Box[str]) -> Iterator[None]:
    """Collect what is logged."""

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.put(record.getMessage())

    ear = Ear()
    logging.getLogger(name).addHandler(ear)
    yield
    logging.getLogger(name).removeHandler(ear)


def test_open_does_not_need_a_broker_and_what_was_said_before_arrives(
    tmp_path: Path, closing: ExitStack
) -> None:
    broker = Mosquitto(tmp_path, ["hall-server", "board-1"])
    closing.callback(broker.kill)
    server = MqttBus("demo", "hall-server", broker.address("hall-server"), watch_seconds=None)
    closing.callback(server.close)
    server.open()
    server.publish(t.WINDOW, window_state(3), window="w01")
    broker.start()
    board, _ = linked(closing, "board-1", broker.address("board-1"))
    states: Box[m.WindowState] = Box()
    board.on(t.WINDOW, states.put)
    assert states.first().seq == 3


def test_a_broker_that_does_not_answer_is_given_up(
    closing: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contract.mqtt.CONNECT_SECONDS", 0.2)
    tarpit = closing.enter_context(socket.create_server(("127.0.0.1", 0)))
    knocks: Box[socket.socket] = Box()

    def accept() -> None:
        for _ in range(2):
            knocks.put(tarpit.accept()[0])

    threading.Thread(target=accept, daemon=True).start()
    bus = MqttBus("demo", "kiosk-1", BrokerAddress("127.0.0.1", tarpit.getsockname()[1], "kiosk-1"))
    bus.open()
    closing.callback(bus.close)
    knocks.wait(lambda values: len(values) == 2)
    assert "does not answer" in bus.trouble
    for near in knocks.values:
        near.close()


def test_a_hall_not_found_yet_is_said_and_found_later(mosquitto: Mosquitto, closing: ExitStack) -> None:
    troubles: list[str] = []
    bus: MqttBus

    def locate() -> BrokerAddress:
        troubles.append(bus.trouble)
        if len(troubles) < 2:
            raise BrokerNotFound("no hall was found on this network")
        return mosquitto.address("kiosk-1")

    bus = MqttBus("demo", "kiosk-1", locate)
    links: Box[bool] = Box()
    bus.on_link(links.put)
    bus.open()
    closing.callback(bus.close)
    links.first()
    assert troubles == ["", "no hall was found on this network"]


def test_a_search_that_breaks_in_an_unforeseen_way_is_logged_and_repeated(
    mosquitto: Mosquitto,
    closing: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("contract.mqtt.REFUSED_SECONDS", (0.01, 0.02))
    asked: list[int] = []

    def locate() -> BrokerAddress:
        asked.append(1)
        if len(asked) == 1:
            raise ZeroDivisionError
        return mosquitto.address("kiosk-1")

    linked(closing, "kiosk-1", locate)
    assert "nobody foresaw" in caplog.text


def test_a_goodbye_lets_everything_out_first(mosquitto: Mosquitto, closing: ExitStack) -> None:
    board, _ = linked(closing, "board-1", mosquitto.address("board-1"))
    seen: Box[m.WindowState] = Box()
    board.on(t.WINDOW, seen.put)
    server, _ = linked(closing, "hall-server", mosquitto.address("hall-server"))
    for number in range(300):
        server.publish(t.WINDOW, window_state(number, f"w{number}"), window=f"w{number}")
    server.close()
    assert len(seen.wait(lambda values: len(values) == 300)) == 300


def test_nobody_listens_on_the_port(closing: ExitStack) -> None:
    troubles: Box[str] = Box()
    port = free_port()

    def locate() -> BrokerAddress:
        troubles.put(bus.trouble)
        return BrokerAddress("127.0.0.1", port, "kiosk-1")

    bus = MqttBus("demo", "kiosk-1", locate)
    bus.open()
    closing.callback(bus.close)
    said = troubles.wait(lambda values: len(values) == 2)[1]
    assert f"127.0.0.1:{port} cannot be reached" in said


def test_the_password_is_not_shown() -> None:
    assert "geheim" not in repr(BrokerAddress("127.0.0.1", 1, "kiosk-1", "geheim"))


def test_many_threads_and_a_killed_broker_leave_no_request_behind(
    mosquitto: Mosquitto, closing: ExitStack
) -> None:
    server, _ = linked(closing, "hall-server", mosquitto.address("hall-server"))
    numbers: dict[str, int] = {}

    def serve(_station: str, request: m.Issue) -> Future[m.IssueAnswer]:
        number = numbers.setdefault(request.id, len(numbers))
        server.publish(t.WINDOW, window_state(number), window=f"w{number % 7}")
        future: Future[m.IssueAnswer] = Future()
        future.set_result(m.IssueAnswer(slip=replace(SLIP, number=f"A{number}")))
        return future

    server.serve(t.ISSUE, serve)
    kiosks = [linked(closing, name, mosquitto.address(name))[0] for name in ("kiosk-1", "kiosk-2")]
    answers: Box[tuple[str, str]] = Box()

    def ask(kiosk: MqttBus, worker: int) -> None:
        for n in range(50):
            request = m.Issue(id=f"{kiosk.station}-{worker}-{n}", service="s")
            slip = kiosk.request(t.ISSUE, request, timeout_seconds=40).result().slip
            answers.put((request.id, slip.number if slip else ""))

    workers = [threading.Thread(target=ask, args=(kiosk, n)) for kiosk in kiosks for n in range(3)]
    for worker in workers:
        worker.start()
    answers.wait(lambda values: len(values) >= 60)
    mosquitto.kill()
    mosquitto.start()
    for worker in workers:
        worker.join()
    assert len(answers.values) == 300
    assert dict(answers.values) == {id: f"A{number}" for id, number in numbers.items()}
    assert len({number for _, number in answers.values}) == 300


def test_links_that_come_and_go_leave_no_socket_and_no_thread(
    mosquitto: Mosquitto, closing: ExitStack
) -> None:
    bus = MqttBus("demo", "kiosk-1", mosquitto.address("kiosk-1"), reconnect_seconds=(0.01, 0.02))
    links: Box[bool] = Box()
    bus.on_link(links.put)
    bus.open()
    closing.callback(bus.close)
    links.first()
    gc.disable()
    closing.callback(gc.enable)
    counts = []
    for rounds in range(1, 7):
        mosquitto.kill()
        mosquitto.start()
        links.wait(lambda values, rounds=rounds: values.count(True) > rounds)  # type: ignore[misc]
        counts.append((len(list(Path("/proc/self/fd").iterdir())), threading.active_count()))
    assert len(set(counts)) == 1, counts
