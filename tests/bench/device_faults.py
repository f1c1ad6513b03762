"""D1: faults injected into simulated devices under the shipped drivers and supervisors.

``python -m tests.bench.device_faults [--long]``. The simulators run as a program of their own. Each turn
switches a fault on, waits until the device's health shows it, switches it off and waits until the device
is well again and works. Faults that the driver must overcome by itself are checked by working through
them: a card is read, a key pressed once arrives once. Counted: not shown within 5 s, not healed within
5 s, work lost, and anything that a driver or a supervisor let slip.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, cast

from devices.health import Health
from devices.ports import (
    CallBoxBus,
    CallBoxKey,
    Camera,
    DeviceError,
    IdCard,
    IdCardReader,
    KeyPress,
    Proof,
    TicketPrinter,
)
from devices.ports import Line as TicketLine
from devices.registry import build
from devices.simulators.control_client import ask
from devices.supervisor import Supervised

LIMIT_SECONDS = 5.0
BOUNCING_SECONDS = 20.0
"""A near-end sensor bounces, so its driver believes it late: a warning, nobody waits for it."""
ADDRESSES = [1, 2, 3]

READER_SHOWN = ("unplugged", "mute", "unauthorised", "self_test")
READER_OVERCOME = ("noise", "half_frame", "bit_flip", "card_moves")
CALLBOX_SHOWN = ("unplugged", "mute", "missing")
CALLBOX_OVERCOME = ("echo", "wrong_sum", "collision", "late", "bounce")
CAMERA_SHOWN = ("unplugged", "stall", "drop", "half_jpeg", "frozen", "dark")
PRINTER_SHOWN = (
    "paper_out",
    "cover_open",
    "cutter_error",
    "hot_head",
    "offline",
    "unplugged",
    "power_cut_fin",
    "near_end",
)


@dataclass(slots=True)
class Tally:
    """What came of all turns."""

    injected: Counter[str] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)
    shown: list[float] = field(default_factory=list)
    healed: list[float] = field(default_factory=list)


class Mind:
    """One device under supervision; keeps its health where a turn can wait for it."""

    def __init__(self, name: str, driver: str, options: dict[str, Any]) -> None:
        self.name = name
        self._changed = threading.Condition()
        self.device: Supervised[Any] = Supervised(name, build(driver, options), self._hear)

    def _hear(self, _: Health) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait(self, wanted: Callable[[Health], bool], limit: float = LIMIT_SECONDS) -> float | None:
        """Seconds until its health is so; None when it is not in time."""
        start = monotonic()
        with self._changed:
            held = self._changed.wait_for(lambda: wanted(self.device.health), limit)
        return monotonic() - start if held else None


class Campaign:
    """All devices of one bench, and the turns of each."""

    def __init__(self, port: int, links: Path, camera: str) -> None:
        self.port = port
        self.tally = Tally()
        self._lock = threading.Lock()
        self.cards: SimpleQueue[IdCard] = SimpleQueue()
        self.presses: SimpleQueue[KeyPress] = SimpleQueue()
        self._pressed: KeyPress | None = None
        self.reader = Mind("reader-1", "sdt", {"port": str(links / "reader-1")})
        self.callbox = Mind(
            "callbox", "callbox", {"port": str(links / "callbox"), "addresses": ADDRESSES, "baud": 115200}
        )
        self.camera = Mind("camera-1", "camera", {"source": camera, "rest_seconds": 0.0})
        self.printer = Mind("printer-1", "escpos", {"port": str(links / "printer-1"), "baud": 115200})
        self.minds = (self.reader, self.callbox, self.camera, self.printer)

    def run(self, turns: int, seed: int) -> Tally:
        """So many turns, shared out over the devices, which take them at the same time."""
        for mind in self.minds:
            mind.device.start()
        self._watch()
        jobs = (self._reader_turn, self._callbox_turn, self._camera_turn, self._printer_turn)
        threads = [
            threading.Thread(target=self._turns, args=(job, turns // len(jobs), random.Random(seed + index)))
            for index, job in enumerate(jobs)
        ]
        for mind in self.minds:
            if mind.wait(lambda health: health.usable) is None:
                self._note_bad(f"{mind.name} never ready")
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for mind in self.minds:
            mind.device.stop()
        return self.tally

    def _watch(self) -> None:
        reader = cast("Supervised[IdCardReader]", self.reader.device)
        reader.watch(lambda each: each.read() if each.find() else None, self.cards.put, every_seconds=0.1)
        callbox = cast("Supervised[CallBoxBus]", self.callbox.device)
        callbox.watch(lambda each: each.poll(timeout_seconds=0.2), self.presses.put, every_seconds=0.0)

    def _turns(self, turn: Callable[[random.Random], None], count: int, chance: random.Random) -> None:
        for _ in range(count):
            turn(chance)

    # ------------------------------------------------------------ devices

    def _reader_turn(self, chance: random.Random) -> None:
        fault = chance.choice(READER_SHOWN + READER_OVERCOME)
        if fault in READER_SHOWN:
            self._shown_and_healed(self.reader, fault)
        else:
            self._switch(self.reader, fault, True)
        self._tell("/api/remove", {})
        self._tell("/api/lay", {"person": chance.choice(("zhang", "wang", "aynur", "ivanov"))})
        self._expect(self.cards, f"reader {fault}: card not read")
        self._switch(self.reader, fault, False)

    def _callbox_turn(self, chance: random.Random) -> None:
        fault = chance.choice(CALLBOX_SHOWN + CALLBOX_OVERCOME)
        if fault in CALLBOX_SHOWN:
            self._shown_and_healed(self.callbox, fault)
        else:
            self._switch(self.callbox, fault, True)
        others = [KeyPress(box, key) for box in ADDRESSES[:2] for key in CallBoxKey]
        wanted = self._pressed = chance.choice([press for press in others if press != self._pressed])
        self._tell("/api/press", {"address": wanted.address, "key": wanted.key.value})
        if self._expect(self.presses, f"callbox {fault}: press lost") not in (wanted, None):
            self._note_bad(f"callbox {fault}: another press")
        self._switch(self.callbox, fault, False)
        threading.Event().wait(0.35)
        if not self.presses.empty():
            self.presses.get()
            self._note_bad(f"callbox {fault}: press twice")

    def _camera_turn(self, chance: random.Random) -> None:
        fault = chance.choice(CAMERA_SHOWN)
        self._shown_and_healed(self.camera, fault)
        camera = cast("Supervised[Camera]", self.camera.device)
        self._ends(
            camera.submit(lambda each: each.frame().number, LIMIT_SECONDS), f"camera {fault}: no picture"
        )

    def _printer_turn(self, chance: random.Random) -> None:
        fault = chance.choice(PRINTER_SHOWN)
        printer = cast("Supervised[TicketPrinter]", self.printer.device)
        ticket = [TicketLine("A012", 3), TicketLine("故障测试")]
        if fault == "cutter_error":
            self._cutter_turn(printer, ticket)
        else:
            self._shown_and_healed(self.printer, fault, warning=fault == "near_end")
        proof = self._ends(
            printer.submit(lambda each: each.print(ticket), 15.0), f"printer {fault}: no ticket"
        )
        if proof not in (Proof.CONFIRMED, None):
            self._note_bad(f"printer {fault}: {proof}")

    def _cutter_turn(self, printer: Supervised[TicketPrinter], ticket: list[TicketLine]) -> None:
        """A cutter shows itself when it cuts: that ticket is not confirmed, the next one is not held up."""
        self._switch(self.printer, "cutter_error", True)
        start = monotonic()
        proof = self._ends(
            printer.submit(lambda each: each.print(ticket), 15.0), "printer cutter_error: no end"
        )
        in_time = monotonic() - start <= LIMIT_SECONDS and proof is not Proof.CONFIRMED
        self._note(
            monotonic() - start if in_time else None, self.tally.shown, "printer cutter_error: not shown"
        )
        self._switch(self.printer, "cutter_error", False)
        self._ends(printer.submit(lambda each: each.clear(), 15.0), "printer cutter_error: not cleared")

    # ------------------------------------------------------------ steps

    def _shown_and_healed(self, mind: Mind, fault: str, *, warning: bool = False) -> None:
        self._switch(mind, fault, True)
        quiet = warning or fault == "missing"
        shown = mind.wait(lambda health: bool(health.faults) and (quiet or not health.usable))
        self._note(shown, self.tally.shown, f"{mind.name} {fault}: not shown")
        self._switch(mind, fault, False)
        limit = BOUNCING_SECONDS if warning else LIMIT_SECONDS
        healed = mind.wait(lambda health: health.usable and not health.faults, limit)
        self._note(healed, [] if warning else self.tally.healed, f"{mind.name} {fault}: not healed")

    def _switch(self, mind: Mind, fault: str, on: bool) -> None:
        if on:
            with self._lock:
                self.tally.injected[mind.name] += 1
        self._tell("/api/fault", {"device": mind.name, "fault": fault, "on": on})

    def _tell(self, path: str, body: dict[str, object]) -> None:
        ask(self.port, path, body)

    def _expect(self, queue: SimpleQueue[Any], complaint: str) -> object:
        try:
            return queue.get(timeout=LIMIT_SECONDS)
        except Empty:
            self._note_bad(complaint)
            return None

    def _ends(self, future: Future[Any], complaint: str) -> object:
        try:
            return future.result(30.0)
        except DeviceError as error:
            self._note_bad(f"{complaint} ({error.fault.code})")
        except TimeoutError:
            self._note_bad(f"{complaint} (never ended)")
        return None

    def _note(self, seconds: float | None, figures: list[float], complaint: str) -> None:
        if seconds is None:
            self._note_bad(complaint)
            return
        with self._lock:
            figures.append(seconds)

    def _note_bad(self, complaint: str) -> None:
        with self._lock:
            self.tally.bad[complaint] += 1


class Slips(logging.Handler):
    """Counts what drivers and supervisors let slip: tracebacks in the log, threads that died."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.levelno >= logging.ERROR:
            self.seen.append(self.format(record))

    def thread_died(self, arguments: threading.ExceptHookArgs) -> None:
        """For ``threading.excepthook``."""
        self.seen.append(f"thread died: {arguments.exc_value!r}")


@contextmanager
def running_bench() -> Iterator[tuple[int, Path, str]]:
    """The simulators as a program: control port, folder of links, the camera's address."""
    with tempfile.TemporaryDirectory() as folder:
        links = Path(folder) / "dev"
        config = Path(folder) / "bench.toml"
        config.write_text(
            f"[bench]\nlinks = {json.dumps(str(links))}\ncontrol_port = 0\n"
            '[simulators.reader-1]\nsimulator = "sdt_reader"\n'
            f'[simulators.callbox]\nsimulator = "call_box"\nbaud = 115200\naddresses = {ADDRESSES}\n'
            '[simulators.camera-1]\nsimulator = "camera_server"\nport = 0\n'
            '[simulators.printer-1]\nsimulator = "ticket_printer"\nrows_per_second = 0\n'
        )
        command = [sys.executable, "-m", "devices", "simulate", "--config", str(config)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
            try:
                assert program.stderr is not None
                page = next(line for line in program.stderr if "control page" in line)
                port = int(page.split()[-1].rstrip("/").rpartition(":")[2])
                camera = ask(port, "/api/state")["simulators"]["camera-1"]["address"]
                yield port, links, camera
            finally:
                program.terminate()


def run(turns: int, seed: int) -> tuple[Tally, list[str]]:
    """The campaign; its tally, and what slipped."""
    slips = Slips()
    logging.getLogger("devices").addHandler(slips)
    before, threading.excepthook = threading.excepthook, slips.thread_died
    try:
        with running_bench() as (port, links, camera):
            tally = Campaign(port, links, camera).run(turns, seed)
    finally:
        threading.excepthook = before
        logging.getLogger("devices").removeHandler(slips)
    return tally, slips.seen


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="2,000 faults instead of 40")
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args()
    tally, slipped = run(2000 if options.long else 40, options.seed)
    for complaint, count in tally.bad.most_common():
        print(f"  {count} × {complaint}")
    for slip in slipped[:10]:
        print(f"  slipped: {slip}")
    worst = f"shown ≤ {max(tally.shown):.1f} s, healed ≤ {max(tally.healed):.1f} s"
    print(f"{sum(tally.injected.values())} faults ({dict(tally.injected)}): {worst}")
    print(f"D1: {sum(tally.bad.values()) + len(slipped)} failures (bar 0)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
