"""What the fault campaign does with each device: which faults must be shown, which must be overcome."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, ClassVar

from devices.faults import DeviceError
from devices.health import Health
from devices.ports import CallBoxKey, KeyPress
from devices.registry import build
from devices.signals import BarText, Flash, GuideLights, LedColour, Light
from devices.simulators.card_reader import CardReaderSimulator
from devices.simulators.control_client import ask
from devices.simulators.led_bars import LedBarSimulator, Make
from devices.simulators.modbus_units import GuideLightSimulator
from devices.simulators.pcsc_daemon import missing
from devices.simulators.sdt_reader import SdtReaderSimulator
from devices.supervisor import Supervised
from devices.tickets import Line as TicketLine
from devices.tickets import Proof

LIMIT_SECONDS = 5.0
BOUNCING_SECONDS = 20.0
"""A near-end sensor bounces, so its driver believes it late: a warning, nobody waits for it."""
REPEAT_SECONDS = 0.6
"""A key pressed twice would arrive within this: debounce and a round of polls."""
ADDRESSES = [1, 2, 3]


@dataclass(slots=True)
class Tally:
    """What came of all turns."""

    injected: Counter[str] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)
    shown: list[float] = field(default_factory=list)
    healed: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, seconds: float | None, figures: list[float], complaint: str) -> None:
        """A time, or that it was not in time."""
        with self.lock:
            if seconds is None:
                self.bad[complaint] += 1
            else:
                figures.append(seconds)

    def note_bad(self, complaint: str) -> None:
        """Something that must not be."""
        with self.lock:
            self.bad[complaint] += 1


class Turns:
    """One device under supervision and what is done to it; ``switch`` is how its simulator is told."""

    name: str
    shown: tuple[str, ...] = ()
    overcome: tuple[str, ...] = ()

    def __init__(self, tally: Tally, driver: str, options: dict[str, Any]) -> None:
        self.tally = tally
        self._changed = threading.Condition()
        self.device: Supervised[Any] = Supervised(self.name, build(driver, options), self._hear)

    def switch(self, fault: str, on: bool) -> None:
        """Tell the simulator."""
        raise NotImplementedError

    def work(self, fault: str, chance: random.Random) -> None:
        """Do what the device is for, once, after the fault was healed or while it is overcome."""
        raise NotImplementedError

    def watch(self) -> None:
        """Begin what the program does all the time."""

    def start(self) -> None:
        """Supervise."""
        self.device.start()
        self.watch()

    def stop(self) -> None:
        """Let go."""
        self.device.stop()

    def expect_ready(self) -> None:
        """It must come up."""
        if self.wait(lambda health: health.usable, 2 * LIMIT_SECONDS) is None:
            self.tally.note_bad(f"{self.name} never ready")

    def run(self, turns: int, chance: random.Random) -> None:
        """So many faults."""
        for _ in range(turns):
            self.turn(chance.choice(self.shown + self.overcome), chance)

    def turn(self, fault: str, chance: random.Random) -> None:
        """One fault."""
        if fault in self.shown:
            self.shown_and_healed(fault)
            self.work(fault, chance)
        else:
            self.inject(fault)
            self.work(fault, chance)
            self.switch(fault, False)

    def inject(self, fault: str) -> None:
        """Switch it on and count it."""
        with self.tally.lock:
            self.tally.injected[self.name] += 1
        self.switch(fault, True)

    def shown_and_healed(self, fault: str, *, warning: bool = False) -> None:
        """The health must say so in time, and that all is well in time after the cause is gone."""
        self.inject(fault)
        quiet = warning or fault == "missing"
        seen = self.wait(lambda health: bool(health.faults) and (quiet or not health.usable))
        self.tally.note(seen, self.tally.shown, f"{self.name} {fault}: not shown")
        self.switch(fault, False)
        limit = BOUNCING_SECONDS if warning else LIMIT_SECONDS
        well = self.wait(lambda health: health.usable and not health.faults, limit)
        self.tally.note(well, [] if warning else self.tally.healed, f"{self.name} {fault}: not healed")

    def wait(self, wanted: Callable[[Health], bool], limit: float = LIMIT_SECONDS) -> float | None:
        """Seconds until its health is so; None when it is not in time."""
        start = monotonic()
        with self._changed:
            held = self._changed.wait_for(lambda: wanted(self.device.health), limit)
        return monotonic() - start if held else None

    def expect(self, queue: SimpleQueue[Any], complaint: str) -> Any:
        """What must come in time, or None."""
        try:
            return queue.get(timeout=LIMIT_SECONDS)
        except Empty:
            self.tally.note_bad(f"{self.name} {complaint}")
            return None

    def ends(self, future: Future[Any], complaint: str) -> Any:
        """The value of a command that must end well, or None."""
        try:
            return future.result(30.0)
        except DeviceError as error:
            self.tally.note_bad(f"{self.name} {complaint} ({error.fault.code})")
        except TimeoutError:
            self.tally.note_bad(f"{self.name} {complaint} (never ended)")
        return None

    def _hear(self, _: Health) -> None:
        with self._changed:
            self._changed.notify_all()


class OnBench(Turns):
    """A device whose simulator is told over the control page."""

    def __init__(self, tally: Tally, port: int, driver: str, options: dict[str, Any]) -> None:
        super().__init__(tally, driver, options)
        self._port = port

    def tell(self, path: str, body: dict[str, object]) -> None:
        """POST."""
        ask(self._port, path, body)

    def switch(self, fault: str, on: bool) -> None:
        self.tell("/api/fault", {"device": self.name, "fault": fault, "on": on})


# ---------------------------------------------------------------- on the bench


class ReaderTurns(OnBench):
    """The ID card reader on its serial line."""

    name = "reader-1"
    shown = ("unplugged", "mute", "unauthorised", "self_test")
    overcome = ("noise", "half_frame", "bit_flip", "card_moves")

    def __init__(self, tally: Tally, port: int, links: Path, _camera: str) -> None:
        super().__init__(tally, port, "sdt", {"port": str(links / self.name)})
        self.cards: SimpleQueue[Any] = SimpleQueue()

    def watch(self) -> None:
        self.device.watch(lambda r: r.read() if r.find() else None, self.cards.put, every_seconds=0.1)

    def work(self, fault: str, chance: random.Random) -> None:
        self.tell("/api/remove", {"reader": self.name})
        person = chance.choice(("zhang", "wang", "aynur", "ivanov"))
        self.tell("/api/lay", {"person": person, "reader": self.name})
        self.expect(self.cards, f"{fault}: card not read")


class CallBoxTurns(OnBench):
    """A line of call boxes by frames."""

    name = "callbox"
    driver = "callbox"
    shown = ("unplugged", "mute", "missing")
    overcome: tuple[str, ...] = ("echo", "wrong_sum", "collision", "late", "bounce")

    def __init__(self, tally: Tally, port: int, links: Path, _camera: str) -> None:
        options = {"port": str(links / self.name), "addresses": ADDRESSES, "baud": 115200}
        super().__init__(tally, port, self.driver, options)
        self.presses: SimpleQueue[Any] = SimpleQueue()
        self._pressed: KeyPress | None = None

    def watch(self) -> None:
        self.device.watch(lambda line: line.poll(timeout_seconds=0.2), self.presses.put, every_seconds=0.0)

    def work(self, fault: str, chance: random.Random) -> None:
        others = [KeyPress(box, key) for box in ADDRESSES[:2] for key in CallBoxKey]
        wanted = self._pressed = chance.choice([press for press in others if press != self._pressed])
        self.tell("/api/press", {"address": wanted.address, "key": wanted.key.value, "line": self.name})
        if self.expect(self.presses, f"{fault}: press lost") not in (wanted, None):
            self.tally.note_bad(f"{self.name} {fault}: another press")
        try:
            self.presses.get(timeout=REPEAT_SECONDS)
        except Empty:
            return
        self.tally.note_bad(f"{self.name} {fault}: press twice")


class ModbusBoxTurns(CallBoxTurns):
    """A line of call boxes as Modbus units."""

    name = "boxes-m"
    driver = "callbox_modbus"
    overcome: tuple[str, ...] = ("echo", "wrong_sum", "collision", "late", "bounce", "noise")


class CameraTurns(OnBench):
    """The document camera."""

    name = "camera-1"
    shown = ("unplugged", "stall", "drop", "half_jpeg", "frozen", "dark")
    overcome = ("resized",)

    def __init__(self, tally: Tally, port: int, _links: Path, camera: str) -> None:
        super().__init__(tally, port, "camera", {"source": camera})

    def work(self, fault: str, chance: random.Random) -> None:
        taken = self.device.submit(lambda each: each.frame().number, LIMIT_SECONDS)
        self.ends(taken, f"{fault}: no picture")


class PrinterTurns(OnBench):
    """The ticket printer."""

    name = "printer-1"
    shown = (
        *("paper_out", "cover_open", "cutter_error", "hot_head", "offline"),
        *("unplugged", "power_cut_fin", "near_end"),
    )

    def __init__(self, tally: Tally, port: int, links: Path, _camera: str) -> None:
        super().__init__(tally, port, "escpos", {"port": str(links / self.name), "baud": 115200})
        self._ticket = [TicketLine("A012", 3), TicketLine("故障测试")]

    def turn(self, fault: str, chance: random.Random) -> None:
        if fault == "cutter_error":
            self._cutter_turn()
        else:
            self.shown_and_healed(fault, warning=fault == "near_end")
        self.work(fault, chance)

    def work(self, fault: str, chance: random.Random) -> None:
        proof = self.ends(self._print(), f"{fault}: no ticket")
        if proof not in (Proof.CONFIRMED, None):
            self.tally.note_bad(f"{self.name} {fault}: {proof}")

    def _print(self) -> Future[Any]:
        return self.device.submit(lambda each: each.print(self._ticket), 15.0)

    def _cutter_turn(self) -> None:
        """A cutter shows itself when it cuts: that ticket is not confirmed, the next one is not held up."""
        self.inject("cutter_error")
        start = monotonic()
        proof = self.ends(self._print(), "cutter_error: no end")
        in_time = monotonic() - start <= LIMIT_SECONDS and proof is not Proof.CONFIRMED
        seconds = monotonic() - start if in_time else None
        self.tally.note(seconds, self.tally.shown, f"{self.name} cutter_error: not shown")
        self.switch("cutter_error", False)
        cleared = self.device.submit(lambda each: each.clear(), 15.0)
        self.ends(cleared, "cutter_error: not cleared")


class ScannerTurns(OnBench):
    """The serial scanner: a bad code is refused, the next good one comes."""

    name = "scanner-1"
    shown = ("unplugged",)
    overcome = ("partial", "glued", "non_ascii", "over_long", "slow", "noise")

    def __init__(self, tally: Tally, port: int, links: Path, _camera: str) -> None:
        super().__init__(tally, port, "scanner", {"port": str(links / self.name)})
        self.scans: SimpleQueue[Any] = SimpleQueue()
        self._codes = count(1)

    def watch(self) -> None:
        self.device.watch(
            lambda each: each.poll(timeout_seconds=0.2),
            self.scans.put,
            refused=lambda _: self.scans.put(None),
            every_seconds=0.0,
        )

    def turn(self, fault: str, chance: random.Random) -> None:
        if fault in self.shown:
            self.shown_and_healed(fault)
        else:
            self.inject(fault)
            self._scan()
            self._first(fault)
            self.switch(fault, False)
        self.work(fault, chance)

    def work(self, fault: str, chance: random.Random) -> None:
        code = self._scan()
        deadline = monotonic() + LIMIT_SECONDS
        while monotonic() < deadline:
            try:
                found = self.scans.get(timeout=0.2)
            except Empty:
                continue
            if found is not None and found.text == code:
                return
        self.tally.note_bad(f"{self.name} {fault}: code lost")

    def _scan(self) -> str:
        code = f"BANSHI:1:T:20261123:A{next(self._codes):05}"
        self.tell("/api/scan", {"text": code, "scanner": self.name})
        return code

    def _first(self, fault: str) -> None:
        """Something came: the code, or that it was refused."""
        try:
            self.scans.get(timeout=LIMIT_SECONDS)
        except Empty:
            self.tally.note_bad(f"{self.name} {fault}: nothing heard")


# ---------------------------------------------------------------- in this process


class InProcess(Turns):
    """A device whose simulator runs in this process."""

    simulator: Any

    @staticmethod
    def available() -> bool:
        """Can its simulator run on this machine?"""
        return True

    def switch(self, fault: str, on: bool) -> None:
        self.simulator.set_fault(fault, on)

    def stop(self) -> None:
        super().stop()
        self.simulator.stop()


class UsbReaderTurns(InProcess):
    """The ID card reader on USB with split endpoints."""

    name = "reader-usb"
    shown = ReaderTurns.shown
    overcome = ReaderTurns.overcome

    def __init__(self, tally: Tally, folder: Path) -> None:
        self.simulator = SdtReaderSimulator(self.name, folder / self.name, usb="split")
        self.simulator.start()
        super().__init__(tally, "sdt", {"port": self.simulator.address})
        self.cards: SimpleQueue[Any] = SimpleQueue()

    def watch(self) -> None:
        self.device.watch(lambda r: r.read() if r.find() else None, self.cards.put, every_seconds=0.1)

    def work(self, fault: str, chance: random.Random) -> None:
        self.simulator.remove()
        self.simulator.lay(chance.choice(("zhang", "wang", "aynur", "ivanov")))
        self.expect(self.cards, f"{fault}: card not read")


class CardTurns(InProcess):
    """Smart cards through a pcscd of its own."""

    name = "card-1"
    shown = ("unplugged", "service_stopped")
    overcome = ("pulled_mid", "garbage", "upside_down")

    def __init__(self, tally: Tally, folder: Path) -> None:
        self.simulator = CardReaderSimulator(self.name, folder)
        self.simulator.start()
        super().__init__(tally, "pcsc", {"socket": self.simulator.address})
        self.cards: SimpleQueue[Any] = SimpleQueue()

    @staticmethod
    def available() -> bool:
        return not missing()

    def watch(self) -> None:
        self.device.watch(
            lambda r: r.read() if r.find() else None,
            self.cards.put,
            refused=lambda _: None,
            every_seconds=0.1,
        )

    def turn(self, fault: str, chance: random.Random) -> None:
        if fault in self.shown:
            self.shown_and_healed(fault)
        else:
            self.inject(fault)
            self.simulator.lay("ss-zhang")
            self.simulator.remove()
            self.switch(fault, False)
        self.work(fault, chance)

    def work(self, fault: str, chance: random.Random) -> None:
        while not self.cards.empty():
            self.cards.get()
        self.simulator.remove()
        threading.Event().wait(0.4)
        self.simulator.lay("ss-zhang")
        self.expect(self.cards, f"{fault}: card not read")


class BarTurns(InProcess):
    """LED bars that tell what they show."""

    name = "bars"
    make: Make = "lcd21"
    driver = "ledbar"
    shown = ("unplugged", "mute", "missing")
    overcome: tuple[str, ...] = ("echo", "wrong_sum", "collision", "late", "forgets", "blank")

    def __init__(self, tally: Tally, folder: Path) -> None:
        self.simulator = LedBarSimulator(
            self.name, folder / self.name, (1, 2, 3), make=self.make, baud=115200
        )
        self.simulator.start()
        options: dict[str, Any] = {"port": self.simulator.address, "addresses": ADDRESSES, "baud": 115200}
        if self.driver == "ledbar":
            options["make"] = self.make
        super().__init__(tally, self.driver, options)
        self._numbers = count(1)

    def turn(self, fault: str, chance: random.Random) -> None:
        if fault != "blank":
            super().turn(fault, chance)
            return
        self.work(fault, chance)
        text, _ = self.simulator.shown(1)
        self.inject(fault)
        self.switch(fault, False)
        if not self.simulator.wait_for(1, text, LIMIT_SECONDS):
            self.tally.note_bad(f"{self.name} blank: text did not come back")

    def work(self, fault: str, chance: random.Random) -> None:
        text = f"A{next(self._numbers) % 1000:03}请到1号窗口"
        content = BarText(text, chance.choice(list(LedColour)))
        self.ends(self.device.submit(lambda bars: bars.show(1, content), LIMIT_SECONDS), f"{fault}: no text")
        if not self.simulator.wait_for(1, text, LIMIT_SECONDS):
            self.tally.note_bad(f"{self.name} {fault}: text not shown")


class OnbonTurns(BarTurns):
    """LED bars with Onbon cards."""

    name = "bars-onbon"
    make = "onbon"
    driver = "ledbar_onbon"
    overcome = ("echo", "wrong_sum", "collision", "late")


class LightTurns(InProcess):
    """Guide lights on coils."""

    name = "lights"
    shown = ("unplugged", "mute", "refuses")
    overcome = ("echo", "wrong_sum", "collision", "late", "noise", "dark")
    positions: ClassVar = {"card": {LedColour.GREEN: 0}, "paper": {LedColour.GREEN: 1, LedColour.RED: 2}}

    def __init__(self, tally: Tally, folder: Path) -> None:
        self.simulator = GuideLightSimulator(self.name, folder / self.name, self.positions, baud=115200)
        self.simulator.start()
        options = {"port": self.simulator.address, "positions": self.positions, "baud": 115200}
        super().__init__(tally, "guide_lights", options)

    def work(self, fault: str, chance: random.Random) -> None:
        for colour in (LedColour.RED, LedColour.GREEN):
            light = Light(Flash.STEADY, colour)
            lit = self.device.submit(partial(_light, light=light), LIMIT_SECONDS)
            self.ends(lit, f"{fault}: no light")
            if fault == "dark":
                self.simulator.set_fault("dark", True)
            if not self.simulator.wait_for("paper", colour, LIMIT_SECONDS):
                self.tally.note_bad(f"{self.name} {fault}: not lit")


def _light(lights: GuideLights, light: Light) -> None:
    lights.light("paper", light)


ON_THE_BENCH: tuple[type[Any], ...] = (
    ReaderTurns,
    CallBoxTurns,
    ModbusBoxTurns,
    CameraTurns,
    PrinterTurns,
    ScannerTurns,
)
IN_PROCESS: tuple[type[Any], ...] = (UsbReaderTurns, BarTurns, OnbonTurns, LightTurns, CardTurns)


def bench_toml(links: Path) -> str:
    """BENCH.toml for the devices on the bench."""
    return (
        f"[bench]\nlinks = {json.dumps(str(links))}\ncontrol_port = 0\n"
        '[simulators.reader-1]\nsimulator = "sdt_reader"\n'
        f'[simulators.callbox]\nsimulator = "call_box"\nbaud = 115200\naddresses = {ADDRESSES}\n'
        f'[simulators.boxes-m]\nsimulator = "call_box"\nbaud = 115200\naddresses = {ADDRESSES}\n'
        "modbus = true\n"
        '[simulators.camera-1]\nsimulator = "camera_server"\nport = 0\n'
        '[simulators.scanner-1]\nsimulator = "scanner"\n'
        '[simulators.printer-1]\nsimulator = "ticket_printer"\nrows_per_second = 0\n'
    )
