"""One worker thread per device: opens it, keeps it, runs commands on it, brings it back when it is lost.

States: opening → identifying → ready → faulty → backing off → ready …, and absent while nothing is
plugged in. While a device is being brought back its state stays *absent* or *backing off*: a listener
hears of changes only, and the log says once that it is lost and once that it is back.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from time import monotonic
from typing import Any, Generic, TypeVar

from devices.agenda import Agenda, Chore
from devices.commands import Completion, Pending
from devices.counters import CounterBook
from devices.faults import DeviceAbsent, DeviceError, DeviceLost, DeviceRefused, Fault, Owner
from devices.health import Health, Listener, Watch
from devices.losses import Losses
from devices.media import MediaChange, MediaEvent, MediaWatcher
from devices.ports import Counting, Device, HoldsMedia, Pluggable, State, Telling
from devices.running import BUSY, ask, internal, run
from devices.standing import Standing
from devices.watchdog import HUNG, Watchdog, end

_log = logging.getLogger(__name__)

D = TypeVar("D", bound=Device)
T = TypeVar("T")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.25, 3.0
HEARTBEAT_SECONDS = 2.0
OPEN_LIMIT_SECONDS = 12.0
"""Opening, identifying and a heartbeat must each end within this, or the device counts as hung."""
_MEDIA_SECONDS = 0.4


class Supervised(Generic[D]):
    """A driver under supervision. All methods may be called from any thread, none waits for the device.

    ``listener`` gets each changed Health on the worker's thread: it must only post it elsewhere.
    """

    def __init__(
        self,
        name: str,
        driver: D,
        listener: Listener | None = None,
        *,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
        book: CounterBook | None = None,
    ) -> None:
        self._driver = driver
        self._book = book or CounterBook(name)
        self._resumed = False
        self._numbers = count(1)
        self._first_pause = first_pause_seconds
        self._standing = Standing(name, driver.kind, listener)
        self._agenda = Agenda(heartbeat_seconds, listens=isinstance(driver, Telling))
        self._seen = ""
        self._losses = Losses(name, self._book)
        self._worker: threading.Thread | None = None
        self._watchdog = Watchdog(name, self._give_up, self._end_late)

    @property
    def name(self) -> str:
        """Name of the device at its station: ``reader``."""
        return self.health.name

    @property
    def health(self) -> Health:
        """How it is now."""
        return self._standing.health

    @property
    def counters(self) -> dict[str, int]:
        """What it has done and suffered, over all runs: ``tickets``, ``commands.success``, ``faults.…``."""
        return self._book.all()

    def start(self) -> None:
        """Begin to open the device, in the background, for ever."""
        if not self._resumed:
            self._resumed = True
            counts = self._book.load()
            if isinstance(self._driver, Counting):
                self._driver.resume(counts)
        self._agenda.begin()
        self._losses.begin()
        self._worker = threading.Thread(target=self._work, name=f"device {self.name}", daemon=True)
        self._worker.start()
        self._watchdog.start()

    def stop(self, *, timeout_seconds: float = 5.0) -> None:
        """Close the device; open commands end with DeviceLost. Waits for what runs, at most this long."""
        self._agenda.stop()
        self._fail_all(DeviceLost(_STOPPED))
        if self._worker is not None:
            self._worker.join(timeout_seconds)
            if self._worker.is_alive():
                _log.error("device %s does not end; left behind", self.name)
        self._watchdog.stop()
        self._count_device()
        self._book.save()

    def submit(self, command: Callable[[D], T], deadline_seconds: float) -> Pending[T]:
        """Run ``command(driver)`` on the worker; the future ends exactly once, in time or soon after.

        It ends with the value, DeviceRefused (the device said no, or was busy until the deadline) or
        DeviceLost (not there, broke, or hung). ``cancel()`` works until the command has begun. While
        the device is not there a command fails at once; while it is being opened it waits.
        ``id`` and ``completion`` of what is returned are for logs and pages.
        """
        future: Pending[T] = Pending(
            f"{self.name}#{next(self._numbers)}", command, monotonic() + deadline_seconds
        )
        future.add_done_callback(self._count_command)
        if not self._agenda.put(future, welcome=lambda: self.health.state not in _DOWN):
            end(future, error=DeviceLost(self.health.fault or _STOPPED))
        return future

    def watch(
        self,
        question: Callable[[D], T | None],
        found: Callable[[T], None],
        *,
        refused: Callable[[Fault], None] | None = None,
        every_seconds: float = 0.1,
        limit_seconds: float = 12.0,
    ) -> Watch[T]:
        """Ask the device over and over: ``found`` gets each value that is not None, ``refused`` each no.

        Both are called on the worker's thread and must only post. While the device is away nothing is
        asked; it goes on by itself when the device is back. Commands go first.
        """
        watch = Watch(question, found, refused, every_seconds, limit_seconds)
        self._agenda.add(watch)
        return watch

    def watch_media(
        self,
        told: Callable[[MediaEvent], None],
        *,
        left_seconds: float = 10.0,
        every_seconds: float = _MEDIA_SECONDS,
        present: bool = False,
    ) -> Watch[MediaChange]:
        """Tell when a card or ticket is there, is left behind for ``left_seconds``, is taken; as ``watch``.

        ``present``: it was just read or printed; then its leaving is told even if it left before the
        first look. A device that cannot know (its capabilities say so) tells nothing.
        """
        watcher = MediaWatcher(left_seconds, since=monotonic() if present else None)

        def look(driver: D) -> MediaChange | None:
            return watcher.look(driver.media(), monotonic()) if isinstance(driver, HoldsMedia) else None

        def tell(change: MediaChange) -> None:
            event = MediaEvent(self.name, self._driver.kind, change, self._standing.number())
            self._book.add(f"media.{change.value}")
            told(event)

        return self.watch(look, tell, every_seconds=every_seconds)

    def nudge(self) -> None:
        """Look now: something was plugged in or out, or a technician pressed a button."""
        self._agenda.nudge()

    # ------------------------------------------------------------ worker

    def _work(self) -> None:
        pause = self._first_pause
        while not self._agenda.stopping:
            held = False
            try:
                self._bring_up()
                self._serve()
            except DeviceError as error:
                held = self._lose(error)
            except Exception as error:  # noqa: BLE001 - the worker's top: whatever a driver does, it lives on
                self._losses.slipped(error, "working")
                held = self._lose(internal(error))
            finally:
                self._close()
            if self._agenda.stopping:
                break
            if held:
                pause = self._first_pause
            hinted = self._agenda.back_off(pause * random.uniform(0.8, 1.2), self._plugged)
            pause = self._first_pause if hinted else min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _bring_up(self) -> None:
        first = not self._losses.away
        if first:
            self._standing.tell(state=State.OPENING)
        self._seen = self._presence()
        with self._watchdog.limit(OPEN_LIMIT_SECONDS):
            self._driver.open()
        if first:
            self._standing.tell(state=State.IDENTIFYING)
        with self._watchdog.limit(OPEN_LIMIT_SECONDS):
            identity = self._driver.identify()
        with self._watchdog.limit(OPEN_LIMIT_SECONDS):
            status = self._driver.heartbeat()
        self._losses.back()
        self._agenda.has_beaten()
        self._standing.tell_ready(identity, status)

    def _lose(self, error: DeviceError) -> bool:
        """Tell it; whether the device had held before."""
        held = self._losses.holds
        if self._agenda.stopping:
            return held
        self._losses.lost(error)
        absent = isinstance(error, DeviceAbsent)
        if self.health.state not in (State.ABSENT, State.BACKING_OFF) and not absent:
            self._standing.tell(state=State.FAULTY, ok=False, faults=(error.fault,))
        self._close()
        self._standing.tell(
            state=State.ABSENT if absent else State.BACKING_OFF, ok=False, faults=(error.fault,)
        )
        self._fail_all(DeviceLost(error.fault))
        return held

    def _close(self) -> None:
        try:
            with self._watchdog.limit(OPEN_LIMIT_SECONDS):
                self._driver.close()
        except Exception as error:  # noqa: BLE001 - part of the worker's top: a driver that cannot even close
            self._losses.slipped(error, "closing")

    def _serve(self) -> None:
        while True:
            job = self._agenda.next()
            if job is None:
                return
            if isinstance(job, Pending):
                if not run(job, self._driver, self._watchdog):
                    self._agenda.beat_soon()
            elif isinstance(job, Watch):
                ask(job, self._driver, self._watchdog)
            elif job is Chore.LISTEN:
                self._listen()
            else:
                self._beat()

    def _beat(self) -> None:
        with self._watchdog.limit(OPEN_LIMIT_SECONDS):
            status = self._driver.heartbeat()
        self._agenda.has_beaten()
        self._losses.beats()
        self._standing.tell_status(status)
        self._count_device()

    def _listen(self) -> None:
        """What the device says by itself: a cover that is opened is known before the next heartbeat."""
        with self._watchdog.limit(OPEN_LIMIT_SECONDS):
            status = self._driver.told() if isinstance(self._driver, Telling) else None
        self._agenda.has_listened()
        if status is not None:
            self._standing.tell_status(status)

    def _count_command(self, command: Future[Any]) -> None:
        assert isinstance(command, Pending)
        word = command.completion or Completion.SOFTWARE_ERROR
        self._book.add(f"commands.{word.value}")
        if word not in (Completion.SUCCESS, Completion.CANCELLED, Completion.NOT_READY):
            error = command.exception()
            if isinstance(error, DeviceError):
                self._book.add(f"faults.{error.fault.code}")

    def _count_device(self) -> None:
        if isinstance(self._driver, Counting):
            self._book.take(self._driver.counts())

    def _presence(self) -> str:
        return self._driver.presence() if isinstance(self._driver, Pluggable) else ""

    def _plugged(self) -> bool:
        return self._presence() not in ("", self._seen)

    def _fail_all(self, error: DeviceError) -> None:
        for command in self._agenda.take_commands():
            if command.set_running_or_notify_cancel():
                end(command, error=error)

    def _end_late(self) -> None:
        """For the watchdog: what waits behind a long command ends at its own deadline, not after that one."""
        for command in self._agenda.take_late():
            if command.set_running_or_notify_cancel():
                end(command, error=DeviceRefused(BUSY))

    def _give_up(self, future: Future[Any] | None) -> None:
        """For the watchdog: the worker is stuck in the driver."""
        self._losses.hangs()
        if future is not None:
            end(future, error=DeviceLost(HUNG))
        self._standing.tell(state=State.FAULTY, ok=False, faults=(HUNG,))
        self._fail_all(DeviceLost(HUNG))


_STOPPED = Fault("stopped", "设备已停止使用", "无需处理", Owner.NOBODY)
_DOWN = (State.ABSENT, State.FAULTY, State.BACKING_OFF)
