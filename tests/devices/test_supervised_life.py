"""Commands with one end, counters that outlive the program, media events, hot-plug, what is told unasked."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Mapping
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from devices.capabilities import Media
from devices.commands import Completion
from devices.counters import CounterBook
from devices.faults import Cause, DeviceLost, DeviceMisconfigured, DeviceRefused, Fault, Owner
from devices.health import Condition, Health, condition
from devices.hotplug import HotPlug, Plugged
from devices.media import MediaChange, MediaEvent, MediaWatcher
from devices.ports import Kind, State, Status
from devices.registry import build
from devices.simulators.sdt_reader import SdtReaderSimulator
from devices.supervisor import Supervised
from tests.devices.support import LIMIT_SECONDS, Heard, Toy, outcome, state_is

OPEN = Fault("cover_open", "上盖打开", "盖好", Owner.STAFF, Cause.PERSON)
OUT = Fault("paper_out", "缺纸", "装纸", Owner.STAFF)
GONE = Fault("gone", "没有了", "插上", Owner.TECHNICIAN)


def fails(error: Exception) -> None:
    raise error


# ---------------------------------------------------------------- one completion for each command


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (DeviceRefused(OPEN), Completion.USER_ERROR),
        (DeviceRefused(OUT), Completion.REFUSED),
        (DeviceLost(GONE), Completion.HARDWARE_ERROR),
        (DeviceMisconfigured(GONE), Completion.MISCONFIGURED),
        (KeyError("a bug"), Completion.SOFTWARE_ERROR),
    ],
)
def test_how_a_command_ends_is_one_word(error: Exception, word: Completion) -> None:
    device = Supervised("toy", Toy(), first_pause_seconds=0.01)
    device.start()
    command = device.submit(lambda _: fails(error), LIMIT_SECONDS)
    with pytest.raises(Exception):  # noqa: B017 - which one is not the point
        outcome(command)
    assert command.completion is word
    device.stop()
    assert device.counters[f"commands.{word.value}"] == 1


def test_commands_have_numbers_and_can_be_cancelled_or_come_too_late() -> None:
    device = Supervised("toy", Toy())
    device.start()
    entered, go_on = threading.Event(), threading.Event()

    def wait(_: Toy) -> None:
        entered.set()
        go_on.wait(LIMIT_SECONDS)

    slow = device.submit(wait, LIMIT_SECONDS)
    assert entered.wait(LIMIT_SECONDS)
    late = device.submit(lambda _: 1, 0.0)
    unwanted = device.submit(lambda _: 1, LIMIT_SECONDS)
    assert unwanted.cancel()
    assert slow.completion is None
    go_on.set()
    outcome(slow)
    with pytest.raises(DeviceRefused):
        outcome(late)
    with pytest.raises(CancelledError):
        outcome(unwanted)
    assert [command.id for command in (slow, late, unwanted)] == ["toy#1", "toy#2", "toy#3"]
    words = [command.completion for command in (slow, late, unwanted)]
    assert words == [Completion.SUCCESS, Completion.TIMED_OUT, Completion.CANCELLED]
    device.stop()
    after = device.submit(lambda _: 1, LIMIT_SECONDS)
    assert after.completion is Completion.NOT_READY


# ---------------------------------------------------------------- counters


class CountingToy(Toy):
    """Counts what it is asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.cuts = 0

    def counts(self) -> Mapping[str, int]:
        return {"cuts": self.cuts}

    def resume(self, counts: Mapping[str, int]) -> None:
        self.cuts = counts.get("cuts", 0)


def cut(toy: CountingToy) -> None:
    toy.cuts += 1


def test_counters_go_on_after_the_program_ended(tmp_path: Path) -> None:
    for run in (1, 2):
        device = Supervised("printer", CountingToy(), book=CounterBook("printer", tmp_path))
        device.start()
        for _ in range(3):
            outcome(device.submit(cut, LIMIT_SECONDS))
        with pytest.raises(DeviceRefused):
            outcome(device.submit(lambda _: fails(DeviceRefused(OUT)), LIMIT_SECONDS))
        device.stop()
        assert device.counters["cuts"] == 3 * run
        assert device.counters["commands.success"] == 3 * run
        assert device.counters["faults.paper_out"] == run
    assert json.loads((tmp_path / "printer.json").read_text())["cuts"] == 6


def test_a_spoilt_counter_file_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "printer.json").write_text("{half")
    device = Supervised("printer", CountingToy(), book=CounterBook("printer", tmp_path))
    device.start()
    outcome(device.submit(cut, LIMIT_SECONDS))
    device.stop()
    assert json.loads((tmp_path / "printer.json").read_text())["cuts"] == 1
    assert "begun anew" in caplog.text


# ---------------------------------------------------------------- media


def test_what_happens_to_a_card_is_told_once_each() -> None:
    watcher = MediaWatcher(left_seconds=10.0)
    looks = [
        (Media.NONE, 0.0, None),
        (Media.PRESENT, 1.0, MediaChange.PRESENT),
        (Media.PRESENT, 5.0, None),
        (Media.UNKNOWN, 8.0, None),
        (Media.PRESENT, 11.0, MediaChange.LEFT),
        (Media.PRESENT, 30.0, None),
        (Media.NONE, 31.0, MediaChange.TAKEN),
        (Media.NONE, 32.0, None),
        (Media.PRESENT, 33.0, MediaChange.PRESENT),
    ]
    assert [watcher.look(media, now) for media, now, _ in looks] == [told for _, _, told in looks]


def test_a_card_left_behind_and_taken_on_a_real_reader(tmp_path: Path) -> None:
    simulator = SdtReaderSimulator("reader-1", tmp_path / "reader-1", module_seconds=0.0)
    simulator.start()
    heard: Heard[Health] = Heard()
    events: Heard[MediaEvent] = Heard()
    device = Supervised("reader", build("sdt", {"port": simulator.address}), heard)
    device.start()
    try:
        heard.wait(state_is("ready"))
        device.watch_media(events, left_seconds=0.02, every_seconds=0.01)
        simulator.lay("zhang")
        outcome(device.submit(lambda reader: (reader.find(), reader.read())[0], LIMIT_SECONDS))  # type: ignore[attr-defined]
        events.wait(lambda event: event.change is MediaChange.LEFT)
        simulator.remove()
        events.wait(lambda event: event.change is MediaChange.TAKEN)
    finally:
        device.stop()
        simulator.stop()
    assert [event.change for event in events.all] == list(MediaChange)
    numbers = [event.sequence for event in events.all]
    assert numbers == sorted(set(numbers))
    assert numbers[0] > heard.all[-1].sequence, "one row of numbers with the device's health"


# ---------------------------------------------------------------- told unasked


class TellingToy(Toy):
    """Says by itself that its cover is open."""

    def __init__(self) -> None:
        super().__init__()
        self.news: Status | None = None

    def told(self) -> Status | None:
        news, self.news = self.news, None
        return news


def test_what_a_device_says_by_itself_is_known_before_the_next_heartbeat() -> None:
    toy = TellingToy()
    heard: Heard[Health] = Heard()
    device = Supervised("toy", toy, heard, heartbeat_seconds=3600.0)
    device.start()
    heard.wait(state_is("ready"))
    toy.news = Status(False, (OPEN,))
    blocked = heard.wait(lambda health: health.ok is False)
    assert condition(blocked) is Condition.USER_ERROR
    device.stop()


# ---------------------------------------------------------------- one word for a device


@pytest.mark.parametrize(
    ("state", "ok", "faults", "word"),
    [
        (State.READY, True, (), Condition.OK),
        (State.READY, None, (), Condition.UNKNOWN),
        (State.READY, True, (OUT,), Condition.WARNING),
        (State.READY, False, (OUT,), Condition.FAULT),
        (State.READY, False, (OPEN,), Condition.USER_ERROR),
        (State.OPENING, None, (), Condition.STARTING),
        (State.ABSENT, False, (GONE,), Condition.OFFLINE),
        (State.BACKING_OFF, False, (GONE,), Condition.FAULT),
    ],
)
def test_conditions(state: State, ok: bool | None, faults: tuple[Fault, ...], word: Condition) -> None:
    assert condition(Health("it", Kind.TICKET_PRINTER, state, ok, faults)) is word


def test_a_place_without_a_device_is_no_fault() -> None:
    assert condition(None) is Condition.NO_DEVICE


# ---------------------------------------------------------------- hot-plug


def uevent() -> Path:
    """A tty's switch for made-up kernel events."""
    for path in sorted(Path("/sys/class/tty").glob("tty*/uevent")):
        if os.access(path, os.W_OK):
            return path
    pytest.skip("needs root and a tty in sysfs to make the kernel say add and remove")


class Noted:
    """A device that remembers its nudges."""

    def __init__(self) -> None:
        self.nudges = 0

    def nudge(self) -> None:
        self.nudges += 1


def test_the_kernels_word_reaches_every_device() -> None:
    switch, told, devices = uevent(), Heard[Plugged](), [Noted(), Noted()]
    hot_plug = HotPlug(devices, told)
    assert hot_plug.start()
    try:
        for action in ("remove", "add"):
            switch.write_text(action)
            word = told.wait(lambda plugged, action=action: plugged.action == action)  # type: ignore[misc]
            assert (word.subsystem, word.path.rpartition("/")[2]) == ("tty", switch.parent.name)
    finally:
        hot_plug.stop()
    assert all(device.nudges >= 2 for device in devices)


def test_a_hint_ends_a_long_back_off_at_once() -> None:
    switch = uevent()
    toy = Toy()
    toy.on_open = lambda: fails(DeviceLost(GONE))
    heard: Heard[Health] = Heard()
    device = Supervised("toy", toy, heard, first_pause_seconds=3600.0)
    hot_plug = HotPlug([device])
    assert hot_plug.start()
    device.start()
    try:
        heard.wait(state_is("backing_off"))
        toy.on_open = lambda: None
        switch.write_text("add")
        heard.wait(state_is("ready"))
    finally:
        hot_plug.stop()
        device.stop()


def test_without_the_kernels_socket_ports_are_only_looked_at(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no netlink here")

    monkeypatch.setattr("pyudev.Monitor.from_netlink", refuse)
    hot_plug = HotPlug([])
    assert not hot_plug.start()
    hot_plug.stop()
    assert "only looked at" in caplog.text
