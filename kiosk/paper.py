"""PURE: the paper ticket of one number (cap A6), for printers of any width.

The number is six times the size of the text; what the hall does not honestly know is not printed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

from assets.waiting import wait_sentence
from contract.branding import Raster
from contract.messages import TicketSlip, TicketStatus
from devices.tickets import Align, Feed, Line, Picture, Qr, Rule, Ticket, TicketPart

WAIT_HERE = "请在休息区等候，注意呼叫及大屏显示信息"
SCAN = "扫码查看排队进度"
SCAN_LATER = "网络恢复后可扫码查看排队进度"
JOINS_LATER = "网络恢复后自动按取号时间并入队列"

_NUMBER_SCALE = 6
_NO_LABEL = "　" * 5
_CHINA = timezone(timedelta(hours=8))
_PLAIN_WINDOW = re.compile(r"(\d+)号窗口")


def ticket(
    slip: TicketSlip, *, reprint: bool = False, no_show_text: str = "", logo: Raster | None = None
) -> Ticket:
    """The parts of the ticket, top to bottom. ``reprint`` marks it 补打, counting those before it.

    ``no_show_text`` is the hall's 过号 rule where the slip's notes do not have it; ``logo`` heads it.
    """
    copies = slip.reprint + reprint
    return (
        *_mark(logo),
        *_heading(slip),
        *_number(slip, copies),
        Rule(),
        *_facts(slip),
        Rule(),
        *_advice(slip, no_show_text),
        *_code(slip),
    )


def window_list(labels: Sequence[str]) -> str:
    """Window labels, runs of plain numbers drawn together: 3～5、8号窗口."""
    numbers = [int(match[1]) for label in labels if (match := _PLAIN_WINDOW.fullmatch(label))]
    if len(numbers) != len(labels) or len(numbers) < 3:
        return "、".join(labels)
    return "、".join(_span(first, last) for first, last in _spans(sorted(set(numbers)))) + "号窗口"


def _mark(logo: Raster | None) -> tuple[TicketPart, ...]:
    return () if logo is None or not logo.whole else (Picture(logo.rows, logo.width, logo.height),)


def _heading(slip: TicketSlip) -> list[TicketPart]:
    zone = slip.zone if not slip.zone or slip.zone.endswith("区") else f"{slip.zone}专区"
    lines = [Line(slip.hall, align=Align.CENTER, bold=True)]
    return [*lines, *([Line(zone, align=Align.CENTER)] if zone else []), Rule()]


def _number(slip: TicketSlip, copies: int) -> list[TicketPart]:
    parts = [Line(slip.service, 2, Align.CENTER, bold=True)]
    if copies:
        parts.append(Line(f"【补打】第{copies}次", 1, Align.CENTER, bold=True))
    parts.append(Line(slip.number, _NUMBER_SCALE, Align.CENTER, bold=True))
    return [*parts, *_queue(slip)]


def _queue(slip: TicketSlip) -> list[Line]:
    if slip.alone:
        return [
            Line("离线取号 号码有效", 2, Align.CENTER, bold=True),
            Line(JOINS_LATER, align=Align.CENTER),
            Line("等候人数以网络恢复后大屏为准", align=Align.CENTER),
        ]
    if slip.status is TicketStatus.WAITING:
        lines = [Line(f"您前面还有 {slip.ahead} 人", 2, Align.CENTER, bold=True)]
        said = (wait_sentence(slip.wait_low, slip.wait_high, dash="～"), slip.wait_note)
        return lines + [Line(text, align=Align.CENTER) for text in said if text]
    if slip.called_to:
        return [Line(f"请到{slip.called_to}", 2, Align.CENTER, bold=True)]
    return []


def _facts(slip: TicketSlip) -> list[TicketPart]:
    issued = datetime.fromtimestamp(slip.issued_ms / 1000, UTC).astimezone(_CHINA)
    facts = (
        ("候叫窗口：", window_list(slip.windows)),
        *zip(("办理事项：", *[_NO_LABEL] * len(slip.items)), slip.items, strict=False),
        ("取号姓名：", slip.masked_name),
        ("业务日期：", _day(slip.business_day)),
        ("取号时间：", f"{issued:%Y-%m-%d %H:%M}" if slip.issued_ms else ""),
    )
    return [Line(label + value, hang=2 * len(label)) for label, value in facts if value]


def _day(day: str) -> str:
    """20261121 as 2026-11-21; anything else as the hall writes it."""
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdigit() else day


def _advice(slip: TicketSlip, no_show_text: str) -> list[TicketPart]:
    lines = dict.fromkeys((WAIT_HERE, *slip.notes, no_show_text))
    return [Line(line, align=Align.CENTER) for line in lines if line]


def _code(slip: TicketSlip) -> list[TicketPart]:
    if not slip.qr:
        return [Feed()]
    return [Qr(slip.qr), Line(SCAN_LATER if slip.alone else SCAN, align=Align.CENTER), Feed()]


def _spans(numbers: Sequence[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return spans


def _span(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first}～{last}" if last > first + 1 else f"{first}、{last}"
