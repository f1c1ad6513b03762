"""PURE: what a manager has the boards say for a while (临时通知), beside the notices of the description."""

from __future__ import annotations

from collections.abc import Iterator

from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.lookup import Decision
from hall_server.hall.model import Hall, RuleBroken

LONGEST, MOST, MINUTES = 120, 6, 720


def post(hall: Hall, command: c.PostNotice, now_ms: int) -> Decision:
    """A line on every board until its time is over; the same text again only moves its end."""
    text = command.text.strip()
    if not text:
        raise RuleBroken("no_text", "请填写通知内容")
    if len(text) > LONGEST or not 0 < command.minutes <= MINUTES:
        raise RuleBroken("long_notice", f"通知最多 {LONGEST} 字、{MINUTES // 60} 小时")
    same = next((notice.id for notice in hall.notices.values() if notice.text == text), 0)
    if not same and len(hall.notices) >= MOST:
        raise RuleBroken("many_notices", f"最多同时 {MOST} 条通知，请先撤下一条")
    until_ms = now_ms + command.minutes * MINUTE_MS
    event = e.NoticePosted(at_ms=now_ms, notice=same or hall.seq + 1, text=text, until_ms=until_ms)
    return Decision((event,))


def withdraw(hall: Hall, command: c.WithdrawNotice, now_ms: int) -> Decision:
    """Before its time is over."""
    if command.notice not in hall.notices:
        return Decision(())
    return Decision((e.NoticeEnded(at_ms=now_ms, notice=command.notice),))


def over(hall: Hall, now_ms: int) -> Iterator[e.Event]:
    """Those whose time is over."""
    for notice in hall.notices.values():
        if notice.until_ms <= now_ms:
            yield e.NoticeEnded(at_ms=now_ms, notice=notice.id)
