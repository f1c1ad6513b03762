"""The pages in the bar on top and on the first page: each person sees those that the matrix lets him open."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.accounts.matrix import MATRIX, Verdict, Visitor, judge


@dataclass(frozen=True, slots=True)
class Entry:
    """One page: its address (a route without parameters), its word, and a sentence for the first page."""

    path: str
    text: str
    about: str


ENTRIES = (
    Entry("/manager", "大厅现场", "窗口、排队、设备、待处理的事；开窗、调班、停号、呼叫导办"),
    Entry("/clerk", "窗口操作", "叫号、收件、办结、转移、挂起、撤销、求助"),
    Entry("/guide", "导办", "谁在求助、在哪里、等了多久；接手、完成"),
    Entry("/reports", "报表", "按日、周、月看取号、等候、办理、窗口忙闲、二次跑动，导出与月报"),
    Entry("/wall", "驾驶舱", "大屏：今天的数字、排队、窗口、与往常相比"),
    Entry("/manage/catalogue", "事项目录", "事项、材料、情形引导；导入、比较、发布、回退；归入业务"),
    Entry("/manage/setup", "大厅设置", "专区、业务、窗口、排班、叫号规则等，预览、发布、回退"),
    Entry("/manage/appointments", "预约", "当天与以后的预约：谁要来、谁到了，代为签到或取消"),
    Entry("/admin/accounts", "账户", "新建、停用、重置账户，分配角色与窗口"),
    Entry("/system", "系统", "大厅时间与校时、账本校验与备份、站点、证书、磁盘"),
    Entry("/admin/tokens", "接口令牌", "为对接单位发放、吊销接口令牌"),
    Entry("/admin/audit", "审计记录", "查看、筛选、校验审计记录"),
)


def entries_for(visitor: Visitor | None) -> tuple[Entry, ...]:
    """What this visitor may open."""
    return tuple(entry for entry in ENTRIES if judge(MATRIX[f"GET {entry.path}"], visitor) is Verdict.PASS)


def home_of(visitor: Visitor | None) -> str:
    """Where a sign-in leads: the only page of somebody who has one, else the first page."""
    found = entries_for(visitor)
    return found[0].path if len(found) == 1 else "/"
