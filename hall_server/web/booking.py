"""Booking from a phone without an account: service, papers, day, slot; then a code and its QR.

No name is asked for. Whoever has the code, or the sealed address behind its QR, has the appointment.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query
from fastapi import Request as HttpRequest
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from contract import catalogue as cat
from contract.guide_sheet import Bring, Paper, answers_told_by, materials
from hall_server.hall import booking, pictures
from hall_server.hall import commands as c
from hall_server.hall.booking import Slot, day_text
from hall_server.hall.day import local_day
from hall_server.hall.model import Appointment, Booking, Hall, RuleBroken
from hall_server.hall.plan import Plan, Service
from hall_server.reports.desk import ReportDesk
from hall_server.service import HallService
from hall_server.web.asking import answered, ask
from hall_server.web.caller import Caller, Here
from hall_server.web.frame import Frame
from hall_server.web.limits import Limit, Limiter
from hall_server.web.looks import Look, Looking, look_of, remember
from hall_server.web.phone import OF_GUESSER, TOO_MANY, Lost, lost_page
from hall_server.web.presses import REQUEST
from hall_server.web.qr import picture

BY = "book"
CODE_DIGITS = 8
MOST_FOUND = 40
_CLOSED = "本大厅暂不接受网上预约，请直接到大厅取号。"
STATE_TEXT = {
    Booking.BOOKED: "已预约",
    Booking.CHECKED_IN: "已签到取号",
    Booking.CANCELLED: "已取消",
    Booking.MISSED: "已过期",
}
BRING_TEXT = {
    Bring.NEEDED: "需要带来",
    Bring.MAY_BE_MISSING: "可以以后补交（容缺）",
    Bring.NOT_SUBMITTED: "不用带（数据共享）",
    Bring.IF_ASKED: "有的情况才需要",
}

Name = Annotated[str, Path(max_length=64)]
Token = Annotated[str, Path(max_length=80)]
Wanted = Annotated[str, Query(alias="look", max_length=20)]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen so far: the item and the replies that its guide sheet asks for, '' and () for none."""

    item: cat.Item | None
    replies: tuple[int | None, ...]

    @property
    def situation(self) -> tuple[str, ...]:
        """The replies in words."""
        if self.item is None:
            return ()
        asked = zip(self.item.situations, self.replies, strict=True)
        return tuple(question.options[reply].label for question, reply in asked if reply is not None)

    @property
    def papers(self) -> tuple[tuple[str, tuple[Paper, ...]], ...]:
        """What to bring, grouped by what has to be done about it."""
        found = materials(self.item, self.replies) if self.item else ()
        groups = ((text, tuple(p for p in found if p.bring is bring)) for bring, text in BRING_TEXT.items())
        return tuple((text, papers) for text, papers in groups if papers)

    @property
    def query(self) -> Mapping[str, str]:
        """The same for an address."""
        replies = {f"s{i}": str(reply) for i, reply in enumerate(self.replies) if reply is not None}
        return ({"item": self.item.code} if self.item else {}) | replies


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
    def state(self) -> str:
        """In words."""
        return STATE_TEXT[self.appointment.status]

    @property
    def may_cancel(self) -> bool:
        """Not used and not over."""
        return self.appointment.status is Booking.BOOKED


def booking_routes(frame: Frame, reports: ReportDesk) -> APIRouter:
    """/book and /b."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    service, rendering, now_ms, limiter = frame.service, frame.rendering, frame.now_ms, Limiter()

    def draw(here: Caller, template: str, look: Look, *, status: int = 200, **values: object) -> Response:
        values |= {"here": here, "look": look, "at_ms": now_ms(), "request": secrets.token_urlsafe(12)}
        return HTMLResponse(rendering.page(template, **values), status)

    async def offered(
        here: Caller, look: Look, wanted: Service, choice: Choice, day: int, wrong: str, status: int
    ) -> Response:
        plan = service.plan
        days = booking.days(plan, now_ms())
        chosen = day if day in days else next(iter(days), 0)
        found: tuple[Slot, ...] = ()
        if days:
            found = await ask(service, lambda hall: booking.slots(hall, wanted, chosen, now_ms()))
            if day not in days and not any(slot.left for slot in found) and len(days) > 1:
                chosen = days[1]
                found = await ask(service, lambda hall: booking.slots(hall, wanted, chosen, now_ms()))
        return draw(
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
        )

    @router.get("/book")
    async def choose(
        here: Here, look: Looking, wanted: Wanted = "", q: Annotated[str, Query(max_length=60)] = ""
    ) -> Response:
        if wanted:
            return remember(wanted, "/book", secure=here.secure)
        plan = service.plan
        open_ = booking.bookable(plan)
        if not open_:
            return lost_page(frame, Lost(404, "不接受预约", _CLOSED), look_of(look))
        return draw(
            here,
            "book.html",
            look_of(look),
            zones=_zones(plan, open_),
            found=_searched(reports.catalogue, {s.id for s in open_}, q),
            q=q,
        )

    @router.get("/book/{name}")
    async def choose_slot(
        here: Here,
        http: HttpRequest,
        name: Name,
        look: Looking,
        wanted: Wanted = "",
        item: Annotated[str, Query(max_length=64)] = "",
        day: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> Response:
        if wanted:
            return remember(wanted, f"/book/{name}", secure=here.secure)
        chosen = _bookable(service.plan, name)
        if chosen is None:
            return lost_page(frame, Lost(404, "不接受预约", _CLOSED), look_of(look))
        choice = _chosen(reports.catalogue, chosen, item, http.query_params)
        return await offered(here, look_of(look), chosen, choice, day, "", 200)

    @router.post("/book/{name}")
    async def book(
        here: Here,
        http: HttpRequest,
        name: Name,
        look: Looking,
        request: Annotated[str, Form(pattern=REQUEST)],
        start: Annotated[int, Form(ge=0, le=1 << 50)] = 0,
        item: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        chosen = _bookable(service.plan, name)
        rules = service.plan.booking
        if chosen is None or rules is None:
            return lost_page(frame, Lost(404, "不接受预约", _CLOSED), look_of(look))
        typed = {key: value for key, value in (await http.form()).items() if isinstance(value, str)}
        choice = _chosen(reports.catalogue, chosen, item, typed)
        day = local_day(start, service.plan.rules) if start else 0

        async def again(sentence: str, status: int) -> Response:
            return await offered(here, look_of(look), chosen, choice, day, sentence, status)

        if not start:
            return await again("请选择时段", 409)
        limit = Limit(per_minute=rules.per_address / 60, burst=rules.per_address)
        if limiter.wait_ms(here.origin.address, limit, now_ms()):
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
            made = await booked(service, command)
        except RuleBroken as broken:
            return await again(broken.sentence, 409)
        return RedirectResponse(f"/b/{token_of(service, made)}", 303)

    async def found(here: Caller, token: str) -> Promised:
        """The appointment behind a true seal. Raises Lost."""
        name = appointment_of(service, token)
        if not name:
            if limiter.wait_ms(f"seal:{here.origin.address}", OF_GUESSER, now_ms()):
                raise Lost(429, "请求过于频繁", TOO_MANY)
            raise Lost(404, "没有找到这个预约", "请核对预约的二维码或网址，或到导办台咨询。")
        promised = await ask(service, lambda hall: promise(hall, name))
        if promised is None:
            raise Lost(404, "没有找到这个预约", "它可能已经过期。请核对日期，或直接到大厅取号。")
        return promised

    async def show(here: Caller, token: str, look: Look, wrong: str = "", status: int = 200) -> Response:
        promised = await found(here, token)
        known = {item.code: item for item in reports.catalogue.items}
        item = next((known[code] for code in promised.appointment.items if code in known), None)
        return draw(
            here,
            "booked.html",
            look,
            status=status,
            p=promised,
            token=token,
            choice=Choice(item, answers_told_by(item, promised.appointment.situation) if item else ()),
            rules=service.plan.rules,
            qr=picture(f"{service.look.public_url}/b/{token}") if service.look.public_url else "",
            ticket=f"/t/{promised.ticket}.{pictures.qr_seal(promised.ticket, service.look.key)}",
            wrong=wrong,
        )

    @router.get("/b/{token}")
    async def appointment(here: Here, token: Token, look: Looking, wanted: Wanted = "") -> Response:
        if wanted:
            return remember(wanted, f"/b/{token}", secure=here.secure)
        try:
            return await show(here, token, look_of(look))
        except Lost as lost:
            return lost_page(frame, lost, look_of(look))

    @router.post("/b/{token}/cancel")
    async def cancel(
        here: Here, token: Token, look: Looking, request: Annotated[str, Form(pattern=REQUEST)]
    ) -> Response:
        try:
            promised = await found(here, token)
            name = promised.appointment.id
            try:
                command = c.CancelBooking(request=request, by=f"{BY}:{name}", appointment=name)
                await answered(service.submit(command))
            except RuleBroken as broken:
                return await show(here, token, look_of(look), broken.sentence, 409)
        except Lost as lost:
            return lost_page(frame, lost, look_of(look))
        return RedirectResponse(f"/b/{token}", 303)

    return router


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


def _zones(plan: Plan, services: tuple[Service, ...]) -> list[tuple[str, list[Service]]]:
    zones = [(zone.name, [s for s in services if s.zone == zone.id]) for zone in plan.zones.values()]
    return [(name, found) for name, found in zones if found]


def _searched(catalogue: cat.Catalogue, services: set[str], words: str) -> list[cat.Item]:
    """Items of bookable services whose name or department has every word typed."""
    wanted = words.split()
    if not wanted:
        return []
    found = (
        item
        for item in catalogue.items
        if item.service in services and all(word in f"{item.name} {item.department}" for word in wanted)
    )
    return [item for item, _ in zip(found, range(MOST_FOUND), strict=False)]


def _chosen(catalogue: cat.Catalogue, service: Service, code: str, typed: Mapping[str, str]) -> Choice:
    """The item and its replies, as far as they are right; a first reply stands for none given."""
    item = next((i for i in catalogue.items if i.code == code and i.service == service.id), None)
    if item is None:
        return Choice(None, ())
    replies: list[int | None] = []
    for i, question in enumerate(item.situations):
        text = str(typed.get(f"s{i}", ""))
        right = text.isascii() and text.isdigit() and int(text) < len(question.options)
        replies.append(int(text) if right else None)
    return Choice(item, tuple(replies))
