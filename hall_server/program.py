"""The hall server as one thing: what it is made of, in which order it starts, and stops in mirrored order."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import msgspec

from contract import branding, topics
from contract import messages as m
from contract.bus import Bus
from contract.clock import HallClock
from hall_server import keeping
from hall_server.accounts.desk import Accounts
from hall_server.anchor import journal_key
from hall_server.announcing import announce
from hall_server.backup.keeper import BackupKeeper
from hall_server.beat import Beat
from hall_server.broadcasts import BroadcastDesk
from hall_server.broker import Broker, secret
from hall_server.catalogue.desk import CatalogueDesk
from hall_server.clips import ClipRendering
from hall_server.config import HallConfig
from hall_server.confirmations import Confirmations
from hall_server.description import Description
from hall_server.forecaster import Forecaster
from hall_server.hall import commands as c
from hall_server.hall.leasing import LEASED_AT_ONCE
from hall_server.house import NOT_CHECKED, House, JournalState
from hall_server.journal_watch import JournalWatch
from hall_server.journal_writer import Journal
from hall_server.presented import bars_of, branding_of, look_of, spoken, station_configs
from hall_server.recovery import Snapshots
from hall_server.reports.desk import ReportDesk
from hall_server.service import HallService
from hall_server.setup.desk import SetupDesk
from hall_server.stations import StationDesk
from hall_server.way import Way, way_to_stations
from hall_server.web.blobs import BlobStore
from hall_server.web.lan import LanSide
from hall_server.web.server import WebServer
from hall_server.wired import WiredDevices

log = logging.getLogger(__name__)

JOURNAL_FAILED_STATUS = 70


def _end_process(_error: BaseException) -> None:
    """A commit failed: nothing that was decided since is true; only a restart tells the truth again."""
    logging.shutdown()
    os._exit(JOURNAL_FAILED_STATUS)


class _Part(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


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
        self._alarms: list[str] = []

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
        return self._way.broker

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
        """Build every part, the ports taken, before the first one runs."""
        self._key = secret(self._state / "secrets" / "hall-key").encode()
        journal = self._open_journal(undo)
        self._way = (
            Way(self._bus) if self._bus is not None else way_to_stations(self._config, self._state, undo)
        )
        look = look_of(self._config, boot=self._boot, key=self._key)
        self._service = HallService(
            self._config.plan, journal, clock=self._clock, publisher=self._way.bus, look=look
        )
        self._beat = Beat(self._service, self._way.bus, self._server_state)
        self._catalogue = self._open_catalogue(undo)
        self._described = Description(
            self._service, self._config, on_alarm=self._alarms.append, items=self._catalogue.items_for
        )
        self._catalogue.join(self._described)
        self._blobs = BlobStore(self._state / "blobs")
        self._clips = self._clip_rendering()
        self._stations = StationDesk(
            self._service,
            self._way.bus,
            station_configs(self._config, self._key),
            on_issued=self._clips.issued if self._clips else lambda _: None,
        )
        self._broadcasts = self._broadcast_desk()
        self._snapshots = self._snapshots_of(journal)
        self._reports = self._report_desk()
        self._forecaster = Forecaster(self._service, journal.path)
        self._calls = self._confirmations()
        self._wired = WiredDevices(
            self._config.file,
            self._service,
            shown=self._calls.shown_at_bar,
            on_alarm=self._alarms.append,
        )
        self._backups = BackupKeeper(self._state, self._config.file.backup)
        self._pages = self._bind_web(undo)
        self._open_doors(undo)

    def _open_doors(self, undo: ExitStack) -> None:
        """The hall first, then those who ask it, then those who are asked."""

        def run(part: _Part) -> None:
            part.start()
            undo.callback(part.stop)

        run(self._service)
        self._say_first()
        self._follow_description()
        self._pages.start()
        run(self._forecaster)
        run(self._snapshots)
        run(self._reports)
        run(self._watch)
        self._open_bus(undo)
        current = self._described.current
        if self._clips is not None and current.file.voice.render:
            run(self._clips)
        run(self._broadcasts)
        if current.file.hall.announce and self._way.address is not None:
            announce(self._config.plan.id, current.plan.name, self._boot, self._way.address, undo)
        run(self._wired)
        run(self._backups)

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
        self._commits = journal.figures
        self._clock = HallClock(journal.last_reading())
        if self._clock.alarm:
            log.error("%s", self._clock.alarm)
            self._alarms.append(self._clock.alarm)
        return journal

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

    def _snapshots_of(self, journal: Journal) -> Snapshots:
        snapshots = Snapshots(self._config.plan, journal, door=self._service, on_alarm=self._alarms.append)
        self._service.on_view(lambda _: snapshots.nudge())
        return snapshots

    def _report_desk(self) -> ReportDesk:
        reports = ReportDesk(
            self._state,
            lambda: self._service.plan,
            lambda: self._described.current.catalogue,
            on_advice=self._show_catalogue,
        )
        self._service.on_view(lambda view: reports.day_is(view.day))
        return reports

    def _clip_rendering(self) -> ClipRendering | None:
        """What renders the voice's clips in the background, the likely ones and issued numbers first."""
        if not self._config.file.voice.render:
            return None
        return ClipRendering(self._blobs, self._state / "clips", spoken(self._config), grown=self._beat.soon)

    def _broadcast_desk(self) -> BroadcastDesk:
        """What carries out what managers have spoken; hears of broadcasts and stations from now on."""
        desk = BroadcastDesk(
            self._service, self._way.bus, lambda: spoken(self._described.current), self._clips
        )
        desk.join()
        self._service.on_view(desk.follow)
        return desk

    def _confirmations(self) -> Confirmations:
        """What screens and voices say of each call; hears of calls and stations from now on."""
        stations = self._stations
        calls = Confirmations(
            now_ms=self._clock.now_ms,
            described=lambda: self._described.current.file.stations,
            seen=lambda: stations.stations,
            bars=bars_of(self._config),
        )
        calls.join(self._way.bus)
        self._service.on_call(calls.called)
        return calls

    def _bind_web(self, undo: ExitStack) -> WebServer:
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
            house=self._house(lan),
        )
        undo.callback(web.stop)
        web.bind()
        return web

    def _house(self, lan: LanSide | None) -> House:
        watch, stations, wired = self._watch, self._stations, self._wired

        def journal() -> JournalState:
            if not watch.checked.is_set():
                return NOT_CHECKED
            return JournalState(checked=True, sentence=watch.found, well=watch.well)

        return House(
            state=self._state,
            alarms=lambda: self.alarms,
            described=lambda: self._described.current.file.stations,
            seen=lambda: stations.stations,
            closed=lambda: self._service.view.closed,
            named=lambda sender: self._accounts.named(sender),
            wired=lambda: wired.healths,
            journal=journal,
            reading=self._clock.reading,
            clock_alarm=lambda: self._clock.alarm,
            fingerprint=lambda: lan.fingerprint() if lan is not None else "",
            address=lambda: lan.address if lan is not None else "",
            bus=self._way.bus.counters,
            calls=self._calls,
            broadcasts=self._broadcasts,
            stored=lambda: self._described.current.file.broadcasts,
            backups=self._backups,
            commits=self._commits,
        )

    def _say_first(self) -> None:
        """What the journal must know before anybody asks: description, suspect clock, numbers to skip."""
        self._described.settle()
        self._catalogue.settle(again=bool(keeping.numbers_to_skip(self._state)))
        if self._clock.alarm:
            self._service.submit(c.SuspectClock(request="", by="clock", sentence=self._clock.alarm))
        if count := keeping.numbers_to_skip(self._state):
            kiosks = sum(s.kind is m.StationKind.KIOSK for s in self._described.current.file.stations)
            skip = c.SkipNumbers(request="", by="restore", count=count, leased=LEASED_AT_ONCE * kiosks)
            self._service.submit(skip).result()
            keeping.skipped(self._state)
            self._alarms.append(f"账本已从备份恢复：每个号段跳过 {count} 个号")

    def _follow_description(self) -> None:
        """Kiosks, stations and voice get the description in force, now and whenever it changes."""

        def follow(config: HallConfig) -> None:
            self._service.present(look_of(config, boot=self._boot, key=self._key))
            self._show_catalogue()
            self._blobs.publish(branding.BLOB, msgspec.json.encode(branding_of(config)))
            self._stations.describe(station_configs(config, self._key))
            self._wired.describe(config.file)
            self._calls.describe(bars_of(config))
            if self._clips is not None:
                self._clips.describe(spoken(config))
            self._beat.soon()

        follow(self._described.current)
        self._described.on_change(follow)

    def _show_catalogue(self) -> None:
        """The items in force, with why people lately went away without result."""
        catalogue = self._reports.with_advice(self._described.current.catalogue)
        self._blobs.publish("catalogue", msgspec.json.encode(catalogue))
        self._beat.soon()

    # ------------------------------------------------------------ bus and beat

    def _open_bus(self, undo: ExitStack) -> None:
        bus = self._way.bus
        bus.will(topics.SERVER, self._server_state(m.Presence.LOST))
        bus.on_link(self._linked)
        self._watch.join(bus)
        bus.open()
        undo.callback(bus.close)
        undo.callback(lambda: bus.publish(topics.SERVER, self._server_state(m.Presence.DISCONNECTED)))
        self._beat.start()
        undo.callback(self._beat.stop)

    def _linked(self, linked: bool) -> None:
        """The broker may have forgotten everything: say all of it again."""
        if linked:
            self._service.show_again()
            self._stations.show_configs()
            self._beat.soon()

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
