"""Carries the flow's effects out: devices, bus, timers; everything comes back as an event on one thread.

The state lives on the session's thread; all others only post. Nothing personal is logged: the story of a
ticket is told by its number.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from contract import branding, topics
from contract import messages as m
from contract.blobs import BlobFollower, BlobStore
from contract.outbox import Outbox
from contract.station import Station
from devices.ports import Device
from kiosk import flow
from kiosk.alone import LoneDesk
from kiosk.asking import Asking
from kiosk.disk import Disk
from kiosk.flows import effects as x
from kiosk.flows import events as e
from kiosk.flows import home, reprint
from kiosk.flows.state import Facts, State
from kiosk.hall_news import HallNews
from kiosk.hardware import Hardware

log = logging.getLogger(__name__)

SERVER_SECONDS = 4.0
"""If the server was not heard this long after the start, the screen says so."""
SERVER_TIMER = "server"
FAILURES, WITHIN_SECONDS = 3, 60.0


class Session:
    """One kiosk's state, devices and way to the hall.

    ``show`` gets each new state, on the session's thread; ``broken`` is called there after the third error
    within a minute: the program had better end and be started afresh.
    """

    def __init__(
        self,
        station: Station,
        drivers: Mapping[str, Device],
        cache: Path,
        show: Callable[[State], None],
        *,
        facts: Facts | None = None,
        zones: tuple[str, ...] = (),
        broken: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = flow.start(facts)
        self.hardware = Hardware(drivers, self.post, counters=cache / "counters")
        self._station, self._show, self._zones, self._monotonic = station, show, zones, monotonic
        self._broken = broken
        self._failed_at: list[float] = []
        self._events: queue.SimpleQueue[e.Event | None] = queue.SimpleQueue()
        self._timers: dict[str, float] = {}
        self._disk = Disk()
        self._outbox = Outbox(cache / "outbox.db", station.bus)
        self._lone = LoneDesk(
            station.bus,
            station.clock,
            cache / "lone.db",
            changed=lambda ready, away: self.post(e.LoneChanged(ready, away)),
            came_home=lambda home, void: self.post(e.CameHome(home, void)),
            report=lambda report: self._outbox.put(topics.REPORT_PAPER, report),
        )
        self._asking = Asking(station.bus, self._lone, self._outbox, self._disk, self.post)
        self._news = HallNews(
            station,
            self.hardware,
            self._lone,
            self._disk,
            self.post,
            zones=zones,
        )
        blobs = BlobStore(cache / "blobs")
        self._followed = (
            BlobFollower(
                station.bus, blobs, branding.BLOB, lambda _ref, path: self._news.take_branding(path)
            ),
            BlobFollower(station.bus, blobs, "catalogue", lambda _ref, path: self._news.take_catalogue(path)),
        )
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)
        self._news.listen()

    # ------------------------------------------------------------ life

    def open(self) -> None:
        """Start everything; returns at once. Raises apsw.Error when the cache is not usable."""
        self._outbox.open()
        self._lone.open()
        self._news.remember()
        self._timers[SERVER_TIMER] = self._monotonic() + SERVER_SECONDS
        self._thread.start()
        self.hardware.start()
        for blob in self._followed:
            blob.open()
        self._station.open()

    def close(self) -> None:
        """Stop in mirrored order; reports that were not sent stay in the outbox."""
        for blob in self._followed:
            blob.close()
        self.hardware.stop()
        self._events.put(None)
        if self._thread.is_alive():
            self._thread.join()
        self._disk.close()
        self._lone.close()
        self._outbox.close()
        self._station.close()

    def post(self, event: e.Event) -> None:
        """Something happened; from any thread."""
        self._events.put(event)

    # ------------------------------------------------------------ the session's thread

    def _run(self) -> None:
        while True:
            try:
                event = self._events.get(timeout=self._patience())
            except queue.Empty:
                self._fire()
                continue
            if event is None:
                return
            self._fire()
            self._guarded(event)

    def _patience(self) -> float | None:
        if not self._timers:
            return None
        return max(min(self._timers.values()) - self._monotonic(), 0.0)

    def _fire(self) -> None:
        now = self._monotonic()
        for name in [name for name, due in self._timers.items() if due <= now]:
            self._timers.pop(name, None)
            if name == SERVER_TIMER:
                if not self.state.facts.judged:
                    self._guarded(e.ServerGone())
            else:
                self._guarded(e.TimerFired(name))

    def _guarded(self, event: e.Event) -> None:
        """One step; an error in it ends the citizen's session, the third within a minute the program."""
        try:
            self._step(event)
        except Exception:
            page = self.state.screen.name
            log.exception("a step failed on page %s (%s); the session ends", page, type(event).__name__)
            self._asking.give_up(flow.pending(self.state.screen))
            self.state, _ = home.leave(self.state)
            self._asking.forget()
            self._show(self.state)
            now = self._monotonic()
            self._failed_at = [*(at for at in self._failed_at if now - at < WITHIN_SECONDS), now]
            if len(self._failed_at) >= FAILURES:
                self._broken()

    def _step(self, event: e.Event) -> None:
        before = self.state
        self.state, effects = flow.step(before, event, only_zones=self._zones)
        for effect in effects:
            self._carry_out(effect)
        self._follow(before, event)

    def _follow(self, before: State, event: e.Event) -> None:
        """What follows from the state itself: are cards looked for, what do the hall and the glass see."""
        state = self.state
        self.hardware.look_for_cards(flow.reader_wanted(state) and not state.card)
        self.hardware.watch_card(state.card)
        self.hardware.look_for_scans(reprint.scanner_wanted(state.screen))
        if isinstance(event, e.DeviceChanged):
            self._report_devices()
        if state.screen.name != before.screen.name:
            self._station.report(
                showing=state.screen.name, counters=dict(self._asking.counts), devices=self._healths()
            )
        if state != before:
            self._show(state)

    def _report_devices(self) -> None:
        self._station.report(devices=self._healths())
        well = m.Presence.READY if self.hardware.well() else m.Presence.ALERT
        self._station.present(well)

    def _healths(self) -> tuple[m.DeviceHealth, ...]:
        return self.hardware.healths(self._station.clock.now_ms())

    # ------------------------------------------------------------ effects

    def _carry_out(self, effect: x.Effect) -> None:
        match effect:
            case x.StartTimer(name, seconds):
                self._timers[name] = self._monotonic() + seconds
            case x.StopTimer(name):
                self._timers.pop(name, None)
            case x.AskIssue():
                self._asking.issue(effect)
            case x.AskAlone():
                self._asking.issue_alone(effect, self.state.facts.shelf)
            case x.GiveUp(attempt):
                self._asking.give_up(attempt)
            case x.AskFind():
                self._asking.find(effect, lonely=self.state.facts.lonely)
            case x.AskCheckIn():
                self._asking.check_in(effect)
            case x.AskGuide():
                self._asking.guide(effect)
            case x.PrintSlip(attempt, slip, reprint):
                log.info("%s: printing%s", slip.number, " again" if reprint else "")
                self.hardware.print(attempt, slip, reprint=reprint)
            case x.ReportPaper():
                self._asking.report_paper(effect)
            case x.Wipe():
                self._asking.forget()
                self.hardware.preview(None)
                self._asking.counts["sessions"] += 1
