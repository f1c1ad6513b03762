"""Clocks that run many times as fast as the machine's, the same in every process that is told so."""

from __future__ import annotations

from dataclasses import dataclass

from contract.clock import monotonic_ms


@dataclass(frozen=True, slots=True)
class FastClock:
    """``speed`` hall seconds pass in one; at the machine's monotonic ``start_ms`` it is ``day_ms``."""

    speed: int
    start_ms: int
    day_ms: int

    def monotonic_ms(self) -> int:
        """Like contract.clock.monotonic_ms, faster."""
        return self.start_ms + (monotonic_ms() - self.start_ms) * self.speed

    def wall_ms(self) -> int:
        """Like contract.clock.wall_ms, faster and on the day that was asked for."""
        return self.day_ms + (monotonic_ms() - self.start_ms) * self.speed

    def words(self) -> list[str]:
        """For a command line."""
        return [str(self.speed), str(self.start_ms), str(self.day_ms)]


def told(words: list[str]) -> FastClock:
    """Back from a command line."""
    speed, start_ms, day_ms = (int(word) for word in words)
    return FastClock(speed, start_ms, day_ms)
