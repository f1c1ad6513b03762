"""What stations may ask of the hall over the bus, and what the hall knows of its stations."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from contract import messages as m
from contract import topics
from contract.bus import Bus, Ids
from hall_server.hall import booking, pictures
from hall_server.hall import commands as c
from hall_server.hall.lookup import Answer, known
from hall_server.hall.model import OPEN_STATUSES, ClosedStation, Hall, RuleBroken
from hall_server.lone_kiosks import LeaseDesk
from hall_server.service import HallService

log = logging.getLogger(__name__)

OFFLINE_SECONDS = 24.0
CLOSED = "本机已由大厅暂停使用"
GIVEN_UP = m.Refusal(code="given_up", sentence="这次取号已取消，请重新取号")


@dataclass(frozen=True, slots=True)
class StationSeen:
    """What is known of a station: its last presence and health, and when (monotonic) it was heard."""

    state: m.StationState | None = None
    info: m.StationInfo | None = None
    health: m.StationHealth | None = None
    heard: float = 0.0

    def online(self, now: float) -> bool:
        """Present and heard within three beats."""
        return (
            self.state is not None
            and self.state.s not in (m.Presence.LOST, m.Presence.DISCONNECTED)
            and now - self.heard < OFFLINE_SECONDS
        )


class StationDesk:
    """Serves the requests of stations and keeps the list of them; wire it before the bus opens."""

    def __init__(
        self,
        service: HallService,
        bus: Bus,
        configs: dict[str, m.StationConfig],
        *,
        on_issued: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._service = service
        self._on_issued = on_issued
        self._bus = bus
        self._configs = configs
        self._lock = threading.Lock()
        self._seen: dict[str, StationSeen] = {}
        bus.serve(topics.ISSUE, self._issue)
        bus.serve(topics.FIND_TICKETS, self._find)
        bus.serve(topics.CHECK_IN, self._check_in)
        bus.serve(topics.REPORT_PAPER, self._paper)
        bus.serve(topics.CALL_GUIDE, self._guide)
        self._leases = LeaseDesk(service, bus, refusal_of=refusal_of, on_issued=on_issued)
        bus.on(topics.STATION_STATE, self._state)
        bus.on(topics.STATION_INFO, self._info)
        bus.on(topics.STATION_HEALTH, self._health)
        self._closed: Mapping[str, ClosedStation] = {}
        service.on_view(self._view)

    @property
    def stations(self) -> dict[str, StationSeen]:
        """A copy of what is known now, by station."""
        with self._lock:
            return dict(self._seen)

    def describe(self, configs: dict[str, m.StationConfig]) -> None:
        """The hall was described anew: tell every station."""
        self._configs = configs
        self.show_configs()

    def show_configs(self) -> None:
        """Publish every station's retained configuration."""
        for station in self._configs:
            self._show_config(station)

    def _show_config(self, station: str) -> None:
        config, closed = self._configs[station], self._closed.get(station)
        if closed is not None:
            reason, version = closed.reason or CLOSED, f"{config.version}-{closed.at_ms}"
            config = msgspec.structs.replace(config, closed=reason, version=version)
        self._bus.publish(topics.STATION_CONFIG, config, station=station)

    def _view(self, view: pictures.HallView) -> None:
        """On the writer's thread: who was closed or opened is told by his configuration, there or not."""
        before, self._closed = self._closed, view.closed
        if before == view.closed:
            return
        for station in before.keys() | view.closed.keys():
            if before.get(station) != view.closed.get(station) and station in self._configs:
                self._show_config(station)

    # ------------------------------------------------------------ requests

    def _issue(self, station: str, request: m.Issue) -> Future[m.IssueAnswer]:
        command = c.Issue(
            request=request.id,
            by=station,
            service=request.service,
            items=request.items,
            situation=request.situation,
            person=known(request.person),
            also=request.also,
            green_reason=request.green_reason,
            agent=request.agent,
            agent_reason=request.agent_reason,
        )

        def answered(answer: Answer) -> Future[m.IssueAnswer]:
            if answer.forgone:
                given_up: Future[m.IssueAnswer] = Future()
                given_up.set_result(m.IssueAnswer(id=request.id, refusal=GIVEN_UP))
                return given_up
            self._on_issued(answer.ticket.rpartition("-")[2])
            return _then(
                self._service.query(lambda hall: self._slip(hall, answer.ticket)),
                lambda slip: m.IssueAnswer(id=request.id, slip=slip, existing=answer.existing),
                lambda refusal: m.IssueAnswer(id=request.id, refusal=refusal),
            )

        return _chain(
            self._service.submit(command),
            answered,
            lambda refusal: m.IssueAnswer(id=request.id, refusal=refusal),
        )

    def _find(self, _station: str, request: m.FindTickets) -> Future[m.FindTicketsAnswer]:
        def look(hall: Hall) -> tuple[tuple[m.TicketSlip, ...], tuple[str, ...]]:
            ids: list[str] = []
            if request.person_key:
                ids = list(hall.by_person.get(request.person_key, ()))
            elif request.number:
                found = hall.by_number.get(request.number.strip().upper())
                ids = [found] if found else []
            tickets = sorted((hall.tickets[t] for t in ids), key=lambda t: t.issued_ms)
            slips = tuple(self._slip(hall, t.id) for t in tickets if t.status in OPEN_STATUSES)
            return slips, booking.today_of(hall, request.person_key) if request.person_key else ()

        return _then(
            self._service.query(look),
            lambda found: m.FindTicketsAnswer(id=request.id, slips=found[0], promised=found[1]),
            lambda refusal: m.FindTicketsAnswer(id=request.id, refusal=refusal),
        )

    def _check_in(self, station: str, request: m.CheckIn) -> Future[m.CheckInAnswer]:
        command = c.CheckIn(request=request.id, by=station, appointment=request.code)

        def answered(answer: Answer) -> Future[m.CheckInAnswer]:
            return _then(
                self._service.query(lambda hall: self._slip(hall, answer.ticket)),
                lambda slip: m.CheckInAnswer(id=request.id, slip=slip, existing=answer.existing),
                lambda refusal: m.CheckInAnswer(id=request.id, refusal=refusal),
            )

        return _chain(
            self._service.submit(command),
            answered,
            lambda refusal: m.CheckInAnswer(id=request.id, refusal=refusal),
        )

    def _paper(self, station: str, request: m.ReportPaper) -> Future[m.ReportPaperAnswer]:
        command = c.ReportPaper(
            request=request.id,
            by=station,
            ticket=request.ticket,
            paper=request.paper,
            reprint=request.reprint,
        )
        return _then(
            self._service.submit(command),
            lambda _: m.ReportPaperAnswer(id=request.id),
            lambda refusal: m.ReportPaperAnswer(id=request.id, refusal=refusal),
        )

    def _guide(self, station: str, request: m.CallGuide) -> Future[m.CallGuideAnswer]:
        return _then(
            self._service.submit(c.CallGuide(request=request.id, by=station, about=request.about)),
            lambda _: m.CallGuideAnswer(id=request.id),
            lambda refusal: m.CallGuideAnswer(id=request.id, refusal=refusal),
        )

    def _slip(self, hall: Hall, ticket: str) -> m.TicketSlip:
        service = self._service
        return pictures.slip(hall, hall.tickets[ticket], service.look, service.now_ms(), service.waits)

    # ------------------------------------------------------------ presence

    def _state(self, message: m.StationState, ids: Ids) -> None:
        before = self._note(ids, state=message)
        if before.state is None or before.state.s is not message.s:
            log.info("station %s: %s", ids["station"], message.s.value)

    def _info(self, message: m.StationInfo, ids: Ids) -> None:
        self._note(ids, info=message)

    def _health(self, message: m.StationHealth, ids: Ids) -> None:
        self._note(ids, health=message)

    def _note(self, ids: Ids, **changes: Any) -> StationSeen:
        station = ids["station"]
        with self._lock:
            before = self._seen.get(station, StationSeen())
            self._seen[station] = replace(before, heard=time.monotonic(), **changes)
        return before


def refusal_of(error: BaseException) -> m.Refusal:
    """The refusal that a station is told for an error of the service."""
    if isinstance(error, RuleBroken):
        return m.Refusal(code=error.code, sentence=error.sentence)
    sentence = getattr(error, "sentence", "大厅服务器出错，请联系工作人员")
    return m.Refusal(code="failed", sentence=sentence)


def _then(source: Future[Any], good: Callable[[Any], Any], bad: Callable[[m.Refusal], Any]) -> Future[Any]:
    """A future of ``good(result)``, or of ``bad(refusal)`` when the source failed."""
    result: Future[Any] = Future()

    def done(ended: Future[Any]) -> None:
        error = ended.exception()
        result.set_result(good(ended.result()) if error is None else bad(refusal_of(error)))

    source.add_done_callback(done)
    return result


def _chain(
    source: Future[Any], good: Callable[[Any], Future[Any]], bad: Callable[[m.Refusal], Any]
) -> Future[Any]:
    """Like ``_then`` where ``good`` itself takes time."""
    result: Future[Any] = Future()

    def done(ended: Future[Any]) -> None:
        error = ended.exception()
        if error is not None:
            result.set_result(bad(refusal_of(error)))
        else:
            good(ended.result()).add_done_callback(lambda late: result.set_result(late.result()))

    source.add_done_callback(done)
    return result
