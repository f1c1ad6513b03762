"""The kiosk on its own: numbers leased while the hall is there, issued while it is away, brought home.

Everything lies in the drawer on this kiosk's disk before anybody is told. One worker talks with the hall,
step by step: requests that got no answer are taken back, blocks renewed, numbers merged oldest first,
used blocks returned, new ones leased. Nothing of it is lost or doubled when program, box or hall die in
between, because each step may be done again.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from time import monotonic
from typing import TypeVar

import msgspec

from contract import messages as m
from contract import topics
from contract.bus import Bus, BusError
from contract.clock import Anchor, StationClock
from contract.outbox import Drawer
from contract.schema import encode
from contract.topics import RequestRoute
from kiosk import blocks as rules
from kiosk.blocks import Asked, Block, Given, Lone
from kiosk.request_id import new_request_id

Q = TypeVar("Q", bound=m.Request)
A = TypeVar("A", bound=m.Answer)
S = TypeVar("S")

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
PAUSE_SECONDS = 5.0
"""After a step that got no answer."""
ANCHOR_SECONDS = 60.0
DAYS_COUNTED = 5


class Heard(msgspec.Struct, frozen=True):
    """How far the hall had come when it was heard last, and in which run of it."""

    boot: str = ""
    seq: int = 0


class LoneDesk:
    """What a kiosk can do alone. ``issue``, ``paper``, ``cancel``, ``keep`` wait for the disk.

    ``changed`` hears how many numbers of each service are ready, ``came_home`` how many numbers the hall has
    taken and how many of them have no place in a queue; both from any thread.
    """

    def __init__(
        self,
        bus: Bus,
        clock: StationClock,
        file: Path,
        *,
        changed: Callable[[Mapping[str, int], int], None],
        came_home: Callable[[int, int], None] = lambda _home, _void: None,
        report: Callable[[m.ReportPaper], object] = lambda _: None,
    ) -> None:
        self._bus, self._clock, self._drawer = bus, clock, Drawer(file)
        self._changed, self._came_home, self._report = changed, came_home, report
        self._lock = threading.RLock()
        self._wake = threading.Condition()
        self._stopping = self._there = self._renewed = False
        self._holder = ""
        self._blocks: dict[int, Block] = {}
        self._lone: dict[str, Lone] = {}
        self._counts: dict[str, dict[str, int]] = {}
        self._services: tuple[str, ...] = ()
        self._day = ""
        self._hall = Heard()
        self._restored = False
        self._told: tuple[dict[str, int], int] | None = None
        self._anchored = float("-inf")
        self._pending: dict[str, tuple[str, int]] = {}
        self._refused: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="alone", daemon=True)

    # ------------------------------------------------------------ life

    def open(self) -> None:
        """Read what is kept, give the clock its anchor, start the worker. Raises apsw.Error."""
        self._drawer.open()
        kept = self._drawer.read()
        holder = kept.get("holder")
        self._holder = holder.decode() if holder else secrets.token_hex(16)
        if not holder:
            self._drawer.change({"holder": self._holder.encode()})
        if anchor := _read(kept.get("clock"), Anchor):
            self._clock.resume(anchor)
        self._hall = _read(kept.get("hall"), Heard) or Heard()
        self._counts = _read(kept.get("counts"), dict[str, dict[str, int]]) or {}
        for name, body in kept.items():
            if name.startswith("block/") and (block := _read(body, Block)):
                self._blocks[block.lease.token] = block
            elif name.startswith("lone/") and (lone := _read(body, Lone)):
                self._lone[lone.id] = lone
        away = sum(not lone.home for lone in self._lone.values())
        if self._blocks or away:
            log.info("%d blocks of numbers are kept, %d numbers are not home yet", len(self._blocks), away)
        self._tell()
        self._thread.start()

    def close(self) -> None:
        """Stop the worker; all that is open stays in the drawer."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join()
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

    # ------------------------------------------------------------ what the hall says

    def hear_server(self, state: m.ServerState) -> None:
        """A beat of the server; one that knows less than before was restored from a backup."""
        if state.s is not m.Presence.READY or not state.seq:
            return
        known, day = self._hall, self._day
        self._hall = Heard(boot=state.boot, seq=state.seq)
        self._day = state.business_day or day
        restored = known.boot != state.boot and state.seq < known.seq
        self._restored = self._restored or restored
        if restored or day != self._day or monotonic() - self._anchored > ANCHOR_SECONDS:
            self._nudge()

    def server(self, there: bool) -> None:
        """Whether the hall can be asked."""
        with self._wake:
            self._there = there
            self._renewed = False
            self._wake.notify_all()

    def offer(self, services: tuple[str, ...]) -> None:
        """Services of which numbers are to be kept ready."""
        with self._lock:
            self._services = services
        self._nudge()

    def count(self, service: str) -> None:
        """A number of this service was taken here, from the hall or alone."""
        with self._lock:
            today = self._counts.setdefault(self._day, {})
            today[service] = today.get(service, 0) + 1
            for old in sorted(self._counts)[:-DAYS_COUNTED]:
                del self._counts[old]
        self._nudge()

    def ready(self) -> dict[str, int]:
        """Numbers that may be issued now, by service."""
        with self._lock:
            return rules.left(self._blocks.values(), self._clock.now_ms())

    def away(self) -> int:
        """Numbers that are not home yet."""
        with self._lock:
            return sum(not lone.home for lone in self._lone.values())

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
                self._drawer.change(
                    {
                        _name(given.lone): encode_record(given.lone),
                        _name(given.block): encode_record(given.block),
                    }
                )
                self._lone[given.lone.id] = given.lone
                self._blocks[given.block.lease.token] = given.block
                log.info("%s: issued alone", given.lone.slip.number)
        if given.block is not None:
            self.count(asked.service)
        self._tell()
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
                self._put(msgspec.structs.replace(lone, reprints=lone.reprints + counted))
            else:
                self._put(msgspec.structs.replace(lone, paper=report.paper))
            return True

    def cancel(self, request: str, reason: str) -> bool:
        """Nobody waits for the number that this request brought here; False when it brought none."""
        with self._lock:
            lone = self._lone.get(request)
            if lone is None or lone.home or lone.cancelled:
                return lone is not None
            log.info("%s: cancelled, %s", lone.slip.number, reason)
            self._put(msgspec.structs.replace(lone, cancelled=reason))
            return True

    # ------------------------------------------------------------ the worker

    def _nudge(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _run(self) -> None:
        while True:
            try:
                pause = self._turn()
            except Exception:
                log.exception("the kiosk's own numbers stumbled; they go on")
                pause = PAUSE_SECONDS
            with self._wake:
                if self._stopping:
                    return
                self._wake.wait(pause)
                if self._stopping:
                    return

    def _turn(self) -> float | None:
        """Everything that can be done now; seconds until it is worth looking again, None = when nudged."""
        self._anchor()
        self._tell()
        if not self._there:
            return ANCHOR_SECONDS
        for step in (
            self._forget,
            self._offer_again,
            self._renew,
            self._take_back,
            self._bring_home,
            self._return,
            self._lease,
        ):
            if not step() or self._stopping:
                return PAUSE_SECONDS
        self._tell()
        return ANCHOR_SECONDS

    def _anchor(self) -> None:
        anchor = self._clock.anchor()
        if anchor is None or monotonic() - self._anchored < ANCHOR_SECONDS:
            return
        with self._lock:
            counts = encode_record(self._counts)
        self._drawer.change(
            {"clock": encode_record(anchor), "hall": encode_record(self._hall), "counts": counts}
        )
        self._anchored = monotonic()

    def _forget(self) -> bool:
        """Numbers and blocks of days that are over, once nothing of them is open."""
        with self._lock:
            if not self._day:
                return True
            gone = [each for each in self._lone.values() if each.home and each.slip.business_day != self._day]
            open_tokens = {each.token for each in self._lone.values() if not each.home}
            old = [
                block
                for block in self._blocks.values()
                if block.lease.day != self._day and block.lease.token not in open_tokens
            ]
            if gone or old:
                names = [*(_name(each) for each in gone), *(_name(each) for each in old)]
                self._drawer.change(dict.fromkeys(names))
            for each in gone:
                del self._lone[each.id]
            for block in old:
                del self._blocks[block.lease.token]
        return True

    def _offer_again(self) -> bool:
        """After a hall came back from a backup: what it may have lost is away again."""
        if self._restored:
            self._restored = self._renewed = False
            with self._lock:
                lost: list[Lone] = [msgspec.structs.replace(each, home=False) for each in self._lone.values()]
                self._drawer.change({_name(each): encode_record(each) for each in lost})
                self._lone.update({each.id: each for each in lost})
            log.warning("the hall came back from a backup: %d numbers are offered again", len(lost))
        return True

    def _renew(self) -> bool:
        """Once after each silence: which blocks are still ours."""
        if self._renewed:
            return True
        with self._lock:
            tokens = tuple(self._blocks)
        ask = m.RenewLeases(id=new_request_id(), holder=self._holder, tokens=tokens)
        answer = self._ask(topics.RENEW_LEASES, ask)
        if answer is None or answer.refusal is not None:
            return False
        with self._lock:
            for token in answer.fenced:
                if (block := self._blocks.get(token)) is not None and not block.fenced:
                    log.warning("block %s%d: taken back by the hall", block.lease.series, block.lease.first)
                    self._put(msgspec.structs.replace(block, fenced=True))
        self._renewed = True
        return True

    def _take_back(self) -> bool:
        """Requests that got no answer before a number was issued here instead: theirs must go first."""
        with self._lock:
            asked = [each for each in self._lone.values() if each.instead_of and not each.home]
        for lone in asked:
            back = m.CancelIssue(id=lone.id, issue=lone.instead_of, reason=f"改用离线号 {lone.slip.number}")
            if self._ask(topics.CANCEL_ISSUE, back) is None:
                return False
            with self._lock:
                self._put(msgspec.structs.replace(self._lone[lone.id], instead_of=""))
        return True

    def _bring_home(self) -> bool:
        """Merge what is away, oldest first."""
        home = void = 0
        with self._lock:
            parts = rules.chunks(each for each in self._lone.values() if not each.home)
        for part in parts:
            first = part[0]
            merge = m.MergeLease(
                id=new_request_id(),
                token=first.token,
                service=first.service,
                day=first.slip.business_day,
                tickets=tuple(each.wire() for each in part),
            )
            answer = self._ask(topics.MERGE_LEASE, merge)
            if answer is None or answer.refusal is not None:
                return False
            home += len(part)
            void += sum(not found.waits for found in answer.findings)
            self._are_home(part)
        if home:
            log.info("%d numbers issued alone are home, %d of them without a place", home, void)
            self._came_home(home, void)
        return True

    def _are_home(self, part: list[Lone]) -> None:
        """Mark them; what happened to their paper while they travelled is told like any other paper."""
        late: list[m.ReportPaper] = []
        with self._lock:
            now = [self._lone[each.id] for each in part]
            for sent, each in zip(part, now, strict=True):
                if each.paper is not sent.paper:
                    late.append(m.ReportPaper(id=new_request_id(), ticket=each.slip.ticket, paper=each.paper))
                if each.reprints > sent.reprints:
                    late.append(
                        m.ReportPaper(
                            id=new_request_id(),
                            ticket=each.slip.ticket,
                            paper=m.Paper.CONFIRMED,
                            reprint=True,
                        )
                    )
            done: list[Lone] = [msgspec.structs.replace(each, home=True) for each in now]
            self._drawer.change({_name(each): encode_record(each) for each in done})
            self._lone.update({each.id: each for each in done})
        for report in late:
            self._report(report)

    def _return(self) -> bool:
        """End blocks of which nothing more can be issued."""
        with self._lock:
            done = [block for block in self._blocks.values() if not block.left]
        for block in done:
            lease = block.lease
            end = m.MergeLease(
                id=new_request_id(), token=lease.token, service=lease.service, day=lease.day, final=True
            )
            if self._ask(topics.MERGE_LEASE, end) is None:
                return False
            with self._lock:
                self._drawer.change({_name(block): None})
                del self._blocks[lease.token]
        return True

    def _lease(self) -> bool:
        """Take blocks for services of which too few numbers are ready."""
        with self._lock:
            services, ready = self._services, rules.left(self._blocks.values(), self._clock.now_ms())
        for service in services:
            if self._refused.get(service, 0.0) > monotonic():
                continue
            demand = rules.demand_of(self._counts, service)
            if service not in self._pending:
                count = rules.to_lease(ready.get(service, 0), demand)
                if not count:
                    continue
                self._pending[service] = (new_request_id(), count)
            request, count = self._pending[service]
            ask = m.LeaseNumbers(id=request, service=service, count=count, holder=self._holder)
            answer = self._ask(topics.LEASE_NUMBERS, ask)
            if answer is None:
                return False
            del self._pending[service]
            if answer.lease is None:
                self._refused[service] = monotonic() + ANCHOR_SECONDS
                log.warning("no block of %s: %s", service, answer.refusal.code if answer.refusal else "")
            elif answer.lease.token not in self._blocks:
                with self._lock:
                    self._put(Block(lease=answer.lease, next=answer.lease.first))
        return True

    def _ask(self, kind: RequestRoute[Q, A], message: Q) -> A | None:
        """One question; None when nobody answered or the kiosk stops."""
        future: Future[A] = self._bus.request(kind, message, timeout_seconds=ANSWER_SECONDS)
        future.add_done_callback(lambda _: self._nudge())
        with self._wake:
            self._wake.wait_for(lambda: future.done() or self._stopping)
        if not future.done():
            future.cancel()
            return None
        try:
            return future.result()
        except BusError:
            return None

    # ------------------------------------------------------------ helpers; the lock is held

    def _put(self, record: Block | Lone) -> None:
        self._drawer.change({_name(record): encode_record(record)})
        if isinstance(record, Block):
            self._blocks[record.lease.token] = record
        else:
            self._lone[record.id] = record

    def _tell(self) -> None:
        """Say what is ready, when it is something else than before."""
        with self._lock:
            now = (self.ready(), self.away())
            news = now != self._told
            self._told = now
        if news:
            self._changed(*now)


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
