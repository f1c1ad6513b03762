"""PURE: the whole story of one visit: every event of its numbers, when, who, and who was told what.

Sentences are Chinese, as data: a page only sets them. What an undo took back stays in the story, because it
happened; measurements leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from contract.clock import china
from contract.messages import Paper
from hall_server.hall import events as e
from hall_server.hall.evaluation import GRADE_TEXT, TAGS, Grade
from hall_server.hall.model import FOLLOW_UP_TEXT, OUTCOME_TEXT, Class
from hall_server.hall.plan import Plan
from hall_server.reports.words import REASON_TEXT, lasted_text, sender_text, window_text

_PAPER_TEXT = {
    Paper.NONE: "没有打印纸票",
    Paper.SENT: "纸票已送打印机，尚未确认",
    Paper.CONFIRMED: "纸票已打印",
    Paper.UNKNOWN: "纸票是否打出不详",
    Paper.FAILED: "纸票没有打出，屏幕显示大号码",
}


class Heard(Protocol):
    """An event with its place in the journal and who asked for it."""

    @property
    def seq(self) -> int:
        """Its number in the journal."""

    @property
    def day(self) -> str:
        """Label of its business day."""

    @property
    def sender(self) -> str:
        """The box, window or clock that gave the command."""

    @property
    def event(self) -> e.Event:
        """What happened."""


@dataclass(frozen=True, slots=True)
class Line:
    """One event: ``who`` did it, what happened, and what was ``told`` to whom."""

    seq: int
    at_ms: int
    time: str
    kind: str
    ticket: str
    number: str
    who: str
    sentence: str
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """A visit: its numbers and its lines in the order of the journal."""

    visit: str
    day: str
    masked_name: str
    numbers: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(slots=True)
class _Story:
    """What is known while the events of a day are read."""

    plan: Plan
    number: dict[str, str] = field(default_factory=dict)
    name: dict[str, str] = field(default_factory=dict)
    visit: dict[str, str] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)


def trace(entries: Iterable[Heard], name: str, plan: Plan) -> Trace | None:
    """The visit of a number's id (``20261121-A012``) or of a visit's; None when the day knows no such.

    ``entries``: all events of its business day; ``plan``: the description to begin with.
    """
    story = _Story(plan)
    told: list[tuple[Heard, tuple[str, ...], str, tuple[str, ...], Plan]] = []
    for entry in entries:
        event = entry.event
        tell = _TELL.get(type(event))
        if tell is None:
            if isinstance(event, e.PlanPublished):
                story.plan = event.plan
            continue
        sentence, said = tell(story, event)
        told.append((entry, _concerned(event), sentence, said, story.plan))
    visit = story.visit.get(name, name)
    tickets = tuple(ticket for ticket, of in story.visit.items() if of == visit)
    if not tickets:
        return None
    lines = [
        Line(
            seq=entry.seq,
            at_ms=entry.event.at_ms,
            time=china(entry.event.at_ms).strftime("%H:%M:%S"),
            kind=type(entry.event).__name__,
            ticket=ticket,
            number=story.number[ticket],
            who=sender_text(then, entry.sender),
            sentence=sentence.replace("{number}", story.number[ticket]),
            told=tuple(words.replace("{number}", story.number[ticket]) for words in said),
        )
        for entry, concerned, sentence, said, then in told
        for ticket in concerned
        if ticket in tickets
    ]
    return Trace(
        visit=visit,
        day=told[0][0].day,
        masked_name=next((story.name[t] for t in tickets if story.name[t]), ""),
        numbers=tuple(story.number[ticket] for ticket in tickets),
        lines=tuple(lines),
    )


def _concerned(event: e.Event) -> tuple[str, ...]:
    if isinstance(event, e.ActionUndone):
        return tuple(ticket.id for ticket in event.tickets)
    if isinstance(event, e.DayClosed):
        return event.expired
    if isinstance(event, e.PoorFollowed):
        return (event.call.rpartition(":")[0],)
    ticket: str = getattr(event, "ticket", "")
    return (ticket,)


# ---------------------------------------------------------------- sentences

_Told = tuple[str, tuple[str, ...]]


def _issued(story: _Story, event: e.TicketIssued) -> _Told:
    story.number[event.ticket] = event.number
    story.visit[event.ticket] = event.visit or event.ticket
    story.name[event.ticket] = event.person.masked_name if event.person else ""
    story.since[event.ticket] = event.true_ms or event.at_ms
    names = "、".join(story.plan.service(s).name for s in (event.service, *event.also))
    parts = [f"取号 {event.number}：{names}"]
    if event.items:
        parts.append("事项：" + "、".join(story.plan.item_names.get(i, i) for i in event.items))
    if event.situation:
        parts.append("情形：" + "、".join(event.situation))
    if event.rank_class is Class.GREEN:
        parts.append(f"绿色通道（{REASON_TEXT.get(event.green_reason, event.green_reason)}）")
    if event.arrival is not None:
        parts.append(f"预约签到（{REASON_TEXT[event.arrival.value]}）")
    if event.agent:
        parts.append(f"代办取号（{event.agent_reason}）")
    if event.true_ms:
        taken = china(event.true_ms).strftime("%H:%M:%S")
        parts.append(f"取号机离线时于 {taken} 发出，此时合并")
    return "；".join(parts), ("取号屏幕和号票：号码 {number}、等候人数与时间",)


def _paper(_story: _Story, event: e.PaperReported) -> _Told:
    return ("补打：" if event.reprint else "") + _PAPER_TEXT[event.paper], ()


def _called(story: _Story, event: e.TicketCalled) -> _Told:
    waited = event.at_ms - story.since.get(event.ticket, event.at_ms)
    where = window_text(story.plan, event.window)
    clerk = f"（工号 {event.clerk}）" if event.clerk else ""
    why = f"，不按顺序直接呼叫，理由：{event.reason}" if event.reason else ""
    return f"{where}{clerk}叫号，距取号 {lasted_text(waited)}{why}", _call_told(story, event.window)


def _recalled(story: _Story, event: e.TicketRecalled) -> _Told:
    return f"{window_text(story.plan, event.window)}重呼", _call_told(story, event.window)


def _call_told(story: _Story, window: str) -> tuple[str, ...]:
    """Screens and voices that a call from this window reaches."""
    label = window_text(story.plan, window)
    found = story.plan.windows.get(window)
    boards = [b for b in story.plan.boards.values() if found is not None and found.zone in b.zones]
    said = [f"综合屏“{b.title}”显示并播报：{{number}} 请到{label}办理" for b in boards]
    return (*said, f"{label}窗口屏显示 {{number}}", "手机页面提示叫号")


def _arrived(story: _Story, event: e.TicketArrived) -> _Told:
    first = f"，首问负责：{window_text(story.plan, event.responsible)}" if event.responsible else ""
    return f"到{window_text(story.plan, event.window)}，开始办理{first}", ()


def _finished(story: _Story, event: e.TicketFinished) -> _Told:
    how = "（由“下一位”结束）" if event.by_next else ""
    note = f"，说明：{event.note}" if event.note else ""
    missing = f"，还缺：{'、'.join(event.missing)}" if event.missing else ""
    where = window_text(story.plan, event.window)
    return f"{where}结束：{OUTCOME_TEXT[event.outcome]}{how}{missing}{note}", ()


def _papers_taken(story: _Story, event: e.PapersTaken) -> _Told:
    return f"{window_text(story.plan, event.window)}收件：{'、'.join(event.papers) or '无'}", ()


def _sent_back(story: _Story, event: e.TicketSentBack) -> _Told:
    here, back = window_text(story.plan, event.window), window_text(story.plan, event.to_window)
    return f"{here}办完，转回{back}等候", ("综合屏撤下 {number}",)


def _no_show(story: _Story, event: e.TicketNoShow) -> _Told:
    then = "按规则排回队列" if event.rank is not None else "号作废" if event.void else "退出队列，可召回"
    return f"未到{window_text(story.plan, event.window)}，过号：{then}", ("综合屏撤下 {number}",)


def _transferred(story: _Story, event: e.TicketTransferred) -> _Told:
    to = story.plan.service(event.service).name
    at = window_text(story.plan, event.to_window) if event.to_window else ""
    clerk = f"工号 {event.to_clerk}" if event.to_clerk else ""
    back = "，办完转回" if event.return_to else ""
    note = f"，说明：{event.note}" if event.note else ""
    here = window_text(story.plan, event.window)
    return f"{here}转往“{to}”{at}{clerk}{back}，保留首次取号时间{note}", ("综合屏撤下 {number}",)


def _unbound(_story: _Story, _event: e.TicketUnbound) -> _Told:
    return "指定的窗口或人员已离开，改由任何可办窗口呼叫", ()


def _parked(story: _Story, event: e.TicketParked) -> _Told:
    until = china(event.until_ms).strftime("%H:%M")
    why = f"，理由：{event.reason}" if event.reason else ""
    return f"{window_text(story.plan, event.window)}挂起至 {until}{why}", ("综合屏撤下 {number}",)


def _returned(story: _Story, event: e.TicketReturned) -> _Told:
    if event.visit:
        story.visit[event.ticket] = event.visit
    return ("回到队列等候" if event.rank is None else "过号召回，回到队列"), ()


def _cancelled(_story: _Story, event: e.TicketCancelled) -> _Told:
    why = f"，理由：{event.reason}" if event.reason else ""
    return ("作废" if event.void else "持号人取消") + why, ()


def _postponed(_story: _Story, event: e.TicketPostponed) -> _Told:
    if not event.until_ms:
        return "持号人还需要时间，排到后面", ()
    until = china(event.until_ms).strftime("%H:%M")
    return f"持号人还需要时间，保留位置至 {until}", ()


def _evaluated(story: _Story, event: e.ServiceEvaluated) -> _Told:
    tags = "、".join(TAGS[tag] for tag in event.tags if tag in TAGS)
    said = "，".join(part for part in (tags, event.words) if part)
    where = window_text(story.plan, event.at_window)
    grade = GRADE_TEXT[Grade(event.grade)]
    return f"评价{where}的服务：{grade}{f'（{said}）' if said else ''}", ()


def _guided(_story: _Story, event: e.HelpEnded) -> _Told:
    return f"导办说明：{event.note}", ("窗口叫到 {number} 时操作页显示",)


def _followed(_story: _Story, event: e.PoorFollowed) -> _Told:
    return f"差评{FOLLOW_UP_TEXT[event.step]}：{event.note}", ()


def _undone(story: _Story, event: e.ActionUndone) -> _Told:
    what = REASON_TEXT.get(event.what, event.what)
    return f"{window_text(story.plan, event.window)}撤销“{what}”，恢复到之前的状态", ("综合屏相应更正",)


def _decided(_story: _Story, event: e.MergeDecided) -> _Told:
    return f"离线取号合并：{event.sentence}", ()


def _closed(_story: _Story, _event: e.DayClosed) -> _Told:
    return "业务日关闭，仍未结束的号过期", ()


_TELL: dict[type[e.Event], Callable[..., _Told]] = {
    e.TicketIssued: _issued,
    e.PaperReported: _paper,
    e.TicketCalled: _called,
    e.TicketRecalled: _recalled,
    e.TicketArrived: _arrived,
    e.TicketFinished: _finished,
    e.PapersTaken: _papers_taken,
    e.TicketSentBack: _sent_back,
    e.TicketNoShow: _no_show,
    e.TicketTransferred: _transferred,
    e.TicketUnbound: _unbound,
    e.TicketParked: _parked,
    e.TicketReturned: _returned,
    e.TicketCancelled: _cancelled,
    e.TicketPostponed: _postponed,
    e.ServiceEvaluated: _evaluated,
    e.HelpEnded: _guided,
    e.PoorFollowed: _followed,
    e.ActionUndone: _undone,
    e.MergeDecided: _decided,
    e.DayClosed: _closed,
}
