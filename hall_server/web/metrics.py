"""Figures for Prometheus, see docs/metrics.md: the hall, its journal, stations, pages, disk, backups."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from contract.messages import WindowStatus
from hall_server.backup.keeper import BackupView
from hall_server.figures import AnswerFigures, CommitFigures, Distribution
from hall_server.house import House
from hall_server.web.frame import Frame


class HallFigures(Collector):
    """Read from the newest durable picture each time somebody asks; nothing is counted twice."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def collect(self) -> Iterator[Metric]:
        """The figures now."""
        view, accounts = self._frame.service.view, self._frame.accounts
        waiting = GaugeMetricFamily("banshi_queue_waiting", "Numbers that wait", labels=["service"])
        low = GaugeMetricFamily(
            "banshi_queue_wait_low_minutes", "Lower end of the wait told", labels=["service"]
        )
        high = GaugeMetricFamily(
            "banshi_queue_wait_high_minutes", "Upper end of the wait told", labels=["service"]
        )
        for queue in view.queues.values():
            waiting.add_metric([queue.service], queue.waiting)
            if queue.wait_low is not None and queue.wait_high is not None:
                low.add_metric([queue.service], queue.wait_low)
                high.add_metric([queue.service], queue.wait_high)
        windows = GaugeMetricFamily("banshi_windows", "Windows in each state", labels=["status"])
        for status in WindowStatus:
            count = sum(window.status is status for window in view.windows.values())
            windows.add_metric([status.value], count)
        yield from (waiting, low, high, windows)
        yield CounterMetricFamily("banshi_events", "Events in the journal", value=view.seq)
        yield GaugeMetricFamily("banshi_parked", "Numbers set aside", value=len(view.parked))
        yield GaugeMetricFamily("banshi_pages_open", "Live pages", value=self._frame.hub.open_pages)
        yield GaugeMetricFamily("banshi_sessions", "People signed in", value=len(accounts.book.sessions))
        yield CounterMetricFamily(
            "banshi_password_guesses_evaluated", "Passwords looked at", value=accounts.signing.evaluated
        )
        yield from _house(self._frame.house)
        yield from _answers(self._frame.answers)


def _house(house: House) -> Iterator[Metric]:
    """Commits, stations, the bus, the hardware, the journal's check, backups and the disk."""
    if house.commits is not None:
        yield from _commits(house.commits)
    yield from _stations(house)
    bus = CounterMetricFamily("banshi_bus_events", "What the bus lost or refused", labels=["event"])
    for event, count in sorted(house.bus().items()):
        bus.add_metric([event], count)
    names = ["station", "device", "state"]
    devices = GaugeMetricFamily("banshi_device_state", "1 for the state that a device is in", labels=names)
    for labels in house.devices():
        devices.add_metric(labels, 1)
    yield from (bus, devices)
    journal = house.journal()
    if journal.checked:
        yield GaugeMetricFamily("banshi_journal_well", "1 when the whole check held", value=journal.well)
    yield GaugeMetricFamily("banshi_alarms", "Alarms on the manager's page", value=len(house.alarms()))
    if house.backups is not None:
        yield from _backups(house.backups.view)
    disk = house.disk
    if disk is not None:
        yield GaugeMetricFamily("banshi_disk_free_bytes", "Room where the journal lies", value=disk.free)
        yield GaugeMetricFamily("banshi_disk_size_bytes", "Size of that disk", value=disk.total)


def _commits(figures: CommitFigures) -> Iterator[Metric]:
    """The writer of the journal, and what it wrote."""
    yield _histogram("banshi_commit_seconds", "From taking a group to its being on disk", figures.seconds)
    yield _histogram("banshi_commit_group", "Commands that went to disk together", figures.groups)
    yield GaugeMetricFamily(
        "banshi_commit_waiting", "Commands that wait for the disk", value=figures.waiting()
    )
    yield CounterMetricFamily(
        "banshi_commit_records", "Records written since the start", value=figures.records
    )
    yield CounterMetricFamily("banshi_commit_failures", "Commits that the disk refused", value=figures.failed)
    happened = CounterMetricFamily("banshi_happened", "Events since the start", labels=["kind"])
    for kind, count in sorted(figures.kinds.copy().items()):
        happened.add_metric([kind], count)
    yield happened
    waits = HistogramMetricFamily(
        "banshi_wait_seconds", "From the queue to the first call", labels=["service"]
    )
    for service, found in sorted(figures.waits.copy().items()):
        waits.add_metric([service], list(found.buckets()), found.total)
    served = HistogramMetricFamily("banshi_service_seconds", "From arrival to the end", labels=["service"])
    for service, found in sorted(figures.services.copy().items()):
        served.add_metric([service], list(found.buckets()), found.total)
    yield from (waits, served)


def _stations(house: House) -> Iterator[Metric]:
    """Each station is one client of the broker; its last will says when it is gone."""
    up = GaugeMetricFamily("banshi_station_up", "1 while a station answers", labels=["station"])
    closed = GaugeMetricFamily("banshi_station_closed", "1 while the hall closed it", labels=["station"])
    stations = house.stations
    for station in stations:
        up.add_metric([station.id], station.online)
        closed.add_metric([station.id], bool(station.closed))
    yield from (up, closed)
    online = sum(station.online for station in stations)
    yield GaugeMetricFamily("banshi_mqtt_clients", "Stations on the broker now", value=online)


def _backups(view: BackupView) -> Iterator[Metric]:
    good, last = view.standing.good, view.standing.last
    if good is not None:
        age = (view.now_ms - good.ended_ms) / 1000
        yield GaugeMetricFamily("banshi_backup_age_seconds", "Since the last good backup", value=age)
        yield GaugeMetricFamily("banshi_backup_size_bytes", "Its size", value=good.size)
    failed = last is not None and bool(last.wrong)
    yield GaugeMetricFamily("banshi_backup_failed", "1 when the last one failed", value=failed)


def _answers(figures: AnswerFigures) -> Iterator[Metric]:
    """Pages and interface, by the route's pattern."""
    seconds = HistogramMetricFamily("banshi_http_seconds", "To an answer's first byte", labels=["route"])
    for route, found in sorted(figures.seconds.copy().items()):
        seconds.add_metric([route], list(found.buckets()), found.total)
    answers = CounterMetricFamily("banshi_http_answers", "Answers", labels=["route", "status"])
    for (route, status), count in sorted(figures.statuses.copy().items()):
        answers.add_metric([route, str(status)], count)
    yield from (seconds, answers)


def _histogram(name: str, text: str, found: Distribution) -> HistogramMetricFamily:
    return HistogramMetricFamily(name, text, buckets=list(found.buckets()), sum_value=found.total)


def metrics_routes(frame: Frame) -> APIRouter:
    """GET /metrics."""
    router = APIRouter(include_in_schema=False)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HallFigures(frame))
    ProcessCollector(registry=registry)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
