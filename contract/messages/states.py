"""The whole pictures that screens follow: windows, queues, call boards. All are retained."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from contract.messages.envelope import Message
from contract.messages.tickets import TicketStatus


class WindowStatus(StrEnum):
    """Whether a window takes people."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class WindowState(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Whole picture of a window: retained. ``number`` is the ticket being called or served, or empty."""

    window: str
    label: str
    name: str
    zone: str
    status: WindowStatus
    seq: int
    boot: str = ""
    number: str = ""
    ticket_status: TicketStatus | None = None
    service: str = ""
    masked_name: str = ""
    call: str = ""
    called_ms: int = 0
    recalls: int = 0
    services: tuple[str, ...] = ()


class QueueState(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Whole picture of a service's queue: retained.

    ``wait_low``, ``wait_high`` and ``wait_note`` are what somebody who took a number now would be told, as in
    TicketSlip; ``closed_reason`` says why none are given when it is not ``open``.
    """

    service: str
    name: str
    zone: str
    waiting: int
    open: bool
    seq: int
    boot: str = ""
    wait_low: int | None = None
    wait_high: int | None = None
    wait_note: str = ""
    windows: tuple[str, ...] = ()
    closed_reason: str = ""


class BoardRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a call board: 号码 · 窗口; newest first in its list."""

    call: str
    number: str
    window: str
    service: str = ""
    zone: str = ""
    called_ms: int = 0
    recalls: int = 0


class ZoneWaiting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many people wait in a zone."""

    zone: str
    waiting: int


class BoardNow(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Whole picture of a call board: retained; last calls newest first, notices, waiting per zone.

    ``lines``: how many the board has for calls, however few there are.
    """

    board: str
    title: str
    seq: int
    boot: str = ""
    rows: tuple[BoardRow, ...] = ()
    lines: int = 10
    notices: tuple[str, ...] = ()
    waiting: tuple[ZoneWaiting, ...] = ()
