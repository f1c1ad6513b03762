"""Figures for Prometheus: queues, waits, windows, pages, bus, hardware, disk. For the hall's monitoring."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from contract.messages import WindowStatus
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


def _house(house: House) -> Iterator[Metric]:
    """The bus, the hardware and the disk."""
    bus = CounterMetricFamily("banshi_bus_events", "What the bus lost or refused", labels=["event"])
    for event, count in sorted(house.bus().items()):
        bus.add_metric([event], count)
    names = ["station", "device", "state"]
    devices = GaugeMetricFamily("banshi_device_state", "1 for the state that a device is in", labels=names)
    for labels in house.devices():
        devices.add_metric(labels, 1)
    yield from (bus, devices)
    disk = house.disk
    if disk is not None:
        yield GaugeMetricFamily("banshi_disk_free_bytes", "Room where the journal lies", value=disk.free)
        yield GaugeMetricFamily("banshi_disk_size_bytes", "Size of that disk", value=disk.total)


def metrics_routes(frame: Frame) -> APIRouter:
    """GET /metrics."""
    router = APIRouter(include_in_schema=False)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HallFigures(frame))

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
