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
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from contract import messages as m
from contract import topics
from contract.blobs import BlobFollower, BlobStore
from contract.bus import Ids
from contract.catalogue import read_catalogue
from contract.outbox import Outbox
from contract.station import CommandRefused, ConfigRefused, Station
from contract.topics import RequestRoute
from devices.ports import Device
from kiosk import flow
from kiosk.alone import LoneDesk
from kiosk.blocks import Asked
from kiosk.flows import effects as x
from kiosk.flows import events as e
from kiosk.flows import home, reprint
from kiosk.flows.state import Facts, State
from kiosk.hardware import Hardware, Keyring
from kiosk.request_id import new_request_id

log = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0
SERVER_SECONDS = 4.0
"""If the server was not heard this long after the start, the screen says so."""
SERVER_TIMER = "server"
FAILURES, WITHIN_SECONDS = 3, 60.0
KEPT_CONFIG = "config"
LEFT = "取号时本人已离开，号票未打印"
HALL_CLOSED = "本机已由大厅暂停使用"

Q = TypeVar("Q", bound=m.Request)
A = TypeVar("A", bound=m.Answer)


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
        self._closing = False
        self._events: queue.SimpleQueue[e.Event | None] = queue.SimpleQueue()
        self._timers: dict[str, float] = {}
        self._ids: dict[int, str] = {}
        self._day = ""
        self._secret: tuple[bytes, int] | None = None
        self._outbox = Outbox(cache / "outbox.db", station.bus)
        self._lone = LoneDesk(
            station.bus,
            station.clock,
            cache / "lone.db",
            changed=lambda ready, away: self.post(e.LoneChanged(ready, away)),
            came_home=lambda home, void: self.post(e.CameHome(home, void)),
            report=lambda report: self._outbox.put(topics.REPORT_PAPER, report),
        )
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="kiosk-disk")
        self._catalogue = BlobFollower(
            station.bus,
            BlobStore(cache / "blobs"),
            "catalogue",
            lambda _ref, path: self._take_catalogue(path),
        )
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)
        self._counts = {"sessions": 0, "issued": 0, "printed": 0, "failed_prints": 0}
        self._listen()

    # ------------------------------------------------------------ life

    def open(self) -> None:
        """Start everything; returns at once. Raises apsw.Error when the cache is not usable."""
        self._outbox.open()
        self._lone.open()
        self._remember()
        self._timers[SERVER_TIMER] = self._monotonic() + SERVER_SECONDS
        self._thread.start()
        self.hardware.start()
        self._catalogue.open()
        self._station.open()

    def close(self) -> None:
        """Stop in mirrored order; reports that were not sent stay in the outbox."""
        self._catalogue.close()
        self.hardware.stop()
        self._events.put(None)
        if self._thread.is_alive():
            self._thread.join()
        self._closing = True
        self._disk.shutdown(wait=True)
        self._lone.close()
        self._outbox.close()
        self._station.close()

    def post(self, event: e.Event) -> None:
        """Something happened; from any thread."""
        self._events.put(event)

    # ------------------------------------------------------------ the hall, on the bus's threads: only post

    def _listen(self) -> None:
        bus = self._station.bus
        bus.on(topics.SERVER, self._hear_server)
        bus.on(topics.QUEUE, lambda queue_state, _ids: self.post(e.QueueChanged(queue_state)))
        self._station.on_server(self._judge_server)
        self._station.on_config(self._take_config)
        self._station.on_command("close", self._close_for_citizens)
        self._station.on_command("open", self._open_for_citizens)

    def _judge_server(self, there: bool) -> None:
        self._lone.server(there)
        self.post(e.ServerBack() if there else e.ServerGone())

    def _hear_server(self, server: m.ServerState, _ids: Ids) -> None:
        self._lone.hear_server(server)
        if server.business_day and server.business_day != self._day:
            self._day = server.business_day
            self._renew_keyring()
            self.post(e.DayChanged(self._day))

    def _take_config(self, config: m.StationConfig) -> None:
        if not config.person_key:
            raise ConfigRefused("配置里没有身份密钥，不能刷证取号")
        self._on_disk(self._lone.keep, KEPT_CONFIG, config)
        self._apply(config)

    def _remember(self) -> None:
        """A start without a hall: cards are read and numbers issued by what the hall said last."""
        self._day = self._lone.day
        config = self._lone.kept(KEPT_CONFIG, m.StationConfig)
        if config is not None:
            self._apply(config)
        if self._day:
            self.post(e.DayChanged(self._day))

    def _apply(self, config: m.StationConfig) -> None:
        self._secret = (config.person_key.encode(), config.elder_age)
        self._renew_keyring()
        self.post(
            e.Configured(
                hall_name=config.hall_name,
                station_name=config.station_name,
                elder_age=config.elder_age,
                idle_seconds=config.idle_seconds,
            )
        )

    def _renew_keyring(self) -> None:
        if self._secret is not None:
            key, elder_age = self._secret
            self.hardware.keyring = Keyring(key, elder_age, self._day)

    def _take_catalogue(self, path: Path) -> None:
        catalogue = read_catalogue(path.read_bytes())
        self.hardware.no_show_text = catalogue.no_show_text
        offered = {zone.id for zone in catalogue.zones if not self._zones or zone.id in self._zones}
        self._lone.offer(tuple(each.id for each in catalogue.services if each.zone in offered))
        self.post(e.CatalogueArrived(catalogue))

    def _close_for_citizens(self, command: m.Command) -> str:
        self.post(e.TakenOutOfService(command.args.get("reason") or HALL_CLOSED))
        return ""

    def _open_for_citizens(self, _command: m.Command) -> str:
        if not self.state.facts.closed:
            raise CommandRefused("本机没有暂停")
        self.post(e.TakenOutOfService())
        return ""

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
            self._give_up(flow.pending(self.state.screen))
            self.state, _ = home.leave(self.state)
            self._ids.clear()
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
            self._station.report(showing=state.screen.name, counters=dict(self._counts))
        if state != before:
            self._show(state)

    def _report_devices(self) -> None:
        self._station.report(devices=self.hardware.healths(self._station.clock.now_ms()))
        well = m.Presence.READY if self.hardware.well() else m.Presence.ALERT
        self._station.present(well)

    # ------------------------------------------------------------ effects

    def _carry_out(self, effect: x.Effect) -> None:
        match effect:
            case x.StartTimer(name, seconds):
                self._timers[name] = self._monotonic() + seconds
            case x.StopTimer(name):
                self._timers.pop(name, None)
            case x.AskIssue():
                self._ask_issue(effect)
            case x.AskAlone():
                self._on_disk(self._issue_alone, self._asked(effect), effect.attempt)
            case x.GiveUp(attempt):
                self._give_up(attempt)
            case x.AskFind(attempt, person_key, number) if self.state.facts.lonely:
                self.post(e.Found(attempt, self._lone.find(person_key=person_key, number=number)))
            case x.AskFind(attempt, person_key, number):
                find = m.FindTickets(id=self._id(attempt), person_key=person_key, number=number)
                self._ask(attempt, topics.FIND_TICKETS, find, self._found)
            case x.AskGuide(attempt, about):
                call = m.CallGuide(id=self._id(attempt), about=about)
                self._ask(attempt, topics.CALL_GUIDE, call, lambda attempt, _: e.GuideComing(attempt))
            case x.PrintSlip(attempt, slip, reprint):
                log.info("%s: printing%s", slip.number, " again" if reprint else "")
                self.hardware.print(attempt, slip, reprint=reprint)
            case x.ReportPaper():
                self._report_paper(effect)
            case x.Wipe():
                self._ids.clear()
                self.hardware.preview(None)
                self._counts["sessions"] += 1

    def _on_disk(self, call: Callable[..., object], *arguments: object) -> None:
        """From any thread: do what waits for the disk, one after the other."""
        if not self._closing:
            self._disk.submit(call, *arguments).add_done_callback(_note_failure)

    def _id(self, attempt: int) -> str:
        """The request id of an attempt: asked again it is the same."""
        return self._ids.setdefault(attempt, new_request_id())

    def _ask_issue(self, effect: x.AskIssue) -> None:
        request = m.Issue(
            id=self._id(effect.attempt),
            service=effect.service,
            items=effect.items,
            situation=effect.situation,
            person=effect.person,
        )
        self._ask(effect.attempt, topics.ISSUE, request, partial(self._issued, effect.service))

    def _asked(self, effect: x.AskAlone) -> Asked:
        shelf = self.state.facts.shelf
        names = [shelf.item[code].name for code in effect.items if shelf and code in shelf.item]
        return Asked(
            id=self._id(effect.attempt),
            service=effect.service,
            items=effect.items,
            names=tuple(names),
            situation=effect.situation,
            person=effect.person,
            instead_of=self._ids.get(effect.instead_of, ""),
        )

    def _issue_alone(self, asked: Asked, attempt: int) -> None:
        """On the disk's thread: the number is real once it is kept."""
        try:
            given = self._lone.issue(asked)
        except Exception:
            log.exception("no number could be kept")
            self.post(e.Unanswered(attempt))
            return
        if given.lone is None:
            self.post(e.Refused(attempt, given.refusal))
            return
        self._counts["issued"] += not given.existing
        self.post(e.Issued(attempt, given.lone.slip, given.existing))

    def _give_up(self, attempt: int) -> None:
        """Nobody waits for what this attempt brings, here or at the hall."""
        request = self._ids.get(attempt)
        if request is not None:
            self._on_disk(self._take_back, request)

    def _take_back(self, request: str) -> None:
        """On the disk's thread, behind the issue itself."""
        if not self._lone.cancel(request, LEFT):
            cancel = m.CancelIssue(id=new_request_id(), issue=request, reason=LEFT)
            self._outbox.put(topics.CANCEL_ISSUE, cancel)

    def _ask(
        self, attempt: int, kind: RequestRoute[Q, A], request: Q, good: Callable[[int, A], e.Event]
    ) -> None:
        future = self._station.bus.request(kind, request, timeout_seconds=ANSWER_SECONDS)
        future.add_done_callback(partial(self._answered, attempt, good))

    def _answered(self, attempt: int, good: Callable[[int, A], e.Event], done: Future[A]) -> None:
        """On the bus's thread: turn the answer into an event."""
        if done.cancelled() or done.exception() is not None:
            self.post(e.Unanswered(attempt))
            return
        answer = done.result()
        if answer.refusal is not None:
            self.post(e.Refused(attempt, answer.refusal.sentence))
        else:
            self.post(good(attempt, answer))

    def _issued(self, service: str, attempt: int, answer: m.IssueAnswer) -> e.Event:
        if answer.slip is None:
            return e.Unanswered(attempt)
        if not answer.existing:
            self._on_disk(self._lone.count, service)
        self._counts["issued"] += not answer.existing
        log.info("%s: %s", answer.slip.number, "is open already" if answer.existing else "issued")
        return e.Issued(attempt, answer.slip, answer.existing)

    def _found(self, attempt: int, answer: m.FindTicketsAnswer) -> e.Event:
        return e.Found(attempt, answer.slips)

    def _report_paper(self, effect: x.ReportPaper) -> None:
        if effect.paper is not m.Paper.SENT:
            good = effect.paper is m.Paper.CONFIRMED
            self._counts["printed" if good else "failed_prints"] += 1
            log.info("ticket %s: paper %s", effect.ticket, effect.paper.value)
        report = m.ReportPaper(
            id=new_request_id(), ticket=effect.ticket, paper=effect.paper, reprint=effect.reprint
        )
        self._on_disk(self._tell_paper, report)

    def _tell_paper(self, report: m.ReportPaper) -> None:
        """On the disk's thread: with a number of our own until the hall has it, else to the hall."""
        if not self._lone.paper(report):
            self._outbox.put(topics.REPORT_PAPER, report)


def _note_failure(done: Future[object]) -> None:
    if (error := done.exception()) is not None:
        log.error("the disk did not take it", exc_info=error)
