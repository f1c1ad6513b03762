"""PURE: a manager has a text spoken in sound zones (广播): when it may disturb, for how long, and its end.

The hall decides and remembers; hall_server/broadcasts.py has it rendered and sent, and brings back what
announcers tell. An ordinary one keeps out of the quiet hours; an urgent one (消防疏散) knows none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from assets.speech.broadcast import has_blank, passages
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import DAY_MS, MINUTE_MS, local_minute
from hall_server.hall.lookup import Decision
from hall_server.hall.model import Hall, Heard, RuleBroken

CLOCK = "clock"
LONGEST, MOST_GOING = 120, 4
MOST_TIMES, MOST_EVERY_SECONDS, MOST_MINUTES = 10, 3600, 240
URGENT_MINUTES, URGENT_EVERY_SECONDS = 120, 5
_DOCUMENT = re.compile(r"\d(?:[ -]?\d){14,}")


def make(hall: Hall, command: c.MakeBroadcast, now_ms: int) -> Decision:
    """Spoken from now on, by each of the stations as its calls allow."""
    text = _text(command.text)
    if not command.stations:
        raise RuleBroken("no_zone", "请选择至少一个广播区")
    until_ms = now_ms + (URGENT_MINUTES if command.urgent else command.minutes) * MINUTE_MS
    if not command.urgent:
        _within_limits(hall, command)
        until_ms = min(until_ms, _quiet_from(hall, now_ms))
    made = e.BroadcastMade(
        at_ms=now_ms,
        broadcast=hall.seq + 1,
        text=text,
        stations=tuple(dict.fromkeys(command.stations)),
        urgent=command.urgent,
        times=0 if command.urgent else command.times,
        every_ms=1000 * (URGENT_EVERY_SECONDS if command.urgent else command.every_seconds),
        until_ms=until_ms,
        by=command.by,
    )
    if not command.board:
        return Decision((made,))
    same = next((notice.id for notice in hall.notices.values() if notice.text == text), 0)
    line = e.NoticePosted(at_ms=now_ms, notice=same or hall.seq + 2, text=text, until_ms=until_ms)
    return Decision((replace(made, notice=line.notice), line))


def end(hall: Hall, command: c.EndBroadcast, now_ms: int) -> Decision:
    """By a person; its line on the boards goes with it. One that is over stays so."""
    found = hall.broadcasts.get(command.broadcast)
    if found is None:
        raise RuleBroken("unknown_broadcast", "没有这次广播，或已不是今天的")
    if found.ended_ms:
        return Decision(())
    ended = e.BroadcastEnded(at_ms=now_ms, broadcast=found.id, by=command.by)
    if found.notice not in hall.notices:
        return Decision((ended,))
    return Decision((ended, e.NoticeEnded(at_ms=now_ms, notice=found.notice)))


def note(hall: Hall, command: c.NoteBroadcast, now_ms: int) -> Decision:
    """What an announcer told, kept when it says more than is known; the last one ends it."""
    found = hall.broadcasts.get(command.broadcast)
    if found is None or command.station not in found.stations:
        return Decision(())
    known = found.of(command.station)
    news = Heard(
        command.station,
        max(known.spoken, command.spoken),
        known.over or command.over,
        command.why or known.why,
    )
    if news == known:
        return Decision(())
    told = e.BroadcastHeard(
        at_ms=now_ms,
        broadcast=found.id,
        station=news.station,
        spoken=news.spoken,
        over=news.over,
        why=news.why,
    )
    if found.ended_ms or not found.told(news).all_over:
        return Decision((told,))
    return Decision((told, e.BroadcastEnded(at_ms=now_ms, broadcast=found.id)))


def over(hall: Hall, now_ms: int) -> Iterator[e.Event]:
    """Those whose time is over."""
    for each in hall.broadcasts.values():
        if each.until_ms <= now_ms and not each.ended_ms:
            yield e.BroadcastEnded(at_ms=now_ms, broadcast=each.id, by=CLOCK)


def quiet_until(hall: Hall, now_ms: int) -> int:
    """When the quiet hours that run now end, 0 outside them."""
    minute = local_minute(now_ms, hall.plan.rules)
    for begins, ends in hall.plan.quiet:
        if (minute - begins) % (24 * 60) < (ends - begins) % (24 * 60):
            return now_ms - now_ms % MINUTE_MS + (ends - minute) % (24 * 60) * MINUTE_MS
    return 0


def _quiet_from(hall: Hall, now_ms: int) -> int:
    """When the next quiet hours begin. Raises RuleBroken within them."""
    if quiet_until(hall, now_ms):
        hours = "、".join(
            f"{a // 60:02d}:{a % 60:02d}–{b // 60:02d}:{b % 60:02d}" for a, b in hall.plan.quiet
        )
        raise RuleBroken("quiet", f"现在是静音时段（{hours}），普通广播不播；紧急广播不受限制")
    minute = local_minute(now_ms, hall.plan.rules)
    whole = now_ms - now_ms % MINUTE_MS
    starts = (whole + (begins - minute) % (24 * 60) * MINUTE_MS for begins, _ in hall.plan.quiet)
    return min(starts, default=now_ms + DAY_MS)


def _text(written: str) -> str:
    text = " ".join(written.split())
    if has_blank(text):
        raise RuleBroken("blank", "请先填好内容里的空白处（＿＿）")
    if not passages(text):
        raise RuleBroken("no_text", "请填写广播内容")
    if len(text) > LONGEST:
        raise RuleBroken("long_broadcast", f"广播内容最多 {LONGEST} 字，现在 {len(text)} 字")
    if _DOCUMENT.search(text):
        raise RuleBroken("document", "不能广播证件号码，请改用姓氏和号票号码")
    return text


def _within_limits(hall: Hall, command: c.MakeBroadcast) -> None:
    if not 1 <= command.times <= MOST_TIMES:
        raise RuleBroken("many_times", f"最多播报 {MOST_TIMES} 遍")
    if not 0 <= command.every_seconds <= MOST_EVERY_SECONDS or not 1 <= command.minutes <= MOST_MINUTES:
        raise RuleBroken("long_broadcast", f"间隔最多 1 小时，时限最多 {MOST_MINUTES // 60} 小时")
    going = sum(not each.ended_ms and not each.urgent for each in hall.broadcasts.values())
    if going >= MOST_GOING:
        raise RuleBroken("many_broadcasts", f"已有 {MOST_GOING} 条广播没有播完，请先停止一条")
