"""PURE: the Chinese of reports and traces: reasons, classes, durations, who asked."""

from __future__ import annotations

from hall_server.hall.evaluation import GRADE_TEXT, TAGS
from hall_server.hall.model import OUTCOME_TEXT
from hall_server.hall.plan import Plan

NOT_SIGNED_IN = "未登录"
NOT_TOLD_APART = "不分"
REASON_TEXT = {
    **{outcome.value: text for outcome, text in OUTCOME_TEXT.items()},
    "early": "早到",
    "on_time": "准时",
    "late": "迟到",
    "back": "按规则排回",
    "void": "过号作废",
    "out": "退出队列待召回",
    "waiting": "等候中",
    "called": "呼叫中",
    "serving": "办理中",
    "parked": "挂起中",
    "call": "叫号",
    "next": "下一位",
    "arrive": "到窗",
    "finish": "办结",
    "no_show": "过号",
    "transfer": "转移",
    "park": "挂起",
    "age": "老年人",
    "disabled": "残疾人",
    "serviceman": "军人",
    "pregnant": "孕妇",
    "talent": "人才卡",
    "kept": "保留位置",
    "behind": "排到后面",
    **{grade.name.lower(): text for grade, text in GRADE_TEXT.items()},
    **TAGS,
}
CLASS_TEXT = {"green": "绿色通道", "appointment": "预约", "normal": "普通", "": NOT_TOLD_APART}
_SENDERS = {"clock": "系统（按时）", "restore": "系统（恢复）", "file": "大厅设置文件", "snapshots": "系统"}


def window_text(plan: Plan, window: str) -> str:
    """3号窗口, or the identifier of one that the plan no longer has."""
    found = plan.windows.get(window)
    return found.label if found else window


def sender_text(plan: Plan, sender: str) -> str:
    """Who gave a command, from the journal's sender: a page or call box of a window, a box, the clock."""
    kind, _, name = sender.partition(":")
    if kind == "window" and name:
        return f"{window_text(plan, name)}操作页"
    if kind == "callbox" and name:
        return f"{window_text(plan, name)}呼叫器"
    if kind == "phone":
        return "持号人手机"
    if kind == "book":
        return "网上预约页"
    return _SENDERS.get(sender, sender)


def lasted_text(ms: int) -> str:
    """1小时05分09秒, 5分09秒 or 9秒; cut off to the second."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}小时{minutes:02d}分{seconds:02d}秒"
    return f"{minutes}分{seconds:02d}秒" if minutes else f"{seconds}秒"
