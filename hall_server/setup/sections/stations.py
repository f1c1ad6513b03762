"""PURE: the forms of the boxes in the hall: call screens and kiosks."""

from __future__ import annotations

from contract.errands import Errand
from hall_server.setup.fields import Choice, Field, Section, Widget
from hall_server.setup.sections.recurring import ID

T, N = Widget.TEXT, Widget.NUMBER

ERRANDS = (
    Choice(Errand.TAKE.value, "取号"),
    Choice(Errand.GUIDES.value, "办事指南"),
    Choice(Errand.REPRINT.value, "补打号票"),
    Choice(Errand.CHECK_IN.value, "预约签到"),
    Choice(Errand.HELP.value, "呼叫人工"),
)
BOARDS = Section(
    "boards",
    "综合屏",
    "挂在大厅里的叫号屏：显示和播报哪些专区，几行。",
    "boards",
    (
        ID,
        Field("title", "标题", T, "屏幕上方的字。", required=True),
        Field("zones", "专区", Widget.SOME, "不选则显示全部专区。", of="zones", unset="全部"),
        Field("rows", "行数", N, "一屏显示几行；字随行数变大变小，10 行以内远处也看得清。", "行"),
    ),
    rows=True,
    own=True,
    columns=("id", "zones", "rows"),
)
KIOSKS = Section(
    "kiosks",
    "自助机",
    "某台自助机办哪些事、哪些专区；没有列出的自助机全都办。发布后立即生效，不必重启。",
    "kiosks",
    (
        Field("id", "自助机", Widget.ONE, of="kiosks", required=True),
        Field(
            "zones",
            "专区",
            Widget.SOME,
            "不选则按自助机本机的设置，本机没有设置就是全部。",
            of="zones",
            unset="全部",
        ),
        Field(
            "errands",
            "可办的事",
            Widget.SOME,
            "不选就是全部。没选的，自助机上不出现；正在使用的人办完当前这件事。",
            choices=ERRANDS,
            unset="全部",
        ),
    ),
    rows=True,
    own=True,
    columns=("errands", "zones"),
)
