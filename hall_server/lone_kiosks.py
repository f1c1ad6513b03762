"""What kiosks ask so that they can go on alone: blocks of numbers, their way home, a request taken back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from contract import messages as m
from contract import topics
from contract.bus import Bus
from hall_server.hall import commands as c
from hall_server.hall import pictures
from hall_server.hall.day import last_minute_before
from hall_server.hall.issuing import number_text
from hall_server.hall.leasing import FENCED
from hall_server.hall.lookup import Answer, known
from hall_server.hall.model import Hall, Lease
from hall_server.hall.plan import Service
from hall_server.service import HallService

log = logging.getLogger(__name__)

Refusing = Callable[[BaseException], m.Refusal]


class LeaseDesk:
    """Serves leases, renewals, merges and cancelled requests; wire it before the bus opens."""

    def __init__(
        self,
        service: HallService,
        bus: Bus,
        *,
        refusal_of: Refusing,
        on_issued: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._service, self._refusal_of, self._on_issued = service, refusal_of, on_issued
        bus.serve(topics.LEASE_NUMBERS, self._lease)
        bus.serve(topics.RENEW_LEASES, self._renew)
        bus.serve(topics.MERGE_LEASE, self._merge)
        bus.serve(topics.CANCEL_ISSUE, self._cancel_issue)

    def _lease(self, station: str, request: m.LeaseNumbers) -> Future[m.LeaseNumbersAnswer]:
        command = c.LeaseNumbers(
            request=request.id,
            by=station,
            service=request.service,
            count=request.count,
            holder=request.holder,
        )
        result: Future[m.LeaseNumbersAnswer] = Future()

        def refuse(refusal: m.Refusal) -> None:
            result.set_result(m.LeaseNumbersAnswer(id=request.id, refusal=refusal))

        def described(done: Future[m.NumberLease | None]) -> None:
            error = done.exception()
            lease = None if error else done.result()
            if lease is None:
                refuse(self._refusal_of(error) if error else m.Refusal(code="fenced", sentence=FENCED))
            else:
                log.info("%s: %d numbers to be issued alone", station, request.count)
                result.set_result(m.LeaseNumbersAnswer(id=request.id, lease=lease))

        def leased(done: Future[Answer]) -> None:
            error = done.exception()
            if error is not None:
                refuse(self._refusal_of(error))
                return
            token = done.result().lease
            self._service.query(lambda hall: self._described(hall, token)).add_done_callback(described)

        self._service.submit(command).add_done_callback(leased)
        return result

    def _described(self, hall: Hall, token: int) -> m.NumberLease | None:
        lease = hall.leases.get(token)
        service = hall.plan.services.get(lease.service) if lease else None
        if lease is None or service is None or hall.day is None:
            return None
        return describe(hall, lease, service, self._service.look)

    def _renew(self, station: str, request: m.RenewLeases) -> Future[m.RenewLeasesAnswer]:
        command = c.RenewLeases(request=request.id, by=station, holder=request.holder, tokens=request.tokens)
        return self._answer(
            self._service.submit(command),
            lambda answer: m.RenewLeasesAnswer(id=request.id, fenced=answer.fenced),
            lambda refusal: m.RenewLeasesAnswer(id=request.id, refusal=refusal),
        )

    def _merge(self, station: str, request: m.MergeLease) -> Future[m.MergeLeaseAnswer]:
        command = c.MergeLease(
            request=request.id,
            by=station,
            token=request.token,
            service=request.service,
            day=request.day,
            tickets=tuple(_domain(ticket) for ticket in request.tickets),
            final=request.final,
        )

        def merged(answer: Answer) -> m.MergeLeaseAnswer:
            self._say_issued(request)
            log.info(
                "%s: %d numbers issued alone are home, %d findings",
                station,
                len(request.tickets),
                len(answer.findings),
            )
            return m.MergeLeaseAnswer(
                id=request.id,
                findings=tuple(
                    m.MergeFinding(
                        ordinal=found.ordinal, code=found.code, sentence=found.sentence, waits=found.waits
                    )
                    for found in answer.findings
                ),
            )

        return self._answer(
            self._service.submit(command),
            merged,
            lambda refusal: m.MergeLeaseAnswer(id=request.id, refusal=refusal),
        )

    def _say_issued(self, request: m.MergeLease) -> None:
        service = self._service.plan.service(request.service)
        for ticket in request.tickets:
            self._on_issued(number_text(service, ticket.ordinal))

    def _cancel_issue(self, station: str, request: m.CancelIssue) -> Future[m.CancelIssueAnswer]:
        command = c.CancelIssue(request=request.id, by=station, issue=request.issue, reason=request.reason)
        return self._answer(
            self._service.submit(command),
            lambda answer: m.CancelIssueAnswer(id=request.id, ticket=answer.ticket),
            lambda refusal: m.CancelIssueAnswer(id=request.id, refusal=refusal),
        )

    def _answer(
        self, source: Future[Any], good: Callable[[Any], Any], bad: Callable[[m.Refusal], Any]
    ) -> Future[Any]:
        result: Future[Any] = Future()

        def done(ended: Future[Any]) -> None:
            error = ended.exception()
            result.set_result(good(ended.result()) if error is None else bad(self._refusal_of(error)))

        source.add_done_callback(done)
        return result


def describe(hall: Hall, lease: Lease, service: Service, look: pictures.Look) -> m.NumberLease:
    """A block with all that its paper says; each number's seal, so that its QR is true from the start."""
    day, rules = hall.day, hall.plan.rules
    assert day is not None
    until = service.issue_until_minute
    numbers = (number_text(service, ordinal) for ordinal in range(lease.first, lease.last + 1))
    public = look.public_url
    return m.NumberLease(
        token=lease.token,
        service=service.id,
        series=service.prefix,
        first=lease.first,
        last=lease.last,
        width=service.width,
        day=day.label,
        closes_ms=day.closes_ms,
        until_ms=max(1, last_minute_before(day.closes_ms, until, rules)) if until >= 0 else 0,
        hall=hall.plan.name,
        zone=hall.plan.zone_name(service.zone),
        name=service.name,
        windows=tuple(window.label for window in hall.windows_for(service.id)),
        notes=(pictures.NO_SHOW_TEXT[rules.no_show_policy.value],),
        qr=f"{public}/t/" if public else "",
        seals=tuple(pictures.qr_seal(f"{day.label}-{number}", look.key) for number in numbers)
        if public
        else (),
        open_per_person=rules.open_per_person,
    )


def _domain(ticket: m.OfflineTicket) -> c.OfflineTicket:
    return c.OfflineTicket(
        ordinal=ticket.ordinal,
        issued_ms=ticket.issued_ms,
        unsure=ticket.unsure,
        items=ticket.items,
        situation=ticket.situation,
        person=known(ticket.person),
        paper=ticket.paper,
        reprints=ticket.reprints,
        cancelled=ticket.cancelled,
    )
