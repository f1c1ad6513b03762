"""PURE: a hall described anew while people wait: what forbids it, and what it changes.

A publication goes through every number once, as the close of the day does; it happens a few times a
month. The plan stands in the event, so a replay decides by the description that was in force then.
"""

from __future__ import annotations

from collections.abc import Iterable

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.lookup import Decision
from hall_server.hall.model import Hall, Published, RuleBroken, at_start, own_skills
from hall_server.hall.plan import Plan
from hall_server.hall.staffing import unbound

_NAMED = 8


def publish(hall: Hall, command: c.PublishPlan, now_ms: int) -> Decision:
    """Put another plan in force. Raises RuleBroken when someone would be left without a queue or window."""
    now, plan = hall.published, command.plan
    if command.base is not None and command.base != now.version:
        raise RuleBroken(
            "plan_moved",
            f"大厅设置已更新到第 {now.version} 版，您依据的是第 {command.base} 版，请核对后再发布",
        )
    if command.file and command.file == now.file:
        return Decision(())
    if not command.file and plan == hall.plan and command.document in ("", now.document):
        raise RuleBroken("same_plan", "与现行设置相同，没有可发布的内容")
    for code, sentence in obstacles(hall, plan):
        raise RuleBroken(code, sentence)
    event = e.PlanPublished(
        at_ms=now_ms,
        version=now.version + 1,
        plan=plan,
        by=command.by,
        file=command.file or now.file,
        document=command.document,
        note=command.note,
    )
    return Decision((event, *_set_free(hall, plan, now_ms)))


def _set_free(hall: Hall, plan: Plan, now_ms: int) -> Iterable[e.Event]:
    """Numbers that wait for a window alone, or for who sits there, which the plan does not let do them."""
    skills = _skills_under(hall, hall.plan, plan)
    for window, now in hall.windows.items():
        yield from unbound(hall, window, now.clerk, now_ms, skills.get(window, {}))


def obstacles(hall: Hall, plan: Plan) -> Iterable[tuple[str, str]]:
    """(code, sentence) of everything in the hall that the plan leaves without a place."""
    if plan.id != hall.plan.id:
        yield "other_hall", f"编号为“{plan.id}”的设置属于另一个大厅"
    if stranded := hall.stranded(plan):
        numbers = "、".join(t.number for t in stranded[:_NAMED])
        yield (
            "stranded",
            f"{len(stranded)} 个未办结的号（{numbers}）的业务或窗口在新设置中没有了，请先办结、转移或撤销",
        )
    booked = [hall.appointments[a] for _, a in hall.booked]
    if lost := [a for a in booked if a.service not in plan.services]:
        yield "booked", f"{len(lost)} 个预约的业务在新设置中没有了，请先取消或改约"


def adopt(hall: Hall, event: e.PlanPublished) -> None:
    """What ``evolve`` does: windows that stay keep state, clerk and live skills; new ones as described."""
    old, plan = hall.plan, event.plan
    hall.plan = plan
    before = set() if hall.seq == 0 else {*hall.published.gone, *_shown(old)}
    gone = tuple(sorted(before - _shown(plan)))
    hall.published = Published(event.version, event.file, event.document, gone)
    if hall.seq == 0:
        hall.reset_windows()
        return
    windows, hall.skills = hall.windows, _skills_under(hall, old, plan)
    hall.windows = {w.id: windows.get(w.id) or at_start(w) for w in plan.windows.values()}
    hall.leases = {token: lease for token, lease in hall.leases.items() if lease.service in plan.services}
    hall.waiting = {s: hall.waiting.get(s, 0) for s in plan.services}
    hall.undoable = {
        window: last
        for window, last in hall.undoable.items()
        if window in plan.windows and all({t.service, *t.also} <= plan.services.keys() for t in last.before)
    }


def _skills_under(hall: Hall, old: Plan, plan: Plan) -> dict[str, dict[str, int]]:
    """What windows can do once ``plan`` replaces ``old``: live skills stay where the plan does not change the
    window's own."""
    skills = hall.skills
    return {
        w.id: skills[w.id]
        if w.id in skills and w.id in old.windows and own_skills(old.windows[w.id]) == own_skills(w)
        else own_skills(w)
        for w in plan.windows.values()
    }


def _shown(plan: Plan) -> set[tuple[str, str]]:
    """(kind, id) of every retained picture that a plan brings."""
    return {
        *(("window", window) for window in plan.windows),
        *(("queue", service) for service in plan.services),
        *(("board", board) for board in plan.boards),
    }
