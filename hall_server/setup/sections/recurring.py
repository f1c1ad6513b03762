"""PURE: what several forms of the set-up pages ask alike."""

from __future__ import annotations

from hall_server.setup.fields import Choice, Field, Widget

RESTART = "改动在大厅服务重启后生效。"
ID = Field(
    "id",
    "编号",
    Widget.TEXT,
    "小写字母、数字、连字符，至多 32 个；发布后不再改动。",
    required=True,
    fixed=True,
    wrong="只能用小写字母、数字和连字符，以字母或数字开头，至多 32 个",
)
DAYS = tuple(
    Choice(value, label)
    for value, label in zip(
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"),
        ("周一", "周二", "周三", "周四", "周五", "周六", "周日", "节假日"),
        strict=True,
    )
)
