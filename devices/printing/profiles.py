"""What a ticket printer has, as data: python-escpos' profiles know no Hanzi and mostly no width."""

from __future__ import annotations

from dataclasses import dataclass

from devices.capabilities import PrinterCapabilities
from devices.protocols.escpos_bytes import HanziSet

DOTS_PER_MM = 8


@dataclass(frozen=True, slots=True)
class Profile:
    """A class of printers.

    ``dots`` a line; ``near_end`` whether its sensor exists and can be believed; ``proof`` whether it
    answers GS r; ``inline_pictures`` whether ESC * stands among text (else a line with a rare character
    is drawn whole); ``clears_held_job`` whether DLE ENQ 2 throws away a job that waits for paper;
    ``rows_per_second`` the slowest that it prints; ``automatic`` whether it tells changes by itself (GS a).
    ``ticket_query`` is the n of DLE EOT n that asks for the ticket in its mouth, 0 without such a sensor,
    and ``ticket_mask`` the bits that then say that one waits.
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
    automatic: bool = True
    ticket_query: int = 0
    ticket_mask: int = 0x20

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
            media=bool(self.ticket_query) and self.can_status,
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
        automatic=False,
    ),
    "presenter-80mm": Profile(576, ticket_query=5),
    "xprinter-xp-80": Profile(576, near_end=False),
    "xprinter-xp-58": Profile(
        384, near_end=False, can_cut=False, automatic=False, clears_held_job=False, rows_per_second=240
    ),
    "gprinter-gp-80": Profile(576, near_end=False),
    "gprinter-gp-58": Profile(384, near_end=False, can_cut=False, automatic=False, rows_per_second=240),
    "snbc-btp": Profile(576),
    "snbc-kiosk": Profile(640, rows_per_second=600),
    "masung-80": Profile(576),
    "masung-58": Profile(384, rows_per_second=300),
    "sprt-80": Profile(576),
    "sprt-embedded-58": Profile(384, near_end=False, can_cut=False, rows_per_second=240),
    "rongta-80": Profile(576, near_end=False),
    "hoin-80": Profile(576, near_end=False, automatic=False),
    "cashino-kp-80": Profile(576, rows_per_second=600),
    "zijiang-58": Profile(
        384,
        hanzi=HanziSet.GB2312,
        native_qr=False,
        near_end=False,
        can_cut=False,
        automatic=False,
        proof=False,
        clears_held_job=False,
        rows_per_second=240,
    ),
    "epson-tm-cn": Profile(576),
}
"""Generic ones first, then makers' families as they stand in Chinese halls: a beginning from their papers and
common knowledge, to be corrected on the spot by the options of the driver and a test ticket. Where a
sensor is missing in some models of a family, it is not believed here.
"""
