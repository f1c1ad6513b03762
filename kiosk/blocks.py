"""PURE: numbers that this kiosk may issue while the hall is away, and those that it did issue.

A number is real from the moment its record is on this kiosk's disk. What the kiosk knows to be open are
its own numbers that are not home yet: nobody can have called them. For these it keeps one number per
person and service, and the hall's limit per person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from contract.messages import NumberLease, OfflineTicket, Paper, Person, TicketSlip

LEAST, MOST = 20, 200
"""Numbers kept ready for one service: at least, at most (the hall gives no larger blocks)."""
CHUNK = 40
"""Numbers in one merge: about 16 kB, a quarter of what a message may carry."""

NO_TIME = "离线时无法确认时间，暂不能取号，请到导办台取号"
NEVER_LEASED = "网络中断，本机没有这项业务的预留号，请到导办台取号"
USED_UP = "网络中断，本机预留的号已取完，请到导办台取号"
FENCED = "本机的预留号已被大厅收回，请等网络恢复，或到导办台取号"
DAY_OVER = "业务日已结束，本机预留的号已失效，请等网络恢复，或到导办台咨询"
STOPPED = "今天已停止取号，请明天再来或预约"
TOO_MANY = "您已有 {count} 个未办的号，请先办理其中一个"


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A leased block and the next ordinal to be issued; ``fenced``: the hall took it back."""

    lease: NumberLease
    next: int
    fenced: bool = False

    @property
    def left(self) -> int:
        """Numbers that were not issued."""
        return 0 if self.fenced else self.lease.last - self.next + 1

    def usable(self, now_ms: int) -> bool:
        """Whether the next number may be issued at this hall time."""
        return self.left > 0 and now_ms < self.lease.closes_ms and not self.stopped(now_ms)

    def stopped(self, now_ms: int) -> bool:
        """Whether the service gives no numbers any more today."""
        return 0 < self.lease.until_ms <= now_ms


class Lone(msgspec.Struct, frozen=True, kw_only=True):
    """A number that was issued alone. ``id`` is unique; ``instead_of`` is a request to the hall that got no
    answer before: its number, if there is one, goes. ``home`` once the hall has it."""

    id: str
    token: int
    service: str
    ordinal: int
    slip: TicketSlip
    issued_ms: int
    unsure: bool = False
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    paper: Paper = Paper.NONE
    reprints: int = 0
    cancelled: str = ""
    instead_of: str = ""
    home: bool = False

    def wire(self) -> OfflineTicket:
        """As the hall gets it."""
        return OfflineTicket(
            ordinal=self.ordinal,
            issued_ms=self.issued_ms,
            unsure=self.unsure,
            items=self.items,
            situation=self.situation,
            person=self.person,
            paper=self.paper,
            reprints=self.reprints,
            cancelled=self.cancelled,
        )


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a citizen wants a number for; ``names`` are the items' names for the paper."""

    id: str
    service: str
    items: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None
    instead_of: str = ""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: a new number with its block as it is then, or one that the person has, or a refusal."""

    lone: Lone | None = None
    block: Block | None = None
    existing: bool = False
    refusal: str = ""


def give(
    blocks: Iterable[Block], away: Iterable[Lone], asked: Asked, now_ms: int | None, *, unsure: bool = False
) -> Given:
    """The next number for this wish; ``away`` are the numbers that are not home yet."""
    if now_ms is None:
        return Given(refusal=NO_TIME)
    mine = [block for block in blocks if block.lease.service == asked.service]
    block = next((each for each in _by_token(mine) if each.usable(now_ms)), None)
    held = _held(away, asked.person, now_ms, mine)
    for lone in held:
        if lone.service == asked.service:
            return Given(lone=lone, existing=True)
    if block is None:
        return Given(refusal=why_not(mine, now_ms))
    if 0 < block.lease.open_per_person <= len(held):
        return Given(refusal=TOO_MANY.format(count=len(held)))
    lone = Lone(
        id=asked.id,
        token=block.lease.token,
        service=asked.service,
        ordinal=block.next,
        slip=_slip(block, asked, now_ms),
        issued_ms=now_ms,
        unsure=unsure,
        items=asked.items,
        situation=asked.situation,
        person=asked.person,
        instead_of=asked.instead_of,
    )
    return Given(lone=lone, block=msgspec.structs.replace(block, next=block.next + 1))


def why_not(blocks: Iterable[Block], now_ms: int) -> str:
    """Why none of a service's blocks brings a number, and what to do."""
    mine = list(blocks)
    if not mine:
        return NEVER_LEASED
    if all(now_ms >= block.lease.closes_ms for block in mine):
        return DAY_OVER
    today = [block for block in mine if now_ms < block.lease.closes_ms]
    if any(block.stopped(now_ms) for block in today):
        return f"{today[0].lease.name}{STOPPED}"
    return FENCED if all(block.fenced for block in today) else USED_UP


def left(blocks: Iterable[Block], now_ms: int | None) -> dict[str, int]:
    """Numbers that may still be issued, by service; 0 for a service whose blocks bring none now."""
    found: dict[str, int] = {}
    for block in blocks:
        usable = now_ms is not None and block.usable(now_ms)
        service = block.lease.service
        found[service] = found.get(service, 0) + (block.left if usable else 0)
    return found


def wanted(demand: int) -> int:
    """How many numbers of a service to keep ready: as many as a whole day brings at this kiosk."""
    return min(max(demand, LEAST), MOST)


def to_lease(ready: int, demand: int) -> int:
    """How many numbers to lease now; 0 while at least half of those wanted are ready."""
    enough = wanted(demand)
    return enough - ready if ready < (enough + 1) // 2 else 0


def chunks(away: Iterable[Lone]) -> list[list[Lone]]:
    """Numbers to be brought home, oldest first, those of one block together, bounded in size."""
    found: list[list[Lone]] = []
    for lone in sorted(away, key=lambda each: (each.issued_ms, each.ordinal)):
        for chunk in found:
            if chunk[0].token == lone.token and len(chunk) < CHUNK:
                chunk.append(lone)
                break
        else:
            found.append([lone])
    return found


def demand_of(counts: Mapping[str, Mapping[str, int]], service: str) -> int:
    """Numbers of a service on this kiosk's busiest day of those it remembers."""
    return max((services.get(service, 0) for services in counts.values()), default=0)


def _by_token(blocks: Iterable[Block]) -> list[Block]:
    return sorted(blocks, key=lambda block: block.lease.token)


def _held(away: Iterable[Lone], person: Person | None, now_ms: int, blocks: Iterable[Block]) -> list[Lone]:
    """Numbers of this person that are surely open: issued here, of today, not home, not cancelled."""
    days = {block.lease.day for block in blocks if now_ms < block.lease.closes_ms}
    return [
        lone
        for lone in away
        if person is not None
        and lone.person is not None
        and lone.person.key == person.key
        and not lone.cancelled
        and (not days or lone.slip.business_day in days)
    ]


def _slip(block: Block, asked: Asked, now_ms: int) -> TicketSlip:
    lease = block.lease
    number = f"{lease.series}{block.next:0{lease.width}d}"
    ticket = f"{lease.day}-{number}"
    place = block.next - lease.first
    seal = lease.seals[place] if place < len(lease.seals) else ""
    return TicketSlip(
        ticket=ticket,
        number=number,
        hall=lease.hall,
        zone=lease.zone,
        service=lease.name,
        items=asked.names,
        windows=lease.windows,
        issued_ms=now_ms,
        business_day=lease.day,
        qr=f"{lease.qr}{ticket}.{seal}" if lease.qr and seal else "",
        notes=lease.notes,
        masked_name=asked.person.masked_name if asked.person else "",
        alone=True,
    )
