"""What a kiosk keeps of its own: blocks, and numbers issued alone, in memory and on its disk.

Everything lies in the drawer before anybody is told. Any thread that may wait for the disk.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from contract import messages as m
from contract.clock import Anchor, StationClock
from contract.outbox import Drawer
from contract.schema import encode
from kiosk import blocks as rules
from kiosk.blocks import Asked, Block, Given, Lone

S = TypeVar("S")

log = logging.getLogger(__name__)

DAYS_COUNTED = 5


class Heard(msgspec.Struct, frozen=True):
    """How far the hall had come when it was heard last, and in which run of it."""

    boot: str = ""
    seq: int = 0


class LoneRecords:
    """Blocks and numbers of this kiosk. ``holder`` names this store to the hall; ``heard`` is kept with the
    anchor of the clock."""

    def __init__(self, clock: StationClock, file: Path) -> None:
        self._clock, self._drawer = clock, Drawer(file)
        self._lock = threading.RLock()
        self._blocks: dict[int, Block] = {}
        self._lone: dict[str, Lone] = {}
        self._counts: dict[str, dict[str, int]] = {}
        self.holder = ""
        self.heard = Heard()

    def open(self) -> None:
        """Read what is kept, give the clock its anchor. Raises apsw.Error."""
        self._drawer.open()
        kept = self._drawer.read()
        holder = kept.get("holder")
        self.holder = holder.decode() if holder else secrets.token_hex(16)
        if not holder:
            self._drawer.change({"holder": self.holder.encode()})
        if anchor := _read(kept.get("clock"), Anchor):
            self._clock.resume(anchor)
        self.heard = _read(kept.get("hall"), Heard) or Heard()
        self._counts = _read(kept.get("counts"), dict[str, dict[str, int]]) or {}
        for name, body in kept.items():
            if name.startswith("block/") and (block := _read(body, Block)):
                self._blocks[block.lease.token] = block
            elif name.startswith("lone/") and (lone := _read(body, Lone)):
                self._lone[lone.id] = lone
        if self._blocks or self._lone:
            log.info(
                "%d blocks of numbers are kept, %d numbers are not home yet", len(self._blocks), self.away()
            )

    def close(self) -> None:
        """Let the file go; all of it is there."""
        self._drawer.close()

    # ------------------------------------------------------------ what a start without a hall needs

    def keep(self, name: str, message: m.Message) -> None:
        """Keep the last message of this name; waits for the disk."""
        self._drawer.change({f"kept/{name}": encode(message)})

    def kept(self, name: str, kind: type[S]) -> S | None:
        """The message kept under this name, or None."""
        return _read(self._drawer.read(f"kept/{name}").get(f"kept/{name}"), kind)

    @property
    def day(self) -> str:
        """The business day of the newest block, or ''."""
        with self._lock:
            return max((block.lease.day for block in self._blocks.values()), default="")

    # ------------------------------------------------------------ how things stand

    def ready(self) -> dict[str, int]:
        """Numbers that may be issued now, by service."""
        with self._lock:
            return rules.left(self._blocks.values(), self._clock.now_ms())

    def away(self) -> int:
        """Numbers that are not home yet."""
        with self._lock:
            return sum(not lone.home for lone in self._lone.values())

    def blocks(self) -> list[Block]:
        """All blocks."""
        with self._lock:
            return list(self._blocks.values())

    def lone(self, *, home: bool) -> list[Lone]:
        """Numbers issued alone that are home, or are not."""
        with self._lock:
            return [each for each in self._lone.values() if each.home is home]

    def demand(self, service: str) -> int:
        """Numbers of a service on the busiest day that is remembered."""
        with self._lock:
            return rules.demand_of(self._counts, service)

    # ------------------------------------------------------------ changes

    def put(self, *records: Block | Lone) -> None:
        """Keep these, new or changed, in one commit."""
        with self._lock:
            self._drawer.change({_name(each): encode_record(each) for each in records})
            for each in records:
                if isinstance(each, Block):
                    self._blocks[each.lease.token] = each
                else:
                    self._lone[each.id] = each

    def drop(self, blocks: Iterable[Block], lone: Iterable[Lone] = ()) -> None:
        """Forget these."""
        with self._lock:
            gone: list[Block | Lone] = [*blocks, *lone]
            if gone:
                self._drawer.change({_name(each): None for each in gone})
            for each in gone:
                if isinstance(each, Block):
                    self._blocks.pop(each.lease.token, None)
                else:
                    self._lone.pop(each.id, None)

    def fence(self, tokens: Iterable[int]) -> None:
        """The hall took these blocks back."""
        with self._lock:
            for token in tokens:
                if (block := self._blocks.get(token)) is not None and not block.fenced:
                    log.warning("block %s%d: taken back by the hall", block.lease.series, block.lease.first)
                    self.put(msgspec.structs.replace(block, fenced=True))

    def bring_home(self, part: list[Lone]) -> list[Lone]:
        """Mark what the hall has taken; returns them as they are now, with what became of their paper."""
        with self._lock:
            now = [self._lone[each.id] for each in part]
            self.put(*(_with(each, home=True) for each in now))
            return now

    def offer_again(self) -> int:
        """The hall may have lost what it had taken: all of it is away again. How many."""
        with self._lock:
            lost = self.lone(home=True)
            self.put(*(_with(each, home=False) for each in lost))
            return len(lost)

    def settle(self, lone: Lone) -> None:
        """The request in whose stead it was issued has been taken back."""
        with self._lock:
            self.put(_with(self._lone[lone.id], instead_of=""))

    def count(self, day: str, service: str) -> None:
        """A number of this service was taken here; on the disk with the next anchor."""
        with self._lock:
            today = self._counts.setdefault(day, {})
            today[service] = today.get(service, 0) + 1
            for old in sorted(self._counts)[:-DAYS_COUNTED]:
                del self._counts[old]

    def anchor(self) -> bool:
        """Keep hall time, how far the hall had come, and the counts; False when hall time is not sure."""
        anchor = self._clock.anchor()
        if anchor is None:
            return False
        with self._lock:
            kept = {"clock": anchor, "hall": self.heard, "counts": self._counts}
            self._drawer.change({name: encode_record(each) for name, each in kept.items()})
        return True

    # ------------------------------------------------------------ what a citizen wants

    def issue(self, asked: Asked) -> Given:
        """A number, real when this returns: it is on the disk then."""
        with self._lock:
            if (again := self._lone.get(asked.id)) is not None:
                return Given(lone=again)
            away = [lone for lone in self._lone.values() if not lone.home]
            given = rules.give(
                self._blocks.values(), away, asked, self._clock.now_ms(), unsure=self._clock.unsure
            )
            if given.lone is not None and given.block is not None:
                self.put(given.lone, given.block)
                log.info("%s: issued alone", given.lone.slip.number)
            return given

    def find(self, *, person_key: str = "", number: str = "") -> tuple[m.TicketSlip, ...]:
        """Numbers of this kiosk that are not home yet, of a person or by number, oldest first."""
        with self._lock:
            found = [
                each
                for each in self._lone.values()
                if not each.home
                and not each.cancelled
                and (
                    (bool(person_key) and each.person is not None and each.person.key == person_key)
                    or (bool(number) and each.slip.number == number.strip().upper())
                )
            ]
        found.sort(key=lambda each: (each.issued_ms, each.ordinal))
        return tuple(msgspec.structs.replace(each.slip, reprint=each.reprints) for each in found)

    def paper(self, report: m.ReportPaper) -> bool:
        """Keep what became of the paper with a number that is not home; False when it is none of ours."""
        with self._lock:
            lone = next(
                (each for each in self._lone.values() if each.slip.ticket == report.ticket and not each.home),
                None,
            )
            if lone is None:
                return False
            if report.reprint:
                counted = report.paper not in (m.Paper.FAILED, m.Paper.SENT)
                self.put(msgspec.structs.replace(lone, reprints=lone.reprints + counted))
            else:
                self.put(msgspec.structs.replace(lone, paper=report.paper))
            return True

    def cancel(self, request: str, reason: str) -> bool:
        """Nobody waits for the number that this request brought here; False when it brought none."""
        with self._lock:
            lone = self._lone.get(request)
            if lone is None or lone.home or lone.cancelled:
                return lone is not None
            log.info("%s: cancelled, %s", lone.slip.number, reason)
            self.put(msgspec.structs.replace(lone, cancelled=reason))
            return True


def _with(lone: Lone, **changes: object) -> Lone:
    changed: Lone = msgspec.structs.replace(lone, **changes)
    return changed


def encode_record(record: object) -> bytes:
    """A record of the drawer as JSON."""
    return msgspec.json.encode(record)


def _name(record: Block | Lone) -> str:
    return f"block/{record.lease.token}" if isinstance(record, Block) else f"lone/{record.id}"


def _read(body: bytes | None, kind: type[S]) -> S | None:
    """A record, or None when it is not there or another version wrote it."""
    if body is None:
        return None
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:
        log.exception("a kept record cannot be read and stays aside")
        return None
