"""PURE: what befell the journal itself."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.hall.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSealed(Event):
    """The state after record ``seq`` was kept beside the records; ``digest`` is SHA-256 of it, in hex."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalMigrated(Event):
    """The file got another schema. Records up to ``unsealed`` bear no seal; ``answers`` are (day, request,
    answer) of the last business day, when the former schema kept them apart."""

    schema: int
    unsealed: int
    answers: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRestored(Event):
    """A person put a backup in the journal's place: it ended with record ``kept``, what it replaced is known
    to have come to ``lost_to``; records up to ``unsealed`` were written under another key."""

    kept: int
    lost_to: int
    unsealed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersSkipped(Event):
    """After a restore from a backup: numbers that may have been issued since then are not given again."""

    issued: tuple[tuple[str, int], ...]
    leased: tuple[tuple[str, int], ...] = ()
