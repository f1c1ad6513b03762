"""The rows of a journal as the naive recomputation looks at them: what stands, who is where, rounding.

Shares no code with ``hall_server``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Key = tuple[str, ...]

CALL, ARRIVE, FINISH = "TicketCalled", "TicketArrived", "TicketFinished"
LIFE = (
    CALL,
    "TicketRecalled",
    ARRIVE,
    FINISH,
    "TicketSentBack",
    "TicketNoShow",
    "TicketTransferred",
    "TicketUnbound",
    "TicketParked",
    "TicketReturned",
    "TicketCancelled",
    "TicketPostponed",
)
ENDS_SERVICE = (FINISH, "TicketSentBack", "TicketTransferred")
GRADES = {5: "very_good", 4: "good", 3: "fair", 2: "poor", 1: "very_poor"}
GOOD = ("done", "missing_accepted")
CLASSES = ["green", "appointment", "normal"]
MINUTE = 60_000


def read(path: Path) -> list[Row]:
    """All rows of a journal, the bodies parsed."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        found = db.execute("SELECT seq, at_ms, day, kind, body FROM event ORDER BY seq").fetchall()
    finally:
        db.close()
    return [row(seq, day, kind, json.loads(body)) for seq, _, day, kind, body in found]


def row(seq: int, day: str, kind: str, body: dict[str, Any]) -> Row:
    """One row as this file looks at it."""
    return {"seq": seq, "day": day, "kind": kind, **body}


def retracted(rows: list[Row]) -> set[int]:
    """Rows that an undo took back: of each of its numbers the last step before it that still stood."""
    gone: set[int] = set()
    for n, r in enumerate(rows):
        if r["kind"] != "ActionUndone":
            continue
        for stood in r["tickets"]:
            last = [
                s
                for s in rows[:n]
                if s["kind"] in LIFE and s["ticket"] == stood["id"] and s["seq"] not in gone
            ][-1]
            gone.add(last["seq"])
    return gone


def queues(step: Row, in_queue: tuple[str, ...]) -> bool:
    """Whether the number waits after this step."""
    return (
        step["kind"] in in_queue
        or (step["kind"] == "TicketNoShow" and step.get("rank") is not None)
        or (step["kind"] == "TicketPostponed" and not step.get("until_ms"))
    )


def at_windows(steps: list[Row], last: int) -> Iterator[tuple[Row, int]]:
    """(call, until when) of each stay at a window; one without end lasts to the last sign of life there."""
    leaving = (
        FINISH,
        "TicketSentBack",
        "TicketNoShow",
        "TicketTransferred",
        "TicketParked",
        "TicketCancelled",
        "TicketPostponed",
    )
    for n, s in enumerate(steps):
        if s["kind"] != CALL:
            continue
        ends = [later["at_ms"] for later in steps[n:] if later["kind"] in leaving]
        yield s, ends[0] if ends else max(s["at_ms"], last)


def rank(values: list[int], percent: int) -> int:
    """The smallest value that at least so many per cent do not exceed."""
    ordered = sorted(values)
    for n, value in enumerate(ordered, 1):
        if n * 100 >= percent * len(ordered):
            return value
    raise AssertionError


def half_up(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))
