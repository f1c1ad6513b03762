"""Appointments for partners' booking systems as JSON, and the list of a day for managers and guides.

A person's document number comes in only to become his key at this edge, as a kiosk makes it of his card:
it is kept nowhere and written nowhere.
"""

from __future__ import annotations

import secrets
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from contract.messages import Person
from contract.person import RESIDENT, is_citizen_number, kiosk_key, mask_name, normalise, person_key
from hall_server.hall import booking
from hall_server.hall import commands as c
from hall_server.hall.booking import NO_SUCH, day_text
from hall_server.hall.day import DAY_MS, civil, local_day
from hall_server.hall.model import Appointment, Booking, Hall, RuleBroken
from hall_server.service import HallService
from hall_server.web.asking import answered, ask
from hall_server.web.booking import STATE_TEXT, booked, promise, token_of
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame
from hall_server.web.presses import REQUEST, Asking, Key, request_of

PATH = "/manage/appointments"
Named = Annotated[str, Path(description="Booking code, eight digits", max_length=64)]
Wanted = Annotated[
    str, Query(alias="service", description="Identifier of the service, such as shebao", max_length=64)
]
Date = Annotated[
    str, Query(description="Local date, YYYY-MM-DD", pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2026-11-23"])
]


class PersonIn(BaseModel):
    """Who comes, so that he can check in with his card; only a keyed digest and the masked name are kept."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(description="居民身份证 number, 18 digits", min_length=15, max_length=32)
    name: str = Field(default="", max_length=60, description="Kept as 张*")


class BookPress(Asking):
    """Promise a slot."""

    model_config = ConfigDict(extra="forbid")

    service: str = Field(max_length=64)
    start_ms: int = Field(ge=0, le=1 << 50, description="Beginning of the slot, as GET /api/slots tells it")
    person: PersonIn | None = None
    items: list[Annotated[str, Field(max_length=64)]] = Field(default=[], max_length=10)


class AppointmentOut(BaseModel):
    """``status``: booked, checked_in, cancelled or missed. ``address``: the resident's page, with the QR.
    ``ticket``: the number after the check-in. ``expires_ms``: nobody came until then = missed."""

    appointment: str
    service: str
    service_name: str
    start_ms: int
    end_ms: int
    expires_ms: int
    status: Booking
    masked_name: str = ""
    ticket: str = ""
    address: str


class SlotOut(BaseModel):
    """A slot; ``left``: how many appointments it still takes."""

    start_ms: int
    end_ms: int
    left: int


def appointment_api(service: HallService) -> APIRouter:
    """/api/appointments and /api/slots."""
    api = AppointmentApi(service)
    router = APIRouter(prefix="/api", tags=["appointments"])
    router.get("/slots", operation_id="slots")(api.slots)
    router.post("/appointments", operation_id="book")(api.book)
    router.get("/appointments/{appointment}", operation_id="appointment")(api.appointment)
    router.delete("/appointments/{appointment}", operation_id="cancel-appointment")(api.cancel)
    return router


class AppointmentApi:
    """A partner is told of what he took himself; of nothing else."""

    def __init__(self, service: HallService) -> None:
        self._service = service

    async def _told(self, name: str, by: str = "") -> AppointmentOut:
        found = await ask(self._service, lambda hall: promise(hall, name))
        if found is None or (by and found.appointment.by != by):
            raise RuleBroken("unknown_appointment", NO_SUCH)
        one, rules = found.appointment, self._service.plan.rules
        return AppointmentOut(
            appointment=one.id,
            service=one.service,
            service_name=found.service,
            start_ms=one.start_ms,
            end_ms=found.end_ms,
            expires_ms=one.start_ms + rules.late_minutes * 60_000,
            status=one.status,
            masked_name=one.person.masked_name if one.person else "",
            ticket=one.ticket,
            address=f"{self._service.look.public_url}/b/{token_of(self._service, one.id)}",
        )

    async def slots(self, name: Wanted, date: Date) -> list[SlotOut]:
        """What a day offers of a service; [] on a day without appointments."""
        plan = self._service.plan
        wanted = next((one for one in booking.bookable(plan) if one.id == name), None)
        if wanted is None:
            raise RuleBroken("unknown_service", "这项业务不接受预约")
        now_ms = self._service.now_ms()
        day = next((one for one in booking.days(plan, now_ms) if date_of(one) == date), None)
        if day is None:
            return []
        found = await ask(self._service, lambda hall: booking.slots(hall, wanted, day, now_ms))
        return [SlotOut(start_ms=s.start_ms, end_ms=s.end_ms, left=s.left) for s in found]

    async def book(self, here: Here, key: Key, press: BookPress) -> AppointmentOut:
        """Promise a slot (预约). The same person and slot get the first promise again. One that nobody keeps
        within the hall's late_minutes expires as missed, and its share belongs to walk-ins again."""
        known = self._service.plan.item_names
        command = c.Book(
            request=request_of(press, key),
            by=here.by,
            appointment="",
            service=press.service,
            start_ms=press.start_ms,
            person=_person(self._service, press.person),
            items=tuple(code for code in press.items if code in known),
        )
        return await self._told(await booked(self._service, command))

    async def appointment(self, here: Here, appointment: Named) -> AppointmentOut:
        """How one stands that this partner took; of days gone by nothing is told."""
        return await self._told(appointment, here.by)

    async def cancel(self, here: Here, appointment: Named) -> AppointmentOut:
        """Give one up that this partner took; a second time tells the same."""
        command = c.CancelBooking(request="", by=here.by, appointment=appointment, only_own=True)
        await answered(self._service.submit(command))
        return await self._told(appointment, here.by)


def appointment_routes(frame: Frame) -> APIRouter:
    """/manage/appointments: who is expected, and who came."""
    pages = AppointmentPages(frame)
    router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=HTMLResponse)
    router.get("")(pages.of_one_day)
    router.post("/{appointment}/check-in")(pages.check_in)
    router.post("/{appointment}/cancel")(pages.cancel)
    return router


class AppointmentPages:
    """The list of a day, and the acts on one of it."""

    def __init__(self, frame: Frame) -> None:
        self._frame, self._service = frame, frame.service

    async def _page(self, here: Caller, day: int, wrong: str = "") -> Response:
        plan, now_ms = self._service.plan, self._service.now_ms()
        today = local_day(now_ms, plan.rules)
        days = sorted({today, *booking.days(plan, now_ms)})
        chosen = day if day in days else today
        rows = await ask(self._service, lambda hall: of_day(hall, chosen))
        return self._frame.page(
            here,
            "appointments.html",
            status=409 if wrong else 200,
            days=[(one, day_text(one)) for one in days],
            day=chosen,
            today=chosen == today,
            rows=rows,
            plan=plan,
            state_text=STATE_TEXT,
            Booking=Booking,
            request=secrets.token_urlsafe(9),
            wrong=wrong,
        )

    async def of_one_day(self, here: Here, day: Annotated[int, Query(ge=0, le=100_000)] = 0) -> Response:
        """Who is expected on a day."""
        return await self._page(here, day)

    async def check_in(
        self, here: Here, appointment: str, request: Annotated[str, Form(pattern=REQUEST)]
    ) -> Response:
        """Somebody came without his code."""
        command = c.CheckIn(request=request, by=here.by, appointment=appointment)
        return await self._act(here, appointment, command)

    async def cancel(
        self, here: Here, appointment: str, request: Annotated[str, Form(pattern=REQUEST)]
    ) -> Response:
        """Somebody does not come."""
        command = c.CancelBooking(request=request, by=here.by, appointment=appointment)
        return await self._act(here, appointment, command)

    async def _act(self, here: Caller, name: str, command: c.Command) -> Response:
        found = await ask(self._service, lambda hall: promise(hall, name))
        day = local_day(found.appointment.start_ms, self._service.plan.rules) if found else 0
        try:
            await answered(self._service.submit(command))
        except RuleBroken as broken:
            return await self._page(here, day, broken.sentence)
        return RedirectResponse(f"{PATH}?day={day}", 303)


def of_day(hall: Hall, day: int) -> tuple[Appointment, ...]:
    """The appointments of a local day that the hall still knows, by time; looks through all of them."""
    rules = hall.plan.rules
    first_ms = day * DAY_MS - rules.utc_offset_minutes * 60_000
    found = (a for a in hall.appointments.values() if first_ms <= a.start_ms < first_ms + DAY_MS)
    return tuple(sorted(found, key=lambda one: (one.start_ms, one.id)))


def date_of(day: int) -> str:
    """A local day since 1970-01-01 as YYYY-MM-DD."""
    return "{:04d}-{:02d}-{:02d}".format(*civil(day))


def _person(service: HallService, given: PersonIn | None) -> Person | None:
    """Only the key and the masked name of what was given. Raises RuleBroken."""
    if given is None:
        return None
    number = normalise(given.number)
    today = date(*civil(local_day(service.now_ms(), service.plan.rules)))
    if not is_citizen_number(number, today=today):
        raise RuleBroken("bad_number", "身份证号码有误，请核对")
    key = person_key(kiosk_key(service.look.key), RESIDENT, number)
    return Person(key=key, masked_name=mask_name(given.name) if given.name.strip() else "")
