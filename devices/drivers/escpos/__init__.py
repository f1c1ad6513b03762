"""Ticket printers that speak ESC/POS over serial, USB or TCP, on python-escpos' printer classes.

python-escpos opens the port and carries the bytes. What it gets wrong for a Chinese ticket (DEVICES §3.1:
the status of a silent printer, endless writes, Hanzi, widths, QR) is done here and in devices/printing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Literal

import msgspec

from devices.capabilities import Media, PrinterCapabilities
from devices.drivers.escpos.connections import connection
from devices.faults import Cause, DeviceLost, DeviceMisconfigured, Fault, Owner
from devices.link_faults import silent
from devices.ports import Kind, Status
from devices.printing.condition import STOPPING, Counters, NearEnd, faults
from devices.printing.dialogue import Dialogue
from devices.printing.job import Job
from devices.printing.picture import picture_job
from devices.printing.profiles import PATIENCE, PROFILES, Patience, Profile
from devices.printing.text import text_job
from devices.protocols.escpos_bytes import Trouble
from devices.tickets import Proof, Ticket


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``port`` is a serial path, ``port://1-1.4`` (an adapter by its socket), ``tcp://host:port`` or
    ``usb://vid:pid``; ``profile`` a name of devices/printing/profiles.py; fields after ``mode`` correct it.

    ``mode`` auto prints pictures where the line is fast (TCP, serial from 115,200 baud), else text.
    ``roll_metres``: warn by the paper counted when this much is used of a roll; 0 does not.
    """

    port: str
    baud: int = 9600
    profile: str = "80mm"
    mode: Literal["auto", "text", "picture"] = "auto"
    dots: int | None = None
    native_qr: bool | None = None
    can_status: bool | None = None
    can_cut: bool | None = None
    near_end: bool | None = None
    proof: bool | None = None
    clears_held_job: bool | None = None
    automatic: bool | None = None
    ticket_query: int | None = None
    ticket_mask: int | None = None
    roll_metres: float = 0.0


def build(options: Options) -> EscposPrinter:
    """The driver, not yet opened."""
    return EscposPrinter(options)


class EscposPrinter:
    """A TicketPrinter; see devices.ports for what its methods promise."""

    kind = Kind.TICKET_PRINTER

    def __init__(self, options: Options, *, patience: Patience = PATIENCE) -> None:
        self._options = options
        self._patience = patience
        self._profile = _profile(options)
        self._connection = connection(options.port, options.baud, patience)
        self._dialogue = Dialogue(self._connection, self._profile, patience)
        self._near_end = NearEnd()
        self._counters = Counters()
        self._troubles: frozenset[Trouble] = frozenset()

    @property
    def capabilities(self) -> PrinterCapabilities:
        """What the profile says of this printer."""
        return self._profile.capabilities

    @property
    def mode(self) -> str:
        """How tickets are sent: ``text`` or ``picture``."""
        if self._options.mode != "auto":
            return self._options.mode
        return "picture" if self._profile.picture and self._connection.fast else "text"

    def open(self) -> None:
        """Connect. Raises DeviceAbsent, DeviceLost, DeviceMisconfigured."""
        self._connection.open()
        self._dialogue = Dialogue(self._connection, self._profile, self._patience)

    def close(self) -> None:
        """Let go of the port, whatever state it is in."""
        self._connection.close()

    def identify(self) -> str:
        """Model and serial number. What a stopped printer holds is of a former life and thrown away."""
        if not self._profile.can_status:
            return ""
        if self._dialogue.troubles() & STOPPING:
            self._dialogue.clear()
            return ""
        self._dialogue.settle()
        return self._dialogue.name()

    def told(self) -> Status | None:
        """The cover that was opened, the paper that ran out: known when the printer says so by itself."""
        troubles = self._dialogue.told()
        if troubles is None or troubles == self._troubles:
            return None
        return self._status(troubles)

    def media(self) -> Media:
        """Is a ticket still in its mouth? Few printers have that sensor, and each maker's bit differs."""
        profile = self._profile
        if not (profile.ticket_query and profile.can_status):
            return Media.UNKNOWN
        waits = self._dialogue.ticket_waits(profile.ticket_query, profile.ticket_mask)
        if waits is None:
            raise DeviceLost(silent(self._connection.name))
        return Media.PRESENT if waits else Media.NONE

    def counts(self) -> Mapping[str, int]:
        return self._counters.all()

    def resume(self, counts: Mapping[str, int]) -> None:
        self._counters.resume(counts)

    def heartbeat(self) -> Status:
        """Status, or DeviceLost when a printer that can answer does not."""
        return self._status(self._dialogue.troubles() if self._profile.can_status else None)

    def presence(self) -> str:
        """The node of a serial or USB port; '' for a network printer. See devices.ports.Pluggable."""
        return self._connection.presence()

    def status(self) -> Status:
        """Status now; ``ok`` None when it does not answer."""
        return self._status(self._dialogue.inquire() if self._profile.can_status else None)

    def print(self, ticket: Ticket) -> Proof:
        """One ticket. See devices.ports.TicketPrinter.print."""
        job = self.compose(ticket)
        before = self._dialogue.recoveries
        if self._profile.can_status:
            self._dialogue.make_ready()
        try:
            proof = self._dialogue.print(job)
        finally:
            self._counters.cutter_recoveries += self._dialogue.recoveries - before
        if proof is not Proof.FAILED:
            self._counters.printed(job.rows, cut=self._profile.can_cut)
        return proof

    def clear(self) -> None:
        """Throw away a held job."""
        self._dialogue.clear()

    def compose(self, ticket: Ticket) -> Job:
        """The bytes of this ticket for this printer, without cut and proof."""
        if self.mode == "picture":
            return picture_job(ticket, self._profile.dots)
        return text_job(ticket, self._profile)

    def _status(self, troubles: frozenset[Trouble] | None) -> Status:
        details = {"mode": self.mode, "dots": str(self._profile.dots), **self._counters.details()}
        if troubles is None:
            return Status(None, (), {"paper": "unknown", **details})
        self._troubles = troubles
        out = Trouble.PAPER_OUT in troubles
        self._counters.paper(out=out)
        if out:
            self._near_end = NearEnd()
        seen = self._profile.near_end and Trouble.PAPER_NEAR_END in troubles and not out
        near = self._near_end.read(seen)
        used = 0 < self._options.roll_metres <= self._counters.roll_metres
        shown = (troubles - {Trouble.PAPER_NEAR_END}) | (
            {Trouble.PAPER_NEAR_END} if near or used else frozenset()
        )
        paper = "out" if out else "near_end" if near or used else "ok"
        return Status(not troubles & STOPPING, faults(shown), {"paper": paper, **details})


def _profile(options: Options) -> Profile:
    if options.profile not in PROFILES:
        raise DeviceMisconfigured(_no_profile(options.profile))
    names: tuple[str, ...] = ("dots", "native_qr", "can_status", "can_cut", "near_end", "proof")
    names += ("clears_held_job", "automatic", "ticket_query", "ticket_mask")
    corrections = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    profile = replace(PROFILES[options.profile], **corrections)
    if profile.dots % 16 or not 192 <= profile.dots <= 1024:
        sentence = f"dots = {profile.dots}：应为 192 到 1024 之间 16 的倍数"
        raise DeviceMisconfigured(
            Fault("bad_dots", sentence, "58 mm 纸写 384，80 mm 纸写 576", Owner.TECHNICIAN)
        )
    return replace(profile, proof=profile.proof and profile.can_status)


def _no_profile(name: str) -> Fault:
    near = get_close_matches(name, PROFILES, 3) or list(PROFILES)
    sentence = f"没有打印机型号 {name}"
    return Fault("no_profile", sentence, f"可用：{'、'.join(near)}", Owner.TECHNICIAN, Cause.SETUP)
