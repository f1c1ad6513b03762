"""Ports of what shows the way: LED bars above windows and guide lights at slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from devices.capabilities import GuideLightCapabilities, LedBarCapabilities
from devices.ports import Device


class LedColour(StrEnum):
    """Colours of bars and lights."""

    RED = "red"
    GREEN = "green"
    YELLOW = "yellow"


class Shown(StrEnum):
    """What is known of a text that was sent: the bar said so, or it cannot tell."""

    CONFIRMED = "confirmed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BarText:
    """One line of text; a bar of one colour shows it in that one, a bar that is too short cuts it."""

    text: str
    colour: LedColour = LedColour.RED


class LedBars(Device, Protocol):
    """LED bars (条屏) on one wire; a bar alone has one address."""

    @property
    def capabilities(self) -> LedBarCapabilities:
        """Addresses, columns, colours; whether bars tell what they show."""

    def show(self, address: int, content: BarText) -> Shown:
        """Put a text on a bar and keep it there: a bar that lost its power gets it again with a heartbeat.

        Raises DeviceRefused (the bar said no), DeviceLost (the line is gone, or nobody on it answers). A bar
        that alone does not answer is UNKNOWN here and a fault of the next heartbeat; the line goes on.
        """

    def shown(self, address: int) -> BarText | None:
        """What the bar says that it shows; None where bars cannot tell or this one is missing."""


class Flash(StrEnum):
    """How a light burns: XFS4IoT's rates that a citizen can tell apart, none faster than three a second."""

    OFF = "off"
    STEADY = "steady"
    SLOW = "slow"
    QUICK = "quick"


@dataclass(frozen=True, slots=True)
class Light:
    """Colour and rate of one position; a position without that colour burns in the one it has."""

    flash: Flash = Flash.OFF
    colour: LedColour = LedColour.GREEN


DARK = Light()


class GuideLights(Device, Protocol):
    """Lights beside slots and above windows, or relays; each position has a name from the options."""

    @property
    def capabilities(self) -> GuideLightCapabilities:
        """The positions and their colours."""

    def light(self, position: str, light: Light) -> None:
        """Light a position, or darken it. Raises DeviceRefused (no such position), DeviceLost."""

    def lit(self) -> Mapping[str, Light]:
        """What burns now, by position, read back from the outputs; a flash is what was asked for.

        Raises DeviceLost.
        """

    def step(self) -> None:
        """Carry flashing on; a watch calls it every STEP_SECONDS. Raises DeviceLost."""


STEP_SECONDS = 0.25
