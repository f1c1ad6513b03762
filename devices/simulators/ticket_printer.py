"""An ESC/POS ticket printer outside the program: PTY or TCP in, tickets as pictures out, faults on demand.

Real-time commands are obeyed when they arrive, all else goes through a receive buffer to an interpreter
that stops when there is no paper: a held job comes out once paper is loaded, as from a real one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic

from PIL import Image

from devices.simulators.escpos_machine import Machine
from devices.simulators.printer_lines import PrinterLine, PtyPrinterLine, TcpPrinterLine, UsbPrinterLine
from devices.simulators.printer_model import (
    FAULTS,
    GONE,
    POWERLESS,
    STOPPING,
    PrinterMake,
    Query,
    RealTime,
    Recover,
    automatic_status,
    real_time_status,
)
from devices.simulators.thermal_paper import HEAD_TO_CUTTER_ROWS, PrintedTicket, Strip

KEPT_TICKETS = 20


class _Cleared(Exception):
    """The buffer was thrown away: by DLE ENQ 2, by loss of power or by ``stop``."""


class TicketPrinterSimulator:
    """One printer on a PTY or, with ``usb``, on USB (``link``), or on a TCP port of loopback (0 = any)."""

    kind = "ticket_printer"

    def __init__(
        self,
        name: str,
        *,
        link: Path | None = None,
        tcp_port: int | None = None,
        baud: int = 115200,
        make: PrinterMake | None = None,
        keep_in: Path | None = None,
        usb: bool = False,
    ) -> None:
        if (link is None) == (tcp_port is None):
            raise ValueError("a simulated printer has either a PTY link or a TCP port")
        self.name = name
        self.dots = (make or PrinterMake()).dots
        self._make = make or PrinterMake()
        self._keep_in = keep_in
        self._line: PrinterLine = (
            TcpPrinterLine(tcp_port or 0, self._receive)
            if link is None
            else UsbPrinterLine(link, self._receive)
            if usb
            else PtyPrinterLine(link, self._receive, baud=baud)
        )
        self._changed = threading.Condition()
        self._faults: set[str] = set()
        self._jammed = False
        self._buffer = bytearray()
        self._generation = 0
        self._stopped = True
        self._real_time = RealTime(queries=4 + self._make.presenter)
        self._automatic = 0
        self._last_automatic = b""
        self._left_rows = self._make.roll_rows
        self._tickets: deque[PrintedTicket] = deque(maxlen=KEPT_TICKETS)
        self._printed = 0
        self._strip = Strip(self.dots, top_rows=HEAD_TO_CUTTER_ROWS)
        self._machine = Machine(self, rom=self._make.rom, model=self._make.model)
        self._engine: threading.Thread | None = None
        self.received_bytes = 0
        self.last_byte_at = 0.0

    # ------------------------------------------------------------ Simulator

    @property
    def address(self) -> str:
        """What a driver's ``port`` is: the PTY's link or ``tcp://127.0.0.1:port`` (known after start)."""
        return self._line.address

    def start(self) -> None:
        """Power on."""
        with self._changed:
            if not self._stopped:
                return
            self._stopped = False
        self._engine = threading.Thread(target=self._run_engine, name=f"sim {self.name} engine", daemon=True)
        self._engine.start()
        self._line.connect()

    def stop(self) -> None:
        """Power off and away."""
        with self._changed:
            self._stopped = True
            self._drop_buffer()
        self._line.disconnect()
        if self._engine is not None:
            self._engine.join()
            self._engine = None

    def faults(self) -> Mapping[str, str]:
        """Every fault it can have."""
        return FAULTS

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault; ``paper_out`` off means that a new roll was loaded."""
        if fault not in FAULTS:
            raise KeyError(fault)
        with self._changed:
            before = set(self._faults)
            (self._faults.add if on else self._faults.discard)(fault)
            self._after_change(fault, on=on)
            gone_before, gone = bool(before & GONE), bool(self._faults & GONE)
            self._changed.notify_all()
        if gone and not gone_before:
            self._line.disconnect()
        elif gone_before and not gone:
            self._line.connect()
        self._tell_automatic()

    def state(self) -> Mapping[str, object]:
        """For the control page."""
        with self._changed:
            return {
                "faults": sorted(self._faults),
                "jammed": self._jammed,
                "buffered_bytes": len(self._buffer),
                "tickets": self._printed,
                "dots": self.dots,
            }

    # ------------------------------------------------------------ what came out

    @property
    def tickets(self) -> tuple[PrintedTicket, ...]:
        """The last tickets, oldest first."""
        with self._changed:
            return tuple(self._tickets)

    @property
    def printed(self) -> int:
        """How many tickets came out since the start."""
        with self._changed:
            return self._printed

    @property
    def unknown_commands(self) -> tuple[str, ...]:
        """Bytes that it could not make sense of."""
        return tuple(self._machine.unknown)

    @property
    def wrapped_lines(self) -> int:
        """Lines that were too long for the paper."""
        return self._machine.wrapped_lines

    def latest_picture(self) -> bytes:
        """PNG of the last ticket; b'' before the first."""
        tickets = self.tickets
        return tickets[-1].png if tickets else b""

    def latest_text(self) -> str:
        """Text of the last ticket; '' before the first. A ticket printed as a picture has none."""
        tickets = self.tickets
        return tickets[-1].text if tickets else ""

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 10.0) -> bool:
        """Wait until ``condition()`` holds; looked at after each change. For tests and the control page."""
        with self._changed:
            return self._changed.wait_for(condition, seconds)

    # ------------------------------------------------------------ Mechanism, called by the interpreter

    def print_rows(self, picture: Image.Image) -> None:
        """Move inked rows past the head once there is paper."""
        self._await_ready(picture.height)
        with self._changed:
            self._strip.add(picture)

    def feed_rows(self, rows: int) -> None:
        """Move blank rows past the head once there is paper."""
        if rows > 0:
            self._await_ready(rows)
            with self._changed:
                self._strip.blank(rows)

    def cut(self) -> None:
        """Feed to the cutter and cut; a stuck cutter stops everything until DLE ENQ."""
        while True:
            self._await_ready(HEAD_TO_CUTTER_ROWS)
            with self._changed:
                self._jammed = self._make.cutter and "cutter_error" in self._faults
                if not self._jammed:
                    break
                self._changed.notify_all()
            self._tell_automatic()
        if self._make.cutter:
            self._tear(cut=True)

    def note(self, text: str, code: str = "") -> None:
        """Keep what was written."""
        with self._changed:
            if code:
                self._strip.codes.append(code)
            else:
                self._strip.lines.append(text)

    def reply(self, data: bytes) -> None:
        """Answer, unless silent."""
        if not self._faults & (POWERLESS | GONE | {"silent"}):
            self._line.send(data)

    def paper_sensor(self) -> bytes:
        """GS r 1; a printer that does not know it says nothing."""
        if not self._make.proof:
            return b""
        return b"\x03" if "near_end" in self._faults else b"\x00"

    def set_automatic(self, mask: int) -> None:
        """GS a: send four bytes now and on each change."""
        self._automatic = mask if self._make.automatic else 0
        self._last_automatic = b""
        self._tell_automatic()

    def new_job(self) -> None:
        """ESC @: a printer without a cutter gets its paper torn off here."""
        if not self._make.cutter and self._strip.inked:
            self._tear(cut=False)

    # ------------------------------------------------------------ the inside

    def _tear(self, *, cut: bool) -> None:
        with self._changed:
            self._printed += 1
            ticket = self._strip.torn(self._printed, cut=cut)
            self._strip = Strip(self.dots, top_rows=HEAD_TO_CUTTER_ROWS)
            self._tickets.append(ticket)
            self._changed.notify_all()
        if self._keep_in is not None:
            self._keep(self._keep_in, ticket)

    def _keep(self, folder: Path, ticket: PrintedTicket) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.name}-{ticket.number:05d}.png").write_bytes(ticket.png)
        (folder / f"{self.name}-{ticket.number - KEPT_TICKETS:05d}.png").unlink(missing_ok=True)

    def _await_ready(self, rows: int) -> None:
        """Until the mechanism may move; then the time that it takes, and the paper that it uses."""
        generation = self._generation
        with self._changed:
            self._changed.wait_for(lambda: self._dropped(generation) or self._can_move())
            if self._make.rows_per_second and not self._dropped(generation):
                seconds = rows / self._make.rows_per_second
                self._changed.wait_for(lambda: self._dropped(generation), seconds)
            if self._dropped(generation):
                raise _Cleared
            self._use_paper(rows)

    def _use_paper(self, rows: int) -> None:
        if self._make.roll_rows:
            self._left_rows -= rows
            if self._left_rows <= 0:
                self._faults.add("paper_out")
                self._changed.notify_all()

    def _can_move(self) -> bool:
        return not (self._jammed or self._faults & (STOPPING | POWERLESS))

    def _dropped(self, generation: int) -> bool:
        return self._stopped or self._generation != generation

    def _drop_buffer(self) -> None:
        self._buffer.clear()
        self._generation += 1
        self._changed.notify_all()

    def _after_change(self, fault: str, *, on: bool) -> None:
        if fault in POWERLESS:
            self._drop_buffer()
            self._jammed = False
            self._strip = Strip(self.dots, top_rows=HEAD_TO_CUTTER_ROWS)
        elif fault == "paper_out" and not on:
            self._left_rows = self._make.roll_rows

    def _run_engine(self) -> None:
        while not self._stopped:
            generation = self._generation
            steps = self._machine.run()
            with suppress(_Cleared):
                wanted = next(steps)
                while True:
                    wanted = steps.send(self._take(wanted, generation))

    def _take(self, count: int, generation: int) -> bytes:
        """The next bytes of the buffer, as soon as they came."""
        taken = bytearray()
        with self._changed:
            while len(taken) < count:
                self._changed.wait_for(lambda: self._dropped(generation) or bool(self._buffer))
                if self._dropped(generation):
                    raise _Cleared
                part = self._buffer[: count - len(taken)]
                del self._buffer[: len(part)]
                taken += part
                self._changed.notify_all()
        return bytes(taken)

    # ------------------------------------------------------------ what comes in

    def _receive(self, data: bytes) -> bool:
        """Take bytes from the line into the buffer; False when they could not be taken yet."""
        with self._changed:
            if self._faults & POWERLESS:
                return True
            if "stall" in self._faults or len(self._buffer) + len(data) > self._make.buffer_bytes:
                return False
            self.received_bytes += len(data)
            self.last_byte_at = monotonic()
            self._buffer += data
            self._changed.notify_all()
        self._obey_real_time(data)
        return True

    def _obey_real_time(self, data: bytes) -> None:
        for command in self._real_time.take(data):
            match command:
                case Query(number):
                    with self._changed:
                        status = real_time_status(number, self._faults, jammed=self._jammed)
                    self.reply(status)
                case Recover(clear):
                    self._recover(clear=clear)

    def _recover(self, *, clear: bool) -> None:
        with self._changed:
            self._jammed = False
            if clear and self._make.clears_held_job:
                self._drop_buffer()
                self._strip = Strip(self.dots, top_rows=HEAD_TO_CUTTER_ROWS)
            self._changed.notify_all()
        self._tell_automatic()

    def _tell_automatic(self) -> None:
        if not self._automatic:
            return
        with self._changed:
            status = automatic_status(self._faults, jammed=self._jammed)
        if status != self._last_automatic:
            self._last_automatic = status
            self.reply(status)
