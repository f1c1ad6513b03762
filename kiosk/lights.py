"""The lights beside the kiosk's slots: where to lay the card, that it still lies there, where paper comes.

A hook of hardware.py: it says what happens, this says what burns. Without lights nothing is done.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from devices.health import Health
from devices.ports import State
from devices.signals import DARK, STEP_SECONDS, Flash, GuideLights, LedColour, Light
from devices.supervisor import Supervised

CARD, PAPER = "card", "paper"
LAY = Light(Flash.SLOW, LedColour.GREEN)
TAKE = Light(Flash.QUICK, LedColour.GREEN)
PAPER_SECONDS = 12.0
_SET_SECONDS = 2.0


class SlotLights:
    """Wants a light per slot; a device that comes back is told all of them again. From any thread."""

    def __init__(
        self, device: Supervised[GuideLights] | None, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._device, self._clock = device, clock
        self._wanted: dict[str, Light] = {CARD: DARK, PAPER: DARK}
        self._lay = self._lies_there = False
        self._paper_until = 0.0
        if device is not None:
            device.watch(self._step, lambda _nothing: None, every_seconds=STEP_SECONDS)

    def lay(self, wanted: bool) -> None:
        """A page waits for a card, or does no more."""
        self._lay = wanted
        self._card()

    def take(self, lies_there: bool) -> None:
        """The card was read and still lies there, or was taken."""
        self._lies_there = lies_there
        self._card()

    def paper(self, comes: bool) -> None:
        """A ticket comes out: the slot shines until it was surely seen; or it does not come."""
        self._paper_until = self._clock() + PAPER_SECONDS
        self._put(PAPER, TAKE if comes else DARK)

    def changed(self, health: Health) -> None:
        """News of the device: when it is back it burns as it should."""
        if health.state is State.READY:
            for position in self._wanted:
                self._send(position)

    def _card(self) -> None:
        self._put(CARD, TAKE if self._lies_there else LAY if self._lay else DARK)

    def _put(self, position: str, light: Light) -> None:
        if self._wanted[position] != light:
            self._wanted[position] = light
            self._send(position)

    def _send(self, position: str) -> None:
        """A position that these lights do not have is refused, and that is well."""
        if self._device is not None:
            light = self._wanted[position]
            self._device.submit(lambda lights: lights.light(position, light), _SET_SECONDS)

    def _step(self, lights: GuideLights) -> None:
        if self._wanted[PAPER] != DARK and self._clock() > self._paper_until:
            self._put(PAPER, DARK)
        lights.step()
