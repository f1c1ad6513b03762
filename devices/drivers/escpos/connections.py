"""Serial, USB and TCP connections of a ticket printer, opened and fed by python-escpos' printer classes."""

from __future__ import annotations

import select
from abc import ABC, abstractmethod
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

import usb.core
import usb.util

from devices.drivers.escpos.library import TidyNetwork, TidySerial, Usb, escpos_errors
from devices.faults import DeviceAbsent, DeviceError, DeviceLost, DeviceMisconfigured
from devices.link_faults import BAUD_RATES, bad_address, bad_baud, missing, open_error, unplugged, unreachable
from devices.links import find_usb, presence, usb_arguments
from devices.printing.profiles import Patience
from devices.usb_place import USB_SCHEMES, parse_usb, serial_at, usb_presence

_PICTURE_FROM_BAUD = 115200
_PIECE_SECONDS = 0.5
_TCP_PIECE = 16384
_USB_PIECE = 4096
_USB_READ = 64


def connection(place: str, baud: int, patience: Patience) -> Connection:
    """The connection to this place, not yet opened. Raises DeviceMisconfigured."""
    scheme, separator, address = place.partition("://")
    if (not separator or scheme == "port") and baud not in BAUD_RATES:
        raise DeviceMisconfigured(bad_baud(place, baud))
    if not separator:
        return _SerialConnection(place, baud, patience)
    if scheme in USB_SCHEMES:
        return _UsbConnection(place, patience)
    if scheme == "port":
        return _SocketConnection(place, baud, patience)
    host, _, port = address.rpartition(":")
    if scheme != "tcp" or not (host and port.isdigit() and 0 < int(port) < 65536):
        raise DeviceMisconfigured(bad_address(place))
    return _NetworkConnection(place, host, int(port), patience)


class Connection(ABC):
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
            with escpos_errors(self.name, self._open_error):
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
            with suppress(DeviceError), escpos_errors(self.name):
                self._drop_output(device)
        if printer is not None:
            printer.close()

    def presence(self) -> str:
        """What stands at the port now, '' for nothing or a network printer."""
        return ""

    def read(self, seconds: float) -> bytes:
        """What came, as soon as anything did; b'' at the deadline."""
        with escpos_errors(self.name):
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
        with escpos_errors(self.name):
            self._opened()
            printer = self._printer
            for at in range(0, len(data), self._piece):
                printer._raw(data[at : at + self._piece])

    def drain(self, seconds: float) -> None:
        """Wait until the system has sent everything."""
        end = monotonic() + seconds
        with escpos_errors(self.name):
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


class _SerialConnection(Connection):
    def __init__(self, path: str, baud: int, patience: Patience) -> None:
        piece = max(16, min(4096, int(_PIECE_SECONDS * baud / 10)))
        fast = baud >= _PICTURE_FROM_BAUD
        super().__init__(path, patience, seconds_per_byte=10.0 / baud, fast=fast, piece=piece)
        self._baud = baud

    def _new_printer(self) -> Any:
        return TidySerial(devfile=self._node(), baudrate=self._baud, timeout=0, dsrdtr=False)

    def _node(self) -> str:
        """The path of the port. Raises DeviceAbsent."""
        return self.name

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


class _SocketConnection(_SerialConnection):
    """A serial adapter found by the USB socket that it is plugged into, as devices.links.SocketLink."""

    def _node(self) -> str:
        node = serial_at(self.name)
        if not node:
            raise DeviceAbsent(missing(self.name))
        return node

    def presence(self) -> str:
        node = serial_at(self.name)
        return presence(node) if node else ""


class _UsbConnection(Connection):
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
        with escpos_errors(self.name):
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


class _NetworkConnection(Connection):
    def __init__(self, name: str, host: str, port: int, patience: Patience) -> None:
        super().__init__(name, patience, seconds_per_byte=0.0, fast=True, piece=_TCP_PIECE)
        self._host, self._tcp_port = host, port

    def _new_printer(self) -> Any:
        return TidyNetwork(self._host, self._tcp_port, timeout=self._patience.connect)

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
