"""PURE: when somebody waited whom a window could have called: idle windows beside a queue, and the others.

A window may call a number when it does all the services that it needs, when the number is bound to no other
window or clerk, and when its holder is not at another window. What an undo took back counts as never done.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import itemgetter

from hall_server.hall import events as e
from hall_server.reports.lives import DayLives, Life, Step

Span = tuple[int, int]
"""From-to, hall time in ms."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a window must do, and which window or clerk alone may call, '' = any."""

    services: frozenset[str]
    window: str = ""
    clerk: str = ""


@dataclass(slots=True)
class _Walk:
    """One number from issue to end: where it waited and when it was at a window, by visit."""

    life: Life
    need: Need
    visit: str
    service: str
    also: tuple[str, ...]
    return_service: str = ""
    since_ms: int | None = None
    called_ms: int | None = None
    waits: list[tuple[Need, str, Span]] = field(default_factory=list)
    stays: list[tuple[str, Span]] = field(default_factory=list)
    backs: int = 0

    def walk(self, end_ms: int) -> None:
        """All of it; what is still going on lasts to the end of the day."""
        self.since_ms = self.life.issued.at_ms
        for step in self.life.steps:
            self._step(step)
        self._stop_waiting(end_ms)
        self._leave(end_ms)

    def _step(self, step: Step) -> None:
        if isinstance(step, e.TicketRecalled | e.TicketArrived):
            return
        self._stop_waiting(step.at_ms)
        if isinstance(step, e.TicketUnbound):
            self.need = Need(self.need.services)
            self.since_ms = step.at_ms
            return
        self._leave(step.at_ms)
        if isinstance(step, e.TicketCalled):
            self.called_ms = step.at_ms
            self.need = Need(self.need.services)
        elif self._queues(step):
            self.since_ms = step.at_ms

    def _queues(self, step: Step) -> bool:
        """Whether it waits again; where."""
        if isinstance(step, e.TicketTransferred):
            self.return_service = step.return_service or self.return_service
            self._needs(step.service, step.also, step.to_window, step.to_clerk)
        elif isinstance(step, e.TicketSentBack):
            service, wanted = self.return_service or self.service, self.life.wanted[self.backs]
            self.backs += 1
            if service not in wanted and wanted:
                service = wanted[0]
            self._needs(service, self.also, step.to_window, "")
            self.return_service = ""
        elif isinstance(step, e.TicketReturned):
            self.visit = step.visit or self.visit
        elif isinstance(step, e.TicketNoShow):
            return step.rank is not None
        elif isinstance(step, e.TicketPostponed):
            return not step.until_ms
        else:
            return False
        return True

    def _needs(self, service: str, also: tuple[str, ...], window: str, clerk: str) -> None:
        self.service, self.also = service, also
        self.need = Need(frozenset({service, *also}), window, clerk)

    def _stop_waiting(self, at_ms: int) -> None:
        if self.since_ms is not None:
            self.waits.append((self.need, self.visit, (self.since_ms, at_ms)))
            self.since_ms = None

    def _leave(self, at_ms: int) -> None:
        if self.called_ms is not None:
            self.stays.append((self.visit, (self.called_ms, at_ms)))
            self.called_ms = None


class Crowd:
    """The waiting of a whole business day, ready to be asked."""

    def __init__(self, day: DayLives) -> None:
        self._free: dict[frozenset[str], list[Span]] = {}
        self._bound: dict[str, list[tuple[Need, list[Span]]]] = {}
        self._reached: dict[frozenset[str], list[Span]] = {}
        self._skills: dict[str, list[tuple[int, frozenset[str]]]] = {
            window: [(0, frozenset(skills))] for window, skills in day.start_skills.items()
        }
        for window, at_ms, skills in day.skill_changes:
            self._skills.setdefault(window, [(0, frozenset())]).append((at_ms, frozenset(skills)))
        by_need: dict[Need, list[Span]] = {}
        for need, span in _alone(day):
            by_need.setdefault(need, []).append(span)
        for need, spans in by_need.items():
            if need.window or need.clerk:
                self._bound.setdefault(need.window or need.clerk, []).append((need, merged(spans)))
            else:
                self._free[need.services] = merged(spans)

    def during(self, window: str, clerk: str, span: Span) -> list[Span]:
        """The parts of a span in which somebody waited whom the window, with this clerk, could call."""
        found: list[Span] = []
        changes = self._skills.get(window, [])
        first = bisect_right(changes, span[0], key=itemgetter(0)) - 1
        for n in range(max(0, first), len(changes)):
            since_ms, skills = changes[n]
            if since_ms >= span[1]:
                break
            until_ms = changes[n + 1][0] if n + 1 < len(changes) else span[1]
            part = (max(span[0], since_ms), min(span[1], until_ms))
            if part[0] < part[1] and skills:
                found += within(self._free_for(skills), part)
                for name in filter(None, (window, clerk)):
                    for need, spans in self._bound.get(name, ()):
                        if _may(need, skills, window, clerk):
                            found += within(spans, part)
        return merged(found)

    def _free_for(self, skills: frozenset[str]) -> list[Span]:
        """Everybody who is bound nowhere and needs no more than these services."""
        known = self._reached.get(skills)
        if known is None:
            every = (span for services, spans in self._free.items() if services <= skills for span in spans)
            known = self._reached[skills] = merged(every)
        return known


def _may(need: Need, skills: frozenset[str], window: str, clerk: str) -> bool:
    bound_here = need.window in ("", window) and need.clerk in ("", clerk)
    return bound_here and need.services <= skills


def _alone(day: DayLives) -> Iterable[tuple[Need, Span]]:
    """Every wait, without the times at which its holder stood at a window with another number."""
    walks = []
    for life in day.lives.values():
        issued = life.issued
        need = Need(frozenset({issued.service, *issued.also}))
        walk = _Walk(life, need, issued.visit or issued.ticket, issued.service, issued.also)
        walk.walk(day.end_ms)
        walks.append(walk)
    busy: dict[str, list[Span]] = {}
    for walk in walks:
        for visit, span in walk.stays:
            busy.setdefault(visit, []).append(span)
    standing = {visit: merged(spans) for visit, spans in busy.items()}
    for walk in walks:
        for need, visit, span in walk.waits:
            for rest in outside(span, standing.get(visit, [])):
                yield need, rest


# ---------------------------------------------------------------- spans


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same times as disjoint spans in order; empty ones fall out."""
    found: list[Span] = []
    for from_ms, to_ms in sorted(spans):
        if from_ms >= to_ms:
            continue
        if found and from_ms <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], to_ms))
        else:
            found.append((from_ms, to_ms))
    return found


def within(spans: list[Span], part: Span) -> list[Span]:
    """What of disjoint, ordered spans lies within a part."""
    found = []
    for n in range(max(0, bisect_right(spans, (part[0], part[0])) - 1), len(spans)):
        from_ms, to_ms = spans[n]
        if from_ms >= part[1]:
            break
        if to_ms > part[0]:
            found.append((max(from_ms, part[0]), min(to_ms, part[1])))
    return found


def outside(part: Span, spans: list[Span]) -> list[Span]:
    """What of a part lies in none of disjoint, ordered spans."""
    found, at_ms = [], part[0]
    for from_ms, to_ms in within(spans, part):
        if from_ms > at_ms:
            found.append((at_ms, from_ms))
        at_ms = to_ms
    if at_ms < part[1]:
        found.append((at_ms, part[1]))
    return found
