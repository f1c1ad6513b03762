"""How the technician is told: tables with colours on a terminal, plain lines elsewhere, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from devices.faults import Fault, Owner
from devices.health import Condition, Health, condition
from devices.ports import State
from devices.technician.configured import Unusable
from devices.terminal import complain, say

STATES = {
    State.ABSENT: "未连接",
    State.OPENING: "正在打开",
    State.IDENTIFYING: "正在识别",
    State.READY: "就绪",
    State.FAULTY: "故障",
    State.BACKING_OFF: "等待恢复",
}
OWNERS = {
    Owner.CITIZEN: "群众",
    Owner.STAFF: "大厅人员",
    Owner.TECHNICIAN: "运维人员",
    Owner.NOBODY: "无需处理",
}
CONDITIONS = {
    Condition.OK: "正常",
    Condition.WARNING: "有提醒",
    Condition.UNKNOWN: "好坏未知",
    Condition.USER_ERROR: "等人处理",
    Condition.FAULT: "有故障",
    Condition.STARTING: "正在启动",
    Condition.OFFLINE: "离线",
    Condition.NO_DEVICE: "没有设备",
}
COUNTERS = {
    "tickets": "号票",
    "cuts": "切纸",
    "paper_mm": "用纸毫米",
    "roll_mm": "本卷毫米",
    "rolls": "换卷",
    "cutter_recoveries": "切刀恢复",
    "reads": "读卡",
    "refused": "拒读",
    "moved": "卡被移动",
    "garbled": "乱码",
    "rate_set_back": "速率改回",
    "scans": "扫码",
    "pictures": "画面",
    "dropped": "坏画面",
    "stills": "拍照",
    "rests": "休眠",
    "jobs": "打印任务",
    "done": "打完",
    "failed": "没打出",
    "withdrawn": "撤回",
    "verified": "核验",
    "unavailable": "未能核验",
    "supervisor.losses": "失联",
}
"""Maintenance counters by the names that drivers give them; others are told by those names."""
KINDS = {
    "id_card_reader": "身份证读卡器",
    "card_reader": "智能卡读卡器",
    "ticket_printer": "号票打印机",
    "report_printer": "报表打印机",
    "camera": "摄像头",
    "face_verifier": "人脸核验",
    "scanner": "扫码器",
    "call_box": "窗口呼叫器",
    "led_bar": "条屏",
    "guide_light": "引导灯",
    "speaker": "扬声器",
}
_COLOURS = {State.READY: "green", State.FAULTY: "red", State.ABSENT: "red", State.BACKING_OFF: "red"}
NOT_USABLE = "不能用"
UNKNOWN = "状态未知（设备不回报状态）"


def table_of(found: Sequence[tuple[Health, Mapping[str, int]]]) -> None:
    """Devices with their states and counters: a table on a terminal, lines elsewhere."""
    if not sys.stdout.isatty():
        for health, counters in found:
            say("  ".join(word for word in (line_of(health), counted(counters)) if word))
        return
    table = Table("设备", "种类", "状态", "识别号")
    table.add_column("问题、处理、计数", overflow="fold")
    for health, counters in found:
        colour = _colour(health)
        words = [_advice(fault) for fault in health.faults] or [UNKNOWN if _unknown(health) else ""]
        words.append(counted(counters))
        kind = KINDS.get(health.kind.value, health.kind.value)
        state = f"{_state(health)}\n{CONDITIONS[condition(health)]}"
        coloured = f"[{colour}]{state}[/]" if colour else state
        table.add_row(health.name, kind, coloured, health.identity, "\n".join(filter(None, words)))
    Console().print(table)


def rows(head: Sequence[str], lines: Sequence[Sequence[str]], *, good: int) -> None:
    """Results of a test; column ``good`` is coloured by its first character: ✓, – or ✗."""
    if not sys.stdout.isatty():
        for line in lines:
            say("  ".join(line))
        return
    table = Table(*head)
    colours = {"✓": "green", "✗": "red"}
    for line in lines:
        colour = colours.get(line[good][:1], "yellow")
        cells = [f"[{colour}]{cell}[/]" if index == good else cell for index, cell in enumerate(line)]
        table.add_row(*cells)
    Console().print(table)


def line_of(health: Health) -> str:
    """A device in one line."""
    words = [f"{health.name:<12}", f"{health.kind.value:<15}", _state(health)]
    words += [CONDITIONS[condition(health)], health.identity]
    words += [_advice(fault) for fault in health.faults]
    if _unknown(health):
        words.append(UNKNOWN)
    return "  ".join(word for word in words if word)


def counted(counters: Mapping[str, int]) -> str:
    """The counters that are not 0, in one line; those of single commands and faults are left out."""
    shown = ((name, value) for name, value in counters.items() if value and _for_technician(name))
    return "  ".join(f"{COUNTERS.get(name, name)} {value}" for name, value in shown)


def _for_technician(name: str) -> bool:
    return "." not in name or name in COUNTERS


def as_json(health: Health, counters: Mapping[str, int]) -> dict[str, object]:
    """A device for programs; all counters."""
    faults = [
        {"code": f.code, "sentence": f.sentence, "action": f.action, "owner": f.owner} for f in health.faults
    ]
    words = {"name": health.name, "kind": health.kind, "state": health.state, "identity": health.identity}
    verdict = condition(health)
    return {**words, "ok": health.ok, "condition": verdict, "faults": faults, "counters": dict(counters)}


def tell(value: object) -> None:
    """JSON on one line, at once."""
    say(json.dumps(value, ensure_ascii=False))


def wrong(error: Unusable) -> int:
    """The configuration cannot be used: exit status 2."""
    complain(error)
    return 2


def failed(fault: Fault, *, json_wanted: bool) -> int:
    """A device has a fault or said no: exit status 1."""
    if json_wanted:
        tell({"fault": fault.code, "sentence": fault.sentence, "action": fault.action})
    else:
        complain(_advice(fault))
    return 1


def _advice(fault: Fault) -> str:
    return f"{fault.sentence}；{fault.action}（{OWNERS[fault.owner]}）"


def _state(health: Health) -> str:
    """A device that is there and cannot work (no paper) is not called ready."""
    return NOT_USABLE if health.state is State.READY and health.ok is False else STATES[health.state]


def _colour(health: Health) -> str:
    if health.state is State.READY and health.ok is False:
        return "red"
    return "yellow" if health.usable and health.faults else _COLOURS.get(health.state, "")


def _unknown(health: Health) -> bool:
    return health.state is State.READY and health.ok is None
