"""The health of one device as it changes: numbered, timed, told to who listens."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from time import monotonic
from typing import Any

from devices.faults import Fault, Owner
from devices.health import Health, Listener
from devices.losses import where
from devices.ports import Kind, State, Status

_log = logging.getLogger(__name__)


class Standing:
    """Changed by the worker and its watchdog, read by anybody; ``listener`` hears each change, only posts."""

    def __init__(self, name: str, kind: Kind, listener: Listener | None) -> None:
        self._listener = listener
        self._telling = threading.Lock()
        self._health = Health(name, kind, State.OPENING, since=monotonic())

    @property
    def health(self) -> Health:
        """How the device is now."""
        return self._health

    def number(self) -> int:
        """The next number in the row of this device's news, for news that are not of its health."""
        with self._telling:
            self._health = replace(self._health, sequence=self._health.sequence + 1)
            return self._health.sequence

    def tell_status(self, status: Status) -> None:
        """What the device says of itself."""
        health = self._health
        self.tell(ok=status.ok, faults=_with_alarm(status.faults, health.identity, health.replaced))

    def tell_ready(self, identity: str, status: Status) -> None:
        """It is opened and answers; another identity than before is an alarm."""
        before = self._health.identity
        replaced = before if before and identity and before != identity else self._health.replaced
        if replaced and replaced != self._health.replaced:
            _log.warning("device %s was replaced: %s, before %s", self._health.name, identity, before)
        self.tell(
            state=State.READY,
            ok=status.ok,
            faults=_with_alarm(status.faults, identity, replaced),
            identity=identity or before,
            replaced=replaced,
        )

    def tell(self, **changes: Any) -> None:
        """Change these fields of the health; what changes nothing is not told."""
        with self._telling:
            before = self._health
            after = replace(before, **changes)
            if after == before:
                return
            since = before.since if after.state is before.state else monotonic()
            self._health = after = replace(after, since=since, sequence=before.sequence + 1)
            if self._listener is None:
                return
            try:
                self._listener(after)
            except Exception as error:  # noqa: BLE001 - a listener's fault must not stop the device
                _log.error("listener of device %s failed: %s", after.name, where(error))


def _with_alarm(faults: tuple[Fault, ...], identity: str, replaced: str) -> tuple[Fault, ...]:
    """A unit in another's place stays an alarm until the program starts anew: somebody should know."""
    if not replaced:
        return faults
    alarm = Fault(
        "replaced",
        f"这台设备被换过（原 {replaced}，现 {identity}）",
        "确认是有意更换，并登记新设备编号；否则检查设备",
        Owner.TECHNICIAN,
    )
    return (*faults, alarm)
