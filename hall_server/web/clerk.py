"""The clerk's page as a value: read from the hall on its own thread, drawn elsewhere.

``ClerkPage`` is one kind of live page (see live.py): it says when it is stale, what it reads, and
which fragments it draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from contract.messages import Paper, TicketStatus, WindowStatus
from hall_server.call_story import CallTold
from hall_server.confirmations import Confirmations
from hall_server.hall import commands as c
from hall_server.hall.entrusting import NOTHING, Awaited, Entrusted, awaits, entrusted_at
from hall_server.hall.lookup import STATUS_TEXT
from hall_server.hall.model import OUTCOME_TEXT, Asked, Hall, Ticket
from hall_server.hall.pictures import HallView
from hall_server.hall.plan import Plan
from hall_server.web.actions import ASKING, forbidden, refusal
from hall_server.web.clerk_sheet import WITHOUT_RESULT, Other, Sheet, Sheets, others_of, sent_to
from hall_server.web.rendering import Rendering

FRAGMENTS = ("state", "ticket", "bar", "queues", "parked", "endings", "recent", "undo", "help")
NEXT_SHOWN = 4
RECENT_SHOWN = 8
FLAG_TEXT = {"age60": "60周岁以上", "age70": "70周岁以上", "age80": "80周岁以上"}
GREEN_TEXT = {
    "age": "老年人",
    "disabled": "残疾人",
    "serviceman": "军人",
    "pregnant": "孕妇",
    "talent": "人才卡",
}
STATE_TEXT = {WindowStatus.OPEN: "开放", WindowStatus.PAUSED: "暂停", WindowStatus.CLOSED: "关闭"}
UNDO_TEXT = {
    "call": "呼叫 {}",
    "next": "下一位（{}）",
    "arrive": "{} 到窗",
    "finish": "{} 办结",
    "no_show": "{} 过号",
    "transfer": "{} 转移",
    "park": "{} 挂起",
}
_SAMPLE = "SAMPLE-"


@dataclass(frozen=True, slots=True)
class Shown:
    """The number at the window. Instants are hall time; ``waited_ms`` is 0 before the person came. ``calls``:
    its call here and the recalls, oldest first, as far as the hall knows what became of them."""

    ticket: str
    number: str
    status: TicketStatus
    status_text: str
    service_id: str
    service: str
    items: tuple[str, ...]
    sample: bool
    situation: tuple[str, ...]
    masked_name: str
    green: str
    flags: tuple[str, ...]
    issued_ms: int
    called_ms: int
    arrived_ms: int
    recalls: int
    recall_limit: int
    note: str
    note_title: str
    guided: tuple[str, ...]
    no_paper: bool
    responsible: str
    came_back: bool
    sent_to: tuple[str, ...]
    sheet: Sheet
    others: tuple[Other, ...]
    calls: tuple[CallTold, ...]

    @property
    def advice(self) -> str:
        """What the clerk does about a call that did not reach people; '' once the person is there."""
        return self.calls[-1].advice if self.calls and self.status is TicketStatus.CALLED else ""


@dataclass(frozen=True, slots=True)
class Parked:
    """A number set aside that this window can call."""

    ticket: str
    number: str
    service: str
    until_ms: int
    reason: str
    why_not: str


@dataclass(frozen=True, slots=True)
class Head:
    """One of the next numbers of a queue."""

    ticket: str
    number: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Who waits for one service of this window: how many, and the next numbers."""

    service: str
    name: str
    waiting: int
    heads: tuple[Head, ...]


@dataclass(frozen=True, slots=True)
class Recent:
    """One of the last calls of this window and what became of it; ``no_result``: a notice may be printed."""

    ticket: str
    number: str
    no_result: bool
    service: str
    called_ms: int
    recalls: int
    status_text: str


@dataclass(frozen=True, slots=True)
class Undoing:
    """What may be taken back, in words, and until when."""

    words: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Ringing:
    """The clerk rang the manager: since when, about what, who comes ('' nobody yet)."""

    at_ms: int
    about: str
    by: str


@dataclass(frozen=True, slots=True)
class Counter:
    """All that a clerk's page shows of one window at one moment; ``mark`` of Confirmations; ``awaiting``:
    where open numbers stand that he took first, or moved last and may take back: news comes from there."""

    window: str
    status: WindowStatus
    status_text: str
    reason: str
    present: Shown | None
    waiting: int
    queues: tuple[Queue, ...]
    parked: tuple[Parked, ...]
    recent: tuple[Recent, ...]
    forbidden: dict[str, str]
    undoing: Undoing | None
    help: Ringing | None
    endings: tuple[Entrusted, ...] = ()
    awaiting: Awaited = NOTHING
    mark: int = 0

    @property
    def due_ms(self) -> int:
        """When it reads differently by time alone, 0 = never."""
        return min((c.due_ms for c in self.present.calls if c.due_ms), default=0) if self.present else 0


@dataclass(frozen=True, slots=True)
class ClerkPage:
    """The live page of one window; equal pages share what is read and drawn."""

    window: str
    plan: Plan = field(compare=False)
    sheets: Sheets = field(compare=False)
    now_ms: Callable[[], int] = field(compare=False)
    rendering: Rendering = field(compare=False)
    calls: Confirmations = field(default_factory=Confirmations, compare=False)

    def changed(self, seen: Counter, old: HallView, new: HallView) -> bool:
        """Whether anything that the page shows may differ; its services are those that it showed last,
        because a window's skills change live (and its own picture with them)."""
        return (
            old.windows.get(self.window) is not new.windows.get(self.window)
            or old.present.get(self.window) is not new.present.get(self.window)
            or any(old.queues.get(q.service) is not new.queues.get(q.service) for q in seen.queues)
            or old.parked != new.parked
            or old.helps != new.helps
            or bool(seen.present and seen.present.others)
            or any(old.windows.get(w) is not new.windows.get(w) for w in seen.awaiting.windows)
            or any(old.queues.get(s) is not new.queues.get(s) for s in seen.awaiting.services)
            or self.calls.mark(self.window) != seen.mark
            or 0 < seen.due_ms <= self.now_ms()
        )

    def read(self, hall: Hall) -> Counter:
        """On the hall's thread: quick, and everything that leaves is immutable."""
        return counter(hall, self.window, self.now_ms(), self.sheets, self.calls)

    def render(self, seen: Counter) -> dict[str, str]:
        """Fragment id -> HTML."""
        return {name: self.rendering.page(f"clerk/{name}.html", c=seen, live=True) for name in FRAGMENTS}


def counter(
    hall: Hall, window_id: str, now_ms: int, sheets: Sheets, calls: Confirmations | None = None
) -> Counter:
    """Read one window; scans nothing that grows with the number of tickets."""
    mark = calls.mark(window_id) if calls is not None else 0
    now, present = hall.windows[window_id], hall.ticket_at(window_id)
    stopped = forbidden(hall, window_id, now_ms)
    queues = tuple(_queue(hall, s) for s in hall.skills[window_id] if s in hall.plan.services)
    undoable = hall.undoable[window_id].after if "undo" not in stopped else ()
    return Counter(
        window=window_id,
        status=now.status,
        status_text=STATE_TEXT[now.status],
        reason=now.reason,
        present=_shown(hall, present, sheets, now_ms, calls) if present else None,
        waiting=sum(q.waiting for q in queues),
        queues=queues,
        parked=tuple(
            _parked(hall, window_id, t, now_ms)
            for _, t in hall.parked
            if hall.tickets[t].service in hall.skills[window_id]
        ),
        recent=tuple(islice(_recent(hall, window_id), RECENT_SHOWN)),
        forbidden=stopped,
        undoing=_undoing(hall, window_id) if "undo" not in stopped else None,
        help=_ringing(hall, window_id),
        endings=entrusted_at(hall, window_id),
        awaiting=awaits(hall, window_id, (ticket.id for ticket in undoable)),
        mark=mark,
    )


def _shown(hall: Hall, ticket: Ticket, sheets: Sheets, now_ms: int, calls: Confirmations | None) -> Shown:
    person = ticket.person
    return Shown(
        ticket=ticket.id,
        number=ticket.number,
        status=ticket.status,
        status_text={TicketStatus.CALLED: "呼叫中", TicketStatus.SERVING: "办理中"}[ticket.status],
        service_id=ticket.service,
        service=" + ".join(_service_name(hall, s) for s in (ticket.service, *ticket.also)),
        items=tuple(hall.plan.item_names.get(code, code) for code in ticket.items),
        sample=any(code.startswith(_SAMPLE) for code in ticket.items),
        situation=ticket.situation,
        masked_name=person.masked_name if person else "",
        green=GREEN_TEXT.get(ticket.green_reason, ticket.green_reason),
        flags=tuple(FLAG_TEXT.get(flag, flag) for flag in person.flags) if person else (),
        issued_ms=ticket.issued_ms,
        called_ms=ticket.called_ms,
        arrived_ms=ticket.arrived_ms,
        recalls=ticket.recalls,
        recall_limit=hall.plan.rules.recalls_before_no_show,
        note=ticket.note,
        note_title="转入说明" if ticket.transfers else "备注",
        guided=hall.guided.get(ticket.id, ()),
        no_paper=ticket.paper in (Paper.FAILED, Paper.UNKNOWN),
        responsible=_responsible(hall, ticket.responsible),
        came_back=bool(ticket.return_to),
        sent_to=sent_to(hall, ticket.window),
        sheet=sheets.of(ticket, hall.papers.get(ticket.id)),
        others=others_of(hall, ticket, now_ms),
        calls=calls.of_ticket(ticket.id, ticket.calls, ticket.recalls + 1) if calls is not None else (),
    )


def _queue(hall: Hall, service: str) -> Queue:
    heads = tuple(Head(t, hall.tickets[t].number) for t in hall.heads(service, NEXT_SHOWN))
    return Queue(service, _service_name(hall, service), hall.waiting.get(service, 0), heads)


def _parked(hall: Hall, window: str, ticket_id: str, now_ms: int) -> Parked:
    ticket = hall.tickets[ticket_id]
    call = c.CallParked(request="", by=ASKING, window=window, ticket=ticket_id)
    return Parked(
        ticket.id,
        ticket.number,
        _service_name(hall, ticket.service),
        ticket.parked_until_ms,
        ticket.note,
        refusal(hall, call, now_ms),
    )


def _recent(hall: Hall, window: str) -> list[Recent]:
    rows = []
    for row in hall.recent:
        ticket = hall.tickets.get(row.ticket)
        if row.window != window or ticket is None:
            continue
        ended = OUTCOME_TEXT[ticket.outcome] if ticket.outcome else STATUS_TEXT[ticket.status]
        rows.append(
            Recent(
                ticket.id,
                row.number,
                ticket.outcome in WITHOUT_RESULT,
                _service_name(hall, row.service),
                row.called_ms,
                row.recalls,
                ended,
            )
        )
    return rows


def _undoing(hall: Hall, window: str) -> Undoing:
    """Only asked when an undo is allowed."""
    last = hall.undoable[window]
    numbers = "、".join(ticket.number for ticket in last.before)
    words = UNDO_TEXT.get(last.what, last.what).format(numbers)
    return Undoing(words, last.at_ms + hall.plan.rules.undo_seconds * 1000)


def _ringing(hall: Hall, window: str) -> Ringing | None:
    """The clerk's call that the manager has not ended."""
    for call in hall.helps.values():
        if call.asked is Asked.MANAGER and call.window == window and not call.ended_ms:
            return Ringing(call.at_ms, call.about, call.taken_by.rpartition(":")[2])
    return None


def _responsible(hall: Hall, who: str) -> str:
    """首问负责: the first clerk of the visit, or the window when nobody was signed in there."""
    window = hall.plan.windows.get(who)
    return window.label if window else f"工号 {who}" if who else ""


def _service_name(hall: Hall, service: str) -> str:
    found = hall.plan.services.get(service)
    return found.name if found else service
