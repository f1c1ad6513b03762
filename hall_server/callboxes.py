"""Call boxes wired to this box: each key press becomes a command at its window, through the one door."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress

from contract.messages import WindowStatus
from devices.health import Health
from devices.ports import CallBoxBus, CallBoxKey, KeyPress, State
from devices.supervisor import Supervised
from hall_server.hall import commands as c
from hall_server.hall.lookup import Answer
from hall_server.hall.model import RuleBroken
from hall_server.hall.pictures import HallView
from hall_server.service import HallService

log = logging.getLogger(__name__)

_COMMANDS: dict[CallBoxKey, Callable[..., c.AtWindow]] = {
    CallBoxKey.NEXT: c.CallNext,
    CallBoxKey.RECALL: c.Recall,
    CallBoxKey.ARRIVED: c.Arrive,
    CallBoxKey.FINISH: c.Finish,
    CallBoxKey.NO_SHOW: c.NoShow,
}
NOBODY_TEXT = "----"
REFUSED_TEXT = "Err"
IDLE_TEXT = ""
SHOW_SECONDS = 2.0


class CallBoxDesk:
    """Drives one line of call boxes: ``windows`` maps bus addresses. Show it each view of the hall."""

    def __init__(
        self,
        service: HallService,
        driver: CallBoxBus,
        windows: Mapping[int, str],
        *,
        listener: Callable[[Health], None] | None = None,
    ) -> None:
        self._service = service
        self._windows = dict(windows)
        self._addresses = {window: address for address, window in windows.items()}
        self._shown: dict[int, str] = {}
        self._listener = listener
        self._device: Supervised[CallBoxBus] = Supervised("callboxes", driver, self._changed)

    @property
    def health(self) -> Health:
        """How the line is."""
        return self._device.health

    def start(self) -> None:
        """Listen to keys, for ever."""
        self._device.watch(lambda line: line.poll(), self._pressed, every_seconds=0.0)
        self._device.start()

    def stop(self) -> None:
        """Let go of the line."""
        self._device.stop()

    def blank(self, addresses: Iterable[int]) -> None:
        """Nothing stands on these boxes any more."""
        if self._device.health.usable:
            for address in addresses:
                with suppress(Exception):  # a line that is lost shows nothing either
                    self._device.submit(
                        lambda line, at=address: line.show(at, IDLE_TEXT),  # type: ignore[misc]
                        SHOW_SECONDS,
                    ).result(SHOW_SECONDS)

    def _changed(self, health: Health) -> None:
        """On the device's thread: a line that is back has boxes that show nothing."""
        if health.state is State.READY:
            self._shown.clear()
            self.show_view(self._service.view)
        if self._listener is not None:
            self._listener(health)

    def _pressed(self, press: KeyPress) -> None:
        """On the device's thread: only post."""
        window = self._windows.get(press.address)
        if window is None:
            log.warning(
                "a call box with address %d, that no window has, pressed %s", press.address, press.key
            )
            return
        command = self._command(window, press.key)
        self._service.submit(command).add_done_callback(
            lambda answer, address=press.address: self._tell(address, answer)  # type: ignore[misc]
        )

    def _command(self, window: str, key: CallBoxKey) -> c.AtWindow:
        sender = {"request": secrets.token_hex(12), "by": f"callbox:{window}", "window": window}
        if key is CallBoxKey.PAUSE:
            state = self._service.view.windows.get(window)
            paused = state is not None and state.status is not WindowStatus.OPEN
            return c.OpenWindow(**sender) if paused else c.PauseWindow(**sender)
        return _COMMANDS[key](**sender)

    def _tell(self, address: int, answer: Future[Answer]) -> None:
        """Put a refusal on the box; a success shows itself with the next view.

        "Nobody" stays until the window has a number; any other refusal gives way to the number with the
        next view.
        """
        error = answer.exception()
        if error is None:
            return
        nobody = isinstance(error, RuleBroken) and error.code == "nobody_waiting"
        if not isinstance(error, RuleBroken):
            log.error("a press at address %d failed: %s", address, error)
        if not nobody:
            self._shown.pop(address, None)
        self._show(address, NOBODY_TEXT if nobody else REFUSED_TEXT)

    def show_view(self, view: HallView) -> None:
        """A new picture of the hall, on the writer's thread: only post what changed."""
        for window, state in view.windows.items():
            address = self._addresses.get(window)
            text = state.number or IDLE_TEXT
            if address is not None and self._shown.get(address) != text:
                self._shown[address] = text
                self._show(address, text)

    def _show(self, address: int, text: str) -> None:
        self._device.submit(lambda line: line.show(address, text), SHOW_SECONDS).add_done_callback(
            lambda shown: self._forget(address) if not shown.cancelled() and shown.exception() else None
        )

    def _forget(self, address: int) -> None:
        """The box did not show it: say it again with the next view."""
        self._shown.pop(address, None)
