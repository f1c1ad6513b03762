"""What every driver and every simulator must keep to; found by their names, none can be left out."""

from __future__ import annotations

import dataclasses
import pkgutil
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pytest

from devices.capabilities import Capabilities, Media
from devices.faults import DeviceError, DeviceLost, Fault
from devices.health import Health
from devices.ports import Counting, HoldsMedia, Kind, Pluggable, State, Status, Telling
from devices.registry import driver_names
from devices.simulators.bench_file import KINDS
from devices.supervisor import Supervised
from devices.technician.telling import COUNTERS
from tests.devices import conformance
from tests.devices.conformance import Stand
from tests.devices.support import LIMIT_SECONDS, Heard, outcome

T = TypeVar("T")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENTRIES = tuple(sorted(module.name for module in pkgutil.iter_modules(conformance.__path__)))


def entry(name: str) -> ModuleType:
    return import_module(f"{conformance.__name__}.{name}")


def ended(run: Callable[[], T]) -> T | DeviceError:
    """The value or the DeviceError of a call that must come back; anything else fails the test."""
    results: list[T | DeviceError | Exception] = []

    def call() -> None:
        try:
            results.append(run())
        except Exception as error:  # noqa: BLE001 - handed to the test's thread
            results.append(error)

    thread = threading.Thread(target=call, name="conformance", daemon=True)
    thread.start()
    thread.join(LIMIT_SECONDS)
    assert results, "the driver did not come back"
    result = results[0]
    if isinstance(result, Exception) and not isinstance(result, DeviceError):
        raise AssertionError("not a DeviceError") from result
    return result


def check_fault(fault: Fault) -> None:
    """Every fault says what, what to do and who; for people, in Chinese."""
    assert re.fullmatch(r"[a-z0-9_]+", fault.code)
    assert CHINESE.search(fault.sentence), fault
    assert CHINESE.search(fault.action), fault


def check_status(status: Status) -> None:
    assert status.ok in (True, False, None)
    for fault in status.faults:
        check_fault(fault)
    if status.ok is False:
        assert status.faults, "not well, and nothing said"


@contextmanager
def standing(request: pytest.FixtureRequest, folder: Path) -> Iterator[Stand]:
    with entry(request.param).stand(folder) as made:
        yield made
        made.driver.close()


@pytest.fixture(params=ENTRIES)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    with standing(request, tmp_path) as made:
        yield made


@pytest.fixture(params=[name for name in ENTRIES if entry(name).SIMULATES])
def simulated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    with standing(request, tmp_path) as made:
        yield made


def unplugging(stand: Stand) -> Callable[[bool], None]:
    assert stand.plug is not None, "what is simulated can be pulled"
    return stand.plug


# ---------------------------------------------------------------- none is left out


def test_every_driver_has_its_entry() -> None:
    assert set(ENTRIES) >= set(driver_names()), "write tests/devices/conformance/<driver>.py"


def test_every_simulator_of_the_bench_is_used_by_an_entry() -> None:
    used = {word for name in ENTRIES for word in entry(name).SIMULATES}
    assert used >= set(KINDS)


# ---------------------------------------------------------------- a driver by itself


def test_it_says_what_it_is_and_can_without_being_opened(stand: Stand) -> None:
    driver = stand.driver
    assert driver.kind in Kind
    before = driver.capabilities
    assert isinstance(before, Capabilities)
    assert dataclasses.fields(before)
    with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
        before.can_status = False  # type: ignore[misc]
    driver.open()
    assert driver.capabilities == before


def test_it_can_be_closed_at_any_time_and_opened_again(stand: Stand) -> None:
    driver = stand.driver
    driver.close()
    driver.close()
    for _ in range(2):
        driver.open()
        driver.identify()
        check_status(driver.heartbeat())
        driver.close()


def test_a_closed_driver_is_lost_not_broken(stand: Stand) -> None:
    for ask in (stand.driver.heartbeat, lambda: stand.work(stand.driver)):
        assert isinstance(ended(ask), DeviceLost)


def test_its_identity_stays_the_same(stand: Stand) -> None:
    driver = stand.driver
    driver.open()
    first = driver.identify()
    assert driver.identify() == first
    if not driver.capabilities.can_identify:
        assert first == ""


def test_its_state_is_known_or_said_to_be_unknown(stand: Stand) -> None:
    driver = stand.driver
    driver.open()
    driver.identify()
    status = driver.heartbeat()
    check_status(status)
    assert status.ok is (True if driver.capabilities.can_status else None)


def test_it_works(stand: Stand) -> None:
    stand.driver.open()
    stand.driver.identify()
    assert not isinstance(ended(lambda: stand.work(stand.driver)), DeviceError)


def test_its_counters_go_on_from_where_they_were(stand: Stand) -> None:
    driver = stand.driver
    if not isinstance(driver, Counting):
        assert not hasattr(driver, "counts"), "the other half of Counting is missing"
        return
    driver.resume(dict.fromkeys(driver.counts(), 1000))
    driver.open()
    driver.identify()
    ended(lambda: stand.work(driver))
    counts = driver.counts()
    assert all(isinstance(value, int) and value >= 1000 for value in counts.values()), counts
    assert any(value > 1000 for value in counts.values()), "an ordinary operation counts"
    assert counts.keys() <= COUNTERS.keys(), "each has its Chinese name for the technician"


def test_what_it_tells_by_itself_is_a_status_and_does_not_wait(stand: Stand) -> None:
    driver = stand.driver
    if not isinstance(driver, Telling):
        assert not hasattr(driver, "told")
        return
    driver.open()
    driver.identify()
    for _ in range(100):
        told = driver.told()
        if told is not None:
            check_status(told)


def test_what_waits_to_be_taken_is_a_word(stand: Stand) -> None:
    driver = stand.driver
    if not isinstance(driver, HoldsMedia):
        assert not getattr(driver.capabilities, "media", False), "its record says that it knows"
        return
    driver.open()
    driver.identify()
    assert driver.media() in Media


# ---------------------------------------------------------------- pulled plugs and other faults


def test_nothing_there_is_said_when_opening(simulated: Stand) -> None:
    plug = unplugging(simulated)
    plug(False)
    result = ended(simulated.driver.open)
    assert isinstance(result, DeviceError)
    check_fault(result.fault)
    plug(True)
    simulated.driver.open()
    simulated.driver.identify()


def test_a_pulled_plug_is_a_loss_and_the_same_driver_comes_back(simulated: Stand) -> None:
    plug, driver = unplugging(simulated), simulated.driver
    driver.open()
    driver.identify()
    plug(False)
    for _ in range(500):
        result = ended(lambda: (driver.heartbeat(), simulated.work(driver)))
        if isinstance(result, DeviceError):
            break
    assert isinstance(result, DeviceLost)
    check_fault(result.fault)
    driver.close()
    plug(True)
    driver.open()
    driver.identify()
    check_status(driver.heartbeat())


def test_its_presence_follows_the_plug(simulated: Stand) -> None:
    plug, driver = unplugging(simulated), simulated.driver
    if not isinstance(driver, Pluggable) or not driver.presence():
        return
    plug(False)
    assert driver.presence() == ""
    plug(True)
    assert driver.presence() != ""


def test_every_fault_ends_in_a_value_or_a_device_error(simulated: Stand) -> None:
    simulator, driver = simulated.simulator, simulated.driver
    assert simulator is not None
    for fault in simulator.faults():
        if fault in simulated.quiet_faults:
            continue
        simulator.set_fault(fault, True)
        for ask in (driver.open, driver.identify, driver.heartbeat, lambda: simulated.work(driver)):
            result = ended(ask)
            if isinstance(result, DeviceError):
                check_fault(result.fault)
                break
        driver.close()
        simulator.set_fault(fault, False)
    assert simulator.state()["faults"] == []


# ---------------------------------------------------------------- under its supervisor


def test_supervised_through_a_pulled_plug(simulated: Stand) -> None:
    plug = unplugging(simulated)
    heard: Heard[Health] = Heard()
    device = Supervised("it", simulated.driver, heard, heartbeat_seconds=0.2, first_pause_seconds=0.02)
    device.start()
    commands: list[Future[object]] = []
    try:
        heard.wait(lambda health: health.state is State.READY)
        commands += [device.submit(simulated.work, LIMIT_SECONDS) for _ in range(3)]
        commands[-1].cancel()
        outcome(commands[0])
        told = len(heard.all)
        plug(False)
        away = heard.wait(lambda health: health.state in (State.ABSENT, State.BACKING_OFF), after=told)
        check_fault(away.faults[0])
        assert not away.usable
        commands.append(device.submit(simulated.work, LIMIT_SECONDS))
        told = len(heard.all)
        plug(True)
        heard.wait(lambda health: health.state is State.READY, after=told)
        commands.append(device.submit(simulated.work, LIMIT_SECONDS))
        outcome(commands[-1])
    finally:
        device.stop()
    for command in commands:
        assert command.done()
        if not command.cancelled():
            assert isinstance(command.exception(), DeviceError | None)
        else:
            with pytest.raises(CancelledError):
                command.result()
    numbers = [health.sequence for health in heard.all]
    assert numbers == sorted(set(numbers)), "each change has a number of its own"


# ---------------------------------------------------------------- a simulator by itself


def test_a_simulator_names_its_faults_and_refuses_others(simulated: Stand) -> None:
    simulator = simulated.simulator
    assert simulator is not None
    assert simulator.kind in set(Kind)
    assert simulator.address
    for word, text in simulator.faults().items():
        assert re.fullmatch(r"[a-z0-9_]+", word)
        assert CHINESE.search(text)
    with pytest.raises(KeyError):
        simulator.set_fault("no such fault", True)
    assert simulator.state()["faults"] == []


def test_a_simulator_stops_twice_and_starts_again(simulated: Stand) -> None:
    simulator = simulated.simulator
    assert simulator is not None
    simulator.stop()
    simulator.stop()
    simulator.start()
    simulated.driver.open()
    simulated.driver.identify()
