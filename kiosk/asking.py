"""Asks the hall, or the kiosk's own numbers, for what a citizen wants; each answer comes back as an event."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from contract import messages as m
from contract import topics
from contract.bus import Bus
from contract.outbox import Outbox
from contract.topics import RequestRoute
from kiosk.alone import LoneDesk
from kiosk.blocks import Asked
from kiosk.disk import Disk
from kiosk.flows import effects as x
from kiosk.flows import events as e
from kiosk.flows.shelf import Shelf
from kiosk.request_id import new_request_id

log = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0
LEFT = "取号时本人已离开，号票未打印"

Q = TypeVar("Q", bound=m.Request)
A = TypeVar("A", bound=m.Answer)


class Asking:
    """``counts`` holds what was issued and printed, for the station's health."""

    def __init__(
        self, bus: Bus, lone: LoneDesk, outbox: Outbox, disk: Disk, post: Callable[[e.Event], None]
    ) -> None:
        self._bus, self._lone, self._outbox, self._disk, self._post = bus, lone, outbox, disk, post
        self._ids: dict[int, str] = {}
        self.counts = {"sessions": 0, "issued": 0, "printed": 0, "failed_prints": 0}

    def _id(self, attempt: int) -> str:
        """The request id of an attempt: asked again it is the same."""
        return self._ids.setdefault(attempt, new_request_id())

    def issue(self, effect: x.AskIssue) -> None:
        """A number from the hall."""
        request = m.Issue(
            id=self._id(effect.attempt),
            service=effect.service,
            items=effect.items,
            situation=effect.situation,
            person=effect.person,
        )
        self._ask(effect.attempt, topics.ISSUE, request, partial(self._issued, effect.service))

    def issue_alone(self, effect: x.AskAlone, shelf: Shelf | None) -> None:
        """A number of the kiosk's own; ``shelf`` knows the names of what is asked for."""
        self._disk.do(self._issue_alone, self._asked(effect, shelf), effect.attempt)

    def find(self, effect: x.AskFind, *, lonely: bool) -> None:
        """Open numbers of a person or by number; alone, those that are not home yet."""
        attempt, person_key, number = effect.attempt, effect.person_key, effect.number
        if lonely:
            self._post(e.Found(attempt, self._lone.find(person_key=person_key, number=number)))
            return
        find = m.FindTickets(id=self._id(attempt), person_key=person_key, number=number)
        self._ask(attempt, topics.FIND_TICKETS, find, self._found)

    def check_in(self, effect: x.AskCheckIn) -> None:
        """A number for who has an appointment."""
        request = m.CheckIn(id=self._id(effect.attempt), code=effect.code)
        self._ask(effect.attempt, topics.CHECK_IN, request, self._checked_in)

    def guide(self, effect: x.AskGuide) -> None:
        """A person's help."""
        call = m.CallGuide(id=self._id(effect.attempt), about=effect.about)
        self._ask(effect.attempt, topics.CALL_GUIDE, call, lambda attempt, _: e.GuideComing(attempt))

    def _asked(self, effect: x.AskAlone, shelf: Shelf | None) -> Asked:
        names = [shelf.item[code].name for code in effect.items if shelf and code in shelf.item]
        return Asked(
            id=self._id(effect.attempt),
            service=effect.service,
            items=effect.items,
            names=tuple(names),
            situation=effect.situation,
            person=effect.person,
            instead_of=self._ids.get(effect.instead_of, ""),
        )

    def _issue_alone(self, asked: Asked, attempt: int) -> None:
        """On the disk's thread: the number is real once it is kept."""
        try:
            given = self._lone.issue(asked)
        except Exception:
            log.exception("no number could be kept")
            self._post(e.Unanswered(attempt))
            return
        if given.lone is None:
            self._post(e.Refused(attempt, given.refusal))
            return
        self.counts["issued"] += not given.existing
        self._post(e.Issued(attempt, given.lone.slip, given.existing))

    def give_up(self, attempt: int) -> None:
        """Nobody waits for what this attempt brings, here or at the hall."""
        request = self._ids.get(attempt)
        if request is not None:
            self._disk.do(self._take_back, request)

    def forget(self) -> None:
        """The citizen is gone: what was asked for is asked for no more."""
        self._ids.clear()

    def _take_back(self, request: str) -> None:
        """On the disk's thread, behind the issue itself."""
        if not self._lone.cancel(request, LEFT):
            cancel = m.CancelIssue(id=new_request_id(), issue=request, reason=LEFT)
            self._outbox.put(topics.CANCEL_ISSUE, cancel)

    def _ask(
        self, attempt: int, kind: RequestRoute[Q, A], request: Q, good: Callable[[int, A], e.Event]
    ) -> None:
        future = self._bus.request(kind, request, timeout_seconds=ANSWER_SECONDS)
        future.add_done_callback(partial(self._answered, attempt, good))

    def _answered(self, attempt: int, good: Callable[[int, A], e.Event], done: Future[A]) -> None:
        """On the bus's thread: turn the answer into an event."""
        if done.cancelled() or done.exception() is not None:
            self._post(e.Unanswered(attempt))
            return
        answer = done.result()
        if answer.refusal is not None:
            self._post(e.Refused(attempt, answer.refusal.sentence))
        else:
            self._post(good(attempt, answer))

    def _issued(self, service: str, attempt: int, answer: m.IssueAnswer) -> e.Event:
        if answer.slip is None:
            return e.Unanswered(attempt)
        if not answer.existing:
            self._disk.do(self._lone.count, service)
        self.counts["issued"] += not answer.existing
        log.info("%s: %s", answer.slip.number, "is open already" if answer.existing else "issued")
        return e.Issued(attempt, answer.slip, answer.existing)

    def _found(self, attempt: int, answer: m.FindTicketsAnswer) -> e.Event:
        return e.Found(attempt, answer.slips, answer.promised)

    def _checked_in(self, attempt: int, answer: m.CheckInAnswer) -> e.Event:
        if answer.slip is None:
            return e.Unanswered(attempt)
        self.counts["issued"] += not answer.existing
        log.info("%s: %s", answer.slip.number, "is open already" if answer.existing else "checked in")
        return e.Issued(attempt, answer.slip, answer.existing)

    def report_paper(self, effect: x.ReportPaper) -> None:
        """What became of the paper, for the hall."""
        if effect.paper is not m.Paper.SENT:
            good = effect.paper is m.Paper.CONFIRMED
            self.counts["printed" if good else "failed_prints"] += 1
            log.info("ticket %s: paper %s", effect.ticket, effect.paper.value)
        report = m.ReportPaper(
            id=new_request_id(), ticket=effect.ticket, paper=effect.paper, reprint=effect.reprint
        )
        self._disk.do(self._tell_paper, report)

    def _tell_paper(self, report: m.ReportPaper) -> None:
        """On the disk's thread: with a number of our own until the hall has it, else to the hall."""
        if not self._lone.paper(report):
            self._outbox.put(topics.REPORT_PAPER, report)
