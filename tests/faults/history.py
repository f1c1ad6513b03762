"""One history of what concurrent clients asked and were told, and one checker of it against the journal.

In the style of Jepsen: each line says that a client invoked a command, or that it ended: ok, refused by a
rule, or unknown (no answer; it may have happened). Times are one machine's monotonic seconds. A client has
one command under way at a time; a repeat is a new invocation with the same request.
"""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

import apsw
import msgspec

ENDS = ("TicketFinished", "TicketNoShow", "TicketTransferred", "TicketParked", "TicketSentBack")
GONE = ("TicketFinished", "TicketCancelled")


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the file. ``request`` is unique per sender; ``ticket`` and ``code`` are the answer's."""

    type: Literal["invoke", "ok", "refused", "unknown"]
    at: float
    client: str
    command: str
    request: str
    service: str = ""
    person: str = ""
    ticket: str = ""
    existing: bool = False
    code: str = ""


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of the journal, with the request that brought it about ('' when its answer is not kept)."""

    seq: int
    kind: str
    client: str
    request: str = ""
    ticket: str = ""
    window: str = ""
    service: str = ""
    person: str = ""


class History:
    """The file, written from many threads."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._lock = threading.Lock()

    def note(self, line: Line) -> None:
        """Append one line."""
        with self._lock:
            self._file.write(msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        """Nothing more comes."""
        self._file.close()


def read(path: Path) -> list[Line]:
    """Every line of a history, by time."""
    lines = [msgspec.json.decode(line, type=Line) for line in path.read_bytes().splitlines()]
    return sorted(lines, key=lambda line: line.at)


def facts(journal: Path) -> list[Fact]:
    """The journal's events, each with its request: a request's row names the last event that it brought."""
    db = apsw.Connection(str(journal), flags=apsw.SQLITE_OPEN_READONLY)
    asked = dict(db.execute("SELECT seq, request FROM event WHERE request<>''"))
    rows: list[tuple[int, str, str, str]] = db.execute(  # type: ignore[assignment]
        "SELECT seq, kind, sender, body FROM event ORDER BY seq DESC"
    ).fetchall()
    db.close()
    found, request, owner = [], "", ""
    for seq, kind, sender, body in rows:
        if seq in asked:
            owner, _, request = asked[seq].rpartition("/")
        elif sender != owner:
            request = ""
        fields = msgspec.json.decode(body)
        person = fields.get("person") if kind == "TicketIssued" else None
        found.append(
            Fact(
                seq=seq,
                kind=kind,
                client=sender,
                request=request,
                ticket=fields.get("ticket", ""),
                window=fields.get("window", ""),
                service=fields.get("service", ""),
                person=person["key"] if person else "",
            )
        )
    return found[::-1]


def check(history: list[Line], journal: list[Fact]) -> list[str]:
    """Everything that is wrong, as sentences; [] when the history is one that a right hall could give."""
    checks: tuple[Callable[[list[Line], list[Fact]], Iterable[str]], ...] = (
        unique_numbers,
        nothing_lost,
        first_answers,
        one_place,
        one_open_number_per_person,
        window_order,
        real_time_order,
        first_come,
        honest_nobody,
        no_false_success,
    )
    return [f"{one.__name__}: {wrong}" for one in checks for wrong in one(history, journal)]


# ---------------------------------------------------------------- numbers


def unique_numbers(history: list[Line], journal: list[Fact]) -> Iterator[str]:
    """No two requests got the same new number; the journal holds each number once."""
    first: dict[str, tuple[str, str]] = {}
    for line in history:
        if line.type == "ok" and line.command == "issue" and not line.existing:
            asked = (line.client, line.request)
            if first.setdefault(line.ticket, asked) != asked:
                yield f"{line.ticket} was given to {first[line.ticket]} and to {asked}"
    issued: set[str] = set()
    for fact in journal:
        if fact.kind == "TicketIssued":
            if fact.ticket in issued:
                yield f"{fact.ticket} is issued twice in the journal"
            issued.add(fact.ticket)


def nothing_lost(history: list[Line], journal: list[Fact]) -> Iterator[str]:
    """What was confirmed is in the journal under its request; what the journal holds was asked."""
    written: dict[tuple[str, str], set[str]] = defaultdict(set)
    for fact in journal:
        if fact.request:
            written[fact.client, fact.request].add(fact.ticket)
    asked = {(line.client, line.request) for line in history if line.type == "invoke"}
    clients = {line.client for line in history}
    for line in history:
        key = (line.client, line.request)
        if line.type == "ok" and line.ticket and not line.existing and line.ticket not in written[key]:
            has = sorted(written[key])
            yield f"{line.client} was told {line.command} {line.ticket}, the journal has {has}"
    for client, request in written:
        if client in clients and (client, request) not in asked:
            yield f"the journal has {request} of {client}, who never asked"


def first_answers(history: list[Line], _journal: list[Fact]) -> Iterator[str]:
    """After a confirmation every repeat of the request gets the same one."""
    told: dict[tuple[str, str], str] = {}
    for line in history:
        key = (line.client, line.request)
        if line.type == "ok" and told.setdefault(key, line.ticket) != line.ticket:
            yield f"{line.request} of {line.client}: first {told[key]}, then {line.ticket}"
        if line.type == "refused" and key in told:
            yield f"{line.request} of {line.client}: first {told[key]}, then refused ({line.code})"


def one_open_number_per_person(_history: list[Line], journal: list[Fact]) -> Iterator[str]:
    """Nobody gets a second number for a service while the first is open."""
    open_: dict[tuple[str, str], str] = {}
    for fact in journal:
        if fact.kind == "TicketIssued" and fact.person:
            held = open_.get((fact.person, fact.service))
            if held:
                yield f"{fact.ticket} at {fact.seq}: the person holds {held}"
            open_[fact.person, fact.service] = fact.ticket
        elif fact.kind in GONE:
            for key in [key for key, ticket in open_.items() if ticket == fact.ticket]:
                del open_[key]


# ---------------------------------------------------------------- windows


def one_place(history: list[Line], journal: list[Fact]) -> Iterator[str]:
    """No number is at two windows at one time: as windows were told, and as the journal says."""
    for ticket, stays in _stays(history).items():
        for (_, until, window), (since, _, other) in itertools.pairwise(sorted(stays)):
            if since < until and window != other:
                yield f"{ticket} was at {window} until {until:.3f} and at {other} from {since:.3f}"
    at: dict[str, str] = {}
    for fact in journal:
        if fact.kind == "TicketCalled":
            if fact.ticket in at or fact.window in at.values():
                yield f"{fact.ticket} is called to {fact.window} at {fact.seq}, {at}"
            at[fact.ticket] = fact.window
        elif fact.kind in ENDS:
            at.pop(fact.ticket, None)


def _stays(history: list[Line]) -> dict[str, list[tuple[float, float, str]]]:
    """ticket -> (surely there from, surely there until, window): from the answer to the call until the
    window first asked for something that ends it."""
    stays: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    here: dict[str, tuple[str, float]] = {}
    seen: set[tuple[str, str]] = set()
    for line in history:
        repeat = (line.client, line.request) in seen
        if line.type == "invoke" and line.command in ("next", "finish", "no-show") and not repeat:
            if line.client in here:
                ticket, since = here.pop(line.client)
                stays[ticket].append((since, line.at, line.client))
        elif line.type == "ok" and not repeat:
            seen.add((line.client, line.request))
            if line.command == "next" and line.ticket:
                here[line.client] = (line.ticket, line.at)
    for window, (ticket, since) in here.items():
        stays[ticket].append((since, float("inf"), window))
    return stays


def window_order(history: list[Line], journal: list[Fact]) -> Iterator[str]:
    """The journal has each client's confirmed commands in the order in which it gave them."""
    place = {(fact.client, fact.request): fact.seq for fact in journal if fact.request}
    last: dict[str, tuple[int, str]] = defaultdict(lambda: (0, ""))
    seen: set[tuple[str, str]] = set()
    for line in history:
        key = (line.client, line.request)
        if line.type != "ok" or key in seen or key not in place:
            continue
        seen.add(key)
        before, request = last[line.client]
        if place[key] <= before:
            yield f"{line.client}: {line.request} at {place[key]} comes before {request} at {before}"
        last[line.client] = (place[key], line.request)


# ---------------------------------------------------------------- order in real time


def real_time_order(history: list[Line], journal: list[Fact]) -> Iterator[str]:
    """A number confirmed before another of the service was asked for comes before it."""
    place = {fact.ticket: fact.seq for fact in journal if fact.kind == "TicketIssued"}
    asked_at = _first_invocations(history)
    latest: dict[str, tuple[int, str]] = {}
    moments: list[tuple[float, int, Line]] = []
    seen: set[str] = set()
    for line in history:
        issued = line.type == "ok" and line.command == "issue" and not line.existing
        if issued and line.ticket in place and line.ticket not in seen:
            seen.add(line.ticket)
            moments += [(line.at, 1, line), (asked_at[line.client, line.request], 0, line)]
    floor: dict[str, tuple[int, str]] = {}
    for _, confirmed, line in sorted(moments, key=lambda moment: moment[:2]):
        if confirmed:
            latest[line.service] = max(latest.get(line.service, (0, "")), (place[line.ticket], line.ticket))
            if place[line.ticket] < floor[line.ticket][0]:
                before = floor[line.ticket][1]
                yield f"{before} was confirmed before {line.ticket} was asked for, and stands behind it"
        else:
            floor[line.ticket] = latest.get(line.service, (0, ""))


def first_come(_history: list[Line], journal: list[Fact]) -> Iterator[str]:
    """Nobody is called while an earlier one of the service waits (services under first come, no no-shows)."""
    waiting: dict[str, list[str]] = defaultdict(list)
    service: dict[str, str] = {}
    for fact in journal:
        if fact.kind == "TicketIssued":
            waiting[fact.service].append(fact.ticket)
            service[fact.ticket] = fact.service
        elif fact.kind == "TicketCalled" and fact.ticket in service:
            queue = waiting[service[fact.ticket]]
            if queue and queue[0] != fact.ticket:
                yield f"{fact.ticket} is called at {fact.seq} while {queue[0]} waits"
            if fact.ticket in queue:
                queue.remove(fact.ticket)


def honest_nobody(history: list[Line], journal: list[Fact]) -> Iterator[str]:
    """暂无等待 is never said while somebody surely waits: confirmed before the press, called after it."""
    asked_at = _first_invocations(history)
    called_from = {
        fact.ticket: asked_at.get((fact.client, fact.request), 0.0)
        for fact in journal
        if fact.kind == "TicketCalled"
    }
    sure: dict[str, tuple[float, float]] = {}
    for line in history:
        if line.type == "ok" and line.command == "issue" and line.ticket not in sure:
            sure[line.ticket] = (line.at, called_from.get(line.ticket, float("inf")))
    spans = sorted(sure.items(), key=lambda item: item[1])
    pressed: dict[str, float] = {}
    for line in history:
        if line.type == "invoke":
            pressed[line.client] = line.at
        elif _nobody(line):
            # A refusal is decided anew by each repeat; a confirmation is the first one's.
            since = pressed[line.client] if line.code else asked_at[line.client, line.request]
            for ticket, (from_, until) in spans:
                if from_ < since and line.at < until:
                    yield f"{line.client} was told 暂无等待 at {line.at:.3f} while {ticket} waited"
                    break


def _nobody(line: Line) -> bool:
    """The press found nobody: refused, or confirmed without a number when it ended a service."""
    if line.command != "next":
        return False
    return line.code == "nobody_waiting" or (line.type == "ok" and not line.ticket)


def no_false_success(history: list[Line], _journal: list[Fact]) -> Iterator[str]:
    """Who was told that a number is called can receive it, and then end it."""
    here: dict[str, tuple[str, str]] = {}
    for line in history:
        if line.type == "ok" and line.command in ("next", "arrive", "finish"):
            here[line.client] = (line.command, line.ticket)
        elif line.type == "refused" and line.command in ("arrive", "finish"):
            before, ticket = here.get(line.client, ("", ""))
            wanted = "next" if line.command == "arrive" else "arrive"
            if before == wanted and ticket:
                yield f"{line.client} was told {before} {ticket}, then {line.command} is {line.code}"


def _first_invocations(history: list[Line]) -> dict[tuple[str, str], float]:
    first: dict[tuple[str, str], float] = {}
    for line in history:
        if line.type == "invoke":
            first.setdefault((line.client, line.request), line.at)
    return first
