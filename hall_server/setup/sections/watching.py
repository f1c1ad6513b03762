"""PURE: the forms of limits and lamps: what one person may hold, and when the staff is warned."""

from __future__ import annotations

from hall_server.setup.fields import Field, Section, Widget

N, Y = Widget.NUMBER, Widget.TICK

LIMITS = Section(
    "limits",
    "取号限制",
    "防止占号，临近下班自动停号，二次上门怎么算。",
    "rules",
    (
        Field("open_per_person", "一人未办的号", N, "同一人同时最多持有几个号。", "个"),
        Field("hoarding_per_day", "占号提醒", N, "同一人一天取号达到此数时提醒管理员。", "个"),
        Field("stop_before_closing", "办不完时提前停号", Y, "预计下班前办不完时，自动停止取号并说明。"),
        Field("second_visit_days", "二次上门期", N, "同一事项在多少天内再来，计为二次上门。", "天"),
    ),
)
LAMPS = Section(
    "lamps",
    "现场提示",
    "“大厅现场”页面上何时亮黄灯、红灯，何时提醒。",
    "rules",
    (
        Field("wait_yellow_minutes", "等候黄灯", N, "等候超过此数亮黄灯。", "分钟"),
        Field("wait_red_minutes", "等候红灯", N, "等候超过此数亮红灯。", "分钟"),
        Field("service_yellow_minutes", "办理黄灯", N, "一个号办理超过此数亮黄灯。", "分钟"),
        Field("service_red_minutes", "办理红灯", N, "一个号办理超过此数亮红灯。", "分钟"),
        Field("idle_minutes", "空闲提醒", N, "有人等候而窗口空着超过此数时提醒。", "分钟"),
        Field("poor_contact_hours", "差评回访期", N, "收到差评后多少小时内应回访。", "小时"),
        Field("poor_close_days", "差评办结期", N, "收到差评后多少天内应办结。", "天"),
        Field("guide_minutes", "求助提醒", N, "呼叫导办超过此数无人响应时提醒。", "分钟"),
    ),
)
