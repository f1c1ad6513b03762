"""PURE: how many guesses of a password are looked at, so that guessing is hopeless and nobody is locked out.

The rule. A guess is counted three ways, and all three must allow it:
- *at the account*: five wrong ones in a row are free, then each next one waits 1, 2, 4, 8, then always 15
  minutes; a right one, or a day without any, clears the count. No more than 20 in any hour.
- *from the address*: no more than 20 wrong ones in any hour, whatever accounts they were for.
- *on a known device* (a browser that has signed in to this account before carries a secret that says so)
  only its own count is asked, which follows the account's rule. So whoever guesses from elsewhere cannot
  keep a clerk from the computer at the window, and an account is never locked for ever.
A guess that is refused is not looked at: its password is not compared, and it does not lengthen the wait.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

FREE = 5
WAITS_MS = tuple(minutes * 60_000 for minutes in (1, 2, 4, 8, 15))
HOUR_MS = 3_600_000
PER_HOUR = 20
FORGOTTEN_MS = 24 * HOUR_MS
KEPT = 20_000


@dataclass(slots=True)
class _Count:
    """Wrong guesses of one subject: how many in a row, and when the last ones of an hour were."""

    in_a_row: int = 0
    last_ms: int = 0
    recent: deque[int] = field(default_factory=deque)

    def wait_ms(self, now_ms: int, *, growing: bool) -> int:
        """How long until the next guess is looked at; 0 = now."""
        while self.recent and self.recent[0] <= now_ms - HOUR_MS:
            self.recent.popleft()
        if now_ms - self.last_ms > FORGOTTEN_MS:
            self.in_a_row = 0
        waits = [0]
        if len(self.recent) >= PER_HOUR:
            waits.append(self.recent[-PER_HOUR] + HOUR_MS - now_ms)
        if growing and self.in_a_row >= FREE:
            pause = WAITS_MS[min(self.in_a_row - FREE, len(WAITS_MS) - 1)]
            waits.append(self.last_ms + pause - now_ms)
        return max(waits)

    def wrong(self, now_ms: int) -> None:
        self.in_a_row += 1
        self.last_ms = now_ms
        self.recent.append(now_ms)


class Throttle:
    """The counts of all accounts, addresses and devices; bounded: the longest untouched go first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()

    def wait_ms(self, *, account: str, address: str, device: str, now_ms: int) -> int:
        """How long this guess would have to wait; 0 = look at it. ``device`` is '' on an unknown one."""
        if device:
            return self._wait("device", device, now_ms)
        return max(self._wait("account", account, now_ms), self._wait("address", address, now_ms))

    def wrong(self, *, account: str, address: str, device: str, now_ms: int) -> None:
        """A guess that was looked at was wrong."""
        if device:
            self._count("device", device).wrong(now_ms)
            return
        self._count("account", account).wrong(now_ms)
        self._count("address", address).wrong(now_ms)

    def took_back(self, *, account: str, address: str, device: str, now_ms: int) -> None:
        """A guess counted as wrong beforehand, so that many at once find the count, was right after all."""
        for key in [("device", device)] if device else [("account", account), ("address", address)]:
            count = self._counts.get(key)
            if count is not None and now_ms in count.recent:
                count.recent.remove(now_ms)
                count.in_a_row = max(0, count.in_a_row - 1)

    def right(self, *, account: str, device: str) -> None:
        """It was right: the row of wrong ones ends where it was counted."""
        key = ("device", device) if device else ("account", account)
        if key in self._counts:
            self._counts[key].in_a_row = 0

    def forgive(self, account: str) -> None:
        """An administrator gave the account a new code: begin anew."""
        self._counts.pop(("account", account), None)

    def _wait(self, kind: str, subject: str, now_ms: int) -> int:
        found = self._counts.get((kind, subject))
        return found.wait_ms(now_ms, growing=kind != "address") if found else 0

    def _count(self, kind: str, subject: str) -> _Count:
        key = (kind, subject)
        found = self._counts.get(key)
        if found is None:
            found = self._counts[key] = _Count()
            if len(self._counts) > KEPT:
                self._counts.popitem(last=False)
        self._counts.move_to_end(key)
        return found
