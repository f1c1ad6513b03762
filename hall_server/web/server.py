"""The pages and the JSON interface of a hall, on a thread and loop of their own inside hall_server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, Security

from hall_server.accounts.desk import Accounts
from hall_server.catalogue.desk import CatalogueDesk
from hall_server.hall.pictures import HallView
from hall_server.house import House
from hall_server.reports.counted import ElementCounts
from hall_server.reports.desk import ReportDesk
from hall_server.service import HallService
from hall_server.setup.desk import SetupDesk
from hall_server.web.actions import ACTIONS, BY_NAME
from hall_server.web.api import BEARER, COOKIE, PROBLEMS, api_routes, described_routes
from hall_server.web.appointments import appointment_api, appointment_routes
from hall_server.web.auditing import audit_routes
from hall_server.web.binding import CannotServe, listen
from hall_server.web.blobs import BlobStore, blob_routes
from hall_server.web.booking import booking_routes
from hall_server.web.branding import look_routes
from hall_server.web.broadcasts import broadcast_routes
from hall_server.web.calls_told import call_routes
from hall_server.web.catalogue import catalogue_routes
from hall_server.web.catalogue_import import import_routes
from hall_server.web.clerk import ClerkPage
from hall_server.web.clerk_desk import clerk_routes
from hall_server.web.clerk_sheet import Sheets
from hall_server.web.connections import Impatient
from hall_server.web.describing import setup_routes
from hall_server.web.element_pages import element_routes
from hall_server.web.entrance import entrance_routes
from hall_server.web.forecast import forecast_routes
from hall_server.web.frame import Frame
from hall_server.web.gate import Gate
from hall_server.web.guards import Guards, TooLarge
from hall_server.web.guide import guide_routes
from hall_server.web.helps import help_routes
from hall_server.web.items import item_routes
from hall_server.web.lan import LanSide
from hall_server.web.lines import Lines
from hall_server.web.live import Hub
from hall_server.web.managing import manager_routes
from hall_server.web.merges import merge_routes
from hall_server.web.metrics import metrics_routes
from hall_server.web.number_sheet import number_routes
from hall_server.web.overseen import Overseer
from hall_server.web.own_look import look_of
from hall_server.web.pages import authority_routes, page_routes, static_routes
from hall_server.web.partners import partner_routes
from hall_server.web.people import people_routes
from hall_server.web.phone import phone_routes
from hall_server.web.poor_pages import poor_routes
from hall_server.web.problems import install
from hall_server.web.profile import profile_routes
from hall_server.web.rendering import Rendering, static_files
from hall_server.web.report_pages import report_page_routes
from hall_server.web.reports import report_routes
from hall_server.web.routes import RouteTable
from hall_server.web.system import system_routes
from hall_server.web.wall import wall_routes

log = logging.getLogger(__name__)

COLLECT_SECONDS = 3600.0
SWEEP_SECONDS = 15.0
START_SECONDS = 20.0
STOP_SECONDS = 2
LARGEST_BODY = 16_384
SETTINGS: dict[str, Any] = {
    "http": Impatient,
    "loop": "asyncio",
    "ws": "websockets-sansio",
    "log_config": None,
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,
    "ws_max_size": 65_536,
    "ws_ping_interval": 10.0,
    "ws_ping_timeout": 10.0,
    "timeout_graceful_shutdown": STOP_SECONDS,
}
"""uvicorn's, for each listener."""


class WebServer:
    """Serves clerk's pages, phone pages, JSON and blobs.

    ``service``: the hall; construct before ``service.start()``, start after it. ``accounts``: opened.
    ``host``: a loopback address; ``port`` 0 takes a free one. ``blobs``: what is served at /blobs.
    ``now_ms``: hall time. ``names``: further host[:port] by which a browser may ask. ``lan``: served once
    accounts exist. ``house``: what the pages know beside the hall.
    """

    def __init__(
        self,
        service: HallService,
        *,
        accounts: Accounts,
        reports: ReportDesk,
        setup: SetupDesk,
        catalogue: CatalogueDesk,
        host: str,
        port: int,
        blobs: BlobStore,
        now_ms: Callable[[], int],
        names: tuple[str, ...] = (),
        lan: LanSide | None = None,
        house: House | None = None,
    ) -> None:
        self._service = service
        self._accounts = accounts
        self._reports = reports
        self._setup = setup
        self._catalogue = catalogue
        self._lines = Lines()
        self._host = host
        self._wanted_port = port
        self._blobs = blobs
        self._now_ms = now_ms
        self._names = frozenset(name.lower() for name in names)
        self._lan = lan
        self._house = house or House()
        self._asgi: FastAPI | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hub: Hub | None = None
        self._own_names: frozenset[str] = frozenset()
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        service.on_view(self._wake)
        self._house.calls.on_change(self._wake_soon)
        accounts.book.on_ended(self._lines.ended)
        accounts.on_ready(self._open_lan_now)

    @property
    def port(self) -> int:
        """Where it listens; 0 before ``bind`` or ``start`` when a free one was asked for."""
        return self._socket.getsockname()[1] if self._socket else self._wanted_port

    @property
    def url(self) -> str:
        """Address of the pages."""
        return f"http://{_netloc(self._host, self.port)}"

    @property
    def app(self) -> FastAPI:
        """The application, after ``start``."""
        assert self._asgi is not None
        return self._asgi

    @property
    def stations_url(self) -> str:
        """Where stations fetch what is large: on the LAN as soon as it is served there."""
        return (self._lan.plain_address if self._lan is not None else "") or self.url

    def bind(self) -> None:
        """Take the ports, before anything else is started. Raises CannotServe; a second call does nothing."""
        if self._socket is None:
            self._socket = listen(self._host, self._wanted_port)
        if self._lan is not None and self._accounts.ready:
            self._lan.bind()

    def start(self) -> None:
        """Serve; returns when it answers. Raises CannotServe, AssetMissing."""
        self.bind()
        assert self._socket is not None
        own = (_netloc(host, self.port) for host in ("127.0.0.1", "localhost", "::1", self._host))
        self._own_names = self._names | frozenset(own)
        self._asgi = self._app()
        self._server = uvicorn.Server(uvicorn.Config(TooLarge(self._asgi), lifespan="on", **SETTINGS))
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_SECONDS) or not self._thread.is_alive():
            raise CannotServe(f"the pages did not start on {self.url}; the log says why")
        log.info("pages at %s", self.url)

    def stop(self) -> None:
        """Say goodbye to the open pages, then stop."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._lan is not None:
            self._lan.free()

    def _run(self) -> None:
        assert self._server is not None
        assert self._socket is not None
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._ready.set()

    def _wake(self, view: HallView) -> None:
        if self._hub is not None:
            self._hub.wake(view)

    def _wake_soon(self) -> None:
        if self._hub is not None:
            self._hub.wake_soon()

    def _app(self) -> FastAPI:
        service, now_ms = self._service, self._now_ms
        rendering = Rendering(
            hall_name=lambda: service.plan.name,
            brand=lambda: look_of(self._setup.current.file.branding),
            actions=BY_NAME,
            action_list=ACTIONS,
        )
        hub = self._hub = Hub(service, now_ms=now_ms, version=rendering.version)
        app = FastAPI(
            title="办事 Banshi",
            description="JSON interface of one hall. Every post carries a request id; a repeat gets the "
            "first answer. Errors are application/problem+json.",
            version="1",
            docs_url=None,
            redoc_url=None,
            openapi_url=None,
            lifespan=self._life,
            max_body_size=LARGEST_BODY,
        )
        frame = Frame(service, self._accounts, hub, rendering, now_ms, self._house)
        sheets = Sheets(lambda: self._reports.catalogue)
        install(app, rendering)
        for routes in self._interfaces(frame, sheets):
            app.include_router(routes, responses=PROBLEMS, dependencies=[Security(BEARER), Security(COOKIE)])
        for routes in self._pages(app, frame, sheets):
            app.include_router(routes)
        app.add_middleware(
            Gate,
            table=RouteTable(app),
            accounts=self._accounts,
            rendering=rendering,
            lines=self._lines,
            https_port=lambda: self._lan.https_port if self._lan is not None else 0,
            now_ms=now_ms,
            answers=frame.answers,
        )
        app.add_middleware(Guards, names=self._allowed_names)
        return app

    @contextlib.asynccontextmanager
    async def _life(self, app: FastAPI) -> AsyncIterator[None]:
        """What runs on the loop while the application does."""
        assert self._hub is not None
        self._lines.begin()
        self._loop = asyncio.get_running_loop()
        works = [self._hub.run(), self._collect(), self._sweep(), *([self._lan.watch()] if self._lan else [])]
        tasks = [asyncio.create_task(work) for work in works]
        if self._lan is not None and self._accounts.ready:
            self._lan.open(TooLarge(app), **SETTINGS)
        self._ready.set()
        yield
        self._lines.end()
        self._loop = None
        if self._lan is not None:
            await self._lan.close()
        for task in tasks:
            task.cancel()

    def _interfaces(self, frame: Frame, sheets: Sheets) -> tuple[APIRouter, ...]:
        """What stands in the OpenAPI document."""
        service = frame.service
        overseer = Overseer(service, self._accounts.book)

        async def show(window: str, request: str, number: str) -> None:
            page = ClerkPage(window, service.plan, sheets, frame.now_ms, frame.rendering, self._house.calls)
            await frame.hub.show(page, request, number)

        return (
            api_routes(service, show, overseer),
            forecast_routes(service, overseer),
            appointment_api(service),
            call_routes(service, self._house.calls),
            report_routes(self._reports, self._house.calls),
            merge_routes(service, self._reports.days),
            help_routes(service),
        )

    def _pages(self, app: FastAPI, frame: Frame, sheets: Sheets) -> tuple[APIRouter, ...]:
        """What people open, and what pages and stations fetch."""
        counts = ElementCounts(self._catalogue)
        return (
            described_routes(app, frame.rendering),
            blob_routes(self._blobs),
            static_routes(static_files()),
            look_routes(lambda: self._setup.current.file.branding),
            authority_routes(lambda: self._lan.authority if self._lan is not None else None),
            page_routes(frame),
            phone_routes(frame),
            booking_routes(frame, self._reports, self._catalogue),
            appointment_routes(frame),
            clerk_routes(frame, self._reports, sheets),
            guide_routes(frame),
            entrance_routes(frame),
            profile_routes(frame),
            people_routes(frame),
            partner_routes(frame),
            audit_routes(frame),
            report_page_routes(frame, self._reports, counts),
            element_routes(frame, self._catalogue, counts),
            poor_routes(frame),
            wall_routes(frame, self._reports),
            metrics_routes(frame),
            manager_routes(frame, self._reports.days),
            number_routes(frame),
            broadcast_routes(frame),
            system_routes(frame),
            setup_routes(frame, self._setup),
            catalogue_routes(frame, self._catalogue, self._reports),
            import_routes(frame, self._catalogue),
            item_routes(frame, self._catalogue, self._reports),
        )

    def _allowed_names(self) -> frozenset[str]:
        return self._own_names | (self._lan.hosts if self._lan is not None else frozenset())

    def _open_lan_now(self) -> None:
        """The set-up is done: serve the LAN from now on; from any thread."""
        loop, lan, app = self._loop, self._lan, self._asgi
        if loop is None or lan is None or app is None:
            return
        try:
            lan.bind()
        except CannotServe as error:
            log.error("%s", error)
            return
        loop.call_soon_threadsafe(lambda: lan.open(TooLarge(app), **SETTINGS))

    async def _sweep(self) -> None:
        """End the sessions that are over, and see what the technician's command changed."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await asyncio.to_thread(self._accounts.signing.sweep)

    async def _collect(self) -> None:
        while True:
            try:
                gone = await asyncio.to_thread(self._blobs.collect)
            except OSError as error:
                log.warning("old blobs cannot be removed: %s", error)
            else:
                if gone:
                    log.info("%d old blobs removed", gone)
            await asyncio.sleep(COLLECT_SECONDS)


def _netloc(host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port == 80 else f"{name}:{port}"
