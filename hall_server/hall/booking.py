"""PURE: appointments: booked into ring-fenced slots, checked in early, on time or late, missed."""

from __future__ import annotations

from collections.abc import Iterator

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import MINUTE_MS, slot_of
from hall_server.hall.issuing import green_reason, numbered
from hall_server.hall.lookup import Answer, Decision, service_named
from hall_server.hall.model import Appointment, Arrival, Booking, Class, Hall, RuleBroken


def book(hall: Hall, command: c.Book, now_ms: int) -> Decision:
    """Promise a slot; the same person and slot get the first promise again."""
    service = service_named(hall, command.service)
    rules = hall.plan.rules
    if command.appointment in hall.appointments:
        raise RuleBroken("taken_id", "这个预约编号已经用过")
    if slot_of(command.start_ms, service.slot_minutes, rules) != command.start_ms:
        raise RuleBroken("not_a_slot", f"{service.name}的预约时段每 {service.slot_minutes} 分钟一个")
    if command.start_ms + rules.grace_minutes * MINUTE_MS < now_ms:
        raise RuleBroken("past", "这个时段已经过去")
    booked = [
        hall.appointments[a]
        for a in hall.by_slot.get((service.id, command.start_ms), ())
        if hall.appointments[a].status in (Booking.BOOKED, Booking.CHECKED_IN)
    ]
    for other in booked:
        if command.person is not None and other.person is not None and other.person.key == command.person.key:
            return Decision((), Answer(other.id, existing=True))
    if service.slot_quota and len(booked) >= service.ring_fenced:
        raise RuleBroken("slot_full", f"{service.name}这个时段已约满，请换一个时段")
    event = e.AppointmentBooked(
        at_ms=now_ms,
        appointment=command.appointment,
        service=service.id,
        start_ms=command.start_ms,
        person=command.person,
    )
    return Decision((event,), Answer(command.appointment))


def cancel_booking(hall: Hall, command: c.CancelBooking, now_ms: int) -> Decision:
    """Only what was not used yet."""
    appointment = _named(hall, command.appointment)
    if appointment.status is not Booking.BOOKED:
        raise RuleBroken("wrong_state", "这个预约已使用、已取消或已过期")
    return Decision(
        (e.AppointmentCancelled(at_ms=now_ms, appointment=appointment.id),), Answer(appointment.id)
    )


def check_in(hall: Hall, command: c.CheckIn, now_ms: int) -> Decision:
    """A number for the person: preferred from the slot's beginning, after the late limit as a walk-in."""
    appointment = _named(hall, command.appointment)
    if appointment.status is Booking.CHECKED_IN:
        return Decision((), Answer(appointment.ticket, existing=True))
    if appointment.status is Booking.CANCELLED:
        raise RuleBroken("cancelled", "这个预约已取消，请重新取号")
    service = service_named(hall, appointment.service)
    if appointment.person is not None and (held := hall.held(appointment.person.key, (service.id,))):
        return Decision((), Answer(held.id, existing=True))
    arrival, rank_ms, kept = arrived(hall, appointment, now_ms)
    reason = green_reason(hall, command.green_reason, appointment.person)
    if reason:
        rank_class = Class.GREEN
    else:
        rank_class = Class.APPOINTMENT if kept else Class.NORMAL
    event = numbered(
        hall,
        service,
        now_ms,
        rank_ms=rank_ms,
        person=appointment.person,
        rank_class=rank_class,
        green_reason=reason,
        appointment=appointment.id,
        arrival=arrival,
        station=command.by,
    )
    return Decision((event,), Answer(event.ticket))


def arrived(hall: Hall, appointment: Appointment, now_ms: int) -> tuple[Arrival, int, bool]:
    """(how they came, the time that their place counts from, whether the appointment still counts)."""
    rules, start = hall.plan.rules, appointment.start_ms
    if now_ms < start - rules.early_minutes * MINUTE_MS:
        return Arrival.EARLY, start, True
    if now_ms <= start + rules.grace_minutes * MINUTE_MS:
        return Arrival.ON_TIME, min(now_ms, start), True
    return Arrival.LATE, now_ms, now_ms <= start + rules.late_minutes * MINUTE_MS


def missed(hall: Hall, now_ms: int) -> Iterator[e.Event]:
    """Appointments for which nobody came within the late limit."""
    limit = hall.plan.rules.late_minutes * MINUTE_MS
    for start_ms, appointment in hall.booked:
        if start_ms + limit >= now_ms:
            return
        yield e.AppointmentMissed(at_ms=now_ms, appointment=appointment)


def _named(hall: Hall, appointment: str) -> Appointment:
    found = hall.appointments.get(appointment)
    if found is None:
        raise RuleBroken("unknown_appointment", "没有这个预约，请核对预约编号或直接取号")
    return found
