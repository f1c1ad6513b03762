"""The plain loop for machines without atheris: good inputs, mutated without looking at coverage."""

from __future__ import annotations

import random
from dataclasses import dataclass
from time import monotonic

from tests.fuzz.targets import Fuzzed

INTERESTING = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\x10",
    b"\x5a",
    b"\xa5",
    b"\x68",
    b"\xaa",
    b"[",
    b'"',
    b"\\u",
)
LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of one target found: an input that made it raise, or b'' and None."""

    runs: int
    seconds: float
    bad: bytes = b""
    error: BaseException | None = None


def loop(fuzzed: Fuzzed, seconds: float, seed: int) -> Outcome:
    """Mutate the seeds and run the target until the time is over or it raises something."""
    chance, start, runs = random.Random(seed), monotonic(), 0
    pool = [b"", *fuzzed.seeds]
    while (spent := monotonic() - start) < seconds:
        data = mutated(chance.choice(pool), pool, chance)
        runs += 1
        try:
            fuzzed.run(data)
        except Exception as error:  # noqa: BLE001 - whatever a parser raises is what is looked for
            return Outcome(runs, spent, data, error)
        if chance.random() < 0.02:
            pool.append(data)
            del pool[: len(pool) - 200]
            pool[:1] = [b"", *fuzzed.seeds][:1]
    return Outcome(runs, monotonic() - start)


def mutated(data: bytes, pool: list[bytes], chance: random.Random) -> bytes:
    """One to six changes: a bit, a byte, a cut, a repeat, an insertion, a splice with another input."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randint(0, len(found))
        match chance.randint(0, 6):
            case 0 if at < len(found):
                found[at] ^= 1 << chance.randint(0, 7)
            case 1 if at < len(found):
                found[at] = chance.randint(0, 255)
            case 2:
                del found[at : at + chance.randint(1, 16)]
            case 3:
                found[at:at] = found[at : at + chance.randint(1, 32)]
            case 4:
                found[at:at] = chance.choice(INTERESTING) * chance.randint(1, 4)
            case 5:
                found[at:at] = chance.randbytes(chance.randint(1, 8))
            case _:
                other = chance.choice(pool)
                found[at:] = other[chance.randint(0, len(other)) :]
    return bytes(found[:LONGEST])
