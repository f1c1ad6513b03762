"""Hall time: the server owns it, stations follow it, and it never goes back.

Instants are milliseconds since the Unix epoch. A hall lives in China: shown in +08:00, no other zone.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

CHINA = timezone(timedelta(hours=8), "+08:00")
RESTART_LIMIT_MS = 24 * 3600 * 1000
PLAUSIBLE_MS = 1_735_689_600_000  # 2025-01-01; an earlier real-time clock was never set
ALARM = "时钟异常"
_WEEKDAYS = "一二三四五六日"


def monotonic_ms() -> int:
    """Milliseconds that only grow, sleep of the machine included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def wall_ms() -> int:
    """The machine's own real-time clock; only HallClock trusts it, and only between two starts."""
    return time.time_ns() // 1_000_000


# ---------------------------------------------------------------- the server


@dataclass(frozen=True, slots=True)
class Reading:
    """Hall time together with the real-time clock at the same moment: journalled with every event."""

    hall_ms: int
    wall_ms: int


class HallClock:
    """Hall time of the server (DECISIONS 4). Any thread may read it.

    It advances by the monotonic clock alone. After a restart it goes on from the last journalled reading,
    by the difference of the real-time clock when that lies between 0 and 24 h, else by nothing and with
    ``alarm`` set. ``correct`` moves it forward, never back.
    """

    def __init__(
        self,
        last: Reading | None = None,
        *,
        monotonic: Callable[[], int] = monotonic_ms,
        wall: Callable[[], int] = wall_ms,
    ) -> None:
        self._monotonic, self._wall = monotonic, wall
        self._lock = threading.Lock()
        self._alarm, start = self._resume(last)
        self._last = start
        self._offset = start - monotonic()

    def now_ms(self) -> int:
        """Hall time; never smaller than any earlier answer."""
        with self._lock:
            self._last = max(self._last, self._monotonic() + self._offset)
            return self._last

    def reading(self) -> Reading:
        """What to journal."""
        return Reading(self.now_ms(), self._wall())

    @property
    def alarm(self) -> str:
        """``时钟异常`` and why, for the technician, or ''."""
        return self._alarm

    def correct(self, to_ms: int) -> None:
        """A technician sets hall time forward and ends the alarm. ValueError when that would go back."""
        now = self.now_ms()
        if to_ms < now:
            raise ValueError(f"hall time never goes back: it is {stamp(now)}, wanted {stamp(to_ms)}")
        with self._lock:
            self._offset = to_ms - self._monotonic()
            self._alarm = ""

    def _resume(self, last: Reading | None) -> tuple[str, int]:
        wall = self._wall()
        if last is None:
            alarm = "" if wall >= PLAUSIBLE_MS else f"{ALARM}：本机时间为{stamp(wall)}，请校时"
            return alarm, wall
        away = wall - last.wall_ms
        if 0 <= away <= RESTART_LIMIT_MS:
            return "", last.hall_ms + away
        said = f"比停机时早{-away // 1000}秒" if away < 0 else f"停机已超过24小时（{away // 3_600_000}小时）"
        return f"{ALARM}：本机时间{said}，大厅时间从{stamp(last.hall_ms)}继续，请校时", last.hall_ms


# ---------------------------------------------------------------- the stations


@dataclass(frozen=True, slots=True)
class Anchor:
    """Hall time and both of a station's clocks at one moment; ``boot`` names the run of its machine."""

    hall_ms: int
    monotonic_ms: int
    wall_ms: int
    boot: str


def machine_boot() -> str:
    """What names this run of the machine: monotonic clocks of one run can be compared."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


class StationClock:
    """Hall time as a station knows it: its monotonic clock plus an offset learnt from the server's beats.

    A beat is never early, only late, so the largest offset of the last beats is the best one. Within one
    boot of the server ``now_ms`` never goes back. The real-time clock has no say, save that a station whose
    machine was off, and that hears no server, can only go on by it: ``unsure`` then. Any thread may read it.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], int] = monotonic_ms,
        wall: Callable[[], int] = wall_ms,
        boot: Callable[[], str] = machine_boot,
        beats: int = 32,
    ) -> None:
        self._monotonic, self._wall, self._machine = monotonic, wall, boot
        self._unsure = False
        self._lock = threading.Lock()
        self._offsets: deque[int] = deque(maxlen=beats)
        self._boot = ""
        self._last = 0

    def heard(self, boot: str, at_ms: int) -> None:
        """A beat of the server; one without a time (a last will) is ignored."""
        if at_ms <= 0:
            return
        with self._lock:
            if boot != self._boot:
                self._boot, self._last = boot, 0
                self._offsets.clear()
            self._unsure = False
            self._offsets.append(at_ms - self._monotonic())

    @property
    def unsure(self) -> bool:
        """Whether hall time rests on the real-time clock of a machine that was off since the last beat."""
        return self._unsure

    def anchor(self) -> Anchor | None:
        """What to keep, so that a later run of the program knows hall time without a server."""
        now = self.now_ms()
        if now is None or self._unsure:
            return None
        return Anchor(now, self._monotonic(), self._wall(), self._machine())

    def resume(self, anchor: Anchor) -> None:
        """Go on from an earlier run, as long as no beat was heard: exactly within one run of the machine,
        else by the real-time clock when that moved 0 to 24 h, else from where it stood."""
        same = anchor.boot == self._machine()
        away = (self._monotonic() - anchor.monotonic_ms) if same else (self._wall() - anchor.wall_ms)
        with self._lock:
            if self._offsets:
                return
            self._unsure = not same
            since = away if same or 0 <= away <= RESTART_LIMIT_MS else 0
            self._offsets.append(anchor.hall_ms + since - self._monotonic())

    def now_ms(self) -> int | None:
        """Hall time, or None as long as no beat was ever heard."""
        with self._lock:
            if not self._offsets:
                return None
            self._last = max(self._last, self._monotonic() + max(self._offsets))
            return self._last

    def expired(self, expires_ms: int) -> bool:
        """Whether this instant is over; True when hall time is unknown: better silent than late."""
        now = self.now_ms()
        return now is None or now >= expires_ms

    def wall_offset_ms(self) -> int:
        """How far this machine's own clock is ahead of hall time, for health; 0 when unknown."""
        now = self.now_ms()
        return 0 if now is None else wall_ms() - now


# ---------------------------------------------------------------- words


def china(ms: int) -> datetime:
    """An instant in +08:00."""
    return datetime.fromtimestamp(ms / 1000, CHINA)


def stamp(ms: int) -> str:
    """``2026-11-21T09:05:07.123+08:00``: for logs and records."""
    return china(ms).isoformat(timespec="milliseconds")


def time_text(ms: int) -> str:
    """``09:05``."""
    return china(ms).strftime("%H:%M")


def date_text(ms: int) -> str:
    """``2026年11月21日``."""
    day = china(ms)
    return f"{day.year}年{day.month}月{day.day}日"


def weekday_text(ms: int) -> str:
    """``星期六``."""
    return f"星期{_WEEKDAYS[china(ms).weekday()]}"


def moment_text(ms: int) -> str:
    """``2026-11-21 09:05``: for tickets."""
    return china(ms).strftime("%Y-%m-%d %H:%M")
