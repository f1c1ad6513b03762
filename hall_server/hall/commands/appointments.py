"""PURE: appointments (预约)."""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import Person
from hall_server.hall.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Book(Command):
    """Promise a slot of a service; ``start_ms`` is the slot's beginning."""

    appointment: str
    service: str
    start_ms: int
    person: Person | None = None
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelBooking(Command):
    """Give an appointment up. ``only_own``: refused to a partner who did not take it."""

    appointment: str
    only_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn(Command):
    """The person with an appointment is here."""

    appointment: str
    green_reason: str = ""
