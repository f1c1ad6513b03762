"""PURE: the form of the hall's own look: its colour and its logo."""

from __future__ import annotations

from assets.ui.brand import CHECKED
from hall_server.setup.fields import Choice, Field, Section, Widget

BRANDING = Section(
    "branding",
    "标志与颜色",
    "自助机、综合屏、窗口屏、手机页面、工作页面的颜色和标志。发布后立即换上，不必重启。",
    "branding",
    (
        Field(
            "colour",
            "主色",
            Widget.COLOUR,
            "下列颜色都已核对，常规和大字都看得清；也可自填，白字的对比度须达 7∶1。高对比模式不用主色。",
            choices=tuple(Choice(each.colour, each.name) for each in CHECKED),
            unset=CHECKED[0].name,
            wrong="应写成 # 加六位十六进制数，例如 #0e5457",
        ),
        Field(
            "logo",
            "标志",
            Widget.PICTURE,
            "放在大厅名称左边的图案，PNG 或 SVG，不超过 1 MB；宽为高的 0.75 到 2 倍，不要再带大厅名称。",
            unset="无",
        ),
        Field("logo_on_tickets", "标志印在号票上", Widget.TICK, "黑白印在号票最上方，号票约长 1 厘米。"),
    ),
)
