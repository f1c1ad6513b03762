"""PURE: the reports that there are: what each shows, how it is laid out, by what figures are grouped."""

from __future__ import annotations

from dataclasses import dataclass

from hall_server.reports.indicators import INDICATORS


@dataclass(frozen=True, slots=True)
class Kind:
    """A report: what it is called, what it shows, and how it is laid out when nobody says otherwise."""

    id: str
    name: str
    indicators: tuple[str, ...]
    by: tuple[str, ...] = ("service",)


KINDS: dict[str, Kind] = {
    kind.id: kind
    for kind in (
        Kind(
            "arrivals",
            "取号与到访",
            ("issued", "visits", "issued_offline", "issued_by_agent", "baskets", "green", "reprinted"),
            ("half_hour",),
        ),
        Kind("waits", "等候", ("issued", "called", "wait", "wait_last", "wait_total", "answer", "overnight")),
        Kind(
            "services",
            "办理",
            (
                "called",
                "finished",
                "service_leg",
                "service_ticket",
                "stay",
                "ended_by_next",
                "finished_comprehensive",
                "one_window_rate",
                "without_result",
                "without_result_rate",
            ),
        ),
        Kind(
            "idle",
            "窗口忙闲",
            (
                "open_time",
                "busy_time",
                "idle_time",
                "idle_wanted_time",
                "idle_calm_time",
                "paused_time",
                "left_open_time",
                "idle_rate",
                "idle_wanted_rate",
            ),
            ("window",),
        ),
        Kind(
            "no_shows",
            "过号",
            (
                "called",
                "recalled",
                "no_show",
                "no_show_returned",
                "no_show_lost",
                "no_show_rate",
                "lost_rate",
            ),
        ),
        Kind(
            "evaluations",
            "好差评",
            (
                "rendered",
                "evaluated",
                "evaluation_rate",
                "evaluated_good",
                "good_rate",
                "evaluated_poor",
                "poor_rate",
                "poor_contacted",
                "poor_closed",
                "evaluated_words",
            ),
            ("window",),
        ),
        Kind(
            "grades",
            "评价等级与标签",
            ("evaluated", "evaluated_poor", "evaluation_tags"),
            ("reason",),
        ),
        Kind("postponements", "延后", ("postponed", "issued", "postponed_rate", "postponed_time")),
        Kind(
            "moves",
            "转移、挂起与例外",
            (
                "transferred",
                "sent_back",
                "parked",
                "parked_time",
                "out_of_order",
                "undone",
                "cancelled",
                "voided",
                "reprinted",
                "transfer_rate",
                "out_of_order_rate",
            ),
            ("window",),
        ),
        Kind("green", "绿色通道", ("green", "issued", "green_rate"), ("reason",)),
        Kind(
            "appointments",
            "预约",
            (
                "appointment_booked",
                "appointment_cancelled",
                "appointment_came",
                "appointment_missed",
                "appointment_due",
                "appointment_missed_rate",
            ),
        ),
        Kind(
            "outcomes",
            "办理结果",
            ("outcome", "without_result", "finished", "without_result_rate"),
            ("reason",),
        ),
        Kind(
            "second_visits",
            "二次跑动",
            (
                "second_visits",
                "endings_known",
                "without_result",
                "second_visit_rate",
                "achieved",
                "achieved_once",
                "once_rate",
            ),
            ("item",),
        ),
        Kind("overnight", "隔夜未结", ("overnight", "issued"), ("reason",)),
        Kind("all", "全部指标", tuple(INDICATORS), ("hall",)),
    )
}

DIMENSIONS: dict[str, str] = {
    "hall": "大厅",
    "zone": "专区",
    "service": "业务",
    "item": "事项",
    "window": "窗口",
    "clerk": "窗口人员",
    "class": "类别",
    "reason": "理由或原因",
    "half_hour": "半小时",
    "day": "业务日",
    "week": "周",
    "month": "月",
}
