"""What a record of the journal is: its text, its link in the chain, its seal, and how former ones are read.

A record's hash covers the one before it and every column; its seal is made of the hash with a key that
only the hall has. Who changes a record must compute every hash behind it anew, and cannot make the seals.

A field or kind that this version does not know is refused, never passed over; ``hall/former.py`` says how
those of former versions are read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from hall_server.hall.events import KINDS, Event, JournalMigrated, JournalRestored
from hall_server.hall.former import FORMER

GENESIS = hashlib.sha256(b"banshi journal 1").digest()
SEAL_BYTES = 16


class JournalBroken(Exception):
    """The file is not a journal of ours, or does not hold. ``str()`` names the first bad record for the
    technician, ``sentence`` the same in Chinese for the hall's alarm."""

    def __init__(self, what: str, sentence: str = "") -> None:
        super().__init__(what)
        self.sentence = sentence or what


class NotSealed(JournalBroken):
    """Records were written without the hall's key."""


class NotDerived(JournalBroken):
    """The records hold; a ticket's row or a snapshot beside them is not what follows from them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event with its place: ``sender`` is the box or window that asked, ``wall_ms`` the real-time
    clock at that moment (hall time stands in the event)."""

    seq: int
    wall_ms: int
    day: str
    sender: str
    event: Event


class Record(NamedTuple):
    """A row of the journal as it lies in the file. ``request`` and ``answer`` stand with the last event that
    a command brought, '' elsewhere; ``seal`` is empty where no key was at hand."""

    seq: int
    at_ms: int
    wall_ms: int
    day: str
    kind: str
    sender: str
    body: str
    hash: bytes
    request: str
    answer: str
    seal: bytes

    def entry(self) -> Entry:
        """What it says. Raises JournalBroken when this version does not understand all of it."""
        try:
            return Entry(self.seq, self.wall_ms, self.day, self.sender, decode_event(self.kind, self.body))
        except (msgspec.DecodeError, JournalBroken) as error:
            raise _broken(self.seq, f"cannot be read: {error}", "无法读取") from error


def record_of(previous: bytes, entry: Entry, key: bytes, *, request: str = "", answer: str = "") -> Record:
    """The row for an entry behind the record whose hash is ``previous``; sealed when there is a key."""
    kind, body = type(entry.event).__name__, encode_event(entry.event)
    at_ms, wall_ms = entry.event.at_ms, entry.wall_ms
    head = chain(previous, entry.seq, at_ms, wall_ms, entry.day, kind, entry.sender, body, request, answer)
    return Record(
        entry.seq,
        at_ms,
        wall_ms,
        entry.day,
        kind,
        entry.sender,
        body,
        head,
        request,
        answer,
        seal(head, key),
    )


def encode_event(event: Event) -> str:
    """The body of an event as JSON text; the kind stands in its own column."""
    return msgspec.json.encode(event).decode()


def decode_event(kind: str, body: str) -> Event:
    """Back from the journal, of this or a former version. Raises JournalBroken on a kind or a field that this
    version does not know, msgspec.DecodeError on what is no such event."""
    known = KINDS.get(kind)
    if known is not None:
        try:
            event: Event = msgspec.json.decode(body, type=known)
            if understood(body, msgspec.json.encode(event).decode()):
                return event
        except msgspec.ValidationError:
            if kind not in FORMER:
                raise
    fields = msgspec.json.decode(body)
    present = FORMER[kind](fields) if kind in FORMER else (kind, fields)
    if present == (kind, fields):
        raise JournalBroken(f"this version does not know all of a {kind}: install a newer one")
    return decode_event(present[0], msgspec.json.encode(present[1]).decode())


def understood(told: str, again: str) -> bool:
    """Whether the second JSON text says all that the first does; it may add fields, and reorder sets."""
    return told == again or _within(msgspec.json.decode(told), msgspec.json.decode(again))


def _within(told: object, again: object) -> bool:
    if isinstance(told, dict) and isinstance(again, dict):
        return all(name in again and _within(told[name], again[name]) for name in told)
    if isinstance(told, list) and isinstance(again, list):
        if len(told) != len(again):
            return False
        if all(map(_within, told, again)):
            return True
        return sorted(map(msgspec.json.encode, told)) == sorted(map(msgspec.json.encode, again))
    return told == again


def chain(previous: bytes, *columns: str | int) -> bytes:
    """Hash of a record: SHA-256 over the previous hash and every column, length-prefixed; request and answer,
    the last two of nine, only when there is one."""
    digest = hashlib.sha256(previous)
    told = columns[:-2] if len(columns) == _WITH_ANSWER and columns[-2:] == ("", "") else columns
    for part in told:
        data = str(part).encode()
        digest.update(len(data).to_bytes(4, "big") + data)
    return digest.digest()


_WITH_ANSWER = 9


def seal(head: bytes, key: bytes) -> bytes:
    """What only the holder of the key can make of a record's hash; b'' without a key."""
    return hashlib.blake2s(head, key=key, digest_size=SEAL_BYTES).digest() if key else b""


class Chain:
    """Follows records in their order and checks that each is linked to the one before, and sealed.

    ``key`` b'' leaves the seals unchecked. Records that lack the seal are excused by a later, sealed record
    that says so (a migration, a restore from another box); ``end`` names the first that nothing excused.
    """

    def __init__(self, key: bytes = b"", *, seq: int = 0, head: bytes = GENESIS) -> None:
        self.seq = seq
        self.head = head
        self._key = key
        self._unsealed = 0
        self._last_unsealed = 0
        self._wrong = False

    def follow(self, record: Record) -> Entry:
        """Take the next record. Raises JournalBroken naming it."""
        wanted = self.seq + 1
        if record.seq < wanted:
            raise _broken(record.seq, "stands where no record is", "不应存在")
        if record.seq > wanted:
            raise missing(wanted)
        head = chain(
            self.head,
            record.seq,
            record.at_ms,
            record.wall_ms,
            record.day,
            record.kind,
            record.sender,
            record.body,
            record.request,
            record.answer,
        )
        if head != record.hash:
            raise _broken(wanted, "has been altered", "被改动")
        entry = record.entry()
        self.seq, self.head = wanted, head
        if self._key:
            self._check_seal(record, entry.event)
        return entry

    def _check_seal(self, record: Record, event: Event) -> None:
        if record.seal != seal(record.hash, self._key):
            self._wrong = record.seal != b"" if not self._unsealed else self._wrong
            self._unsealed = self._unsealed or record.seq
            self._last_unsealed = record.seq
        elif isinstance(event, JournalMigrated | JournalRestored) and event.unsealed >= self._last_unsealed:
            self._unsealed = 0

    def broken_off(self) -> None:
        """A record behind is bad: an earlier one with a wrong seal (not merely none) is named before it."""
        if self._wrong:
            self.end()

    def end(self) -> None:
        """No more records. Raises JournalBroken naming the first that was written without the hall's key."""
        if self._unsealed:
            raise NotSealed(
                f"record {self._unsealed} does not bear this hall's seal: somebody else wrote it",
                f"账本第 {self._unsealed} 条记录没有本大厅的封印，不是本大厅写入的",
            )


def missing(seq: int) -> JournalBroken:
    """The finding that a record is not there."""
    return _broken(seq, "is missing", "缺失")


def _broken(seq: int, what: str, sentence: str) -> JournalBroken:
    return JournalBroken(f"record {seq} {what}", f"账本第 {seq} 条记录{sentence}")
