"""The manager's forecast as JSON: how long newcomers wait, when queues are empty, what is stopped."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Security
from pydantic import BaseModel, Field

from hall_server.hall import commands as c
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.model import Class, Stop
from hall_server.hall.pictures import HallView
from hall_server.hall.plan import Plan
from hall_server.hall.waits import NEVER, QueueWait
from hall_server.service import HallService
from hall_server.web.api import BEARER, COOKIE, PROBLEMS
from hall_server.web.asking import answered
from hall_server.web.caller import Here
from hall_server.web.overseen import Overseer
from hall_server.web.presses import Asking, Done, Key, request_of

Named = Annotated[str, Path(description="Identifier of the service, such as shebao", max_length=64)]


class ServiceForecastOut(BaseModel):
    """One service; minutes from ``surveyed_ms``, null when nobody can say."""

    service: str
    name: str
    zone: str
    waiting: int
    open_windows: int
    p10: float | None = Field(default=None, description="A tenth of newcomers would be called sooner")
    p50: float | None = None
    p90: float | None = Field(default=None, description="A tenth of newcomers would be called later")
    empty_ms: int | None = Field(
        default=None, description="Hall time at which the last one who waits is called, at present staffing"
    )
    needed_minutes: int | None = Field(default=None, description="Until somebody who came now would be done")
    left_minutes: int | None = Field(
        default=None, description="Until the service closes, null without an hour"
    )
    too_much: bool = Field(default=False, description="The work that waits exceeds the time that is left")
    not_today: bool = Field(default=False, description="No window would call a newcomer today")
    issuing: bool = True
    stopped_by: str = Field(default="", description="rule, person, or '' while numbers are given")
    sentence: str = Field(default="", description="What citizens are told when no numbers are given")


class ForecastOut(BaseModel):
    """The newest survey of the hall; ``surveyed_ms`` 0 before the first."""

    business_day: str
    at_ms: int
    surveyed_ms: int
    samples: int = Field(description="Replays that it rests on")
    days_learnt: int = Field(description="Days gone by that it knows; 0 = by the plan's minutes")
    stop_before_closing: bool
    services: list[ServiceForecastOut]


def forecast_routes(service: HallService, overseer: Overseer) -> APIRouter:
    """GET /api/forecast; a manager's word on the numbers of a service."""
    router = APIRouter(
        prefix="/api", tags=["hall"], responses=PROBLEMS, dependencies=[Security(BEARER), Security(COOKIE)]
    )

    @router.get("/forecast", operation_id="forecast")
    async def forecast() -> ForecastOut:
        """How long a newcomer waits per service (P10, P50, P90) and whether the day has time for it."""
        return forecast_of(service.plan, await answered(service.settled()), service.now_ms())

    @router.post("/services/{name}/stop", operation_id="stop-issuing")
    async def stop(here: Here, key: Key, name: Named, press: Asking) -> Done:
        """No more numbers of this service today (停止取号)."""
        request = request_of(press, key)
        await overseer.issuing(here, c.StopIssuing(request=request, by=here.by, service=name))
        return Done()

    @router.post("/services/{name}/resume", operation_id="resume-issuing")
    async def resume(here: Here, key: Key, name: Named, press: Asking) -> Done:
        """Numbers again (恢复取号); the closing rule then leaves the service alone for the day."""
        await overseer.issuing(
            here, c.ResumeIssuing(request=request_of(press, key), by=here.by, service=name)
        )
        return Done()

    return router


def forecast_of(plan: Plan, view: HallView, now_ms: int) -> ForecastOut:
    """What the view knows; nothing is computed but differences."""
    waits = view.waits
    return ForecastOut(
        business_day=view.day,
        at_ms=now_ms,
        surveyed_ms=waits.at_ms,
        samples=waits.samples,
        days_learnt=waits.days,
        stop_before_closing=plan.rules.stop_before_closing,
        services=[
            _service(plan, view, name, waits.queues.get(name), view.stopped.get(name))
            for name in plan.services
        ],
    )


def _service(
    plan: Plan, view: HallView, name: str, queue: QueueWait | None, stop: Stop | None
) -> ServiceForecastOut:
    service, shown = plan.services[name], view.queues.get(name)
    out = ServiceForecastOut(
        service=name,
        name=service.name,
        zone=service.zone,
        waiting=shown.waiting if shown else 0,
        open_windows=len(shown.windows) if shown else 0,
        issuing=shown.open if shown else True,
        sentence=shown.closed_reason if shown and not shown.open else "",
    )
    if stop is not None and not stop.lifted:
        out.stopped_by = "rule" if stop.by_rule else "person"
    if queue is None:
        return out
    newcomer = queue.newcomers[Class.NORMAL]
    if newcomer is not None:
        out.p10, out.p50, out.p90 = (round(m, 1) for m in (newcomer.low, newcomer.middle, newcomer.high))
    if queue.last_call is not None:
        out.empty_ms = view.waits.at_ms + round(queue.last_call * MINUTE_MS)
    out.left_minutes = queue.left
    if queue.needed is not None:
        out.not_today = queue.needed >= NEVER
        out.needed_minutes = None if out.not_today else round(queue.needed)
        out.too_much = queue.left is not None and queue.needed > queue.left
    return out
