"""PURE: the forms of services: what is queued for, with which numbers, and how many of them."""

from __future__ import annotations

from hall_server.setup.fields import Field, Section, Widget
from hall_server.setup.sections.recurring import ID

T, N, K = Widget.TEXT, Widget.NUMBER, Widget.CLOCK

_PREFIX = Field(
    "prefix",
    "号码字母",
    T,
    "印在号前的一到两个大写字母，例如 A。同一业务组的业务可以共用。",
    required=True,
    wrong="应为一到两个大写字母，例如 A",
)

SERVICES = Section(
    "services",
    "业务",
    "取号的队列：每项业务属于一个专区，承接若干部门或事项。",
    "services",
    (
        ID,
        Field("name", "名称", T, required=True),
        Field("zone", "专区", Widget.ONE, of="zones", required=True),
        _PREFIX,
        Field("mean_minutes", "平均办理", N, "第一天的估计；以后按实际办理学习。", "分钟"),
        Field(
            "departments",
            "承接部门",
            Widget.SOME,
            "这些部门的全部事项归这项业务，另列的事项除外。",
            of="departments",
            unset="无",
        ),
        Field("items", "另列事项", Widget.LINES, "事项编码，一行一个；优先于部门的归属。", unset="无"),
    ),
    rows=True,
    own=True,
    columns=("zone", "prefix", "mean_minutes", "departments"),
)
NUMBERS = Section(
    "numbers",
    "号段",
    "每项业务的号码从哪里开始、有几位，哪些业务合用一段。",
    "services",
    (
        _PREFIX,
        Field("first", "起始号", N, "每天的第一个号；不同号段可错开，便于区分。"),
        Field("width", "位数", N, "字母后的数字位数，不足补零，例如 3 位是 A001。", "位"),
        Field(
            "group",
            "业务组",
            T,
            "写同一个组名的业务一起叫号，也可共用字母；留空则自成一组。",
            unset="自成一组",
        ),
    ),
    rows=True,
    columns=("prefix", "first", "width", "group"),
)
QUOTAS = Section(
    "quotas",
    "限号与时段",
    "每个时段放多少号，其中多少留给预约，每天到几点为止。",
    "services",
    (
        Field("slot_minutes", "时段长", N, "限号和预约按多长的时段计。", "分钟"),
        Field("slot_quota", "每时段号数", N, "0 表示不限。", "个"),
        Field("ring_fenced", "其中预约专用", N, "只留给预约、现场不能取的号数。", "个"),
        Field("issue_until", "取号截止", K, "此后不再取号；留空则到营业日结束。", unset="营业日结束"),
        Field("closes", "办理截止", K, "预计办不完时会提前停号；留空则与取号截止相同。", unset="同取号截止"),
    ),
    rows=True,
    columns=("slot_minutes", "slot_quota", "ring_fenced", "issue_until", "closes"),
)
