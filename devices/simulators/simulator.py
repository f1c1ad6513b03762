"""What every simulator can be told: start, stop, misbehave, say how it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Simulator(Protocol):
    """A device outside of the program under test; it speaks the wire over a PTY or TCP.

    Constructors do no I/O. All methods may be called from any thread. A simulator that has a serial
    line opens its own PTY and keeps a stable symlink ``link`` to it; a fault named ``unplugged``
    closes the PTY and removes the link until it is cleared. A simulator of a printer has in addition
    ``latest_picture() -> bytes`` (see ShowsPaper).
    """

    @property
    def name(self) -> str:
        """Name on the bench, as in BENCH.toml: ``printer-1``."""

    @property
    def kind(self) -> str:
        """``id_card_reader``, ``ticket_printer``, ``camera``, ``call_box``: a word of devices.ports.Kind."""

    @property
    def address(self) -> str:
        """Where a driver finds it: path of the PTY's symlink, ``tcp://host:port`` or an URL."""

    def start(self) -> None:
        """Open the line and begin to answer, on threads of its own. Raises OSError when it cannot."""

    def stop(self) -> None:
        """Close the line and remove its link; may be called twice."""

    def faults(self) -> Mapping[str, str]:
        """Every fault that can be switched on: word -> what it does, in Chinese, for the control page."""

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault on or off. Raises KeyError for a word that ``faults`` does not have."""

    def state(self) -> Mapping[str, object]:
        """JSON-able picture of the simulator: at least ``faults``: list of the words that are on."""


class ShowsPaper(Protocol):
    """A simulator that prints on paper."""

    def latest_picture(self) -> bytes:
        """PNG of the last ticket that came out; b'' before the first."""

    def latest_text(self) -> str:
        """Text of the last ticket, for tests and the control CLI; '' before the first."""
