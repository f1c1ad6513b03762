"""Byte links to hardware with deadlines: serial, TCP and scripted; every OS error becomes a DeviceError here.

A link never waits longer than it was told. ``read`` gives what is there as soon as one byte came, so a
driver that keeps its parser's buffer outside loses nothing and sleeps for nothing. pyserial opens and
configures; the bytes themselves go over the file descriptor, because changing pyserial's timeout per
call reconfigures the port each time, and because its read throws away what came before an unplug.
"""

from __future__ import annotations

import os
import select
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, Protocol

import serial
import usb.core
import usb.util

from devices.faults import DeviceAbsent, DeviceError, DeviceLost, DeviceMisconfigured
from devices.link_faults import (
    BAUD_RATES,
    bad_address,
    bad_baud,
    missing,
    no_bulk,
    no_libusb,
    no_simulation,
    open_error,
    stalled,
    unplugged,
)
from devices.scripted import Expect as Expect
from devices.scripted import Give as Give
from devices.scripted import ScriptedLink as ScriptedLink
from devices.scripted import Silence as Silence
from devices.scripted import Step as Step
from devices.scripted import Unplug as Unplug
from devices.usb_place import USB_SCHEMES, UsbPlace, parse_usb, serial_at, usb_presence

_BULK = 2
_USB_QUIET_SECONDS = 0.001
"""An IN endpoint that gives nothing for this long has nothing waiting."""
_DROPS = 200
"""Looks for more when input is dropped: a device that still talks then never stops."""


class Link(Protocol):
    """A stream of bytes to one device (or one bus of devices)."""

    @property
    def name(self) -> str:
        """The port as the technician wrote it."""

    def open(self) -> None:
        """Open and drop old input. Raises DeviceAbsent, DeviceLost, DeviceMisconfigured."""

    def close(self) -> None:
        """Let go; never raises, may be called twice."""

    def read(self, max_bytes: int, timeout_seconds: float) -> bytes:
        """One byte to ``max_bytes``, as soon as any is there; b'' at the deadline. Raises DeviceLost."""

    def write(self, data: bytes, timeout_seconds: float) -> None:
        """Hand all bytes to the system within the time. Raises DeviceLost when the other side takes none."""

    def drop_input(self) -> None:
        """Throw away what came in and was not read. Raises DeviceLost."""

    def presence(self) -> str:
        """As devices.ports.Pluggable."""


class SerialLink:
    """A serial port, 8N1, locked against a second program."""

    def __init__(self, port: str, *, baud: int = 115200) -> None:
        self._port = port
        self._baud = baud
        self._serial: serial.SerialBase | None = None

    @property
    def name(self) -> str:
        return self._port

    @property
    def seconds_per_byte(self) -> float:
        """Wire time of one byte: ten bits at the baud rate."""
        return 10.0 / self._baud

    @property
    def rate(self) -> int:
        """The baud rate that is used now; 0 where there is no wire with one."""
        return self._baud

    def set_rate(self, baud: int) -> None:
        """Go on at another rate, until the link is opened again. Raises DeviceLost."""
        with _os_errors(self._port):
            if self._serial is not None:
                self._serial.baudrate = baud

    def open(self) -> None:
        if self._baud not in BAUD_RATES:
            raise DeviceMisconfigured(bad_baud(self._port, self._baud))
        self.close()
        with _os_errors(self._port, opening=True):
            self._serial = self._opened()

    def close(self) -> None:
        port, self._serial = self._serial, None
        if port is not None:
            with suppress(DeviceError), _os_errors(self._port):
                port.close()

    def read(self, max_bytes: int, timeout_seconds: float) -> bytes:
        with _os_errors(self._port):
            descriptor = self._descriptor()
            if not _wait(descriptor, select.POLLIN, timeout_seconds):
                return b""
            data = os.read(descriptor, max_bytes)
        if not data:
            raise DeviceLost(unplugged(self._port))
        return data

    def write(self, data: bytes, timeout_seconds: float) -> None:
        deadline = monotonic() + timeout_seconds
        rest = memoryview(data)
        with _os_errors(self._port):
            descriptor = self._descriptor()
            while rest:
                if not _wait(descriptor, select.POLLOUT, deadline - monotonic()):
                    raise DeviceLost(stalled(self._port))
                with suppress(BlockingIOError):
                    rest = rest[os.write(descriptor, rest) :]

    def drop_input(self) -> None:
        for _ in range(_DROPS):
            if not self.read(4096, 0.0):
                break

    def presence(self) -> str:
        return presence(self._port)

    def _opened(self) -> serial.SerialBase:
        return serial.Serial(self._port, self._baud, timeout=0, write_timeout=0, exclusive=True)

    def _descriptor(self) -> int:
        if self._serial is None:
            raise DeviceLost(unplugged(self._port))
        descriptor: int = self._serial.fileno()
        return descriptor


class SocketLink(SerialLink):
    """A serial adapter found by the USB socket that it is plugged into (``port://1-1.4``): its node's number
    changes with the order of plugging in, the socket on the box does not. Works without udevd as well."""

    def open(self) -> None:
        if not serial_at(self._port):
            raise DeviceAbsent(missing(self._port))
        super().open()

    def presence(self) -> str:
        node = serial_at(self._port)
        return presence(node) if node else ""

    def _opened(self) -> serial.SerialBase:
        node = serial_at(self._port)
        return serial.Serial(node, self._baud, timeout=0, write_timeout=0, exclusive=True)


class TcpLink(SerialLink):
    """A raw TCP stream (``host:port``), for devices behind a serial server or with a network of their own."""

    def __init__(self, address: str) -> None:
        super().__init__(address)

    def open(self) -> None:
        host, colon, port = self._port.rpartition(":")
        if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
            raise DeviceMisconfigured(bad_address(self._port))
        super().open()

    @property
    def rate(self) -> int:
        return 0

    def presence(self) -> str:
        return ""

    def _opened(self) -> serial.SerialBase:
        return serial.serial_for_url(f"socket://{self._port}", timeout=0)


class UsbLink:
    """A USB device with bulk endpoints (pyusb, libusb): one pair, or two where frames are split.

    A device with two OUT endpoints gets the first ``head`` bytes of each write on the first, the rest on
    the second; of two IN endpoints the second is heard once the first gave as many (DEVICES §1.5). Both
    fill at the same time, so a look at the second before that gives the rest in front of its head. What
    comes after a write, or after ``drop_input``, begins with a head again.
    """

    def __init__(self, port: str, *, head: int = 0) -> None:
        self._port = port
        self._head = head
        self._place = parse_usb(port)
        self._device: Any = None
        self._outs: list[Any] = []
        self._ins: list[Any] = []
        self._head_left = head
        self._rest = b""

    @property
    def name(self) -> str:
        return self._port

    def open(self) -> None:
        self.close()
        try:
            with _os_errors(self._port, opening=True):
                self._take_device()
            self.drop_input()
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        device, self._device = self._device, None
        self._outs, self._ins, self._head_left, self._rest = [], [], self._head, b""
        if device is not None:
            with suppress(DeviceError), _os_errors(self._port):
                usb.util.dispose_resources(device)

    def read(self, max_bytes: int, timeout_seconds: float) -> bytes:
        """One packet at a time: a longer transfer would wait for a short packet that may not come."""
        deadline = monotonic() + timeout_seconds
        while not self._rest:
            headed = self._head_left == 0
            self._rest = self._packet(self._in_for(headed=headed), deadline - monotonic())
            if not headed:
                self._head_left -= len(self._rest)
            if monotonic() >= deadline:
                break
        data, self._rest = self._rest[:max_bytes], self._rest[max_bytes:]
        return data

    def write(self, data: bytes, timeout_seconds: float) -> None:
        deadline = monotonic() + timeout_seconds
        if self._device is None:
            raise DeviceLost(unplugged(self._port))
        self._head_left = self._head
        cut = min(self._head, len(data)) if len(self._outs) > 1 else len(data)
        for endpoint, part in zip(self._outs, (data[:cut], data[cut:]), strict=False):
            while part:
                with _os_errors(self._port), _usb_time_out(self._port):
                    left = max(1, int((deadline - monotonic()) * 1000))
                    part = part[endpoint.write(part, left) :]

    def drop_input(self) -> None:
        """Until a look at every endpoint finds nothing: an answer may come between two looks."""
        self._rest = b""
        self._head_left = self._head
        for _ in range(_DROPS):
            if not any(self._packet(endpoint, _USB_QUIET_SECONDS) for endpoint in self._ins):
                break

    def presence(self) -> str:
        return usb_presence(self._port)

    def _take_device(self) -> None:
        device = find_usb(self._place)
        if device is None:
            raise DeviceAbsent(missing(self._port))
        self._device = device
        with suppress(NotImplementedError):
            if device.is_kernel_driver_active(0):
                device.detach_kernel_driver(0)
        device.set_configuration()
        usb.util.claim_interface(device, 0)
        self._take_endpoints(device.get_active_configuration()[(0, 0)])

    def _take_endpoints(self, interface: Any) -> None:
        bulk = [end for end in interface if usb.util.endpoint_type(end.bmAttributes) == _BULK]
        pairs = 2 if self._head else 1
        self._ins = [end for end in bulk if end.bEndpointAddress & 0x80][:pairs]
        self._outs = [end for end in bulk if not end.bEndpointAddress & 0x80][:pairs]
        if not (self._ins and self._outs):
            raise DeviceMisconfigured(no_bulk(self._port))

    def _in_for(self, *, headed: bool) -> Any:
        if self._device is None:
            raise DeviceLost(unplugged(self._port))
        return self._ins[-1] if headed else self._ins[0]

    def _packet(self, endpoint: Any, seconds: float) -> bytes:
        with _os_errors(self._port):
            try:
                return bytes(endpoint.read(endpoint.wMaxPacketSize, max(1, int(seconds * 1000))))
            except usb.core.USBTimeoutError:
                return b""


UsbBackend = Callable[[str, type[OSError], type[OSError]], Any]
"""Makes a back end for pyusb from the address behind ``usbsim://``, and pyusb's error and time-out."""
_simulation: list[UsbBackend] = []


def simulate_usb(backend: UsbBackend) -> None:
    """From now on ``usbsim://…`` is a device behind this back end, in libusb's place. Who starts a
    simulated device offers it; a program that never does knows no such port."""
    _simulation[:] = [backend]


def find_usb(place: UsbPlace) -> Any:
    """The pyusb device at a place, or None. Raises usb.core.USBError, DeviceMisconfigured without libusb."""
    try:
        return usb.core.find(**usb_arguments(place))
    except usb.core.NoBackendError as error:
        raise DeviceMisconfigured(no_libusb()) from error


def usb_arguments(place: UsbPlace) -> dict[str, Any]:
    """What ``usb.core.find`` is to be asked for; python-escpos hands it on. Raises DeviceMisconfigured."""
    if place.simulated:
        if not _simulation:
            raise DeviceMisconfigured(no_simulation())
        return {"backend": _simulation[0](place.simulated, usb.core.USBError, usb.core.USBTimeoutError)}
    arguments: dict[str, Any] = {"idVendor": place.vendor, "idProduct": place.product}
    if place.where:
        arguments["custom_match"] = lambda device: _is_at(device, place.where)
    return arguments


def _is_at(device: Any, where: str) -> bool:
    """Is its socket (1-1.4) or its serial number this one?"""
    if f"{device.bus}-{'.'.join(str(number) for number in device.port_numbers or ())}" == where:
        return True
    try:
        return bool(device.serial_number == where)
    except (ValueError, OSError):
        return False


@contextmanager
def _usb_time_out(name: str) -> Iterator[None]:
    try:
        yield
    except usb.core.USBTimeoutError as error:
        raise DeviceLost(stalled(name)) from error


def presence(path: str) -> str:
    """Which node stands at a path now; '' when none does. Another one after each plugging in."""
    try:
        node = os.stat(path)
    except OSError:
        return ""
    return f"{node.st_dev}:{node.st_ino}:{node.st_ctime_ns}"


def link_for(port: str, *, baud: int = 115200, head: int = 0) -> SerialLink | UsbLink:
    """The link that a port's notation means: ``tcp://host:port``, ``usb://vid:pid``, a serial device's path.

    ``head`` is for USB devices with split endpoints, see UsbLink. Raises DeviceMisconfigured.
    """
    scheme, separator, address = port.partition("://")
    if not separator:
        return SerialLink(port, baud=baud)
    if scheme in USB_SCHEMES:
        return UsbLink(port, head=head)
    if scheme == "port":
        return SocketLink(port, baud=baud)
    if scheme not in ("tcp", "socket"):
        raise DeviceMisconfigured(bad_address(port))
    return TcpLink(address)


# ---------------------------------------------------------------- the one place for OS errors


@contextmanager
def _os_errors(name: str, *, opening: bool = False) -> Iterator[None]:
    try:
        yield
    except (serial.SerialException, OSError, termios.error, TypeError, ValueError) as error:
        raise (open_error(name, error) if opening else DeviceLost(unplugged(name))) from error


def _wait(descriptor: int, events: int, timeout_seconds: float) -> bool:
    poller = select.poll()
    poller.register(descriptor, events)
    return bool(poller.poll(max(0.0, timeout_seconds) * 1000.0))
