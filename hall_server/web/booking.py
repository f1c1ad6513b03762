"""Booking from a phone without an account: service, papers, day, slot; then a code and its QR.

No name is asked for. Whoever has the code, or the sealed address behind its QR, has the appointment.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query
from fastapi import Request as HttpRequest
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from contract.clock import time_text
from contract.guide_sheet import answers_told_by
from hall_server.catalogue.desk import CatalogueDesk
from hall_server.hall import booking, pictures
from hall_server.hall import commands as c
from hall_server.hall.booking import Slot, day_text
from hall_server.hall.day import local_day
from hall_server.hall.model import Appointment, Booking, Hall, RuleBroken
from hall_server.hall.plan import Plan, Service
from hall_server.reports.desk import ReportDesk
from hall_server.service import HallService
from hall_server.web import booked_here
from hall_server.web.asking import answered, ask
from hall_server.web.booked_here import Before
from hall_server.web.booking_choice import Choice, by_zone, chosen_of, searched
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame
from hall_server.web.limits import Limit, Limiter
from hall_server.web.looks import Look, Looking, here_of, look_of, remember
from hall_server.web.phone import OF_GUESSER, TOO_MANY, Lost, lost_page
from hall_server.web.presses import REQUEST
from hall_server.web.qr import picture

log = logging.getLogger(__name__)

BY = "book"
CODE_DIGITS = 8
MOST_SEARCHED = 100
_CLOSED = "本大厅暂不接受网上预约，请直接到大厅取号。"
STATE_TEXT = {
    Booking.BOOKED: "已预约",
    Booking.CHECKED_IN: "已签到取号",
    Booking.CANCELLED: "已取消",
    Booking.MISSED: "已过期",
}

Name = Annotated[str, Path(max_length=64)]
Token = Annotated[str, Path(max_length=80)]
Wanted = Annotated[str, Query(alias="look", max_length=20)]


@dataclass(frozen=True, slots=True)
class Promised:
    """An appointment as its holder sees it; immutable."""

    appointment: Appointment
    service: str
    zone: str
    day: str
    end_ms: int
    ticket: str

    @property
    def when(self) -> str:
        """11月24日（周二）09:00–10:00."""
        return f"{self.day}{time_text(self.appointment.start_ms)[:5]}–{time_text(self.end_ms)[:5]}"

    @property
    def state(self) -> str:
        """In words."""
        return STATE_TEXT[self.appointment.status]

    @property
    def may_cancel(self) -> bool:
        """Not used and not over."""
        return self.appointment.status is Booking.BOOKED


def booking_routes(frame: Frame, reports: ReportDesk, catalogue: CatalogueDesk) -> APIRouter:
    """/book and /b."""
    pages = BookingPages(frame, reports, catalogue)
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    router.get("/book")(pages.choose)
    router.get("/book/{name}")(pages.choose_slot)
    router.post("/book/{name}")(pages.book)
    router.get("/b/{token}")(pages.appointment)
    router.post("/b/{token}/cancel")(pages.cancel)
    return router


class BookingPages:
    """Every answer is drawn for the look that the phone chose."""

    def __init__(self, frame: Frame, reports: ReportDesk, catalogue: CatalogueDesk) -> None:
        self._frame, self._reports, self._catalogue = frame, reports, catalogue
        self._service, self._now_ms = frame.service, frame.now_ms
        self._limiter = Limiter()

    def _draw(
        self, here: Caller, template: str, look: Look, *, status: int = 200, **values: object
    ) -> Response:
        values |= {"here": here, "look": look, "at_ms": self._now_ms(), "request": secrets.token_urlsafe(12)}
        return HTMLResponse(self._frame.rendering.page(template, **values), status)

    async def _offered(
        self,
        here: Caller,
        look: Look,
        wanted: Service,
        choice: Choice,
        *,
        day: int,
        instead: str,
        at: str = "",
        before: str = "",
        wrong: str = "",
        status: int = 200,
    ) -> Response:
        plan = self._service.plan
        days = booking.days(plan, self._now_ms())
        chosen = day if day in days else next(iter(days), 0)
        found: tuple[Slot, ...] = ()
        if days:
            found = await ask(self._service, lambda hall: booking.slots(hall, wanted, chosen, self._now_ms()))
            if day not in days and not any(slot.left for slot in found) and len(days) > 1:
                chosen = days[1]
                found = await ask(
                    self._service, lambda hall: booking.slots(hall, wanted, chosen, self._now_ms())
                )
        return self._draw(
            here,
            "book-service.html",
            look,
            status=status,
            service=wanted,
            zone=plan.zone_name(wanted.zone),
            choice=choice,
            days=[(one, day_text(one)) for one in days],
            day=chosen,
            slots=found,
            wrong=wrong,
            here_path=at or f"/book/{wanted.id}?{urlencode({**choice.query, 'day': chosen})}",
            instead=instead,
            former=await self._standing(instead),
            before=before,
            just=None if instead else await self._standing(before),
        )

    async def _standing(self, token: str) -> Promised | None:
        """The appointment behind a token, when it may still be used."""
        name = appointment_of(self._service, token)
        found = await ask(self._service, lambda hall: promise(hall, name)) if name else None
        return found if found is not None and found.may_cancel else None

    async def choose(
        self,
        here: Here,
        http: HttpRequest,
        look: Looking,
        wanted: Wanted = "",
        q: Annotated[str, Query(max_length=60)] = "",
    ) -> Response:
        """What may be booked, by zone or by a word."""
        if wanted:
            return remember(wanted, here_of(http), secure=here.secure)
        plan = self._service.plan
        open_ = booking.bookable(plan)
        if not open_:
            return lost_page(self._frame, Lost(404, "不接受预约", _CLOSED), look_of(look))
        return self._draw(
            here,
            "book.html",
            look_of(look),
            zones=by_zone(plan, open_),
            found=searched(self._reports.catalogue, {s.id for s in open_}, q, await self._codes(q)),
            q=q,
            here_path=here_of(http),
        )

    async def _codes(self, words: str) -> list[str]:
        """Items that the public catalogue finds for these words."""
        if not words.strip():
            return []
        store, version = self._catalogue.store, self._catalogue.standing.public
        found = await asyncio.to_thread(
            store.search, words, version, department="", limit=MOST_SEARCHED, offset=0
        )
        return [one.code for one in found.found]

    async def choose_slot(
        self,
        here: Here,
        http: HttpRequest,
        name: Name,
        look: Looking,
        before: Before,
        wanted: Wanted = "",
        item: Annotated[str, Query(max_length=64)] = "",
        day: Annotated[int, Query(ge=0, le=100_000)] = 0,
        instead: Annotated[str, Query(max_length=80)] = "",
    ) -> Response:
        """Papers, days and slots of a service."""
        if wanted:
            return remember(wanted, here_of(http), secure=here.secure)
        chosen = _bookable(self._service.plan, name)
        if chosen is None:
            return lost_page(self._frame, Lost(404, "不接受预约", _CLOSED), look_of(look))
        choice = chosen_of(self._reports.catalogue, chosen, item, http.query_params)
        return await self._offered(
            here, look_of(look), chosen, choice, day=day, instead=instead, before=before, at=here_of(http)
        )

    async def book(
        self,
        here: Here,
        http: HttpRequest,
        name: Name,
        look: Looking,
        request: Annotated[str, Form(pattern=REQUEST)],
        start: Annotated[int, Form(ge=0, le=1 << 50)] = 0,
        item: Annotated[str, Form(max_length=64)] = "",
        instead: Annotated[str, Form(max_length=80)] = "",
    ) -> Response:
        """A slot is promised, or the page says why not; the one that it stands ``instead`` of is given up."""
        chosen = _bookable(self._service.plan, name)
        rules = self._service.plan.booking
        if chosen is None or rules is None:
            return lost_page(self._frame, Lost(404, "不接受预约", _CLOSED), look_of(look))
        typed = {key: value for key, value in (await http.form()).items() if isinstance(value, str)}
        choice = chosen_of(self._reports.catalogue, chosen, item, typed)
        day = local_day(start, self._service.plan.rules) if start else 0

        async def again(sentence: str, status: int) -> Response:
            return await self._offered(
                here, look_of(look), chosen, choice, day=day, instead=instead, wrong=sentence, status=status
            )

        if not start:
            return await again("请选择时段", 409)
        limit = Limit(per_minute=rules.per_address / 60, burst=rules.per_address)
        if self._limiter.wait_ms(here.origin.address, limit, self._now_ms()):
            return await again("这里预约的次数太多了，请过一会儿再试，或直接到大厅取号", 429)
        command = c.Book(
            request=request,
            by=BY,
            appointment="",
            service=chosen.id,
            start_ms=start,
            items=(choice.item.code,) if choice.item else (),
            situation=choice.situation,
        )
        try:
            made = await booked(self._service, command)
        except RuleBroken as broken:
            return await again(broken.sentence, 409)
        await self._give_up(instead, made, request)
        token = token_of(self._service, made)
        answer = RedirectResponse(f"/b/{token}", 303)
        booked_here.keep(answer, token, secure=here.secure)
        return answer

    async def _give_up(self, token: str, made: str, request: str) -> None:
        """Another time was found: the former appointment goes, unless it was used or is over."""
        name = appointment_of(self._service, token)
        if not name or name == made:
            return
        command = c.CancelBooking(request=f"{request}-former", by=f"{BY}:{name}", appointment=name)
        try:
            await answered(self._service.submit(command))
        except RuleBroken as broken:
            log.info("a former appointment stays: %s", broken.code)

    async def _found(self, here: Caller, token: str) -> Promised:
        """The appointment behind a true seal. Raises Lost."""
        name = appointment_of(self._service, token)
        if not name:
            if self._limiter.wait_ms(f"seal:{here.origin.address}", OF_GUESSER, self._now_ms()):
                raise Lost(429, "请求过于频繁", TOO_MANY)
            raise Lost(404, "没有找到这个预约", "请核对预约的二维码或网址，或到导办台咨询。")
        promised = await ask(self._service, lambda hall: promise(hall, name))
        if promised is None:
            raise Lost(404, "没有找到这个预约", "它可能已经过期。请核对日期，或直接到大厅取号。")
        return promised

    async def _show(
        self, here: Caller, token: str, look: Look, wrong: str = "", status: int = 200
    ) -> Response:
        promised = await self._found(here, token)
        known = {item.code: item for item in self._reports.catalogue.items}
        item = next((known[code] for code in promised.appointment.items if code in known), None)
        return self._draw(
            here,
            "booked.html",
            look,
            status=status,
            p=promised,
            token=token,
            choice=Choice(item, answers_told_by(item, promised.appointment.situation) if item else ()),
            rules=self._service.plan.rules,
            qr=picture(f"{self._service.look.public_url}/b/{token}") if self._service.look.public_url else "",
            ticket=f"/t/{promised.ticket}.{pictures.qr_seal(promised.ticket, self._service.look.key)}",
            wrong=wrong,
        )

    async def appointment(self, here: Here, token: Token, look: Looking, wanted: Wanted = "") -> Response:
        """One's own, with the QR."""
        if wanted:
            return remember(wanted, f"/b/{token}", secure=here.secure)
        try:
            return await self._show(here, token, look_of(look))
        except Lost as lost:
            return lost_page(self._frame, lost, look_of(look))

    async def cancel(
        self, here: Here, token: Token, look: Looking, request: Annotated[str, Form(pattern=REQUEST)]
    ) -> Response:
        """One's own is given up."""
        try:
            promised = await self._found(here, token)
            name = promised.appointment.id
            try:
                command = c.CancelBooking(request=request, by=f"{BY}:{name}", appointment=name)
                await answered(self._service.submit(command))
            except RuleBroken as broken:
                return await self._show(here, token, look_of(look), broken.sentence, 409)
        except Lost as lost:
            return lost_page(self._frame, lost, look_of(look))
        answer = RedirectResponse(f"/b/{token}", 303)
        booked_here.forget(answer, secure=here.secure)
        return answer


# ---------------------------------------------------------------- shared with the JSON interface


async def booked(service: HallService, command: c.Book) -> str:
    """Carry a booking out under a code of its own that nobody guesses; the code. Raises RuleBroken."""
    while True:
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        try:
            return (await answered(service.submit(replace(command, appointment=code)))).ticket
        except RuleBroken as broken:
            if broken.code != "taken_id":
                raise


def token_of(service: HallService, appointment: str) -> str:
    """What stands behind /b/ in the address of an appointment."""
    return f"{appointment}.{pictures.booking_seal(appointment, service.look.key)}"


def appointment_of(service: HallService, token: str) -> str:
    """The appointment that a token names when its seal is true, else ''."""
    name, _, seal = token.rpartition(".")
    key = service.look.key
    true = bool(key) and hmac.compare_digest(pictures.booking_seal(name, key).encode(), seal.encode())
    return name if true else ""


def promise(hall: Hall, name: str) -> Promised | None:
    """An appointment that the hall still knows; on the hall's thread."""
    found = hall.appointments.get(name)
    if found is None:
        return None
    service = hall.plan.service(found.service)
    return Promised(
        found,
        service.name,
        hall.plan.zone_name(service.zone),
        day_text(local_day(found.start_ms, hall.plan.rules)),
        found.start_ms + service.slot_minutes * 60_000,
        found.ticket,
    )


# ---------------------------------------------------------------- helpers


def _bookable(plan: Plan, name: str) -> Service | None:
    return next((one for one in booking.bookable(plan) if one.id == name), None)
