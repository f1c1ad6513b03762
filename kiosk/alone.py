"""The kiosk on its own: numbers leased while the hall is there, issued while it is away, brought home.

One worker talks with the hall, step by step: requests that got no answer are taken back, blocks renewed,
numbers merged oldest first, used blocks returned, new ones leased. Nothing of it is lost or doubled when
program, box or hall die in between, because each step may be done again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from time import monotonic
from typing import TypeVar

from contract import messages as m
from contract import topics
from contract.bus import Bus, BusError
from contract.clock import StationClock
from contract.topics import RequestRoute
from kiosk import blocks as rules
from kiosk.blocks import Asked, Block, Given, Lone
from kiosk.lone_records import Heard, LoneRecords
from kiosk.request_id import new_request_id

Q = TypeVar("Q", bound=m.Request)
A = TypeVar("A", bound=m.Answer)
S = TypeVar("S")

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
PAUSE_SECONDS = 5.0
"""After a step that got no answer."""
ANCHOR_SECONDS = 60.0


class LoneDesk:
    """What a kiosk can do alone. ``issue``, ``paper``, ``cancel``, ``keep`` wait for the disk.

    ``changed`` hears how many numbers of each service are ready and how many are not home, ``came_home`` how
    many the hall has taken and how many of them have no place in a queue; both from any thread.
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
        self._bus, self._records = bus, LoneRecords(clock, file)
        self._changed, self._came_home, self._report = changed, came_home, report
        self._wake = threading.Condition()
        self._stopping = self._there = self._renewed = self._restored = False
        self._services: tuple[str, ...] = ()
        self._day = ""
        self._told: tuple[dict[str, int], int] | None = None
        self._anchored = float("-inf")
        self._pending: dict[str, tuple[str, int]] = {}
        self._refused: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="alone", daemon=True)

    # ------------------------------------------------------------ life

    def open(self) -> None:
        """Read what is kept, start the worker. Raises apsw.Error."""
        self._records.open()
        self._tell()
        self._thread.start()

    def close(self) -> None:
        """Stop the worker; all that is open stays on the disk."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self._records.close()

    def keep(self, name: str, message: m.Message) -> None:
        """Keep the last message of this name, for a start without a hall."""
        self._records.keep(name, message)

    def kept(self, name: str, kind: type[S]) -> S | None:
        """The message kept under this name, or None."""
        return self._records.kept(name, kind)

    @property
    def day(self) -> str:
        """The business day of the newest block, or ''."""
        return self._records.day

    # ------------------------------------------------------------ what the hall says

    def hear_server(self, state: m.ServerState) -> None:
        """A beat of the server; one that knows less than before was restored from a backup."""
        if state.s is not m.Presence.READY or not state.seq:
            return
        known, day = self._records.heard, self._day
        self._records.heard = Heard(boot=state.boot, seq=state.seq)
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
        self._services = services
        self._nudge()

    # ------------------------------------------------------------ what a citizen wants

    def issue(self, asked: Asked) -> Given:
        """A number, real when this returns: it is on the disk then."""
        given = self._records.issue(asked)
        if given.block is not None:
            self.count(asked.service)
        self._tell()
        return given

    def count(self, service: str) -> None:
        """A number of this service was taken here, from the hall or alone."""
        self._records.count(self._day, service)
        self._nudge()

    def find(self, *, person_key: str = "", number: str = "") -> tuple[m.TicketSlip, ...]:
        """Numbers of this kiosk that are not home yet, of a person or by number, oldest first."""
        return self._records.find(person_key=person_key, number=number)

    def paper(self, report: m.ReportPaper) -> bool:
        """Keep what became of the paper with a number that is not home; False when it is none of ours."""
        return self._records.paper(report)

    def cancel(self, request: str, reason: str) -> bool:
        """Nobody waits for the number that this request brought here; False when it brought none."""
        return self._records.cancel(request, reason)

    def ready(self) -> dict[str, int]:
        """Numbers that may be issued now, by service."""
        return self._records.ready()

    def away(self) -> int:
        """Numbers that are not home yet."""
        return self._records.away()

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

    def _turn(self) -> float:
        """Everything that can be done now; seconds until it is worth looking again."""
        if monotonic() - self._anchored > ANCHOR_SECONDS and self._records.anchor():
            self._anchored = monotonic()
        self._tell()
        if not self._there:
            return ANCHOR_SECONDS
        self._forget()
        self._offer_again()
        for step in (self._renew, self._take_back, self._bring_home, self._return, self._lease):
            if not step() or self._stopping:
                return PAUSE_SECONDS
        self._tell()
        return ANCHOR_SECONDS

    def _forget(self) -> None:
        """Numbers and blocks of days that are over, once nothing of them is away."""
        if self._day:
            away = {each.token for each in self._records.lone(home=False)}
            old = (block for block in self._records.blocks() if block.lease.day != self._day)
            gone = [each for each in self._records.lone(home=True) if each.slip.business_day != self._day]
            self._records.drop([block for block in old if block.lease.token not in away], gone)

    def _offer_again(self) -> None:
        """After a hall came back from a backup: what it may have lost is away again."""
        if self._restored:
            self._restored = self._renewed = False
            count = self._records.offer_again()
            log.warning("the hall came back from a backup: %d numbers are offered again", count)

    def _renew(self) -> bool:
        """Once after each silence: which blocks are still ours."""
        if self._renewed:
            return True
        tokens = tuple(block.lease.token for block in self._records.blocks())
        ask = m.RenewLeases(id=new_request_id(), holder=self._records.holder, tokens=tokens)
        answer = self._ask(topics.RENEW_LEASES, ask)
        if answer is None or answer.refusal is not None:
            return False
        self._records.fence(answer.fenced)
        self._renewed = True
        return True

    def _take_back(self) -> bool:
        """Requests that got no answer before a number was issued here instead: theirs must go first."""
        for lone in self._records.lone(home=False):
            if lone.instead_of:
                reason = f"改用离线号 {lone.slip.number}"
                if (
                    self._ask(
                        topics.CANCEL_ISSUE, m.CancelIssue(id=lone.id, issue=lone.instead_of, reason=reason)
                    )
                    is None
                ):
                    return False
                self._records.settle(lone)
        return True

    def _bring_home(self) -> bool:
        """Merge what is away, oldest first."""
        home = void = 0
        for part in rules.chunks(self._records.lone(home=False)):
            merge = m.MergeLease(
                id=new_request_id(),
                token=part[0].token,
                service=part[0].service,
                day=part[0].slip.business_day,
                tickets=tuple(each.wire() for each in part),
            )
            answer = self._ask(topics.MERGE_LEASE, merge)
            if answer is None or answer.refusal is not None:
                return False
            home += len(part)
            void += sum(not found.waits for found in answer.findings)
            self._tell_late_paper(part, self._records.bring_home(part))
        if home:
            log.info("%d numbers issued alone are home, %d of them without a place", home, void)
            self._came_home(home, void)
        return True

    def _tell_late_paper(self, sent: list[Lone], now: list[Lone]) -> None:
        """What happened to the paper while the numbers travelled is told like that of any other."""
        for before, after in zip(sent, now, strict=True):
            ticket = after.slip.ticket
            if after.paper is not before.paper:
                self._report(m.ReportPaper(id=new_request_id(), ticket=ticket, paper=after.paper))
            if after.reprints > before.reprints:
                confirmed = m.Paper.CONFIRMED
                self._report(m.ReportPaper(id=new_request_id(), ticket=ticket, paper=confirmed, reprint=True))

    def _return(self) -> bool:
        """End blocks of which nothing more can be issued."""
        for block in [each for each in self._records.blocks() if not each.left]:
            lease = block.lease
            end = m.MergeLease(
                id=new_request_id(), token=lease.token, service=lease.service, day=lease.day, final=True
            )
            if self._ask(topics.MERGE_LEASE, end) is None:
                return False
            self._records.drop([block])
        return True

    def _lease(self) -> bool:
        """Take blocks for services of which too few numbers are ready."""
        ready = self._records.ready()
        return all(self._lease_of(service, ready.get(service, 0)) for service in self._services)

    def _lease_of(self, service: str, ready: int) -> bool:
        if self._refused.get(service, 0.0) > monotonic():
            return True
        if service not in self._pending:
            count = rules.to_lease(ready, self._records.demand(service))
            if not count:
                return True
            self._pending[service] = (new_request_id(), count)
        request, count = self._pending[service]
        ask = m.LeaseNumbers(id=request, service=service, count=count, holder=self._records.holder)
        answer = self._ask(topics.LEASE_NUMBERS, ask)
        if answer is None:
            return False
        del self._pending[service]
        if answer.lease is None:
            self._refused[service] = monotonic() + ANCHOR_SECONDS
            log.warning("no block of %s: %s", service, answer.refusal.code if answer.refusal else "")
        elif answer.lease.token not in {block.lease.token for block in self._records.blocks()}:
            self._records.put(Block(lease=answer.lease, next=answer.lease.first))
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

    def _tell(self) -> None:
        """Say what is ready, when it is something else than before."""
        now = (self._records.ready(), self._records.away())
        if now != self._told:
            self._told = now
            self._changed(*now)
