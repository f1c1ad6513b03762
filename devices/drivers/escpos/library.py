"""python-escpos itself: imported without its traces, closed without waiting, its failures made ours."""

from __future__ import annotations

import logging
import tempfile
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import serial
import usb.core

from devices.faults import DeviceError, DeviceLost
from devices.link_faults import stalled, unplugged


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
    from escpos.printer import Network, Serial
    from escpos.printer import Usb as Usb

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


@contextmanager
def escpos_errors(name: str, opening: Callable[[BaseException], DeviceError] | None = None) -> Iterator[None]:
    """The one place for what python-escpos, pyserial and the system raise, also when closed meanwhile."""
    try:
        yield
    except _FAILURES as error:
        if opening is not None:
            raise opening(error) from error
        late = isinstance(error, serial.SerialTimeoutException | TimeoutError | usb.core.USBTimeoutError)
        raise DeviceLost(stalled(name) if late else unplugged(name)) from error


class TidySerial(Serial):
    """python-escpos' close waits for a dead printer and raises after an unplug, even from its ``__del__``.

    Afterwards it would open the port again by itself when used; with None instead of False it does not.
    """

    _device: Any

    def close(self) -> None:
        """Close the inner port; never raises."""
        device, self._device = self._device, None
        if device:
            with suppress(DeviceError), escpos_errors(self.devfile):
                device.close()


class TidyNetwork(Network):
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
            with suppress(DeviceError), escpos_errors(self.host):
                device.close()
