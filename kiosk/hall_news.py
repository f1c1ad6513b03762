"""What the hall says to a kiosk, turned into events: its beats, configuration, catalogue and orders.

Everything here runs on the bus's threads and only posts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from contract import messages as m
from contract import topics
from contract.branding import read_branding
from contract.bus import Ids
from contract.catalogue import Catalogue, read_catalogue
from contract.errands import Errand, errands_of
from contract.station import ConfigRefused, Station
from kiosk.alone import LoneDesk
from kiosk.disk import Disk
from kiosk.flows import events as e
from kiosk.hardware import Hardware, Keyring

KEPT_CONFIG = "config"


class HallNews:
    """Listens for one kiosk; ``zones``: those that its own file lets it offer."""

    def __init__(
        self,
        station: Station,
        hardware: Hardware,
        lone: LoneDesk,
        disk: Disk,
        post: Callable[[e.Event], None],
        *,
        zones: tuple[str, ...],
    ) -> None:
        self._station, self._hardware, self._lone, self._disk = station, hardware, lone, disk
        self._post, self._zones = post, zones
        self._day = ""
        self._own_zones, self._offering = zones, threading.Lock()
        self._takes = True
        self._known: Catalogue | None = None
        self._secret: tuple[bytes, int] | None = None

    def listen(self) -> None:
        """Before the station is opened."""
        bus = self._station.bus
        bus.on(topics.SERVER, self._hear_server)
        bus.on(topics.QUEUE, lambda queue_state, _ids: self._post(e.QueueChanged(queue_state)))
        self._station.on_server(self._judge_server)
        self._station.on_config(self._take_config)

    def _judge_server(self, there: bool) -> None:
        self._lone.server(there)
        self._post(e.ServerBack() if there else e.ServerGone())

    def _hear_server(self, server: m.ServerState, _ids: Ids) -> None:
        self._lone.hear_server(server)
        if server.business_day and server.business_day != self._day:
            self._day = server.business_day
            self._renew_keyring()
            self._post(e.DayChanged(self._day))

    def _take_config(self, config: m.StationConfig) -> None:
        if not config.person_key:
            raise ConfigRefused("配置里没有身份密钥，不能刷证取号")
        self._disk.do(self._lone.keep, KEPT_CONFIG, config)
        self._apply(config)

    def remember(self) -> None:
        """A start without a hall: cards are read and numbers issued by what the hall said last."""
        self._day = self._lone.day
        config = self._lone.kept(KEPT_CONFIG, m.StationConfig)
        if config is not None:
            self._apply(config)
        if self._day:
            self._post(e.DayChanged(self._day))

    def _apply(self, config: m.StationConfig) -> None:
        self._secret = (config.person_key.encode(), config.elder_age)
        self._renew_keyring()
        configured = e.Configured(
            hall_name=config.hall_name,
            station_name=config.station_name,
            elder_age=config.elder_age,
            idle_seconds=config.idle_seconds,
            zones=config.zones,
            errands=config.errands,
        )
        with self._offering:
            self._post(configured)
            self._post(e.TakenOutOfService(config.closed))
            before = (self._zones, self._takes)
            self._zones = config.zones or self._own_zones
            self._takes = Errand.TAKE in errands_of(config.errands)
            if self._known is not None and (self._zones, self._takes) != before:
                self._offer(self._known)

    def _renew_keyring(self) -> None:
        if self._secret is not None:
            key, elder_age = self._secret
            self._hardware.keyring = Keyring(key, elder_age, self._day)

    def take_branding(self, path: Path) -> None:
        """The hall's look lies at this path. Raises what reading it raises."""
        branding = read_branding(path.read_bytes())
        self._hardware.logo = branding.ticket
        self._post(e.Branded(branding))

    def take_catalogue(self, path: Path) -> None:
        """A new catalogue lies at this path. Raises what reading it raises."""
        catalogue = read_catalogue(path.read_bytes())
        self._hardware.no_show_text = catalogue.no_show_text
        with self._offering:
            self._known = catalogue
            self._offer(catalogue)

    def _offer(self, catalogue: Catalogue) -> None:
        """Services of the zones that are offered here, if numbers are taken; the page is drawn anew."""
        zones = catalogue.zones if self._takes else ()
        offered = {zone.id for zone in zones if not self._zones or zone.id in self._zones}
        self._lone.offer(tuple(each.id for each in catalogue.services if each.zone in offered))
        self._post(e.CatalogueArrived(catalogue))
