"""PURE: blocks of numbers that a station may issue alone: taken, and given up.

A number of a block belongs to that block for the whole business day: neither the hall nor another block
ever brings it again, whatever becomes of the block. The token only says under which block something was
issued; it rises with hall time, so that a hall restored from a backup does not give one twice.
"""

from __future__ import annotations

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.issuing import LEASES_FROM
from hall_server.hall.lookup import Answer, Decision, service_named
from hall_server.hall.model import Hall, Lease, RuleBroken

LARGEST_BLOCK = 200
LEASED_AT_ONCE = 400
"""Numbers of one service that a station may have in its blocks together."""
FENCED = "这批预留号已收回或已合并，请重新预留"
UNHEARD = "自助机没有收到这批预留号，收回"
REPLACED = "自助机的存储已更换，原预留号收回；其中可能有已打印、尚未并入的号，请留意"


def lease_numbers(hall: Hall, command: c.LeaseNumbers, now_ms: int) -> Decision:
    """The next block of the series, never one that was given before. Raises RuleBroken."""
    service = service_named(hall, command.service)
    if not 1 <= command.count <= LARGEST_BLOCK:
        raise RuleBroken("bad_count", f"一次可预留 1 到 {LARGEST_BLOCK} 个号")
    own = [lease for lease in hall.leases.values() if lease.station == command.by]
    lost = [lease for lease in own if lease.holder != command.holder]
    held = sum(
        lease.last - lease.first + 1 for lease in own if lease.service == service.id and lease not in lost
    )
    if held + command.count > LEASED_AT_ONCE:
        raise RuleBroken("too_many", f"本机已预留 {held} 个{service.name}号，请先合并")
    event = e.NumbersLeased(
        at_ms=now_ms,
        token=max(hall.tokens + 1, now_ms),
        station=command.by,
        service=service.id,
        series=service.prefix,
        first=(first := first_of_next(hall, service.prefix, service.first)),
        last=first + command.count - 1,
        holder=command.holder,
    )
    return Decision(
        (*(_given_up(lease, REPLACED, now_ms) for lease in lost), event), Answer(lease=event.token)
    )


def first_of_next(hall: Hall, series: str, first: int) -> int:
    """Where the next block of a series begins: above everything that was ever given of it today."""
    return max(LEASES_FROM, hall.leased.get(series, 0) + 1, hall.issued.get(series, first - 1) + 1)


def renew_leases(hall: Hall, command: c.RenewLeases, now_ms: int) -> Decision:
    """Which blocks are still good; one that this store was given and never heard of is given up."""
    unheard = tuple(
        _given_up(lease, UNHEARD, now_ms)
        for lease in hall.leases.values()
        if lease.station == command.by
        and lease.holder == command.holder
        and lease.token not in command.tokens
    )
    return Decision(unheard, Answer(fenced=fenced(hall, command.by, command.holder, command.tokens)))


def give_up_lease(hall: Hall, command: c.GiveUpLease, now_ms: int) -> Decision:
    """Fence a block off. What its station has put on paper before it hears of this still comes home."""
    lease = hall.leases.get(command.token)
    if lease is None:
        raise RuleBroken("fenced", FENCED)
    return Decision((_given_up(lease, command.reason, now_ms),), Answer(lease=lease.token))


def fenced(hall: Hall, station: str, holder: str, tokens: tuple[int, ...]) -> tuple[int, ...]:
    """Those of the tokens under which this store of the station may issue nothing more."""
    leases = (hall.leases.get(token) for token in tokens)
    good = {lease.token for lease in leases if lease and lease.station == station and lease.holder == holder}
    return tuple(token for token in tokens if token not in good)


def of_a_block(hall: Hall, ticket: str) -> bool:
    """Whether a ticket of today that the hall does not have belongs to a block that a station has."""
    day, _, number = ticket.rpartition("-")
    digits = number.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    if hall.day is None or day != hall.day.label or not digits.isdigit():
        return False
    series = number[: len(number) - len(digits)]
    return any(
        lease.first <= int(digits) <= lease.last and hall.plan.service(lease.service).prefix == series
        for lease in hall.leases.values()
    )


def _given_up(lease: Lease, reason: str, now_ms: int) -> e.LeaseGivenUp:
    return e.LeaseGivenUp(
        at_ms=now_ms, token=lease.token, station=lease.station, service=lease.service, reason=reason
    )
