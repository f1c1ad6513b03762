"""PURE: an appointment (预约)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from contract.messages import Person


class Booking(StrEnum):
    """Life of an appointment."""

    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    CANCELLED = "cancelled"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Appointment:
    """预约: a person's right to a slot of a service; ``by`` took it: a page, or a partner (``api:…``)."""

    id: str
    service: str
    start_ms: int
    status: Booking = Booking.BOOKED
    person: Person | None = None
    ticket: str = ""
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    by: str = ""
