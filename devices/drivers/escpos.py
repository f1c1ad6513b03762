"""Ticket printers that speak ESC/POS over serial or TCP, on python-escpos' Serial and Network classes.

python-escpos opens the port and carries the bytes. What it gets wrong for a Chinese ticket (DEVICES §3.1:
the status of a silent printer, endless writes, Hanzi, widths, QR) is done here and in devices/printing.
"""

from __future__ import annotations

import logging
import select
import tempfile
import termios
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from difflib import get_close_matches
from time import monotonic, sleep
from typing import Any, Literal

import msgspec
import serial
import usb.core
import usb.util

from devices.link_faults import (
    BAUD_RATES,
    bad_address,
    bad_baud,
    missing,
    open_error,
    silent,
    stalled,
    unplugged,
    unreachable,
)
from devices.links import find_usb, presence, usb_arguments
from devices.ports import (
    Cause,
    DeviceAbsent,
    DeviceError,
    DeviceLost,
    DeviceMisconfigured,
    Fault,
    Kind,
    Media,
    Owner,
    PrinterCapabilities,
    Proof,
    Status,
    Ticket,
)
from devices.printing.condition import STOPPING, Counters, NearEnd, faults
from devices.printing.dialogue import Dialogue
from devices.printing.job import Job
from devices.printing.picture import picture_job
from devices.printing.profiles import PATIENCE, PROFILES, Patience, Profile
from devices.printing.text import text_job
from devices.protocols.escpos_bytes import Trouble
from devices.usb_place import USB_SCHEMES, parse_usb, usb_presence


@contextmanager
def _without_traces() -> Iterator[None]:
    """python-escpos leaves a folder in the temporary one and a log handler behind whenever it is imported."""
    logged, usual = list(logging.root.handlers), tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = usual
    logging.root.handlers[:] = logged


with _without_traces():
    from escpos.exceptions import Error as EscposError
    from escpos.printer import Network, Serial, Usb

_PICTURE_FROM_BAUD = 115200
_FAILURES = (
    EscposError,
    serial.SerialException,
    OSError,
    termios.error,
    AssertionError,
    AttributeError,
    TypeError,
    ValueError,
)
_PIECE_SECONDS = 0.5
_TCP_PIECE = 16384
_USB_PIECE = 4096
_USB_READ = 64


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``port`` is a serial path, ``tcp://host:port`` or ``usb://vid:pid``; ``profile`` a name of
    devices/printing/profiles.py; fields after ``mode`` correct it.

    ``mode`` auto prints pictures where the line is fast (TCP, serial from 115,200 baud), else text.
    ``roll_metres``: warn by the paper counted when this much is used of a roll; 0 does not.
    """

    port: str
    baud: int = 9600
    profile: str = "80mm"
    mode: Literal["auto", "text", "picture"] = "auto"
    dots: int | None = None
    native_qr: bool | None = None
    can_status: bool | None = None
    can_cut: bool | None = None
    near_end: bool | None = None
    proof: bool | None = None
    clears_held_job: bool | None = None
    automatic: bool | None = None
    ticket_query: int | None = None
    ticket_mask: int | None = None
    roll_metres: float = 0.0


def build(options: Options) -> EscposPrinter:
    """The driver, not yet opened."""
    return EscposPrinter(options)


class EscposPrinter:
    """A TicketPrinter; see devices.ports for what its methods promise."""

    kind = Kind.TICKET_PRINTER

    def __init__(self, options: Options, *, patience: Patience = PATIENCE) -> None:
        self._options = options
        self._patience = patience
        self._profile = _profile(options)
        self._port = _port(options, patience)
        self._dialogue = Dialogue(self._port, self._profile, patience)
        self._near_end = NearEnd()
        self._counters = Counters()
        self._troubles: frozenset[Trouble] = frozenset()

    @property
    def capabilities(self) -> PrinterCapabilities:
        """What the profile says of this printer."""
        return self._profile.capabilities

    @property
    def mode(self) -> str:
        """How tickets are sent: ``text`` or ``picture``."""
        if self._options.mode != "auto":
            return self._options.mode
        return "picture" if self._profile.picture and self._port.fast else "text"

    def open(self) -> None:
        """Connect. Raises DeviceAbsent, DeviceLost, DeviceMisconfigured."""
        self._port.open()
        self._dialogue = Dialogue(self._port, self._profile, self._patience)

    def close(self) -> None:
        """Let go of the port, whatever state it is in."""
        self._port.close()

    def identify(self) -> str:
        """Model and serial number. What a stopped printer holds is of a former life and thrown away."""
        if not self._profile.can_status:
            return ""
        if self._dialogue.troubles() & STOPPING:
            self._dialogue.clear()
            return ""
        self._dialogue.settle()
        return self._dialogue.name()

    def told(self) -> Status | None:
        """The cover that was opened, the paper that ran out: known when the printer says so by itself."""
        troubles = self._dialogue.told()
        if troubles is None or troubles == self._troubles:
            return None
        return self._status(troubles)

    def media(self) -> Media:
        """Is a ticket still in its mouth? Few printers have that sensor, and each maker's bit differs."""
        profile = self._profile
        if not (profile.ticket_query and profile.can_status):
            return Media.UNKNOWN
        waits = self._dialogue.ticket_waits(profile.ticket_query, profile.ticket_mask)
        if waits is None:
            raise DeviceLost(silent(self._port.name))
        return Media.PRESENT if waits else Media.NONE

    def counts(self) -> Mapping[str, int]:
        return self._counters.all()

    def resume(self, counts: Mapping[str, int]) -> None:
        self._counters.resume(counts)

    def heartbeat(self) -> Status:
        """Status, or DeviceLost when a printer that can answer does not."""
        return self._status(self._dialogue.troubles() if self._profile.can_status else None)

    def presence(self) -> str:
        """The node of a serial or USB port; '' for a network printer. See devices.ports.Pluggable."""
        return self._port.presence()

    def status(self) -> Status:
        """Status now; ``ok`` None when it does not answer."""
        return self._status(self._dialogue.inquire() if self._profile.can_status else None)

    def print(self, ticket: Ticket) -> Proof:
        """One ticket. See devices.ports.TicketPrinter.print."""
        job = self.compose(ticket)
        before = self._dialogue.recoveries
        if self._profile.can_status:
            self._dialogue.make_ready()
        try:
            proof = self._dialogue.print(job)
        finally:
            self._counters.cutter_recoveries += self._dialogue.recoveries - before
        if proof is not Proof.FAILED:
            self._counters.printed(job.rows, cut=self._profile.can_cut)
        return proof

    def clear(self) -> None:
        """Throw away a held job."""
        self._dialogue.clear()

    def compose(self, ticket: Ticket) -> Job:
        """The bytes of this ticket for this printer, without cut and proof."""
        if self.mode == "picture":
            return picture_job(ticket, self._profile.dots)
        return text_job(ticket, self._profile)

    def _status(self, troubles: frozenset[Trouble] | None) -> Status:
        details = {"mode": self.mode, "dots": str(self._profile.dots), **self._counters.details()}
        if troubles is None:
            return Status(None, (), {"paper": "unknown", **details})
        self._troubles = troubles
        out = Trouble.PAPER_OUT in troubles
        self._counters.paper(out=out)
        if out:
            self._near_end = NearEnd()
        seen = self._profile.near_end and Trouble.PAPER_NEAR_END in troubles and not out
        near = self._near_end.read(seen)
        used = 0 < self._options.roll_metres <= self._counters.roll_metres
        shown = (troubles - {Trouble.PAPER_NEAR_END}) | (
            {Trouble.PAPER_NEAR_END} if near or used else frozenset()
        )
        paper = "out" if out else "near_end" if near or used else "ok"
        return Status(not troubles & STOPPING, faults(shown), {"paper": paper, **details})


def _profile(options: Options) -> Profile:
    if options.profile not in PROFILES:
        raise DeviceMisconfigured(_no_profile(options.profile))
    names: tuple[str, ...] = ("dots", "native_qr", "can_status", "can_cut", "near_end", "proof")
    names += ("clears_held_job", "automatic", "ticket_query", "ticket_mask")
    corrections = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    profile = replace(PROFILES[options.profile], **corrections)
    if profile.dots % 16 or not 192 <= profile.dots <= 1024:
        sentence = f"dots = {profile.dots}：应为 192 到 1024 之间 16 的倍数"
        raise DeviceMisconfigured(
            Fault("bad_dots", sentence, "58 mm 纸写 384，80 mm 纸写 576", Owner.TECHNICIAN)
        )
    return replace(profile, proof=profile.proof and profile.can_status)


def _no_profile(name: str) -> Fault:
    near = get_close_matches(name, PROFILES, 3) or list(PROFILES)
    sentence = f"没有打印机型号 {name}"
    return Fault("no_profile", sentence, f"可用：{'、'.join(near)}", Owner.TECHNICIAN, Cause.SETUP)


# ---------------------------------------------------------------- ports of python-escpos


def _port(options: Options, patience: Patience) -> _EscposPort:
    scheme, separator, address = options.port.partition("://")
    if not separator:
        if options.baud not in BAUD_RATES:
            raise DeviceMisconfigured(bad_baud(options.port, options.baud))
        return _SerialPort(options.port, options.baud, patience)
    if scheme in USB_SCHEMES:
        return _UsbPort(options.port, patience)
    host, _, port = address.rpartition(":")
    if scheme != "tcp" or not (host and port.isdigit() and 0 < int(port) < 65536):
        raise DeviceMisconfigured(bad_address(options.port))
    return _NetworkPort(options.port, host, int(port), patience)


class _EscposPort(ABC):
    """A python-escpos printer used for its connection; all that can go wrong becomes a DeviceLost."""

    def __init__(
        self, name: str, patience: Patience, *, seconds_per_byte: float, fast: bool, piece: int
    ) -> None:
        self.name = name
        self._patience = patience
        self.seconds_per_byte = seconds_per_byte
        self.fast = fast
        self._piece = piece
        self._printer: Any = None
        self._device: Any = None

    def open(self) -> None:
        """Connect. Raises DeviceAbsent, DeviceLost, DeviceMisconfigured."""
        self.close()
        try:
            with _errors(self.name, self._open_error):
                self._printer = self._new_printer()
                self._printer.open()
                self._device = self._printer.device
                self._prepare()
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        """Let go without waiting for a printer that takes nothing."""
        printer, device = self._printer, self._device
        self._printer = self._device = None
        if device is not None:
            with suppress(DeviceError), _errors(self.name):
                self._drop_output(device)
        if printer is not None:
            printer.close()

    def presence(self) -> str:
        """What stands at the port now, '' for nothing or a network printer."""
        return ""

    def read(self, seconds: float) -> bytes:
        """What came, as soon as anything did; b'' at the deadline."""
        with _errors(self.name):
            device = self._opened()
            poller = select.poll()
            poller.register(device.fileno(), select.POLLIN)
            if not poller.poll(max(0.0, seconds) * 1000.0):
                return b""
            data = self._receive(device)
        if not data:
            raise DeviceLost(unplugged(self.name))
        return data

    def write(self, data: bytes) -> None:
        """All bytes, in pieces that each must be taken within ``Patience.stall``."""
        with _errors(self.name):
            self._opened()
            printer = self._printer
            for at in range(0, len(data), self._piece):
                printer._raw(data[at : at + self._piece])

    def drain(self, seconds: float) -> None:
        """Wait until the system has sent everything."""
        end = monotonic() + seconds
        with _errors(self.name):
            while self._unsent(self._opened()) and monotonic() < end:
                sleep(0.02)

    def _opened(self) -> Any:
        if self._device is None:
            raise DeviceLost(unplugged(self.name))
        return self._device

    @abstractmethod
    def _new_printer(self) -> Any:
        """The python-escpos printer, not yet opened."""

    @abstractmethod
    def _prepare(self) -> None:
        """Locks and limits that python-escpos does not set."""

    @abstractmethod
    def _receive(self, device: Any) -> bytes:
        """What is there now; at least one byte is, unless the other side is gone."""

    @abstractmethod
    def _drop_output(self, device: Any) -> None:
        """Forget what a dead printer did not take: it would hold up the close."""

    @abstractmethod
    def _unsent(self, device: Any) -> int:
        """Bytes that the system has not sent, as far as it says."""

    @abstractmethod
    def _open_error(self, error: BaseException) -> DeviceError:
        """Why the port could not be opened."""


class _SerialPort(_EscposPort):
    def __init__(self, path: str, baud: int, patience: Patience) -> None:
        piece = max(16, min(4096, int(_PIECE_SECONDS * baud / 10)))
        fast = baud >= _PICTURE_FROM_BAUD
        super().__init__(path, patience, seconds_per_byte=10.0 / baud, fast=fast, piece=piece)
        self._baud = baud

    def _new_printer(self) -> Any:
        return _TidySerial(devfile=self.name, baudrate=self._baud, timeout=0, dsrdtr=False)

    def _prepare(self) -> None:
        """python-escpos sets neither lock nor limit: without it a stalled printer blocks for ever."""
        self._device.exclusive = True
        self._device.write_timeout = self._patience.stall
        self._device.reset_input_buffer()

    def _receive(self, device: Any) -> bytes:
        data: bytes = device.read(max(1, device.in_waiting))
        return data

    def _drop_output(self, device: Any) -> None:
        device.reset_output_buffer()

    def _unsent(self, device: Any) -> int:
        return int(device.out_waiting)

    def _open_error(self, error: BaseException) -> DeviceError:
        return open_error(self.name, error)

    def presence(self) -> str:
        return presence(self.name)


class _UsbPort(_EscposPort):
    """USB printer class through python-escpos' Usb and pyusb."""

    def __init__(self, name: str, patience: Patience) -> None:
        super().__init__(name, patience, seconds_per_byte=0.0, fast=True, piece=_USB_PIECE)
        self._place = parse_usb(name)

    def presence(self) -> str:
        return usb_presence(self.name)

    def _new_printer(self) -> Any:
        """Its endpoints are the device's own: python-escpos takes 82 and 01 unless it is told."""
        device = find_usb(self._place)
        if device is None:
            raise DeviceAbsent(missing(self.name))
        ends = [end.bEndpointAddress for end in device[0][(0, 0)]]
        usb.util.dispose_resources(device)
        stall = int(self._patience.stall * 1000)
        out = next((end for end in ends if not end & 0x80), 0x01)
        back = next((end for end in ends if end & 0x80), 0x82)
        return Usb(usb_args=usb_arguments(self._place), timeout=stall, in_ep=back, out_ep=out)

    def _prepare(self) -> None:
        self._read_now(0.001)

    def read(self, seconds: float) -> bytes:
        with _errors(self.name):
            self._opened()
            return self._read_now(seconds)

    def _read_now(self, seconds: float) -> bytes:
        try:
            data = self._device.read(self._printer.in_ep, _USB_READ, max(1, int(seconds * 1000)))
        except usb.core.USBTimeoutError:
            return b""
        return bytes(data)

    def _receive(self, _device: Any) -> bytes:
        return self._read_now(0.001)

    def _drop_output(self, _device: Any) -> None:
        """A transfer ends with its time limit; nothing waits behind it."""

    def _unsent(self, _device: Any) -> int:
        return 0

    def _open_error(self, error: BaseException) -> DeviceError:
        return open_error(self.name, error)


class _NetworkPort(_EscposPort):
    def __init__(self, name: str, host: str, port: int, patience: Patience) -> None:
        super().__init__(name, patience, seconds_per_byte=0.0, fast=True, piece=_TCP_PIECE)
        self._host, self._tcp_port = host, port

    def _new_printer(self) -> Any:
        return _TidyNetwork(self._host, self._tcp_port, timeout=self._patience.connect)

    def _prepare(self) -> None:
        self._device.settimeout(self._patience.stall)

    def _receive(self, device: Any) -> bytes:
        data: bytes = device.recv(4096)
        return data

    def _drop_output(self, _device: Any) -> None:
        """A socket closes without waiting."""

    def _unsent(self, _device: Any) -> int:
        return 0

    def _open_error(self, _error: BaseException) -> DeviceError:
        return DeviceAbsent(unreachable(self.name))


class _TidySerial(Serial):
    """python-escpos' close waits for a dead printer and raises after an unplug, even from its ``__del__``.

    Afterwards it would open the port again by itself when used; with None instead of False it does not.
    """

    _device: Any

    def close(self) -> None:
        """Close the inner port; never raises."""
        device, self._device = self._device, None
        if device:
            with suppress(DeviceError), _errors(self.devfile):
                device.close()


class _TidyNetwork(Network):
    """python-escpos' class forgets its socket when it cannot connect; this one closes it."""

    _device: Any

    @property
    def device(self) -> Any:
        """The socket."""
        return self._device

    @device.setter
    def device(self, device: Any) -> None:
        former, self._device = self._device, device
        if former and not device:
            former.close()

    def close(self) -> None:
        """Close the socket; never raises."""
        device, self._device = self._device, None
        if device:
            with suppress(DeviceError), _errors(self.host):
                device.close()


@contextmanager
def _errors(name: str, opening: Callable[[BaseException], DeviceError] | None = None) -> Iterator[None]:
    """The one place for what python-escpos, pyserial and the system raise, also when closed meanwhile."""
    try:
        yield
    except _FAILURES as error:
        if opening is not None:
            raise opening(error) from error
        late = isinstance(error, serial.SerialTimeoutException | TimeoutError | usb.core.USBTimeoutError)
        raise DeviceLost(stalled(name) if late else unplugged(name)) from error
