"""What every station program has in common: birth and will, health, hall time, whether the server is there.

A program builds a Bus and a Station on it, registers its handlers, opens it, and says ``ready`` when it
can serve. All handlers may be called from any thread and must only post.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable

from msgspec import structs

from contract import topics
from contract.bus import Bus, Ids
from contract.clock import StationClock
from contract.messages import (
    Applied,
    DeviceHealth,
    Presence,
    ServerState,
    StationConfig,
    StationHealth,
    StationInfo,
    StationState,
)
from contract.orders import Orders

log = logging.getLogger(__name__)

HEALTH_SECONDS = 8.0
BEAT_LIMIT_SECONDS = 6.0
_GONE = (Presence.LOST, Presence.DISCONNECTED)


class ConfigRefused(Exception):
    """Raised by the handler of the hall's configuration: why this station cannot run it, in Chinese."""


class Station:
    """One box of a hall, on any Bus. ``boot`` tells this run of the program from every other."""

    def __init__(
        self,
        bus: Bus,
        info: StationInfo,
        *,
        clock: StationClock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bus, self.info = bus, info
        self.clock = clock or StationClock()
        self.boot = secrets.token_hex(8)
        self._monotonic = monotonic
        self._changed = threading.Condition(threading.RLock())
        self._stopping = False
        self._presence = Presence.INIT
        self._devices: tuple[DeviceHealth, ...] = ()
        self._showing = ""
        self._counters: dict[str, int] = {}
        self._link = False
        self._health_due = monotonic() + HEALTH_SECONDS
        self._server: ServerState | None = None
        self._heard_at = float("-inf")
        self._server_ready = False
        self._server_handlers: list[Callable[[bool], None]] = []
        self._config: StationConfig | None = None
        self._config_handlers: list[Callable[[StationConfig], None]] = []
        self.orders = Orders(bus, self.clock)
        self._thread = threading.Thread(target=self._run, name=f"station-{bus.station}", daemon=True)

    # ------------------------------------------------------------ life

    def open(self) -> None:
        """Announce the birth (init), take the bus into service and start the beats; returns at once."""
        self.bus.will(topics.STATION_STATE, self._state(Presence.LOST))
        self.bus.on(topics.SERVER, self._hear_server)
        self.bus.on(topics.STATION_STATE, self._hear_own_state, station=self.bus.station)
        self.bus.on(topics.STATION_CONFIG, self._take_config, station=self.bus.station)
        self.bus.on(topics.STATION_COMMAND, self.orders.take, station=self.bus.station)
        self.bus.on_link(self._linked)
        self._give_birth()
        self.bus.open()
        self._thread.start()

    def ready(self) -> None:
        """The program can serve now."""
        self.present(Presence.READY)

    def present(self, presence: Presence) -> None:
        """Say how this station is: ready, alert (serves with a fault), sleeping."""
        with self._changed:
            self._presence = presence
            self.bus.publish(topics.STATION_STATE, self._state(presence))
        self._publish_health()

    def close(self) -> None:
        """Say goodbye in order: disconnected instead of the last will; closes the bus."""
        with self._changed:
            self._stopping = True
            self._presence = Presence.DISCONNECTED
            self._changed.notify()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()
        self.bus.publish(topics.STATION_STATE, self._state(Presence.DISCONNECTED))
        self.bus.close()

    # ------------------------------------------------------------ health

    def report(
        self,
        *,
        devices: tuple[DeviceHealth, ...] | None = None,
        showing: str | None = None,
        counters: dict[str, int] | None = None,
    ) -> None:
        """What is known of the hardware and what is on the screen; sent at once when it changed.

        ``counters``, of the program and of each device, travel with the next beat, beside those of the bus.
        """
        with self._changed:
            self._counters = self._counters if counters is None else counters
            before = (_uncounted(self._devices), self._showing)
            self._devices = self._devices if devices is None else devices
            self._showing = self._showing if showing is None else showing
            changed = before != (_uncounted(self._devices), self._showing)
        if changed:
            self._publish_health()

    # ------------------------------------------------------------ the server

    @property
    def server(self) -> ServerState | None:
        """The last word of the server, whatever its age; None before the first."""
        return self._server

    @property
    def server_ready(self) -> bool:
        """Whether the hall can be asked: the server said ready and its last beat is younger than 6 s."""
        return self._server_ready

    def on_server(self, handler: Callable[[bool], None]) -> None:
        """Call with True when the hall can be asked, with False when no longer."""
        self._server_handlers.append(handler)

    # ------------------------------------------------------------ configuration and orders of the hall

    @property
    def config(self) -> StationConfig | None:
        """What the hall told this station last and it accepted; holds a secret."""
        return self._config

    def on_config(self, handler: Callable[[StationConfig], None]) -> None:
        """Apply each configuration of the hall; raise ConfigRefused to keep the old one."""
        self._config_handlers.append(handler)

    def tick(self) -> float:
        """Do what is due by the monotonic clock; seconds until something is due again."""
        now = self._monotonic()
        if now >= self._health_due:
            self._publish_health()
        self._judge_server()
        silent_at = self._heard_at + BEAT_LIMIT_SECONDS if self._server_ready else float("inf")
        return max(0.0, min(self._health_due, silent_at) - self._monotonic())

    # ------------------------------------------------------------ inside

    def _run(self) -> None:
        while True:
            try:
                pause = self.tick()
            except Exception:
                log.exception("a beat of the station failed; it goes on")
                pause = 1.0
            with self._changed:
                if self._stopping:
                    return
                self._changed.wait(max(pause, 0.01))
                if self._stopping:
                    return

    def _linked(self, up: bool) -> None:
        """Health is not said into the void; with a new link it is said at once."""
        self._link = up
        if up:
            self._publish_health()

    def _state(self, presence: Presence) -> StationState:
        at_ms = 0 if presence is Presence.LOST else self.clock.now_ms() or 0
        return StationState(s=presence, boot=self.boot, kind=self.info.kind, at_ms=at_ms)

    def _give_birth(self) -> None:
        with self._changed:
            if self._presence is Presence.DISCONNECTED:
                return
            self.bus.publish(topics.STATION_STATE, self._state(self._presence))
            self.bus.publish(topics.STATION_INFO, self.info)

    def _publish_health(self) -> None:
        with self._changed:
            self._health_due = self._monotonic() + HEALTH_SECONDS
            if not self._link:
                return
            health = StationHealth(
                boot=self.boot,
                at_ms=self.clock.now_ms() or 0,
                devices=self._devices,
                showing=self._showing,
                clock_offset_ms=self.clock.wall_offset_ms(),
                counters={**self.bus.counters(), **self._counters},
            )
            self.bus.publish(topics.STATION_HEALTH, health)

    def _hear_server(self, state: ServerState, _ids: Ids) -> None:
        with self._changed:
            before = self._server
            stale_will = before is not None and state.s in _GONE and state.boot != before.boot
            if stale_will:
                return
            self._server = state
            replayed = before is not None and state == before
            if not replayed and state.s not in _GONE:
                self._heard_at = self._monotonic()
                self.clock.heard(state.boot, state.at_ms)
            new_boot = before is not None and before.boot != state.boot
            self._changed.notify()
        if new_boot:
            self._give_birth()
        self._judge_server()

    def _judge_server(self) -> None:
        with self._changed:
            fresh = self._monotonic() - self._heard_at < BEAT_LIMIT_SECONDS
            ready = fresh and self._server is not None and self._server.s is Presence.READY
            if ready == self._server_ready:
                return
            self._server_ready = ready
            log.info("%s: the server is %s", self.bus.station, "there" if ready else "away")
            for handler in self._server_handlers:
                handler(ready)

    def _hear_own_state(self, state: StationState, _ids: Ids) -> None:
        """The broker published our will although we live (or that of a former run): say the truth again."""
        if state.s is Presence.LOST or (state.s is Presence.DISCONNECTED and state.boot != self.boot):
            self._give_birth()

    def _take_config(self, config: StationConfig, _ids: Ids) -> None:
        if config == self._config:
            return
        try:
            for handler in self._config_handlers:
                handler(config)
        except ConfigRefused as refused:
            applied = Applied(version=config.version, ok=False, sentence=str(refused))
        else:
            self._config = config
            applied = Applied(version=config.version, ok=True)
        self.bus.publish(topics.STATION_APPLIED, applied)


def _uncounted(devices: tuple[DeviceHealth, ...]) -> tuple[DeviceHealth, ...]:
    return tuple(structs.replace(device, counters={}) for device in devices)
