"""What kiosks issued alone and how it came home: the manager's list of a business day, out of the journal."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.hall.events import LeaseGivenUp, LeaseMerged, MergeDecided
from hall_server.hall.plan import Plan
from hall_server.journal.rows import JournalReader


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision of a merge; ``waits`` False when the number has no place in a queue: somebody must act."""

    seq: int
    at_ms: int
    issued_ms: int
    station: str
    number: str
    service: str
    code: str
    sentence: str
    waits: bool
    ticket: str
    other: str
    masked_name: str


@dataclass(frozen=True, slots=True)
class Merges:
    """A business day's merges: numbers brought home by station, decisions in their order, blocks taken back
    as (station, service, reason)."""

    day: str
    home: dict[str, int]
    decisions: tuple[Decided, ...]
    taken_back: tuple[tuple[str, str, str], ...]


def merges_of(reader: JournalReader, day: str, plan: Plan) -> Merges:
    """The list of one business day. Raises JournalBroken."""
    home: dict[str, int] = {}
    for _, merged in reader.events_of_kind(LeaseMerged, day):
        if merged.used:
            home[merged.station] = home.get(merged.station, 0) + merged.used
    decisions = tuple(
        Decided(
            seq=seq,
            at_ms=event.at_ms,
            issued_ms=event.issued_ms,
            station=event.station,
            number=event.number,
            service=plan.services[event.service].name if event.service in plan.services else event.service,
            code=event.code,
            sentence=event.sentence,
            waits=event.waits,
            ticket=event.ticket,
            other=event.other,
            masked_name=event.masked_name,
        )
        for seq, event in reader.events_of_kind(MergeDecided, day)
    )
    taken_back = tuple(
        (event.station, plan.service(event.service).name, event.reason)
        for _, event in reader.events_of_kind(LeaseGivenUp, day)
    )
    return Merges(day, home, decisions, taken_back)
