"""What belongs to the present number besides itself: its guide sheet with 收件, the visit's other numbers,
and to which screens a call of this window is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contract.catalogue import Catalogue, Item
from contract.guide_sheet import Bring, answers_told_by, materials
from hall_server.hall import commands as c
from hall_server.hall.lookup import STATUS_TEXT
from hall_server.hall.model import Hall, Outcome, Papers, Ticket
from hall_server.hall.pictures import boards_of
from hall_server.hall.plan import Plan
from hall_server.web.actions import ASKING, refusal

WITHOUT_RESULT = frozenset(
    {Outcome.MISSING_MATERIAL, Outcome.NO_AUTHORITY, Outcome.ELSEWHERE, Outcome.SYSTEM_FAULT}
)
NOTICE_REASON = {
    Outcome.MISSING_MATERIAL: "材料不齐全或不符合法定形式",
    Outcome.NO_AUTHORITY: "授权不足：须由本人办理，或出具有效的委托手续",
    Outcome.ELSEWHERE: "须先由原单位（原经办机关）办理",
    Outcome.SYSTEM_FAULT: "系统故障，暂时不能办理",
}
COMPLAINTS = "办不成事"
SAME_VISIT = "同一来访"
BRING_TEXT = {
    Bring.NEEDED: "",
    Bring.MAY_BE_MISSING: "可容缺",
    Bring.NOT_SUBMITTED: "免提交",
    Bring.IF_ASKED: "视情况",
}
KEYS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One paper of the list; ``key`` ticks it off, '' when the alphabet is used up."""

    name: str
    hint: str
    needed: bool
    taken: bool
    key: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """收件清单: the papers of the number's items in its situation, as the kiosk showed them."""

    lines: tuple[SheetLine, ...] = ()
    unknown_situation: bool = False

    @property
    def taken(self) -> int:
        """How many are ticked off."""
        return sum(line.taken for line in self.lines)


@dataclass(frozen=True, slots=True)
class Other:
    """Another open number of the same visit; ``why_not`` it cannot be called here now, or ''."""

    ticket: str
    number: str
    service: str
    status_text: str
    why_not: str


class Sheets:
    """Guide sheets of the catalogue in force; looks it up anew only when another one is."""

    def __init__(self, catalogue: Callable[[], Catalogue]) -> None:
        self._catalogue = catalogue
        self._known: Catalogue | None = None
        self._items: dict[str, Item] = {}

    def item(self, code: str) -> Item | None:
        """An item of the catalogue in force."""
        now = self._catalogue()
        if now is not self._known:
            self._items = {item.code: item for item in now.items}
            self._known = now
        return self._items.get(code)

    def of(self, ticket: Ticket, papers: Papers | None) -> Sheet:
        """The list of a number, with what has been taken in; papers taken that are on no list come last."""
        taken = papers.taken if papers is not None else ()
        found: dict[str, SheetLine] = {}
        unknown = False
        for item in filter(None, map(self.item, ticket.items)):
            answers = answers_told_by(item, ticket.situation)
            unknown = unknown or None in answers
            for paper in materials(item, answers):
                hints = (BRING_TEXT[paper.bring], f"{paper.copies} 份" if paper.copies else "", paper.source)
                hint = " · ".join(filter(None, hints))
                key = KEYS[len(found)] if len(found) < len(KEYS) else ""
                needed = paper.bring is Bring.NEEDED
                line = SheetLine(paper.name, hint, needed, paper.name in taken, key)
                found.setdefault(paper.name, line)
        for name in taken:
            found.setdefault(name, SheetLine(name, "", needed=False, taken=True, key=""))
        return Sheet(tuple(found.values()), unknown)


def complaints_at(plan: Plan) -> str:
    """The label of the window for who could not get it done (办不成事反映窗口), '' when there is none."""
    return next((w.label for w in plan.windows.values() if COMPLAINTS in w.name), "")


def others_of(hall: Hall, ticket: Ticket, now_ms: int) -> tuple[Other, ...]:
    """The visit's other open numbers, found by the person who holds them."""
    if ticket.person is None:
        return ()
    held = (hall.tickets[t] for t in hall.by_person.get(ticket.person.key, ()) if t != ticket.id)
    return tuple(_other(hall, ticket.window, t, now_ms) for t in held if t.visit == ticket.visit)


def _other(hall: Hall, window: str, ticket: Ticket, now_ms: int) -> Other:
    call = c.CallTicket(request="", by=ASKING, window=window, ticket=ticket.id, reason=SAME_VISIT)
    service = hall.plan.services.get(ticket.service)
    return Other(
        ticket.id,
        ticket.number,
        service.name if service else ticket.service,
        STATUS_TEXT[ticket.status],
        refusal(hall, call, now_ms),
    )


def sent_to(hall: Hall, window_id: str) -> tuple[str, ...]:
    """Which screens a call of this window goes to; for a call whose confirmations are not known any more."""
    window = hall.plan.windows.get(window_id)
    if window is None:
        return ()
    return (*(f"{board.title}及语音" for board in boards_of(hall, window)), f"{window.label}屏")
