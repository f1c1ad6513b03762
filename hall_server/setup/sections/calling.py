"""PURE: the forms of who is called next, and what becomes of those who do not come."""

from __future__ import annotations

from hall_server.setup.fields import Choice, Field, Section, Widget

N = Widget.NUMBER

_GREEN = (
    Choice("age", "老年人"),
    Choice("disabled", "残疾人"),
    Choice("serviceman", "军人"),
    Choice("pregnant", "孕妇"),
    Choice("talent", "人才卡"),
)
_CALLING = (
    Choice("first_come", "先来先办", "完全按到达先后叫号，绿色通道和预约不提前。最容易向群众解释。"),
    Choice(
        "strict",
        "优先在前",
        "绿色通道先叫，其次预约，最后普通。优先者多时普通号会等得久，可设占比和最长等候。",
    ),
    Choice(
        "accumulating",
        "等候加倍计",
        "优先者的等候时间按倍数计，谁累计最久先叫谁：优先者不久等，也不会一直挤掉别人。",
    ),
    Choice("ratio", "按比例穿插", "每叫几个优先号，就叫几个普通号，比例可设。"),
    Choice("aged", "久等提前", "优先者先叫；普通号等满设定分钟后，与优先者一起按先后叫。"),
)
_NO_SHOW = (
    Choice("end", "排到队尾", "过号的人排到队尾，再次叫到时仍可办理。"),
    Choice("back", "后移几位", "过号的人后移若干位，不久会再叫到。"),
    Choice("manual", "由工作人员恢复", "号离开队列，本人到导办台或窗口说明后恢复。"),
    Choice("void", "作废", "号作废，须重新取号。"),
)
_POSTPONE = (
    Choice("park", "暂时挂起", "号先放一放，到时自动回到队列，次序靠前。"),
    Choice("back", "后移几位", "号后移若干位。"),
    Choice("off", "不提供", "手机页面上没有“我要晚一点”。"),
)

CALLING = Section(
    "calling",
    "叫号规则",
    "每个业务组按哪种规则决定下一个叫谁；没有列出的按先来先办。",
    "calling",
    (
        Field("group", "业务组", Widget.ONE, of="groups", required=True),
        Field("rule", "规则", Widget.CARDS, choices=_CALLING, required=True),
        Field("green_weight", "绿色通道倍数", N, "等候加倍计：绿色通道等一分钟当几分钟。", "倍"),
        Field("appointment_weight", "预约倍数", N, "等候加倍计：到点的预约等一分钟当几分钟。", "倍"),
        Field("ratio", "优先号", N, "按比例穿插：先叫几个优先号。", "个"),
        Field("ratio_normal", "普通号", N, "按比例穿插：再叫几个普通号。", "个"),
        Field("aged_minutes", "久等界限", N, "久等提前：普通号等满多少分钟不再让。", "分钟"),
        Field(
            "green_share_percent",
            "绿色通道至多占",
            N,
            "优先在前、按比例穿插：超出占比后绿色通道按普通叫；100 为不限。",
            "%",
        ),
        Field("max_wait_minutes", "最长等候", N, "等满后不论规则先叫；0 为不设。", "分钟"),
    ),
    rows=True,
    own=True,
    columns=("rule", "green_weight", "max_wait_minutes"),
)
GREEN = Section(
    "green",
    "绿色通道",
    "哪些人可以走绿色通道。",
    "rules",
    (
        Field(
            "green_reasons",
            "事由",
            Widget.SOME,
            "自助机和窗口可选的事由。",
            choices=_GREEN,
            unset="不设绿色通道",
        ),
    ),
)
NOSHOW = Section(
    "noshow",
    "过号与叫号",
    "叫了不来怎么办，叫号多久失效，误按多久内可撤回。",
    "rules",
    (
        Field("recalls_before_no_show", "过号前重呼", N, "至少重呼几次才可以按过号。", "次"),
        Field("no_show_policy", "过号处理", Widget.CARDS, choices=_NO_SHOW, required=True),
        Field("back_places", "后移位数", N, "选“后移几位”时，排到多少位之后。", "位"),
        Field("return_places", "恢复插入", N, "恢复的号排到多少位之后。", "位"),
        Field("call_expires_seconds", "叫号有效", N, "超过后不再播报迟到的叫号。", "秒"),
        Field("undo_seconds", "撤回期限", N, "窗口操作后多久内可以撤回；0 为不可撤回。", "秒"),
    ),
)
POSTPONING = Section(
    "postponing",
    "我要晚一点",
    "取号的人在手机页面上说来不及时，号怎么办。",
    "rules",
    (
        Field("postpone", "处理", Widget.CARDS, choices=_POSTPONE, required=True),
        Field("postpone_minutes", "挂起", N, "选“暂时挂起”时，放多久。", "分钟"),
        Field("postpone_places", "后移", N, "选“后移几位”时，后移多少位。", "位"),
        Field("postpones_per_ticket", "每个号可用", N, "0 为不可用。", "次"),
    ),
)
