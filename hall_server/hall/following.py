"""PURE: following up poor ratings (评价 → 反馈 → 整改 → 监督): first contact, appeal, remedy, close.

The rating stays as it was given. Whoever is rated does not deal with it himself; he may only appeal. The
clocks are the hall's rules: hours to the first contact, days to the close.
"""

from __future__ import annotations

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import DAY_MS, MINUTE_MS
from hall_server.hall.evaluation import LONGEST_WORDS
from hall_server.hall.lookup import Decision
from hall_server.hall.model import FOLLOW_UP_TEXT, FollowUp, Hall, Poor, RuleBroken
from hall_server.hall.plan import Rules


def follow(hall: Hall, command: c.FollowPoor, now_ms: int) -> Decision:
    """One step. Raises RuleBroken."""
    poor = hall.poor.get(command.call)
    if poor is None:
        raise RuleBroken("unknown_rating", "没有这条差评，或早已办结")
    if poor.done(FollowUp.CLOSED):
        raise RuleBroken("rating_closed", f"{poor.number} 的差评已办结")
    note = command.note.strip()
    if not note:
        raise RuleBroken("no_note", f"请写明{FOLLOW_UP_TEXT[command.step]}的情况")
    if len(note) > LONGEST_WORDS:
        raise RuleBroken("too_long", f"情况说明请不要超过 {LONGEST_WORDS} 字")
    own = bool(poor.clerk) and command.by == f"clerk:{poor.clerk}"
    if own and command.step is not FollowUp.APPEALED:
        raise RuleBroken("own_rating", "被评价的人不能处理自己的差评，可以申诉")
    if command.step is FollowUp.APPEALED and poor.done(FollowUp.APPEALED):
        raise RuleBroken("appealed", "这条差评已经申诉过，请等待处理")
    if command.step is FollowUp.CLOSED and not poor.done(FollowUp.CONTACTED):
        raise RuleBroken("not_contacted", "请先回访，再办结")
    event = e.PoorFollowed(
        at_ms=now_ms,
        call=poor.call,
        step=command.step,
        by=command.by,
        note=note,
        first=poor.done(command.step) is None,
        at_window=poor.window,
        service=poor.service,
        clerk=poor.clerk,
    )
    return Decision((event,))


def due_ms(poor: Poor, rules: Rules) -> int:
    """Until when the next step is due: the first contact, then the close; 0 once it is closed."""
    if poor.done(FollowUp.CLOSED):
        return 0
    if not poor.done(FollowUp.CONTACTED):
        return poor.at_ms + rules.poor_contact_hours * 60 * MINUTE_MS
    return poor.at_ms + rules.poor_close_days * DAY_MS
