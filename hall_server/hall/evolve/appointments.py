"""PURE: what an event does to an appointment."""

from __future__ import annotations

from dataclasses import replace

from hall_server.hall import events as e
from hall_server.hall.model import Appointment, Booking, Hall


def booked(hall: Hall, event: e.AppointmentBooked) -> None:
    appointment = Appointment(
        event.appointment,
        event.service,
        event.start_ms,
        person=event.person,
        items=event.items,
        situation=event.situation,
        by=event.by,
    )
    hall.appointments[appointment.id] = appointment
    hall.booked.add((event.start_ms, appointment.id))
    slot = (event.service, event.start_ms)
    hall.by_slot[slot] = (*hall.by_slot.get(slot, ()), appointment.id)


def cancelled(hall: Hall, event: e.AppointmentCancelled) -> None:
    set_appointment(hall, event.appointment, Booking.CANCELLED, "")


def missed(hall: Hall, event: e.AppointmentMissed) -> None:
    set_appointment(hall, event.appointment, Booking.MISSED, "")


def set_appointment(hall: Hall, name: str, status: Booking, ticket: str) -> None:
    old = hall.appointments[name]
    hall.booked.discard((old.start_ms, old.id))
    hall.appointments[name] = replace(old, status=status, ticket=ticket)


def forget_appointment(hall: Hall, appointment: Appointment) -> None:
    slot = (appointment.service, appointment.start_ms)
    rest = tuple(a for a in hall.by_slot.get(slot, ()) if a != appointment.id)
    if rest:
        hall.by_slot[slot] = rest
    else:
        hall.by_slot.pop(slot, None)
    del hall.appointments[appointment.id]
