"""One worker thread per device: opens it, keeps it, runs commands on it, brings it back when it is lost.

States: opening → identifying → ready → faulty → backing off → ready …, and absent while nothing is
plugged in. While a device is being brought back its state stays *absent* or *backing off*: a listener
hears of changes only, and the log says once that it is lost and once that it is back.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from itertools import count
from time import monotonic
from typing import Any, Generic, TypeVar

from devices.commands import Completion, Pending
from devices.counters import CounterBook
from devices.health import Health, Listener, Watch
from devices.media import MediaChange, MediaEvent, MediaWatcher
from devices.ports import (
    Cause,
    Counting,
    Device,
    DeviceAbsent,
    DeviceError,
    DeviceLost,
    DeviceRefused,
    Fault,
    HoldsMedia,
    Owner,
    Pluggable,
    State,
    Status,
    Telling,
)
from devices.watchdog import HUNG, Watchdog, end

_log = logging.getLogger(__name__)

D = TypeVar("D", bound=Device)
T = TypeVar("T")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.25, 3.0
HEARTBEAT_SECONDS = 2.0
OPEN_LIMIT_SECONDS = 12.0
"""Opening, identifying and a heartbeat must each end within this, or the device counts as hung."""
_LOOK_SECONDS = 0.2
"""How often a port that can be seen is looked at while backing off."""
_TELL_SECONDS = 0.2
"""How often what a device says by itself is listened to."""
_MEDIA_SECONDS = 0.4
_STEADY_SECONDS = 2.0
"""Ready for this long: the next loss begins with the shortest pause again."""


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
        self._listener = listener
        self._heartbeat_seconds = heartbeat_seconds
        self._first_pause = first_pause_seconds
        self._health = Health(name, driver.kind, State.OPENING, since=monotonic())
        self._changed = threading.Condition()
        self._telling = threading.Lock()
        self._commands: deque[Pending[Any]] = deque()
        self._watches: list[Watch[Any]] = []
        self._stopping = self._nudged = False
        self._seen = ""
        self._heartbeat_due = self._tell_due = 0.0
        self._lost_at: float | None = None
        self._worker: threading.Thread | None = None
        self._watchdog = Watchdog(name, self._give_up)

    @property
    def name(self) -> str:
        """Name of the device at its station: ``reader``."""
        return self._health.name

    @property
    def health(self) -> Health:
        """How it is now."""
        return self._health

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
        self._stopping = False
        self._lost_at = None
        self._worker = threading.Thread(target=self._work, name=f"device {self.name}", daemon=True)
        self._worker.start()
        self._watchdog.start()

    def stop(self, *, timeout_seconds: float = 5.0) -> None:
        """Close the device; open commands end with DeviceLost. Waits for what runs, at most this long."""
        with self._changed:
            self._stopping = True
            self._watches.clear()
            self._changed.notify_all()
        self._fail_all(DeviceLost(_STOPPED))
        if self._worker is not None:
            self._worker.join(timeout_seconds)
            if self._worker.is_alive():
                _log.error("device %s does not end; left behind", self.name)
        self._watchdog.stop()
        self._count_device()
        self._book.save()

    def submit(self, run: Callable[[D], T], deadline_seconds: float) -> Pending[T]:
        """Run ``run(driver)`` on the worker; the future ends exactly once, in time or soon after.

        It ends with the value, DeviceRefused (the device said no, or was busy until the deadline) or
        DeviceLost (not there, broke, or hung). ``cancel()`` works until the command has begun. While
        the device is not there a command fails at once; while it is being opened it waits.
        ``id`` and ``completion`` of what is returned are for logs and pages.
        """
        future: Pending[T] = Pending(
            f"{self.name}#{next(self._numbers)}", run, monotonic() + deadline_seconds
        )
        future.add_done_callback(self._count_command)
        with self._changed:
            down = self._stopping or self._health.state in (State.ABSENT, State.FAULTY, State.BACKING_OFF)
            if not down:
                self._commands.append(future)
                self._changed.notify_all()
        if down:
            end(future, error=DeviceLost(self._health.fault or _STOPPED))
        return future

    def watch(
        self,
        ask: Callable[[D], T | None],
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
        watch = Watch(ask, found, refused, every_seconds, limit_seconds)
        with self._changed:
            self._watches.append(watch)
            self._changed.notify_all()
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
            with self._telling:
                self._health = replace(self._health, sequence=self._health.sequence + 1)
                event = MediaEvent(self.name, self._health.kind, change, self._health.sequence)
            self._book.add(f"media.{change.value}")
            told(event)

        return self.watch(look, tell, every_seconds=every_seconds)

    def nudge(self) -> None:
        """Look now: something was plugged in or out, or a technician pressed a button."""
        with self._changed:
            self._nudged = True
            self._heartbeat_due = 0.0
            self._changed.notify_all()

    # ------------------------------------------------------------ worker

    def _work(self) -> None:
        pause = self._first_pause
        while not self._stopping:
            ready_since: float | None = None
            try:
                self._bring_up()
                ready_since = monotonic()
                self._serve()
            except DeviceError as error:
                self._lose(error)
            except Exception as error:  # noqa: BLE001 - the worker's top: whatever a driver does, it lives on
                _log.exception("device %s: fault in its driver", self.name)
                self._lose(_internal(error))
            finally:
                self._close()
            if self._stopping:
                break
            if ready_since is not None and monotonic() - ready_since > _STEADY_SECONDS:
                pause = self._first_pause
            hinted = self._wait(pause * random.uniform(0.8, 1.2))
            pause = self._first_pause if hinted else min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _bring_up(self) -> None:
        first = self._lost_at is None
        if first:
            self._tell(state=State.OPENING)
        self._seen = self._presence()
        with self._watchdog.limit(OPEN_LIMIT_SECONDS):
            self._driver.open()
        if first:
            self._tell(state=State.IDENTIFYING)
        with self._watchdog.limit(OPEN_LIMIT_SECONDS):
            identity = self._driver.identify()
        with self._watchdog.limit(OPEN_LIMIT_SECONDS):
            status = self._driver.heartbeat()
        self._come_back(identity, status)

    def _come_back(self, identity: str, status: Status) -> None:
        before = self._health.identity
        replaced = before if before and identity and before != identity else self._health.replaced
        if replaced and replaced != self._health.replaced:
            _log.warning("device %s was replaced: %s, before %s", self.name, identity, before)
        if self._lost_at is not None:
            _log.info("device %s is back after %.1f s", self.name, monotonic() - self._lost_at)
        self._lost_at = None
        self._heartbeat_due = monotonic() + self._heartbeat_seconds
        self._tell(
            state=State.READY,
            ok=status.ok,
            faults=_with_alarm(status.faults, identity, replaced),
            identity=identity or before,
            replaced=replaced,
        )

    def _lose(self, error: DeviceError) -> None:
        if self._stopping:
            return
        if self._lost_at is None:
            self._lost_at = monotonic()
            _log.warning("device %s is lost: %s", self.name, error)
            self._book.add("supervisor.losses")
            self._book.add(f"faults.{error.fault.code}")
        absent = isinstance(error, DeviceAbsent)
        if self._health.state not in (State.ABSENT, State.BACKING_OFF) and not absent:
            self._tell(state=State.FAULTY, ok=False, faults=(error.fault,))
        self._close()
        self._tell(state=State.ABSENT if absent else State.BACKING_OFF, ok=False, faults=(error.fault,))
        self._fail_all(DeviceLost(error.fault))

    def _close(self) -> None:
        try:
            with self._watchdog.limit(OPEN_LIMIT_SECONDS):
                self._driver.close()
        except Exception:  # noqa: BLE001 - part of the worker's top: a driver that cannot even close
            _log.exception("device %s: fault in closing its driver", self.name)

    def _serve(self) -> None:
        while True:
            job = self._next_job()
            if job is None:
                return
            if isinstance(job, Pending):
                self._run_command(job)
            elif isinstance(job, Watch):
                self._run_watch(job)
            elif job == "listen":
                self._listen()
            else:
                self._beat()

    def _next_job(self) -> Pending[Any] | Watch[Any] | str | None:
        """The next that is due: a command, a watch, ``beat``, ``listen``; None when it is time to stop."""
        with self._changed:
            while not self._stopping:
                if self._commands:
                    return self._commands.popleft()
                now = monotonic()
                if now >= self._heartbeat_due:
                    return "beat"
                self._watches = [watch for watch in self._watches if watch.running]
                watch = min(self._watches, key=lambda each: each.due, default=None)
                if watch is not None and watch.due <= now:
                    return watch
                due = self._heartbeat_due if watch is None else min(watch.due, self._heartbeat_due)
                if isinstance(self._driver, Telling):
                    if now >= self._tell_due:
                        return "listen"
                    due = min(due, self._tell_due)
                self._changed.wait(due - now)
        return None

    def _beat(self) -> None:
        with self._watchdog.limit(OPEN_LIMIT_SECONDS):
            status = self._driver.heartbeat()
        self._heartbeat_due = monotonic() + self._heartbeat_seconds
        self._tell_status(status)
        self._count_device()

    def _listen(self) -> None:
        """What the device says by itself: a cover that is opened is known before the next heartbeat."""
        with self._watchdog.limit(OPEN_LIMIT_SECONDS):
            status = self._driver.told() if isinstance(self._driver, Telling) else None
        self._tell_due = monotonic() + _TELL_SECONDS
        if status is not None:
            self._tell_status(status)

    def _run_command(self, command: Pending[Any]) -> None:
        if not command.set_running_or_notify_cancel():
            return
        if monotonic() >= command.deadline:
            end(command, error=DeviceRefused(_BUSY))
            return
        command.begun = True
        try:
            with self._watchdog.limit(command.deadline - monotonic(), command):
                value = command.run(self._driver)
        except DeviceRefused as error:
            end(command, error=error)
            self._heartbeat_due = 0.0
        except DeviceError as error:
            end(command, error=error)
            raise
        except Exception as error:
            end(command, error=_internal(error))
            raise
        else:
            end(command, value=value)

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

    def _run_watch(self, watch: Watch[Any]) -> None:
        try:
            with self._watchdog.limit(watch.limit_seconds):
                value = watch.ask(self._driver)
        except DeviceRefused as error:
            fault, told = error.fault, watch.refused
            if told is not None:
                self._deliver(watch, lambda: told(fault))
        else:
            if value is not None:
                self._deliver(watch, lambda: watch.found(value))
        watch.due = monotonic() + watch.every_seconds

    def _deliver(self, watch: Watch[Any], tell: Callable[[], None]) -> None:
        try:
            watch.deliver(tell)
        except Exception:  # noqa: BLE001 - a page's fault must not stop the device
            _log.exception("who watches device %s failed", self.name)

    def _wait(self, seconds: float) -> bool:
        """Back off; True when it ended early: nudged, or something was plugged in."""
        deadline = monotonic() + seconds
        with self._changed:
            while not self._stopping and (left := deadline - monotonic()) > 0:
                if self._nudged or self._presence() not in ("", self._seen):
                    self._nudged = False
                    return True
                self._changed.wait(min(left, _LOOK_SECONDS))
        return False

    def _presence(self) -> str:
        return self._driver.presence() if isinstance(self._driver, Pluggable) else ""

    def _fail_all(self, error: DeviceError) -> None:
        with self._changed:
            commands, self._commands = self._commands, deque()
        for command in commands:
            if command.set_running_or_notify_cancel():
                end(command, error=error)

    def _give_up(self, future: Future[Any] | None) -> None:
        """For the watchdog: the worker is stuck in the driver."""
        if self._lost_at is None:
            self._lost_at = monotonic()
            _log.error("device %s hangs in its driver", self.name)
        if future is not None:
            end(future, error=DeviceLost(HUNG))
        self._tell(state=State.FAULTY, ok=False, faults=(HUNG,))
        self._fail_all(DeviceLost(HUNG))

    # ------------------------------------------------------------ telling

    def _tell_status(self, status: Status) -> None:
        health = self._health
        self._tell(ok=status.ok, faults=_with_alarm(status.faults, health.identity, health.replaced))

    def _tell(self, **changes: Any) -> None:
        with self._telling:
            before = self._health
            after = replace(before, **changes)
            if after == before:
                return
            since = before.since if after.state is before.state else monotonic()
            self._health = after = replace(after, since=since, sequence=before.sequence + 1)
            if self._listener is None:
                return
            try:
                self._listener(after)
            except Exception:  # noqa: BLE001 - a listener's fault must not stop the device
                _log.exception("listener of device %s failed", self.name)


def _internal(error: BaseException) -> DeviceLost:
    fault = Fault(
        "internal",
        "设备程序出错，正在重新启动该设备",
        "若反复出现，请把日志交给开发商",
        Owner.TECHNICIAN,
        Cause.PROGRAM,
    )
    lost = DeviceLost(fault)
    lost.__cause__ = error
    return lost


def _with_alarm(faults: tuple[Fault, ...], identity: str, replaced: str) -> tuple[Fault, ...]:
    """A unit in another's place stays an alarm until the program starts anew: somebody should know."""
    if not replaced:
        return faults
    alarm = Fault(
        "replaced",
        f"这台设备被换过（原 {replaced}，现 {identity}）",
        "确认是有意更换，并登记新设备编号；否则检查设备",
        Owner.TECHNICIAN,
    )
    return (*faults, alarm)


_STOPPED = Fault("stopped", "设备已停止使用", "无需处理", Owner.NOBODY)
_BUSY = Fault("busy", "设备正忙", "请稍候再试", Owner.NOBODY)
