"""PURE: appointments: booked into ring-fenced slots, checked in early, on time or late, missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contract.messages import Person
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import DAY_MS, MINUTE_MS, civil, local_day, local_minute, slot_of
from hall_server.hall.issuing import green_reason, numbered
from hall_server.hall.lookup import Answer, Decision, service_named
from hall_server.hall.model import Appointment, Arrival, Booking, Class, Hall, RuleBroken
from hall_server.hall.plan import Plan, Service

NO_SUCH = "没有这个预约，请核对预约编号或直接取号"
WEEKDAYS = "一二三四五六日"


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
    if why := _not_offered(hall.plan, service, command.start_ms, now_ms):
        raise RuleBroken("not_offered", why)
    booked = _taken(hall, service.id, command.start_ms)
    for other in booked:
        if command.person is not None and other.person is not None and other.person.key == command.person.key:
            return Decision((), Answer(other.id, existing=True))
    _require_room(hall, command.person)
    if service.slot_quota and len(booked) >= service.ring_fenced:
        raise RuleBroken("slot_full", f"{service.name}这个时段已约满，请换一个时段")
    event = e.AppointmentBooked(
        at_ms=now_ms,
        appointment=command.appointment,
        service=service.id,
        start_ms=command.start_ms,
        person=command.person,
        items=command.items,
        situation=command.situation,
        by=command.by,
    )
    return Decision((event,), Answer(command.appointment))


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of a service: when it begins and ends, and how many appointments it still takes."""

    start_ms: int
    end_ms: int
    left: int


def bookable(plan: Plan) -> tuple[Service, ...]:
    """Services that keep a share of their numbers for appointments; none in a hall that takes none."""
    if plan.booking is None:
        return ()
    return tuple(s for s in plan.services.values() if s.slot_quota and s.ring_fenced)


def days(plan: Plan, now_ms: int) -> tuple[int, ...]:
    """Local days since 1970-01-01 on which appointments are taken now, today first."""
    booking = plan.booking
    if booking is None:
        return ()
    today = local_day(now_ms, plan.rules)
    ahead = range(today, today + booking.days_ahead + 1)
    return tuple(day for day in ahead if (day + 3) % 7 in booking.weekdays and day not in plan.holidays)


def slots(hall: Hall, service: Service, day: int, now_ms: int) -> tuple[Slot, ...]:
    """What a local day offers of a service, full slots included."""
    rules = hall.plan.rules
    midnight = day * DAY_MS - rules.utc_offset_minutes * MINUTE_MS
    length = service.slot_minutes * MINUTE_MS
    found = []
    for start_ms in range(midnight, midnight + DAY_MS, length):
        if start_ms >= now_ms and not _not_offered(hall.plan, service, start_ms, now_ms):
            taken = len(_taken(hall, service.id, start_ms))
            left = max(0, service.ring_fenced - taken) if service.slot_quota else 1
            found.append(Slot(start_ms, start_ms + length, left))
    return tuple(found)


def of_person(hall: Hall, person: str) -> tuple[Appointment, ...]:
    """The promises that a person still holds, the earliest first; looks through those not yet kept."""
    held = (hall.appointments[name] for _, name in hall.booked)
    return tuple(one for one in held if one.person is not None and one.person.key == person)


def today_of(hall: Hall, person: str) -> tuple[str, ...]:
    """The codes of those that fall into the running business day."""
    closes_ms = hall.day.closes_ms if hall.day is not None else 0
    return tuple(one.id for one in of_person(hall, person) if one.start_ms < closes_ms)


def _taken(hall: Hall, service: str, start_ms: int) -> list[Appointment]:
    named = (hall.appointments[a] for a in hall.by_slot.get((service, start_ms), ()))
    return [one for one in named if one.status in (Booking.BOOKED, Booking.CHECKED_IN)]


def _not_offered(plan: Plan, service: Service, start_ms: int, now_ms: int) -> str:
    """Why a slot cannot be promised, or ''."""
    rules, booking = plan.rules, plan.booking
    if booking is None:
        return "本大厅不接受预约，请到大厅取号"
    if local_day(start_ms, rules) not in days(plan, now_ms):
        return f"只能预约 {booking.days_ahead} 天以内的工作日，请另选日期"
    if booking.lead_minutes and start_ms - booking.lead_minutes * MINUTE_MS < now_ms:
        return f"请至少提前 {booking.lead_minutes} 分钟预约，或直接到大厅取号"
    begins = local_minute(start_ms, rules)
    ends = begins + service.slot_minutes
    if not any(first <= begins and ends <= last for first, last in booking.hours):
        return "这个时段不接受预约，请另选时段"
    return ""


def _require_room(hall: Hall, person: Person | None) -> None:
    if person is None or hall.plan.booking is None:
        return
    limit = hall.plan.booking.per_person
    if len(of_person(hall, person.key)) >= limit:
        raise RuleBroken("too_many", f"您已有 {limit} 个预约，请先办理或取消其中一个")


def cancel_booking(hall: Hall, command: c.CancelBooking, now_ms: int) -> Decision:
    """Only what was not used yet."""
    appointment = _named(hall, command.appointment)
    if command.only_own and appointment.by != command.by:
        raise RuleBroken("unknown_appointment", NO_SUCH)
    if appointment.status is Booking.CANCELLED:
        return Decision((), Answer(appointment.id, existing=True))
    if appointment.status is not Booking.BOOKED:
        raise RuleBroken("wrong_state", "这个预约已使用或已过期，不能取消")
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
    if hall.day is not None and appointment.start_ms >= hall.day.closes_ms:
        when = day_text(local_day(appointment.start_ms, hall.plan.rules))
        raise RuleBroken("not_today", f"您预约的是{when}，请当天再来签到")
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
        items=appointment.items,
        situation=appointment.situation,
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


def day_text(day: int) -> str:
    """11月23日（周一）, of a local day since 1970-01-01."""
    _, month, date = civil(day)
    return f"{month}月{date}日（周{WEEKDAYS[(day + 3) % 7]}）"


def _named(hall: Hall, appointment: str) -> Appointment:
    found = hall.appointments.get(appointment)
    if found is None:
        raise RuleBroken("unknown_appointment", NO_SUCH)
    return found
