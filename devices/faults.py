"""What is wrong with a device, what to do and who must do it: the faults and the errors that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Owner(StrEnum):
    """Who must act on a fault."""

    CITIZEN = "citizen"
    STAFF = "staff"
    TECHNICIAN = "technician"
    NOBODY = "nobody"


class Cause(StrEnum):
    """What kind of thing is wrong; PERSON blocks a device that is well (cover open, card in the slot)."""

    DEVICE = "device"
    PERSON = "person"
    SETUP = "setup"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: ``code`` for programs, ``sentence`` and ``action`` in Chinese for the owner."""

    code: str
    sentence: str
    action: str
    owner: Owner
    cause: Cause = Cause.DEVICE


class DeviceError(Exception):
    """The operation failed; ``fault`` says why and who must act."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.code}: {fault.sentence}")
        self.fault = fault


class DeviceLost(DeviceError):
    """The link is gone or silent: the supervisor closes, backs off and reopens."""


class DeviceAbsent(DeviceLost):
    """Nothing is there to be opened: not plugged in, or its address answers nobody."""


class DeviceRefused(DeviceError):
    """The device works and said no (foreign card, paper out): tell the person; do not reopen."""


class DeviceMisconfigured(DeviceError):
    """Options or hardware do not fit: a technician must act; retrying is slow."""
