"""PURE: appointments (预约) were promised, given up, missed."""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import Person
from hall_server.hall.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentBooked(Event):
    """A slot was promised."""

    appointment: str
    service: str
    start_ms: int
    person: Person | None = None
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentCancelled(Event):
    """It was given up."""

    appointment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentMissed(Event):
    """Nobody came; its share belongs to walk-ins again."""

    appointment: str
