"""PURE: the forms of booking: when people may book, and when they count as punctual."""

from __future__ import annotations

from hall_server.setup.fields import Field, Section, Widget
from hall_server.setup.sections.recurring import DAYS

N, Y = Widget.NUMBER, Widget.TICK

APPOINTMENTS = Section(
    "appointments",
    "预约到场",
    "预约的人早到、迟到怎么算；每时段留给预约的号数在“限号与时段”里设。",
    "rules",
    (
        Field("early_minutes", "最早签到", N, "预约时间前多少分钟起算准时到；更早来的按预约时间排。", "分钟"),
        Field("grace_minutes", "迟到宽限", N, "迟到不超过此数，仍按准时优先。", "分钟"),
        Field("late_minutes", "预约保留", N, "迟到超过此数，预约作废，按现场取号。", "分钟"),
    ),
)
BOOKING = Section(
    "booking",
    "网上预约",
    "居民能否预约、提前多久、哪些时间；只有留了预约号数的业务可约。",
    "booking",
    (
        Field("open", "开放预约", Y, "不勾选时，预约页面说明暂不开放。"),
        Field("days_ahead", "可提前", N, "可以预约多少天之后的号；0 为只约当天。", "天"),
        Field("lead_minutes", "最晚提前", N, "时段开始前多少分钟停止预约。", "分钟"),
        Field(
            "hours",
            "可约时间",
            Widget.LINES,
            "一行一段，例如 09:00-12:00，按先后写，不重叠。",
            wrong="应写成 09:00-12:00 这样的时间段",
        ),
        Field("days", "可约日子", Widget.SOME, "节假日不预约，除非勾选。", choices=DAYS, required=True),
        Field("per_person", "一人可约", N, "同一人同时最多有几个预约。", "个"),
        Field("per_address", "同一网络每小时", N, "同一网络地址一小时最多预约几次。", "次"),
    ),
)
