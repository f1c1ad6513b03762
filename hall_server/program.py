"""The hall server as one thing: what it is made of, in which order it starts, and stops in mirrored order."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec

from contract import messages as m
from contract import topics
from contract.aclfile import SERVER_USER
from contract.bus import Bus
from contract.clock import HallClock
from contract.discovery import HallAnnouncement
from contract.mqtt import BrokerAddress, MqttBus
from contract.person import kiosk_key
from hall_server import keeping
from hall_server.accounts.desk import Accounts
from hall_server.anchor import journal_key
from hall_server.broker import Broker, secret
from hall_server.catalogue.desk import CatalogueDesk
from hall_server.clips import ClipRendering, SpokenHall
from hall_server.config import HallConfig
from hall_server.description import Description
from hall_server.forecaster import Forecaster
from hall_server.hall import commands as c
from hall_server.hall.leasing import LEASED_AT_ONCE
from hall_server.hall.pictures import Look
from hall_server.house import NOT_CHECKED, House, JournalState
from hall_server.journal_watch import JournalWatch
from hall_server.journal_writer import Journal
from hall_server.recovery import Snapshots
from hall_server.reports.desk import ReportDesk
from hall_server.service import HallService
from hall_server.setup.desk import SetupDesk
from hall_server.stations import StationDesk
from hall_server.web.blobs import BlobStore
from hall_server.web.lan import LanSide
from hall_server.web.server import WebServer
from hall_server.wired import WiredDevices

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
RECONNECT_SECONDS = (0.1, 0.3)
TICK_SECONDS = 1.0
JOURNAL_FAILED_STATUS = 70


def _end_process(_error: BaseException) -> None:
    """A commit failed: nothing that was decided since is true; only a restart tells the truth again."""
    logging.shutdown()
    os._exit(JOURNAL_FAILED_STATUS)


class HallServer:
    """One hall. Give it a bus to run within another program (tests); else it brings its own broker.

    ``start`` raises ConfigError, JournalBroken, Stranded; then nothing is left running.
    """

    def __init__(
        self,
        config: HallConfig,
        state: Path,
        *,
        bus: Bus | None = None,
        on_journal_failure: Callable[[BaseException], None] = _end_process,
    ) -> None:
        self._config = config
        self._state = state
        self._bus = bus
        self._on_journal_failure = on_journal_failure
        self._stack = ExitStack()
        self._boot = secrets.token_hex(8)
        self._address: BrokerAddress | None = None
        self._alarms: list[str] = []
        self._beat_now = threading.Event()

    # ------------------------------------------------------------ parts, after start()

    @property
    def service(self) -> HallService:
        """The one door."""
        return self._service

    @property
    def stations(self) -> StationDesk:
        """What is known of the boxes."""
        return self._stations

    @property
    def broker(self) -> Broker | None:
        """Our own broker, if we run one."""
        return self._broker

    @property
    def accounts(self) -> Accounts:
        """Who may do what."""
        return self._accounts

    @property
    def alarms(self) -> tuple[str, ...]:
        """What a technician must see: clock, journal."""
        return tuple(self._alarms)

    # ------------------------------------------------------------ life

    def start(self) -> None:
        """Everything in order; what fails undoes what was started."""
        with ExitStack() as undo:
            self._start(undo)
            self._stack = undo.pop_all()

    def stop(self) -> None:
        """Everything in mirrored order."""
        self._stack.close()

    def _start(self, undo: ExitStack) -> None:
        self._key = secret(self._state / "secrets" / "hall-key").encode()
        journal = self._open_journal(undo)
        bus = self._way = self._open_way(undo)
        self._service = HallService(
            self._config.plan, journal, clock=self._clock, publisher=bus, look=self._look(self._config)
        )
        self._catalogue = self._open_catalogue(undo)
        self._described = Description(
            self._service,
            self._config,
            on_alarm=self._alarms.append,
            items=self._catalogue.items_for,
        )
        self._catalogue.join(self._described)
        self._blobs = BlobStore(self._state / "blobs")
        clips = self._clips()
        self._stations = StationDesk(
            self._service,
            bus,
            self._station_configs(self._config),
            on_issued=clips.issued if clips else lambda _: None,
        )
        snapshots = Snapshots(self._config.plan, journal, door=self._service, on_alarm=self._alarms.append)
        self._service.on_view(lambda _: snapshots.nudge())
        self._reports = ReportDesk(
            self._state,
            self._config.plan,
            lambda: self._described.current.catalogue,
            on_advice=self._show_catalogue,
        )
        self._service.on_view(lambda view: self._reports.day_is(view.day))
        forecaster = Forecaster(self._service, journal.path)
        wired = WiredDevices(self._config.file, self._service)
        web = self._bind_web(undo, wired)
        self._service.start()
        undo.callback(self._service.stop)
        self._say_first()
        self._follow_description(clips)
        web.start()
        forecaster.start()
        undo.callback(forecaster.stop)
        snapshots.start()
        undo.callback(snapshots.stop)
        self._reports.start()
        undo.callback(self._reports.stop)
        self._watch.start()
        undo.callback(self._watch.stop)
        self._open_bus(undo, bus)
        if clips is not None and self._described.current.file.voice.render:
            clips.start()
            undo.callback(clips.stop)
        self._announce(undo)
        wired.start()
        undo.callback(wired.stop)

    def _open_journal(self, undo: ExitStack) -> Journal:
        key = journal_key(self._key)
        self._watch = JournalWatch(self._state, key, on_alarm=self._alarms.append)
        journal = Journal(
            self._state / keeping.JOURNAL,
            on_failure=self._on_journal_failure,
            on_alarm=self._alarms.append,
            key=key,
            on_anchor=self._watch.anchored,
        )
        journal.open()
        undo.callback(journal.close)
        self._clock = HallClock(journal.last_reading())
        if self._clock.alarm:
            log.error("%s", self._clock.alarm)
            self._alarms.append(self._clock.alarm)
        return journal

    def _look(self, config: HallConfig) -> Look:
        return Look(
            boot=self._boot,
            public_url=config.file.hall.public_url,
            key=self._key,
            wording=config.file.voice.wording,
            one=config.file.voice.one,
        )

    def _open_accounts(self, undo: ExitStack) -> Accounts:
        """The accounts; a hall without any says its one-time set-up code."""
        self._accounts = accounts = Accounts(
            self._state,
            key=self._key,
            now_ms=self._clock.now_ms,
            sample=self._config.file.accounts.sample,
        )
        accounts.open()
        undo.callback(accounts.close)
        if accounts.setup_code:
            log.warning("no accounts yet: set-up code %s (%s)", accounts.setup_code, accounts.setup_file)
        return accounts

    def _open_catalogue(self, undo: ExitStack) -> CatalogueDesk:
        """The items, with the list beside the hall's file as the first version."""
        catalogue = CatalogueDesk(self._state, self._service, self._config.items)
        catalogue.open()
        undo.callback(catalogue.close)
        return catalogue

    def _bind_web(self, undo: ExitStack, wired: WiredDevices) -> WebServer:
        part = self._config.file.web
        lan = LanSide(part.lan, self._state / "tls", hall=self._config.plan.id) if part.lan else None
        web = WebServer(
            self._service,
            accounts=self._open_accounts(undo),
            reports=self._reports,
            catalogue=self._catalogue,
            setup=SetupDesk(
                self._service,
                self._described,
                drafts=self._state / "drafts",
                journal=self._state / keeping.JOURNAL,
            ),
            host=part.host,
            port=part.port,
            blobs=self._blobs,
            now_ms=self._clock.now_ms,
            lan=lan,
            house=self._house(wired, lan),
        )
        undo.callback(web.stop)
        web.bind()
        self._pages = web
        return web

    def _house(self, wired: WiredDevices, lan: LanSide | None) -> House:
        watch, stations = self._watch, self._stations

        def journal() -> JournalState:
            if not watch.checked.is_set():
                return NOT_CHECKED
            return JournalState(checked=True, sentence=watch.found, well=watch.well)

        return House(
            state=self._state,
            alarms=lambda: self.alarms,
            described=lambda: self._described.current.file.stations,
            seen=lambda: stations.stations,
            closed=lambda: stations.closed,
            wired=lambda: wired.healths,
            order=stations.order,
            journal=journal,
            reading=self._clock.reading,
            clock_alarm=lambda: self._clock.alarm,
            fingerprint=lambda: lan.fingerprint() if lan is not None else "",
            address=lambda: lan.address if lan is not None else "",
            bus=self._way.counters,
        )

    def _say_first(self) -> None:
        """What the journal must know before anybody asks: description, suspect clock, numbers to skip."""
        self._described.settle()
        self._catalogue.settle()
        if self._clock.alarm:
            self._service.submit(c.SuspectClock(request="", by="clock", sentence=self._clock.alarm))
        if count := keeping.numbers_to_skip(self._state):
            kiosks = sum(s.kind is m.StationKind.KIOSK for s in self._described.current.file.stations)
            skip = c.SkipNumbers(request="", by="restore", count=count, leased=LEASED_AT_ONCE * kiosks)
            self._service.submit(skip).result()
            keeping.skipped(self._state)
            self._alarms.append(f"账本已从备份恢复：每个号段跳过 {count} 个号")

    def _follow_description(self, clips: ClipRendering | None) -> None:
        """Kiosks, stations and voice get the description in force, now and whenever it changes."""

        def follow(config: HallConfig) -> None:
            self._service.present(self._look(config))
            self._show_catalogue()
            self._stations.describe(self._station_configs(config))
            if clips is not None:
                clips.describe(_spoken(config))
            self._beat_now.set()

        follow(self._described.current)
        self._described.on_change(follow)

    def _show_catalogue(self) -> None:
        """The items in force, with why people lately went away without result."""
        catalogue = self._reports.with_advice(self._described.current.catalogue)
        self._blobs.publish("catalogue", msgspec.json.encode(catalogue))
        self._beat_now.set()

    def _open_bus(self, undo: ExitStack, bus: Bus) -> None:
        bus.will(topics.SERVER, self._server_state(m.Presence.LOST))
        bus.on_link(self._linked)
        self._watch.join(bus)
        bus.open()
        undo.callback(bus.close)
        undo.callback(lambda: bus.publish(topics.SERVER, self._server_state(m.Presence.DISCONNECTED)))
        self._start_beat(undo, bus)

    def _open_way(self, undo: ExitStack) -> Bus:
        """The bus that was given, or one to the hall's broker, or one to a broker of our own."""
        self._broker: Broker | None = None
        if self._bus is not None:
            return self._bus
        part = self._config.file.broker
        if part.address:
            host, _, port = part.address.rpartition(":")
            password = secret(Path(part.secret_file)) if part.secret_file else ""
            address = BrokerAddress(host, int(port), part.user, password)
        else:
            self._broker = Broker(
                directory=self._state / "broker",
                port=part.port,
                users=[station.id for station in self._config.file.stations],
            )
            self._broker.start()
            undo.callback(self._broker.stop)
            password = secret(self._broker.secret_file(SERVER_USER))
            address = BrokerAddress("127.0.0.1", part.port, SERVER_USER, password)
        self._address = address
        self._bus = MqttBus(self._config.plan.id, address.user, address, reconnect_seconds=RECONNECT_SECONDS)
        return self._bus

    def _station_configs(self, config: HallConfig) -> dict[str, m.StationConfig]:
        """What each station needs of the hall; only kiosks get the key that hides persons."""
        person_key = kiosk_key(self._key).decode()
        zones = {kiosk.id: kiosk.zones for kiosk in config.file.kiosks}
        return {
            station.id: m.StationConfig(
                version=config.digest[:12],
                hall_name=config.plan.name,
                station_name=station.name,
                person_key=person_key if station.kind is m.StationKind.KIOSK else "",
                elder_age=config.file.hall.elder_age,
                zones=zones.get(station.id, ()),
            )
            for station in config.file.stations
        }

    def _announce(self, undo: ExitStack) -> None:
        """Advertise the hall to stations that say "discover"; a hint to them, never trust."""
        if not self._described.current.file.hall.announce or self._address is None:
            return
        try:
            addresses = [socket.gethostbyname(self._address.host)]
        except OSError as error:
            log.error("the hall is not announced: broker address %s: %s", self._address.host, error)
            return
        announcement = HallAnnouncement(
            self._config.plan.id, self._described.current.plan.name, self._boot, addresses, self._address.port
        )

        def open_late() -> None:
            try:
                announcement.open()
                log.info("announced as %s", self._config.plan.id)
            except Exception as error:  # noqa: BLE001 - the hall works without it; stations can be told the address
                log.error("the hall is not announced: %s", error)

        worker = threading.Thread(target=open_late, name="announce", daemon=True)
        worker.start()
        undo.callback(announcement.close)
        undo.callback(worker.join)

    def _clips(self) -> ClipRendering | None:
        """What renders the voice's clips in the background, the likely ones and issued numbers first."""
        if not self._config.file.voice.render:
            return None
        return ClipRendering(
            self._blobs, self._state / "clips", _spoken(self._config), grown=self._beat_now.set
        )

    # ------------------------------------------------------------ beat

    def _linked(self, linked: bool) -> None:
        """The broker may have forgotten everything: say all of it again."""
        if linked:
            self._service.show_again()
            self._stations.show_configs()
            self._beat_now.set()

    def _server_state(self, presence: m.Presence) -> m.ServerState:
        if presence is not m.Presence.READY:
            return m.ServerState(s=presence, boot=self._boot)
        view = self._service.view
        return m.ServerState(
            s=presence,
            boot=self._boot,
            at_ms=self._clock.now_ms(),
            seq=view.seq,
            hall_name=self._described.current.plan.name,
            business_day=view.day,
            http=self._pages.stations_url,
            blobs=self._blobs.published,
        )

    def _start_beat(self, undo: ExitStack, bus: Bus) -> None:
        stopping = threading.Event()

        def beat() -> None:
            while not stopping.is_set():
                self._beat_now.clear()
                bus.publish(topics.SERVER, self._server_state(m.Presence.READY))
                self._beat_now.wait(BEAT_SECONDS)

        def tick() -> None:
            while not stopping.wait(TICK_SECONDS):
                self._service.submit(c.Tick(request="", by="clock"))

        def stop() -> None:
            stopping.set()
            self._beat_now.set()
            for thread in threads:
                thread.join()

        threads = [threading.Thread(target=f, name=f.__name__, daemon=True) for f in (beat, tick)]
        for thread in threads:
            thread.start()
        undo.callback(stop)


def _spoken(config: HallConfig) -> SpokenHall:
    """What the voice must be able to say in a hall."""
    voice, services = config.file.voice, config.plan.services.values()
    return SpokenHall(
        prefixes=tuple(service.prefix for service in services),
        windows=tuple(window.label for window in config.plan.windows.values()),
        first=min(service.first for service in services),
        digits=max(service.width for service in services),
        wording=voice.wording,
        one=voice.one,
        voice=voice.voice,
        readings=tuple((row.written, row.spoken) for row in config.file.pronunciations),
    )
