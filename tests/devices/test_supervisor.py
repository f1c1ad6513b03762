"""The supervisor: its states, its commands, and what it does with devices that vanish, hang or lie."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path

import pytest

from devices.cards import IdCard
from devices.drivers.sdt import SdtReader
from devices.faults import DeviceAbsent, DeviceLost, DeviceRefused, Fault, Owner
from devices.health import Health
from devices.links import SerialLink
from devices.ports import State, Status
from devices.simulators.sdt_reader import OTHER_SAM_ID, SAM_ID, SdtReaderSimulator
from devices.supervisor import Supervised
from tests.devices.support import LIMIT_SECONDS, Heard, Toy, outcome, state_is

GONE = Fault("gone", "没有了", "插上", Owner.TECHNICIAN)
EMPTY = Fault("empty", "缺纸", "装纸", Owner.STAFF)

Start = Callable[..., tuple[Supervised[Toy], Heard[Health]]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a supervised toy; stopped at the end."""
    running: list[Supervised[Toy]] = []

    def started(toy: Toy, heartbeat_seconds: float = 3600.0) -> tuple[Supervised[Toy], Heard[Health]]:
        heard: Heard[Health] = Heard()
        device = Supervised("toy", toy, heard, heartbeat_seconds=heartbeat_seconds, first_pause_seconds=0.01)
        running.append(device)
        device.start()
        return device, heard

    yield started
    for device in running:
        device.stop()


def nothing(_: Toy) -> None:
    """A command that does nothing."""


def test_opens_identifies_is_ready(start: Start) -> None:
    device, heard = start(Toy())
    ready = heard.wait(state_is("ready"))
    assert [health.state for health in heard.all] == [State.IDENTIFYING, State.READY]
    assert (ready.identity, ready.ok, ready.usable, ready.faults) == ("toy-1", True, True, ())
    assert outcome(device.submit(lambda toy: toy.opened, 1.0)) == 1


def test_an_absent_device_is_absent_until_it_comes_and_tells_it_once(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    toy = Toy()
    turns = threading.Semaphore(0)

    def not_there() -> None:
        turns.release()
        raise DeviceAbsent(GONE)

    toy.on_open = not_there
    device, heard = start(toy)
    absent = heard.wait(state_is("absent"))
    assert absent.faults == (GONE,)
    assert not absent.usable
    for _ in range(3):
        assert turns.acquire(timeout=LIMIT_SECONDS)
    with pytest.raises(DeviceLost, match="gone"):
        outcome(device.submit(nothing, 1.0))
    toy.on_open = lambda: None
    device.nudge()
    heard.wait(state_is("ready"))
    assert [health.state for health in heard.all] == [State.ABSENT, State.READY]
    lines = [record.message for record in caplog.records if record.name == "devices.losses"]
    assert len(lines) == 2
    assert "is lost" in lines[0]
    assert "is back" in lines[1]


def test_a_lost_device_fails_what_waits_and_comes_back(start: Start) -> None:
    toy = Toy()
    device, heard = start(toy)
    heard.wait(state_is("ready"))
    entered, go_on = threading.Event(), threading.Event()

    def lose(_: Toy) -> str:
        entered.set()
        go_on.wait(LIMIT_SECONDS)
        raise DeviceLost(GONE)

    first = device.submit(lose, LIMIT_SECONDS)
    assert entered.wait(LIMIT_SECONDS)
    waiting = [device.submit(lambda _: "never", LIMIT_SECONDS) for _ in range(3)]
    go_on.set()
    for future in [first, *waiting]:
        with pytest.raises(DeviceLost, match="gone"):
            outcome(future)
    states = [State.IDENTIFYING, State.READY, State.FAULTY, State.BACKING_OFF, State.READY]
    heard.wait(state_is("ready"), after=3)
    assert [health.state for health in heard.all] == states
    assert [health.sequence for health in heard.all] == [1, 2, 3, 4, 5]
    assert (toy.opened, outcome(device.submit(lambda _: "again", 1.0))) == (2, "again")


def test_a_refusal_is_an_answer_and_is_looked_into_at_once(start: Start) -> None:
    toy = Toy()
    device, heard = start(toy)
    heard.wait(state_is("ready"))
    toy.on_heartbeat = lambda: Status(False, (EMPTY,))

    def refuse(_: Toy) -> None:
        raise DeviceRefused(EMPTY)

    with pytest.raises(DeviceRefused, match="empty"):
        outcome(device.submit(refuse, 1.0))
    sick = heard.wait(lambda health: health.ok is False)
    assert (sick.state, sick.faults, sick.usable) == (State.READY, (EMPTY,), False)
    assert toy.opened == 1


def test_unknown_is_not_healthy_but_usable(start: Start) -> None:
    toy = Toy()
    toy.on_heartbeat = lambda: Status(None)
    _, heard = start(toy)
    ready = heard.wait(state_is("ready"))
    assert (ready.ok, ready.usable) == (None, True)


def test_a_heartbeat_that_fails_loses_the_device(start: Start) -> None:
    toy = Toy()
    device, heard = start(toy, heartbeat_seconds=0.01)
    heard.wait(state_is("ready"))

    def silent() -> Status:
        toy.on_heartbeat = lambda: Status(True)
        raise DeviceLost(GONE)

    toy.on_heartbeat = silent
    heard.wait(state_is("faulty"))
    heard.wait(state_is("ready"), after=3)
    assert device.health.usable


def test_a_health_that_stays_the_same_is_told_once(start: Start) -> None:
    toy = Toy()
    beats = threading.Semaphore(0)

    def beat() -> Status:
        beats.release()
        return Status(True, details={"reads": str(toy.beats)})

    toy.on_heartbeat = beat
    _, heard = start(toy, heartbeat_seconds=0.001)
    for _ in range(10):
        assert beats.acquire(timeout=LIMIT_SECONDS)
    assert [health.state for health in heard.all] == [State.IDENTIFYING, State.READY]


def test_another_unit_in_the_same_place_is_noticed(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    toy = Toy()
    device, heard = start(toy)
    heard.wait(state_is("ready"))
    toy.on_identify = lambda: "toy-2"

    def lose(_: Toy) -> None:
        raise DeviceLost(GONE)

    with pytest.raises(DeviceLost):
        outcome(device.submit(lose, 1.0))
    back = heard.wait(lambda health: health.identity == "toy-2")
    assert back.replaced == "toy-1"
    assert [fault.code for fault in back.faults] == ["replaced"], "an alarm for the technician"
    assert back.usable
    assert "was replaced: toy-2, before toy-1" in caplog.text


def test_commands_run_in_order_one_at_a_time(start: Start) -> None:
    device, heard = start(Toy())
    heard.wait(state_is("ready"))
    order: list[int] = []
    futures = [device.submit(lambda _, n=n: order.append(n), LIMIT_SECONDS) for n in range(20)]  # type: ignore[misc]
    for future in futures:
        outcome(future)
    assert order == list(range(20))


def test_a_cancelled_command_is_never_begun(start: Start) -> None:
    device, heard = start(Toy())
    heard.wait(state_is("ready"))
    entered, go_on = threading.Event(), threading.Event()

    def wait(_: Toy) -> None:
        entered.set()
        go_on.wait(LIMIT_SECONDS)

    slow = device.submit(wait, LIMIT_SECONDS)
    begun: list[str] = []
    unwanted = device.submit(lambda _: begun.append("begun"), LIMIT_SECONDS)
    assert entered.wait(LIMIT_SECONDS)
    assert unwanted.cancel()
    assert not slow.cancel()
    go_on.set()
    outcome(slow)
    outcome(device.submit(nothing, LIMIT_SECONDS))
    assert begun == []
    with pytest.raises(CancelledError):
        outcome(unwanted)


def test_a_command_whose_time_ran_out_in_the_queue_is_refused(start: Start) -> None:
    device, heard = start(Toy())
    heard.wait(state_is("ready"))
    entered, go_on = threading.Event(), threading.Event()

    def wait(_: Toy) -> None:
        entered.set()
        go_on.wait(LIMIT_SECONDS)

    slow = device.submit(wait, LIMIT_SECONDS)
    assert entered.wait(LIMIT_SECONDS)
    late = device.submit(lambda _: "too late", 0.0)
    go_on.set()
    with pytest.raises(DeviceRefused, match="busy"):
        outcome(late)
    outcome(slow)
    assert device.health.usable


def test_a_command_that_hangs_is_reported_while_it_hangs(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.watchdog.GRACE_SECONDS", 0.01)
    toy = Toy()
    device, heard = start(toy)
    heard.wait(state_is("ready"))
    go_on = threading.Event()
    future: Future[bool] = device.submit(lambda _: go_on.wait(LIMIT_SECONDS), 0.02)
    with pytest.raises(DeviceLost, match="hung"):
        outcome(future)
    hung = heard.wait(state_is("faulty"))
    assert [fault.code for fault in hung.faults] == ["hung"]
    with pytest.raises(DeviceLost, match="hung"):
        outcome(device.submit(nothing, 1.0))
    go_on.set()
    heard.wait(state_is("ready"), after=3)
    assert toy.opened == 2


def test_a_bug_in_a_command_ends_as_a_device_error_and_reopens(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    device, heard = start(Toy())
    heard.wait(state_is("ready"))

    def wrong(_: Toy) -> None:
        raise KeyError("a bug")

    with pytest.raises(DeviceLost, match="internal"):
        outcome(device.submit(wrong, 1.0))
    heard.wait(state_is("ready"), after=3)
    assert "fault in its driver while working: KeyError" in caplog.text


def test_a_listener_that_raises_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def listener(_: Health) -> None:
        raise RuntimeError("a page's bug")

    device = Supervised("toy", Toy(), listener)
    device.start()
    assert outcome(device.submit(lambda _: 7, LIMIT_SECONDS)) == 7
    device.stop()
    assert "listener of device toy failed: RuntimeError" in caplog.text


def test_stop_ends_what_waits_and_closes(start: Start) -> None:
    toy = Toy()
    device, heard = start(toy)
    heard.wait(state_is("ready"))
    entered, go_on = threading.Event(), threading.Event()

    def wait(_: Toy) -> None:
        entered.set()
        go_on.wait(LIMIT_SECONDS)

    slow = device.submit(wait, LIMIT_SECONDS)
    assert entered.wait(LIMIT_SECONDS)
    waiting = device.submit(nothing, LIMIT_SECONDS)
    waiting.add_done_callback(lambda _: go_on.set())
    device.stop()
    with pytest.raises(DeviceLost, match="stopped"):
        outcome(waiting)
    outcome(slow)
    assert toy.closed >= 1
    with pytest.raises(DeviceLost):
        outcome(device.submit(nothing, 1.0))


# ---------------------------------------------------------------- watches


def test_a_watch_asks_until_stopped_and_tells_only_values(start: Start) -> None:
    device, heard = start(Toy())
    heard.wait(state_is("ready"))
    answers = iter([None, 1, None, 2, *[None] * 10_000])
    found: Heard[int] = Heard()
    watch = device.watch(lambda _: next(answers), found, every_seconds=0.0)
    found.wait(lambda value: value == 2)
    watch.stop()
    assert found.all == [1, 2]
    assert not watch.running


def test_an_answer_that_comes_after_stop_is_dropped(start: Start) -> None:
    device, heard = start(Toy())
    heard.wait(state_is("ready"))
    entered, go_on = threading.Event(), threading.Event()

    def slow(_: Toy) -> str:
        entered.set()
        go_on.wait(LIMIT_SECONDS)
        return "a person's card"

    found: Heard[str] = Heard()
    watch = device.watch(slow, found)
    assert entered.wait(LIMIT_SECONDS)
    watch.stop()
    go_on.set()
    outcome(device.submit(nothing, LIMIT_SECONDS))
    assert found.all == []


def test_a_refusal_is_told_and_the_watch_goes_on(start: Start) -> None:
    device, heard = start(Toy())
    heard.wait(state_is("ready"))
    turns = iter([True, False])

    def ask(_: Toy) -> str | None:
        if next(turns, False):
            raise DeviceRefused(EMPTY)
        return "well"

    found: Heard[str] = Heard()
    refused: Heard[Fault] = Heard()
    device.watch(ask, found, refused=refused, every_seconds=0.0)
    assert refused.wait() is EMPTY
    assert found.wait() == "well"


def test_a_watch_outlives_a_pulled_plug_and_a_listener_that_raises(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    device, heard = start(Toy())
    turns: Iterator[int | DeviceLost] = iter([1, DeviceLost(GONE), 2])

    def ask(_: Toy) -> int | None:
        turn = next(turns, None)
        if isinstance(turn, DeviceLost):
            raise turn
        return turn

    seen: Heard[int] = Heard()

    def found(value: int) -> None:
        seen(value)
        raise RuntimeError("a page's bug")

    device.watch(ask, found, every_seconds=0.0)
    seen.wait(lambda value: value == 2)
    states = [health.state for health in heard.all]
    assert states[2:4] == [State.FAULTY, State.BACKING_OFF]
    assert "who watches device toy failed: RuntimeError" in caplog.text


# ---------------------------------------------------------------- with a real driver


def test_a_reader_is_unplugged_and_replugged_under_a_page_that_waits_for_a_card(tmp_path: Path) -> None:
    simulator = SdtReaderSimulator("reader-1", tmp_path / "reader-1", baud=921600, module_seconds=0.0)
    simulator.start()
    heard: Heard[Health] = Heard()
    cards: Heard[IdCard] = Heard()
    device = Supervised("reader", SdtReader(SerialLink(simulator.address)), heard, first_pause_seconds=0.02)
    device.start()
    device.watch(lambda reader: reader.read() if reader.find() else None, cards, every_seconds=0.01)
    assert heard.wait(state_is("ready")).identity == SAM_ID
    simulator.lay("zhang")
    assert cards.wait().name == "张秀兰"
    simulator.set_fault("unplugged", True)
    assert heard.wait(state_is("absent")).faults[0].code == "port_missing"
    told = len(heard.all)
    simulator.set_fault("unplugged", False)
    heard.wait(state_is("ready"), after=told)
    simulator.lay("wang")
    assert cards.wait(after=1).name == "王𠮷"
    told = len(heard.all)
    simulator.set_fault("replaced", True)
    assert heard.wait(lambda health: bool(health.replaced), after=told).identity == OTHER_SAM_ID
    device.stop()
    simulator.stop()


def test_plugging_in_is_noticed_without_waiting_for_the_back_off(tmp_path: Path) -> None:
    simulator = SdtReaderSimulator("reader-1", tmp_path / "reader-1", baud=921600, module_seconds=0.0)
    heard: Heard[Health] = Heard()
    driver = SdtReader(SerialLink(simulator.address))
    device = Supervised("reader", driver, heard, heartbeat_seconds=0.05, first_pause_seconds=3600.0)
    device.start()
    heard.wait(state_is("absent"))
    simulator.start()
    heard.wait(state_is("ready"))
    for _ in range(2):
        told = len(heard.all)
        simulator.set_fault("unplugged", True)
        heard.wait(state_is("backing_off"), after=told)
        simulator.set_fault("unplugged", False)
        heard.wait(state_is("ready"), after=told)
    device.stop()
    simulator.stop()
