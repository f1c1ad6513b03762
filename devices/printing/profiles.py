"""What a ticket printer has, as data: python-escpos' profiles know no Hanzi and mostly no width."""

from __future__ import annotations

from dataclasses import dataclass

from devices.ports import PrinterCapabilities
from devices.protocols.escpos_bytes import HanziSet

DOTS_PER_MM = 8


@dataclass(frozen=True, slots=True)
class Profile:
    """A class of printers.

    ``dots`` a line; ``near_end`` whether its sensor exists and can be believed; ``proof`` whether it
    answers GS r; ``inline_pictures`` whether ESC * stands among text (else a line with a rare character
    is drawn whole); ``clears_held_job`` whether DLE ENQ 2 throws away a job that waits for paper;
    ``rows_per_second`` the slowest that it prints.
    """

    dots: int
    hanzi: HanziSet = HanziSet.GBK
    native_qr: bool = True
    picture: bool = True
    inline_pictures: bool = True
    can_status: bool = True
    proof: bool = True
    near_end: bool = True
    can_cut: bool = True
    clears_held_job: bool = True
    rows_per_second: int = 400

    @property
    def capabilities(self) -> PrinterCapabilities:
        """What the port tells of it."""
        return PrinterCapabilities(
            dots=self.dots,
            can_status=self.can_status,
            can_cut=self.can_cut,
            native_qr=self.native_qr,
            text_hanzi=self.hanzi is not HanziSet.NONE,
            picture=self.picture,
            near_end=self.near_end,
            proof=self.proof and self.can_status,
        )


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds: to connect; for bytes to be taken; for a status answer; between two
    looks at a printer that is busy; for one that is stopped; for a hot head to cool; beyond what a
    ticket takes; with sending white to one that takes everything for dots.
    """

    connect: float = 3.0
    stall: float = 3.0
    status: float = 0.8
    look: float = 0.4
    stopped: float = 3.0
    cooling: float = 20.0
    margin: float = 2.0
    white: float = 10.0


PATIENCE = Patience()
"""For printers as they are."""


PROFILES: dict[str, Profile] = {
    "80mm": Profile(576),
    "58mm": Profile(384, near_end=False),
    "80mm-gb2312": Profile(576, hanzi=HanziSet.GB2312, native_qr=False),
    "80mm-no-hanzi": Profile(576, hanzi=HanziSet.NONE),
    "58mm-bare": Profile(
        384,
        hanzi=HanziSet.GB2312,
        native_qr=False,
        inline_pictures=False,
        can_status=False,
        proof=False,
        near_end=False,
        can_cut=False,
        clears_held_job=False,
        rows_per_second=240,
    ),
}
