"""What a bad device or a bad driver may put into the log, and who waits behind a slow command."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from itertools import count
from time import monotonic
from typing import NoReturn

import pytest

from devices.commands import Completion
from devices.faults import DeviceAbsent, DeviceLost, DeviceRefused, Fault, Owner
from devices.health import Health
from devices.ports import Status
from devices.supervisor import Supervised
from tests.devices.support import LIMIT_SECONDS, Heard, Toy, outcome, state_is
from tests.devices.waiting import until

GONE = Fault("gone", "没有了", "插上", Owner.TECHNICIAN)
CANARY = "110101199001011234"


class Station:
    """A toy under its supervisor, with the shortest pauses."""

    def __init__(self) -> None:
        self.toy = Toy()
        self.heard: Heard[Health] = Heard()
        self.device = Supervised(
            "toy", self.toy, self.heard, heartbeat_seconds=0.02, first_pause_seconds=0.01
        )


@pytest.fixture
def station(caplog: pytest.LogCaptureFixture) -> Iterator[Station]:
    caplog.set_level(logging.DEBUG)
    made = Station()
    yield made
    made.device.stop()


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [caplog.handler.format(record) for record in caplog.records]


def slip(*_: object) -> NoReturn:
    raise ValueError(f"invalid literal for int(): {CANARY}")


def test_a_slip_of_a_driver_is_told_once_however_often_it_is_tried(
    station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    station.toy.on_heartbeat = slip
    station.device.start()
    until(lambda: station.toy.opened > 5)
    lines = told(caplog)
    assert len(lines) == 2, lines
    assert "ValueError" in lines[0]
    assert "test_losses.py" in lines[0], "where it happened"
    assert "is lost: internal" in lines[1]


def test_what_an_error_says_stays_out_of_the_log(station: Station, caplog: pytest.LogCaptureFixture) -> None:
    """A driver, a page's callback and a listener that quote the card in their errors."""

    def wrapped(_: object) -> NoReturn:
        try:
            slip()
        except ValueError as error:
            raise RuntimeError(CANARY) from error

    listener = Supervised("listened", Toy(), wrapped)
    station.device.start()
    station.device.watch(lambda _: 1, wrapped, every_seconds=0.01)
    until(lambda: any("who watches device toy failed: RuntimeError" in line for line in told(caplog)))
    with pytest.raises(DeviceLost):
        outcome(station.device.submit(wrapped, 1.0))
    listener.start()
    until(lambda: any("listener of device listened failed" in line for line in told(caplog)))
    listener.stop()
    assert any("ValueError" in line for line in told(caplog)), "causes are told too"
    assert not [line for line in told(caplog) if CANARY in line]


def test_a_device_that_comes_and_goes_does_not_fill_the_log(
    station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    beats = count()
    cured = threading.Event()

    def flaps() -> Status:
        if next(beats) % 2 and not cured.is_set():
            raise DeviceLost(GONE)
        return Status(True)

    station.toy.on_heartbeat = flaps
    station.device.start()
    until(lambda: station.toy.opened > 8)
    words = ("is lost: gone", "is back after", "is lost again at once: gone")
    assert len(told(caplog)) == 3, "then silence"
    assert all(word in line for word, line in zip(words, told(caplog), strict=True))
    cured.set()
    until(lambda: "holds again after" in told(caplog)[-1])
    assert len(told(caplog)) == 4
    assert station.device.counters["supervisor.losses"] > 7, "counted all the same"


def test_a_command_behind_a_slow_one_ends_at_its_own_deadline(station: Station) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(_: Toy) -> str:
        entered.set()
        go_on.wait(LIMIT_SECONDS)
        return "done"

    station.device.start()
    station.heard.wait(state_is("ready"))
    first = station.device.submit(slow, LIMIT_SECONDS)
    assert entered.wait(LIMIT_SECONDS)
    second = station.device.submit(lambda _: "never", 0.1)
    with pytest.raises(DeviceRefused, match="busy"):
        outcome(second)
    assert not first.done(), "it did not wait for the slow one"
    assert second.completion is Completion.TIMED_OUT
    go_on.set()
    assert outcome(first) == "done"


def test_a_storm_of_hints_does_not_make_it_hammer() -> None:
    """A hub that comes and goes tells hundreds of times a second; one look in a tenth is enough."""
    toy = Toy()
    device = Supervised("toy", toy, first_pause_seconds=3600.0)

    def gone() -> NoReturn:
        device.nudge()
        raise DeviceAbsent(GONE)

    toy.on_open = gone
    begun = monotonic()
    device.start()
    until(lambda: toy.opened >= 8)
    assert toy.opened <= 1 + (monotonic() - begun) / 0.1
    device.stop()
