"""PURE: 好差评: one judgement of each service rendered, by its holder: five grades, tags, words.

The grades are those of 国办发〔2019〕51号; the last two are 差评. What follows from a poor one
belongs to supervision.
"""

from __future__ import annotations

from enum import IntEnum

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.lookup import Answer, Decision, ticket_named
from hall_server.hall.model import Hall, RuleBroken, Served, Ticket

LONGEST_WORDS = 500


class Grade(IntEnum):
    """The five grades."""

    VERY_GOOD = 5
    GOOD = 4
    FAIR = 3
    POOR = 2
    VERY_POOR = 1


GRADE_TEXT = {
    Grade.VERY_GOOD: "非常满意",
    Grade.GOOD: "满意",
    Grade.FAIR: "基本满意",
    Grade.POOR: "不满意",
    Grade.VERY_POOR: "非常不满意",
}
POOR = frozenset({Grade.POOR, Grade.VERY_POOR})
TAGS = {
    "kind": "服务热情、耐心",
    "clear": "一次讲清楚",
    "quick": "办理快捷",
    "once": "一次办好",
    "cold": "态度不好",
    "unclear": "没有一次讲清楚",
    "slow": "办理太慢",
    "again": "让我多跑了一趟",
    "extra": "要求多余的材料",
    "unfair": "没有按顺序办理",
}
GOOD_TAGS = ("kind", "clear", "quick", "once")
POOR_TAGS = ("cold", "unclear", "slow", "again", "extra", "unfair")


def to_evaluate(hall: Hall, ticket: Ticket) -> Served | None:
    """The last service rendered to this number, evaluated or not."""
    served = hall.served.get(ticket.id, ())
    return served[-1] if served else None


def evaluate(hall: Hall, command: c.Evaluate, now_ms: int) -> Decision:
    """Once for each service; who comes again is told so."""
    ticket = ticket_named(hall, command.ticket)
    served = next((one for one in hall.served.get(ticket.id, ()) if one.call == command.call), None)
    if served is None:
        raise RuleBroken("not_served", f"{ticket.number} 还没有办理完，办完后再评价")
    if served.grade:
        raise RuleBroken("evaluated", "这次服务已经评价过了，谢谢您")
    if command.grade not in GRADE_TEXT:
        raise RuleBroken("bad_grade", "请选择满意程度")
    if len(command.words) > LONGEST_WORDS:
        raise RuleBroken("too_long", f"意见请不要超过 {LONGEST_WORDS} 字")
    event = e.ServiceEvaluated(
        at_ms=now_ms,
        ticket=ticket.id,
        call=served.call,
        at_window=served.window,
        service=served.service,
        clerk=served.clerk,
        grade=int(command.grade),
        tags=tuple(dict.fromkeys(tag for tag in command.tags if tag in TAGS)),
        words=command.words,
        poor=command.grade in POOR,
    )
    return Decision((event,), Answer(ticket.id))
