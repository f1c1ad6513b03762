"""PURE: what stations issued alone comes home, by true time of issue; each decision goes on a list.

Paper in a citizen's hand is a fact: whatever can have a place gets it, under its own number and at its
true time. What cannot (somebody has the number, the day is over) is left out, and the manager is told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from contract.messages import Paper, TicketStatus, WindowStatus
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import last_minute_before, slot_of
from hall_server.hall.issuing import (
    LEASES_FROM,
    green_reason,
    hoarding,
    modest,
    number_text,
    rank_at,
    visit_of,
)
from hall_server.hall.leasing import FENCED
from hall_server.hall.lookup import Answer, Decision, Finding
from hall_server.hall.model import Class, Hall, Lease, RuleBroken, Ticket
from hall_server.hall.plan import Service

MOST_AT_ONCE = 100
MOST_REPRINTS = 20
LARGEST_ORDINAL = 99_999
"""A block that the hall does not know may lie below; higher ones would push every later number up."""
_EXPIRED = "业务日已结束，号已过期，请重新取号"


def merge_lease(hall: Hall, command: c.MergeLease, now_ms: int) -> Decision:
    """Everything that was issued alone becomes a number of the hall, in the order of its true time.

    A number that is home already is passed over, so any part may come again. Raises RuleBroken when the
    token is unknown and nothing is brought.
    """
    lease = hall.leases.get(command.token)
    lease = lease if lease is not None and lease.station == command.by else None
    if lease is None and not command.tickets:
        raise RuleBroken("fenced", FENCED)
    if len(command.tickets) > MOST_AT_ONCE:
        raise RuleBroken("bad_count", f"一次最多合并 {MOST_AT_ONCE} 个号")
    merge = _Merge(hall, command, now_ms, lease, lease.service if lease else command.service)
    for ticket in sorted(command.tickets, key=lambda t: (t.issued_ms, t.ordinal)):
        merge.take(ticket)
    merged = e.LeaseMerged(
        at_ms=now_ms,
        token=command.token,
        station=command.by,
        used=merge.used,
        final=command.final and lease is not None,
    )
    answer = Answer(lease=command.token, findings=tuple(merge.findings))
    return Decision((*merge.events, merged), answer)


@dataclass(slots=True)
class _Merge:
    """One merge under way: what it has found so far; the hall itself does not change."""

    hall: Hall
    command: c.MergeLease
    now_ms: int
    lease: Lease | None
    service_id: str
    events: list[e.Event] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    used: int = 0
    persons: dict[str, str] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)
    slots: Counter[int] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)

    def take(self, offline: c.OfflineTicket) -> None:
        """One number: passed over, left out, or home."""
        service = self.hall.plan.service(self.service_id)
        number = number_text(service, offline.ordinal) if service.prefix else str(offline.ordinal)
        if self._is_home(offline, number):
            return
        refusal = self._refusal(offline, number)
        if refusal:
            self._find(offline, number, *refusal, waits=False)
            return
        self.numbers.add(offline.ordinal)
        self.used += 1
        self._bring_home(service, offline, number)

    # ------------------------------------------------------------ what cannot be

    def _is_home(self, offline: c.OfflineTicket, number: str) -> bool:
        ticket = self._holder_of(number)
        return (
            ticket is not None
            and ticket.station == self.command.by
            and ticket.service == self.service_id
            and ticket.issued_ms in (offline.issued_ms, self._true_ms(offline))
        )

    def _holder_of(self, number: str) -> Ticket | None:
        known = self.hall.by_number.get(number)
        return self.hall.tickets[known] if known else None

    def _refusal(self, offline: c.OfflineTicket, number: str) -> tuple[str, str] | None:
        hall = self.hall
        if self.command.day and (hall.day is None or self.command.day != hall.day.label):
            return "day_over", _EXPIRED
        if self.service_id not in hall.plan.services:
            return "service_gone", "业务已撤销，未并入，请人工安排"
        if self.lease is not None and not self.lease.first <= offline.ordinal <= self.lease.last:
            return "outside", "不在预留号段内，未并入，请人工安排"
        if offline.ordinal in self.numbers:
            return "twice", "重复上报，只并入一次"
        if offline.ordinal > LARGEST_ORDINAL:
            return "outside", "不是本大厅会给出的号码，未并入，请人工安排"
        if self._holder_of(number) is not None or (self.lease is None and self._of_another(offline.ordinal)):
            return "taken", "号码已被使用，未并入，请人工安排"
        return None

    def _of_another(self, ordinal: int) -> bool:
        """Whether a number without a valid token may be, or come to be, somebody else's."""
        series = self.hall.plan.services[self.service_id].prefix
        of_series = (
            lease
            for lease in self.hall.leases.values()
            if self.hall.plan.service(lease.service).prefix == series
        )
        return ordinal < LEASES_FROM or any(lease.first <= ordinal <= lease.last for lease in of_series)

    # ------------------------------------------------------------ home

    def _bring_home(self, service: Service, offline: c.OfflineTicket, number: str) -> None:
        hall, day = self.hall, self.hall.day
        assert day is not None
        true_ms = self._true_ms(offline)
        slot_ms = slot_of(true_ms, service.slot_minutes, hall.plan.rules) if service.slot_quota else 0
        reason = green_reason(hall, "", offline.person)
        event = e.TicketIssued(
            at_ms=self.now_ms,
            true_ms=true_ms,
            ticket=f"{day.label}-{number}",
            number=number,
            series=service.prefix,
            ordinal=offline.ordinal,
            day=day.label,
            service=service.id,
            rank=rank_at(true_ms, offline.ordinal),
            visit=visit_of(hall, offline.person),
            items=offline.items if modest(offline.items) else (),
            situation=offline.situation if modest(offline.situation) else (),
            person=offline.person,
            rank_class=Class.GREEN if reason else Class.NORMAL,
            green_reason=reason,
            slot_ms=slot_ms,
            station=self.command.by,
        )
        self.events.append(event)
        if event.person is not None:
            self.taken[event.person.key] += 1
            self.events.extend(hoarding(hall, event.person.key, self.now_ms, self.taken[event.person.key]))
        self._tell_paper(offline, event.ticket)
        if offline.cancelled:
            self._void(event.ticket, offline.cancelled)
            return
        if self._one_per_person(offline, event):
            self._remark(service, offline, event)

    def _true_ms(self, offline: c.OfflineTicket) -> int:
        opened_ms = self.hall.day.opened_ms if self.hall.day else 0
        return min(max(offline.issued_ms, opened_ms), self.now_ms)

    def _tell_paper(self, offline: c.OfflineTicket, ticket: str) -> None:
        told = e.PaperReported(at_ms=self.now_ms, ticket=ticket, paper=offline.paper, station=self.command.by)
        if offline.paper is not Paper.NONE:
            self.events.append(told)
        again = replace(told, paper=Paper.CONFIRMED, reprint=True)
        self.events.extend([again] * min(offline.reprints, MOST_REPRINTS))

    def _one_per_person(self, offline: c.OfflineTicket, event: e.TicketIssued) -> bool:
        """Of two numbers of one person for one service the one taken first stays; True when this one does."""
        if event.person is None:
            return True
        key = event.person.key
        first = self.persons.get(key, "")
        held = None if first else self.hall.held(key, (event.service,))
        if not first and held is not None and not _gives_way(held, event.true_ms):
            first = held.number
        if first:
            reason = f"与 {first} 为同一人同一业务，保留先取的号"
            self._void(event.ticket, reason)
            self._find(
                offline, event.number, "duplicate", reason, waits=False, ticket=event.ticket, other=first
            )
            return False
        self.persons[key] = event.number
        if held is not None:
            reason = f"与 {event.number} 为同一人同一业务，保留先取的号，{held.number} 作废"
            self._void(held.id, reason)
            self._find(
                offline, event.number, "duplicate_other", reason, ticket=event.ticket, other=held.number
            )
        return True

    def _void(self, ticket: str, reason: str) -> None:
        self.events.append(e.TicketCancelled(at_ms=self.now_ms, ticket=ticket, reason=reason, void=True))

    # ------------------------------------------------------------ what the manager should know

    def _remark(self, service: Service, offline: c.OfflineTicket, event: e.TicketIssued) -> None:
        """Merged all the same: the paper is out."""
        remarks: list[tuple[str, str]] = []
        if self.lease is None:
            remarks.append(("fenced", "预留号段已收回，号码没有重复，已并入"))
        if event.true_ms != offline.issued_ms:
            remarks.append(("time", "取号时间超出本业务日，按边界时间排队"))
        elif offline.unsure:
            remarks.append(("unsure", "自助机断电后不能确认取号时间，按推算时间排队"))
        if event.slot_ms and self._over_quota(service, event.slot_ms):
            remarks.append(("quota", "超出该时段限额，已并入"))
        until, day, rules = service.issue_until_minute, self.hall.day, self.hall.plan.rules
        if until >= 0 and day and event.true_ms >= last_minute_before(day.closes_ms, until, rules):
            remarks.append(("after_hours", "停止取号后取的号，已并入"))
        stop = self.hall.stopped.get(service.id)
        if stop is not None and not stop.lifted and stop.at_ms <= event.true_ms:
            remarks.append(("stopped", "该业务停止取号后取的号，已并入"))
        windows = self.hall.windows_for(service.id)
        if not any(self.hall.windows[w.id].status is WindowStatus.OPEN for w in windows):
            remarks.append(("no_window", "该业务暂无开放窗口，已并入等候"))
        if offline.paper in (Paper.NONE, Paper.FAILED):
            remarks.append(("no_paper", "号票没有打印出来，已并入，本人可能不知道号码"))
        for code, sentence in remarks:
            self._find(offline, event.number, code, sentence, ticket=event.ticket)

    def _over_quota(self, service: Service, slot_ms: int) -> bool:
        self.slots[slot_ms] += 1
        taken = self.hall.walk_ins.get((service.id, slot_ms), 0) + self.slots[slot_ms]
        return taken > service.slot_quota

    def _find(
        self,
        offline: c.OfflineTicket,
        number: str,
        code: str,
        sentence: str,
        *,
        waits: bool = True,
        ticket: str = "",
        other: str = "",
    ) -> None:
        self.findings.append(Finding(offline.ordinal, code, sentence, waits))
        self.events.append(
            e.MergeDecided(
                at_ms=self.now_ms,
                token=self.command.token,
                station=self.command.by,
                service=self.service_id,
                number=number,
                code=code,
                sentence=sentence,
                issued_ms=offline.issued_ms,
                waits=waits,
                ticket=ticket,
                other=other,
                masked_name=offline.person.masked_name if offline.person else "",
            )
        )


def _gives_way(held: Ticket, true_ms: int) -> bool:
    """Whether a number taken online later is void beside an earlier one: it waits, for nothing else."""
    return held.issued_ms > true_ms and held.status is TicketStatus.WAITING and not held.also
