"""PURE: the forms of the hall itself: its name and days, its zones, and what it tells everybody."""

from __future__ import annotations

from hall_server.setup.fields import Field, Section, Widget
from hall_server.setup.sections.recurring import ID, RESTART

T, N, K, Y = Widget.TEXT, Widget.NUMBER, Widget.CLOCK, Widget.TICK

HALL = Section(
    "hall",
    "大厅",
    "大厅的名称、营业日和对外地址。",
    "hall",
    (
        Field("name", "大厅名称", T, "显示在屏幕、自助机、页面和号票上。", required=True),
        Field(
            "public_url",
            "手机查询地址",
            T,
            "号票二维码指向的地址，例如 http://10.0.0.8:18088；留空则不印二维码。",
            unset="不印二维码",
        ),
        Field("day_closes_at", "营业日结束", K, "到时未办结的号自动结束，号码从头开始。", required=True),
        Field("elder_age", "长者年龄", N, "满此年龄自动给绿色通道，自助机用大字。", "岁"),
        Field("announce", "在局域网内公布大厅", Y, "让新装的终端自动找到大厅。" + RESTART),
    ),
)
ZONES = Section(
    "zones",
    "专区",
    "大厅分成的区域，综合屏和广播按专区分。",
    "zones",
    (
        ID,
        Field("name", "名称", T, required=True),
        Field("icon", "图标", T, "自助机上的图标名，取自 Material Design Icons，可留空。"),
    ),
    rows=True,
    own=True,
    columns=("id", "icon"),
)
NOTICES = Section(
    "notices",
    "滚动通知",
    "综合屏和自助机上滚动显示的话。",
    "hall",
    (Field("notices", "通知", Widget.LINES, "一行一条，按此顺序滚动。", unset="无"),),
)
