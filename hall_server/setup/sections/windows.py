"""PURE: the forms of windows: what each does, and when."""

from __future__ import annotations

from hall_server.setup.fields import Field, Section, Widget
from hall_server.setup.sections.recurring import DAYS, ID

T, N, K, Y = Widget.TEXT, Widget.NUMBER, Widget.CLOCK, Widget.TICK

_OWN = Field("services", "本职业务", Widget.SOME, "窗口首先办理的业务。", of="services", unset="无")
_HELP = Field(
    "helps_with", "支援业务", Widget.SOME, "本职业务无人等候时才去支援的业务。", of="services", unset="无"
)

_AT_ONCE = "发布后立即生效。"
WINDOWS = Section(
    "windows",
    "窗口",
    "办理业务的柜台。撤下窗口前，请先办结那里的号。",
    "windows",
    (
        ID,
        Field("label", "窗口号", T, "屏幕显示、语音播报的叫法，例如 3号窗口。", required=True),
        Field("name", "窗口名", T, "例如 社保医保；留空则与窗口号相同。", unset="同窗口号"),
        Field("zone", "专区", Widget.ONE, of="zones", required=True),
        _OWN,
        _HELP,
        Field("open", "开始营业时开放", Y, "营业日开始即可叫号，不必等人登录。"),
        Field(
            "callbox",
            "呼叫器地址",
            N,
            "呼叫器上拨码的号，0 表示没有。" + _AT_ONCE,
            unset="无",
        ),
        Field("ledbar", "条屏地址", N, "条屏控制卡的号，0 表示没有。" + _AT_ONCE, unset="无"),
    ),
    rows=True,
    own=True,
    columns=("name", "zone", "services", "helps_with", "open"),
)
SKILLS = Section(
    "skills",
    "窗口技能",
    "每个窗口办什么：本职业务，以及闲时支援的业务。",
    "windows",
    (_OWN, _HELP),
    rows=True,
    columns=("services", "helps_with"),
)
ROTA = Section(
    "rota",
    "排班",
    "窗口在一周里何时开、何时停、那时办什么；没有排班的窗口由人开关。",
    "rota",
    (
        Field("name", "名称", T, "例如 午休、延时服务。"),
        Field("windows", "窗口", Widget.SOME, of="windows", required=True),
        Field("days", "日子", Widget.SOME, "节假日按“节假日”一栏，不按星期。", choices=DAYS, required=True),
        Field("begins", "开始", K, required=True),
        Field("ends", "结束", K, "早于开始时间，就是到次日。", required=True),
        Field("closed", "这段时间停办", Y, "勾选为停办（如午休），不勾选为开放。"),
        Field(
            "services",
            "只办这些业务",
            Widget.SOME,
            "不选则办窗口的全部业务。",
            of="services",
            unset="全部",
        ),
    ),
    rows=True,
    own=True,
    columns=("days", "begins", "ends", "closed", "windows", "services"),
)
HOLIDAYS = Section(
    "holidays",
    "节假日",
    "这些日子按排班中的“节假日”开放；没有这样的排班则不开。",
    "",
    (Field("holidays", "日期", Widget.LINES, "一行一个，例如 2026-10-01。", unset="无"),),
)
