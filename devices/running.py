"""Runs one command, or asks one standing question, on a driver: within its time, with exactly one end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

from devices.commands import Pending
from devices.faults import Cause, DeviceError, DeviceLost, DeviceRefused, Fault, Owner
from devices.health import Watch
from devices.losses import where
from devices.ports import Device
from devices.watchdog import Watchdog, end

_log = logging.getLogger(__name__)

BUSY = Fault("busy", "设备正忙", "请稍候再试", Owner.NOBODY)


def run(command: Pending[Any], driver: Device, watchdog: Watchdog) -> bool:
    """End the command; False when the device refused it. Raises what else the driver raised."""
    if not command.set_running_or_notify_cancel():
        return True
    if monotonic() >= command.deadline:
        end(command, error=DeviceRefused(BUSY))
        return True
    command.begun = True
    try:
        with watchdog.limit(command.deadline - monotonic(), command):
            value = command.run(driver)
    except DeviceRefused as error:
        end(command, error=error)
        return False
    except DeviceError as error:
        end(command, error=error)
        raise
    except Exception as error:
        end(command, error=internal(error))
        raise
    end(command, value=value)
    return True


def ask(watch: Watch[Any], driver: Device, watchdog: Watchdog) -> None:
    """Ask once, tell what was found or refused. Raises DeviceLost and what else the driver raised."""
    try:
        with watchdog.limit(watch.limit_seconds):
            value = watch.ask(driver)
    except DeviceRefused as error:
        fault, told = error.fault, watch.refused
        if told is not None:
            _deliver(watch, watchdog.name, lambda: told(fault))
    else:
        if value is not None:
            _deliver(watch, watchdog.name, lambda: watch.found(value))
    watch.due = monotonic() + watch.every_seconds


def _deliver(watch: Watch[Any], name: str, tell: Callable[[], None]) -> None:
    try:
        watch.deliver(tell)
    except Exception as error:  # noqa: BLE001 - a page's fault must not stop the device
        place = where(error)
        if place != watch.slipped:
            watch.slipped = place
            _log.error("who watches device %s failed: %s", name, place)


def internal(error: BaseException) -> DeviceLost:
    """The end of what a fault in a driver broke."""
    fault = Fault(
        "internal",
        "设备程序出错，正在重新启动该设备",
        "若反复出现，请把日志交给开发商",
        Owner.TECHNICIAN,
        Cause.PROGRAM,
    )
    lost = DeviceLost(fault)
    lost.__cause__ = error
    return lost
