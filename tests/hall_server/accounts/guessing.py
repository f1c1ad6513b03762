"""10,000 guesses of passwords in an hour of an injected clock, and how many of them were looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hall_server.accounts.book import Refused
from hall_server.accounts.signing import Origin
from tests.hall_server.accounts.opened import Opened

GUESSES = 10_000
HOUR_MS = 3_600_000
Guess = Callable[[int], tuple[str, Origin]]

WAYS: dict[str, Guess] = {
    "one account, one address": lambda _: ("0101", Origin("10.6.6.6")),
    "one account, an address for each guess": lambda n: ("0101", Origin(f"10.{n >> 8 & 255}.{n & 255}.6")),
    "one address, an account for each guess": lambda n: (f"{n % 400:04d}", Origin("10.6.6.6")),
    "one address, names that do not exist": lambda n: (f"x{n}", Origin("10.6.6.6")),
    "in bursts of a thousand": lambda _: ("0101", Origin("10.6.6.6")),
}


@dataclass(frozen=True, slots=True)
class Guessed:
    """How many were looked at, and how many got in."""

    evaluated: int
    entered: int


def guess(desk: Opened, way: str, *, between: Callable[[int], None] = lambda _: None) -> Guessed:
    """An hour of it; ``between`` is called before each guess with its number."""
    before, entered = desk.accounts.signing.evaluated, 0
    begun = desk.now_ms
    for number, at_ms in enumerate(_instants(way)):
        desk.now_ms = begun + at_ms
        between(number)
        account, origin = WAYS[way](number)
        try:
            desk.accounts.signing.sign_in(account, f"guess number {number}", origin)
        except Refused:
            continue
        entered += 1
    return Guessed(desk.accounts.signing.evaluated - before, entered)


def _instants(way: str) -> Iterator[int]:
    for number in range(GUESSES):
        burst = number // 1000 * (HOUR_MS // 10)
        yield burst if "bursts" in way else number * HOUR_MS // GUESSES
