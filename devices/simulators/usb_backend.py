"""A backend for pyusb whose one device is a simulator in another process: pyusb itself runs unchanged.

It has the methods of ``usb.backend.IBackend`` and raises the errors that it is given, so that this module
needs no USB library. Whoever starts a simulated device on USB offers it to devices/links.py
(``simulate_usb(simulated_usb)``); then ``usbsim://PATH`` is a port.
"""

from __future__ import annotations

import errno
import socket
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace

from devices.simulators.usb_wire import Ask, Op, Reply, Shape, send, take_reply

_GET_DESCRIPTOR, _STRING = 0x06, 0x03
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Errors:
    """Classes of pyusb, made as ``error(text, code, errno)``; ``timeout`` for what took too long."""

    error: type[OSError]
    timeout: type[OSError]

    def of(self, number: int) -> OSError:
        """The error that libusb would raise for this errno."""
        kind = self.timeout if number == errno.ETIMEDOUT else self.error
        return kind(f"[simulated] {errno.errorcode.get(number, number)}", -number, number)


def simulated_usb(path: str, error: type[OSError], timeout: type[OSError]) -> SimulatedUsb:
    """As devices.links.UsbBackend."""
    return SimulatedUsb(path, Errors(error, timeout))


class SimulatedUsb:
    """One device behind the socket at ``path``; nothing is there while nobody listens."""

    def __init__(self, path: str, errors: Errors) -> None:
        self._path = path
        self._errors = errors

    # ------------------------------------------------------------ what is there

    def enumerate_devices(self) -> Iterator[Shape]:
        """The device, when it is plugged in."""
        with suppress(OSError, EOFError), self._connected() as line:
            send(line, Ask(op=Op.DESCRIBE))
            shape = take_reply(line).shape
            if shape is not None:
                yield shape

    def get_parent(self, _device: Shape) -> None:
        """Plugged into the root."""

    def get_device_descriptor(self, device: Shape) -> SimpleNamespace:
        """As the kernel would tell it."""
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x0200, bDeviceClass=0, bDeviceSubClass=0,
            bDeviceProtocol=0, bMaxPacketSize0=64, idVendor=device.vendor, idProduct=device.product,
            bcdDevice=0x0100, iManufacturer=1, iProduct=2, iSerialNumber=3 if device.strings[2] else 0,
            bNumConfigurations=1, address=device.address, bus=device.bus, speed=2,
            port_number=device.ports[-1], port_numbers=device.ports,
        )  # fmt: skip

    def get_configuration_descriptor(self, _device: Shape, config: int) -> SimpleNamespace:
        """The only one."""
        if config:
            raise IndexError(config)
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=32, bNumInterfaces=1, bConfigurationValue=1,
            iConfiguration=0, bmAttributes=0x80, bMaxPower=50, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(
        self, device: Shape, interface: int, alt: int, config: int
    ) -> SimpleNamespace:
        """The only one."""
        if interface or alt or config:
            raise IndexError(interface)
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0,
            bNumEndpoints=len(device.endpoints), bInterfaceClass=device.interface_class,
            bInterfaceSubClass=0, bInterfaceProtocol=0, iInterface=0, extra_descriptors=[],
        )  # fmt: skip

    def get_endpoint_descriptor(
        self, device: Shape, endpoint: int, _interface: int, _alt: int, _config: int
    ) -> SimpleNamespace:
        """All are bulk endpoints."""
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=device.endpoints[endpoint], bmAttributes=2,
            wMaxPacketSize=device.packet, bInterval=0, bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    # ------------------------------------------------------------ open, close, settings

    def open_device(self, _device: Shape) -> socket.socket:
        """A connection is a handle."""
        try:
            return self._connected()
        except OSError as error:
            raise self._errors.of(errno.ENODEV) from error

    def close_device(self, handle: socket.socket) -> None:
        """Let go."""
        handle.close()

    def get_configuration(self, _handle: socket.socket) -> int:
        """Always configured."""
        return 1

    def set_configuration(self, handle: socket.socket, _value: int) -> None:
        """The only one."""
        self._ask(handle, Ask(op=Op.RESET))

    def reset_device(self, handle: socket.socket) -> None:
        """What was on its way is lost."""
        self._ask(handle, Ask(op=Op.RESET))

    def set_interface_altsetting(self, handle: socket.socket, interface: int, alt: int) -> None:
        """The only one."""

    def claim_interface(self, handle: socket.socket, interface: int) -> None:
        """No one else is there."""

    def release_interface(self, handle: socket.socket, interface: int) -> None:
        """No one else is there."""

    def clear_halt(self, handle: socket.socket, endpoint: int) -> None:
        """Nothing halts."""

    def is_kernel_driver_active(self, _handle: socket.socket, _interface: int) -> bool:
        """The kernel knows nothing of it."""
        return False

    # ------------------------------------------------------------ transfers

    def bulk_write(
        self, handle: socket.socket, endpoint: int, _interface: int, data: array[int], timeout: int
    ) -> int:
        """How many bytes the device took in time."""
        ask = Ask(op=Op.OUT, endpoint=endpoint, data=data.tobytes(), timeout_ms=timeout)
        return self._ask(handle, ask).count

    def bulk_read(
        self, handle: socket.socket, endpoint: int, _interface: int, buff: array[int], timeout: int
    ) -> int:
        """How many bytes came in time."""
        wanted = len(buff) * buff.itemsize
        data = self._ask(handle, Ask(op=Op.IN, endpoint=endpoint, size=wanted, timeout_ms=timeout)).data
        memoryview(buff).cast("B")[: len(data)] = data
        return len(data)

    intr_write = iso_write = bulk_write
    intr_read = iso_read = bulk_read

    def ctrl_transfer(
        self,
        handle: socket.socket,
        request_type: int,
        request: int,
        value: int,
        _index: int,
        data: array[int],
        _timeout: int,
    ) -> int:
        """Strings are all that is asked for on endpoint 0."""
        if request_type != 0x80 or request != _GET_DESCRIPTOR or value >> 8 != _STRING:
            raise self._errors.of(errno.EPIPE)
        number = value & 0xFF
        if number == 0:
            found = bytes((4, _STRING, 0x09, 0x04))
        else:
            text = self._ask(handle, Ask(op=Op.STRING, index=number - 1)).data
            found = bytes((len(text) + 2, _STRING)) + text
        found = found[: len(data)]
        memoryview(data).cast("B")[: len(found)] = found
        return len(found)

    def _ask(self, handle: socket.socket, ask: Ask) -> Reply:
        try:
            send(handle, ask)
            reply = take_reply(handle)
        except (OSError, EOFError) as error:
            raise self._errors.of(errno.ENODEV) from error
        if reply.error:
            raise self._errors.of(reply.error)
        return reply

    def _connected(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(_PATIENCE_SECONDS)
        try:
            line.connect(self._path)
        except OSError:
            line.close()
            raise
        return line
