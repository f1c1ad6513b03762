"""What is left of DEVICES §4.1: errors that are no OSError, and what a serial port is opened with.

The other rows stand in test_links.py and test_supervisor.py; docs/devices.md says which.
"""

from __future__ import annotations

import os
import termios
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import serial

from devices.faults import DeviceError, DeviceLost
from devices.links import SerialLink
from devices.simulators.pty_line import PtyLine


def _silent(line: PtyLine) -> None:
    while True:
        line.read(64)


@pytest.fixture
def link(tmp_path: Path) -> Iterator[SerialLink]:
    line = PtyLine(tmp_path / "port", _silent)
    line.plug()
    made = SerialLink(str(line.link))
    yield made
    made.close()
    line.unplug()


@pytest.mark.parametrize(
    "error", [termios.error(5, "Input/output error"), OSError(5, "EIO"), TypeError("closed")]
)
def test_whatever_the_system_raises_is_a_loss(
    error: Exception, link: SerialLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    link.open()

    def fail(*_arguments: object) -> Any:
        raise error

    monkeypatch.setattr("devices.links.os.write", fail)
    with pytest.raises(DeviceLost, match="unplugged"):
        link.write(b"x", 0.2)


def test_a_port_without_settings_is_told_not_a_traceback(
    link: SerialLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As parity on a PTY: tcsetattr raises termios.error, which is no OSError."""

    def refuse(*_arguments: object) -> None:
        raise termios.error(22, "Invalid argument")

    monkeypatch.setattr("serial.serialposix.termios.tcsetattr", refuse)
    with pytest.raises(DeviceError, match="not_serial"):
        link.open()


def test_closing_after_an_unplug_raises_nothing(tmp_path: Path) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    link = SerialLink(os.ttyname(slave))
    link.open()
    os.close(master)
    os.close(slave)
    link.close()
    link.close()


def test_a_port_is_opened_alone_without_waiting_and_without_touching_modem_lines(
    link: SerialLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``dsrdtr=True`` is no flow control on Linux, and PTYs have no modem lines at all."""
    asked: dict[str, Any] = {}
    real = serial.Serial

    def opened(*arguments: Any, **options: Any) -> Any:
        asked.update(options)
        return real(*arguments, **options)

    monkeypatch.setattr("devices.links.serial.Serial", opened)
    link.open()
    assert asked["exclusive"] is True
    assert (asked["timeout"], asked["write_timeout"]) == (0, 0)
    assert not {"dsrdtr", "rtscts", "parity"} & asked.keys()
