"""What stands on the paper ticket (cap A6)."""

from __future__ import annotations

import msgspec
import pytest

from contract.messages import TicketSlip, TicketStatus
from devices.tickets import Line, Qr
from kiosk.paper import WAIT_HERE, ticket, window_list

SLIP = TicketSlip(
    ticket="01JD2X3Y4Z",
    number="A012",
    hall="示例县政务服务中心",
    zone="综合",
    service="社保医保",
    items=("社会保障卡申领与补换", "医保关系转移接续"),
    ahead=12,
    wait_low=25,
    wait_high=40,
    windows=("3号窗口", "4号窗口", "5号窗口"),
    issued_ms=1_795_230_300_000,
    business_day="2026-11-21",
    qr="https://hall.example/t/01JD2X3Y4Z",
    notes=("过号后排到队尾，请留意再次呼叫",),
    masked_name="王*",
)


def lines(slip: TicketSlip, *, reprint: bool = False, rule: str = "") -> list[Line]:
    return [part for part in ticket(slip, reprint=reprint, no_show_text=rule) if isinstance(part, Line)]


def texts(slip: TicketSlip, *, reprint: bool = False, rule: str = "") -> list[str]:
    return [line.text for line in lines(slip, reprint=reprint, rule=rule)]


def test_everything_that_cap_a6_asks_for_is_there() -> None:
    assert texts(SLIP) == [
        "示例县政务服务中心",
        "综合专区",
        "社保医保",
        "A012",
        "您前面还有 12 人",
        "预计等候约 25～40 分钟",
        "候叫窗口：3～5号窗口",
        "办理事项：社会保障卡申领与补换",
        "　　　　　医保关系转移接续",
        "取号姓名：王*",
        "业务日期：2026-11-21",
        "取号时间：2026-11-21 11:05",
        WAIT_HERE,
        "过号后排到队尾，请留意再次呼叫",
        "扫码查看排队进度",
    ]
    assert [part.data for part in ticket(SLIP) if isinstance(part, Qr)] == [SLIP.qr]


def test_the_number_is_at_least_three_times_the_text() -> None:
    scales = {line.text: line.scale for line in lines(SLIP)}
    assert scales["A012"] >= 3 * scales["取号姓名：王*"]
    assert scales["A012"] == max(scales.values())


def test_a_first_print_is_not_marked() -> None:
    assert not any("补打" in text for text in texts(SLIP))


def test_a_reprint_is_marked_and_counted() -> None:
    assert "【补打】第1次" in texts(SLIP, reprint=True)
    again = msgspec.structs.replace(SLIP, reprint=2)
    assert "【补打】第3次" in texts(again, reprint=True)


def test_without_an_honest_estimate_nothing_is_said() -> None:
    silent = msgspec.structs.replace(SLIP, wait_low=None, wait_high=None)
    assert not any("预计" in text for text in texts(silent))


def test_a_ticket_already_called_says_where_to_go() -> None:
    called = msgspec.structs.replace(SLIP, status=TicketStatus.CALLED, called_to="3号窗口")
    assert "请到3号窗口" in texts(called)
    assert not any("您前面" in text for text in texts(called))


def test_an_anonymous_ticket_has_no_name() -> None:
    assert not any("姓名" in text for text in texts(msgspec.structs.replace(SLIP, masked_name="")))


@pytest.mark.parametrize("day", ["20261121", "2026-11-21"])
def test_the_business_day_is_readable(day: str) -> None:
    assert "业务日期：2026-11-21" in texts(msgspec.structs.replace(SLIP, business_day=day))


def test_the_halls_rule_is_printed_once() -> None:
    rule = SLIP.notes[0]
    assert texts(SLIP, rule=rule).count(rule) == 1
    assert texts(msgspec.structs.replace(SLIP, notes=()), rule=rule).count(rule) == 1


def test_a_hall_without_phone_page_prints_no_code() -> None:
    bare = msgspec.structs.replace(SLIP, qr="")
    assert not any(isinstance(part, Qr) for part in ticket(bare))
    assert "扫码查看排队进度" not in texts(bare)


@pytest.mark.parametrize("zone", ["综合专区", "24小时自助区"])
def test_a_zone_that_says_so_itself(zone: str) -> None:
    assert texts(msgspec.structs.replace(SLIP, zone=zone))[1] == zone


@pytest.mark.parametrize(
    ("low", "high", "note", "wanted"),
    [
        (None, None, "", []),
        (None, None, "暂无开放窗口", ["暂无开放窗口"]),
        (10, 20, "", ["预计等候约 10～20 分钟"]),
        (60, None, "", ["预计等候 1 小时以上"]),
        (30, 50, "窗口暂未开放，按排班预计", ["预计等候约 30～50 分钟", "窗口暂未开放，按排班预计"]),
    ],
)
def test_waits(low: int | None, high: int | None, note: str, wanted: list[str]) -> None:
    slip = msgspec.structs.replace(SLIP, wait_low=low, wait_high=high, wait_note=note)
    said = texts(slip)
    ahead = next(i for i, line in enumerate(said) if line.startswith("您前面还有"))
    assert said[ahead + 1 : ahead + 1 + len(wanted)] == wanted
    assert sum("等候约" in line or "小时以上" in line for line in said) == (low is not None)


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ((), ""),
        (("3号窗口",), "3号窗口"),
        (("3号窗口", "5号窗口"), "3号窗口、5号窗口"),
        (("5号窗口", "1号窗口", "3号窗口", "4号窗口"), "1、3～5号窗口"),
        (("1号窗口", "2号窗口", "9号窗口"), "1、2、9号窗口"),
        (("1号窗口", "2号窗口", "自助台"), "1号窗口、2号窗口、自助台"),
    ],
)
def test_windows(labels: tuple[str, ...], wanted: str) -> None:
    assert window_list(labels) == wanted
