"""PURE: every indicator that a report can show: its Chinese name, its formula in words, unit and parts.

``docs/indicators.md`` is written from this table (`python -m hall_server report --indicators`); pages
show the formula beside the figure. A rate names its numerator and denominator, indicators themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """How an indicator is measured, and so which figures it has."""

    COUNT = "count"
    DURATION = "duration"
    TIME = "time"
    RATE = "rate"


UNIT_TEXT = {
    Unit.COUNT: "个（次数合计）",
    Unit.DURATION: "时长分布：次数、合计、平均、P50、P80、P90、P95、最长及其号码（毫秒）",
    Unit.TIME: "时间合计（毫秒）",
    Unit.RATE: "比率（万分比，分母为零时无值）",
}


@dataclass(frozen=True, slots=True)
class Indicator:
    """Definition of one indicator. ``numerator`` and ``denominator`` are ids, only for rates; ``reasons``
    says in Chinese what tells the measurements apart when grouped by reason, '' = nothing."""

    id: str
    name: str
    formula: str
    unit: Unit = Unit.COUNT
    numerator: str = ""
    denominator: str = ""
    reasons: str = ""


_I, _D, _T = Indicator, Unit.DURATION, Unit.TIME


def _rate(id_: str, name: str, numerator: str, denominator: str, formula: str) -> Indicator:
    return Indicator(id_, name, formula, Unit.RATE, numerator, denominator)


_ALL = (
    # ------------------------------------------------------------ numbers
    _I("issued", "取号数", "本业务日发出的号，含预约签到与离线合并的号；归入实际取号的半小时"),
    _I("visits", "到访人次", "一次到访的首个号；同一人未办结时再取的号不另计"),
    _I("issued_offline", "离线取号数", "取号机与服务器断开时自行发出、之后合并的号"),
    _I("issued_by_agent", "代办取号数", "由代办员替委托人取的号"),
    _I("baskets", "一窗办多事取号数", "一张号票同时办理两项及以上业务的号"),
    _I("green", "绿色通道使用数", "因法定或大厅规定的理由优先的号", reasons="优先理由"),
    _I("reprinted", "补打次数", "号票补打成功或结果未知的次数"),
    # ------------------------------------------------------------ waits
    _I(
        "wait",
        "首呼等候时长",
        "从取号到第一次被叫号；早到的预约从预约时段起算；转移不改变首次时间；持号人要求延后的时间不扣除；"
        "撤销的叫号不算；隔夜未结的号单列不计",
        _D,
    ),
    _I("wait_last", "末呼等候时长", "从取号到最后一次叫号或重呼，其余同首呼等候时长", _D),
    _I(
        "wait_total",
        "累计等候时长",
        "一个号在队列中等候的各段时间之和（含转移、召回后的再次等候，不含挂起和持号人要求延后的时间）",
        _D,
    ),
    _I("answer", "到窗用时", "从叫号到按“到窗”", _D),
    # ------------------------------------------------------------ service
    _I("called", "叫号次数", "叫号的次数，不含重呼；撤销的叫号不算"),
    _I("recalled", "重呼次数", "对同一号再次呼叫的次数"),
    _I("finished", "办理结束数", "在窗口结束的号，无论有无结果；撤销的不算"),
    _I(
        "finished_comprehensive",
        "综合窗口办理结束数",
        "在综合窗口（大厅设置中主办两项及以上业务的窗口）结束的号",
    ),
    _I("ended_by_next", "由“下一位”结束数", "窗口未按“办结”而直接叫下一位所结束的号"),
    _I("service_leg", "单次受理时长", "一个号在一个窗口从到窗到办结、转移、转回或挂起；按窗口人员归集", _D),
    _I("service_ticket", "单号办理时长", "一个号各次受理时长之和，仅计已结束的号", _D),
    _I("stay", "在厅时长", "从取号（早到的预约从时段起）到办理结束", _D),
    _I("transferred", "转移次数", "转往别的业务、窗口或人员的次数", reasons="转往的业务"),
    _I("sent_back", "转回次数", "办完后自动回到原窗口的次数", reasons="原窗口"),
    _I("parked", "挂起次数", "在窗口挂起的次数", reasons="挂起理由"),
    _I("parked_time", "挂起时长", "从窗口挂起到恢复等候或再次叫号；持号人要求的延后不在内", _D),
    _I(
        "postponed",
        "延后次数",
        "持号人在手机上按“我还需要时间”的次数；归入当时的业务，正在呼叫时归入该窗口",
        reasons="保留位置、排到后面",
    ),
    _I("postponed_time", "延后时长", "保留位置的延后：从要求延后到持号人回来、到时返回或被直接呼叫", _D),
    _I("rendered", "提供服务次数", "到窗之后以办结、转移或转回结束的服务；持号人可逐次评价；撤销的不算"),
    _I("out_of_order", "直接呼叫次数", "不按顺序直接呼叫的次数，须写理由", reasons="理由"),
    _I("undone", "撤销次数", "在限定秒数内撤销操作的次数", reasons="撤销的操作"),
    _I("cancelled", "取消数", "由持号人取消的号", reasons="理由"),
    _I("voided", "作废数", "由大厅宣布作废的号（不含过号作废）", reasons="理由"),
    _I("overnight", "隔夜未结数", "业务日关闭时仍未结束的号；单列，不进入任何时长", reasons="关闭时的状态"),
    # ------------------------------------------------------------ no-shows
    _I("no_show", "过号次数", "叫号后持号人未到而按“过号”的次数", reasons="处理方式"),
    _I("no_show_returned", "过号召回数", "过号退出队列后又回到队列的次数"),
    _I("no_show_lost", "过号流失数", "过号后再没有到窗、以过号作废或隔夜告终的号；归入其最后一次过号"),
    # ------------------------------------------------------------ outcomes
    _I("outcome", "办理结果", "办理结束的号按结果归类", reasons="结果"),
    _I("without_result", "无结果结束数", "除办结和容缺受理之外的结束", reasons="原因"),
    _I("endings_known", "实名办理结束事项数", "办理结束且知道办事人的号，按其事项逐项计"),
    _I("achieved", "实名办成事项数", "实名办理结束的事项中，结果为办结或容缺受理的"),
    _I("achieved_once", "一次办成事项数", "实名办成的事项中，该号不是二次跑动的"),
    _I(
        "second_visits",
        "二次跑动数",
        "同一人因某事项无结果结束后，在规定天数内另一次到访再为同一事项取号；计入再次到访的业务日，"
        "归属上次结束的业务、窗口与原因；每次无结果结束至多计一次",
        reasons="上次无结果的原因",
    ),
    # ------------------------------------------------------------ evaluations
    _I(
        "evaluated",
        "评价数",
        "好差评的次数，一次服务一评；归入所评的窗口、人员和业务，及评价的半小时",
        reasons="评价等级",
    ),
    _I("evaluated_good", "好评数", "非常满意、满意、基本满意的评价", reasons="评价等级"),
    _I("evaluated_poor", "差评数", "不满意、非常不满意的评价", reasons="评价等级"),
    _I("poor_contacted", "差评首次回访数", "对一条差评的首次回访；计入回访的业务日，归属所评的窗口与人员"),
    _I("poor_closed", "差评办结数", "办结的差评；计入办结的业务日，归属所评的窗口与人员"),
    _I("evaluated_words", "写有意见的评价数", "写了文字意见的评价", reasons="评价等级"),
    _I("evaluation_tags", "评价标签数", "评价时选的标签，一次评价可选多个", reasons="标签"),
    # ------------------------------------------------------------ appointments
    _I("appointment_booked", "预约数", "本业务日内作出的预约（时段可在以后）"),
    _I("appointment_cancelled", "取消的预约数", "本业务日内取消的预约"),
    _I("appointment_missed", "爽约数", "超过迟到时限仍未签到的预约；之后同日又来的计为迟到，不计爽约"),
    _I("appointment_came", "预约签到数", "本业务日签到的预约", reasons="早到、准时、迟到"),
    # ------------------------------------------------------------ windows
    _I("open_time", "开窗时间", "窗口处于开放状态的时间；每个业务日从该窗口首个操作计到末个操作", _T),
    _I("busy_time", "在办时间", "窗口有号在呼叫或办理的时间", _T),
    _I("idle_time", "空闲时间", "窗口开放而没有号在呼叫或办理的时间", _T),
    _I(
        "idle_wanted_time",
        "有人等候时的空闲时间",
        "空闲时间中，队列里至少有一个该窗口当时能叫的号的时间：所需业务都在窗口当时办理的业务之内，"
        "没有指定给别的窗口或人员，持号人不在别的窗口",
        _T,
    ),
    _I("idle_calm_time", "无人等候时的空闲时间", "空闲时间 − 有人等候时的空闲时间", _T),
    _I("paused_time", "暂停时间", "窗口暂停而没有号在办的时间", _T),
    _I(
        "left_open_time",
        "无人开窗时间",
        "开放状态下首个操作之前、末个操作之后的时间（如下班未关窗）；单列",
        _T,
    ),
    # ------------------------------------------------------------ rates
    _rate("no_show_rate", "过号率", "no_show", "called", "过号次数 ÷ 叫号次数"),
    _rate("lost_rate", "过号流失率", "no_show_lost", "issued", "过号流失数 ÷ 取号数"),
    _rate("green_rate", "绿色通道占比", "green", "issued", "绿色通道使用数 ÷ 取号数"),
    _rate("transfer_rate", "转移率", "transferred", "called", "转移次数 ÷ 叫号次数"),
    _rate("out_of_order_rate", "直接呼叫占比", "out_of_order", "called", "直接呼叫次数 ÷ 叫号次数"),
    _rate("without_result_rate", "无结果率", "without_result", "finished", "无结果结束数 ÷ 办理结束数"),
    _rate(
        "second_visit_rate", "二次跑动率", "second_visits", "endings_known", "二次跑动数 ÷ 实名办理结束事项数"
    ),
    _rate("once_rate", "最多跑一次占比", "achieved_once", "achieved", "一次办成事项数 ÷ 实名办成事项数"),
    _rate(
        "one_window_rate",
        "一窗受理率",
        "finished_comprehensive",
        "finished",
        "综合窗口办理结束数 ÷ 办理结束数",
    ),
    _rate(
        "appointment_missed_rate",
        "爽约率",
        "appointment_missed",
        "appointment_due",
        "爽约数 ÷（预约签到数 + 爽约数）",
    ),
    _rate("idle_rate", "空闲率", "idle_time", "open_time", "空闲时间 ÷ 开窗时间"),
    _rate(
        "idle_wanted_rate",
        "有人等候时的空闲率",
        "idle_wanted_time",
        "open_time",
        "有人等候时的空闲时间 ÷ 开窗时间",
    ),
    _rate("postponed_rate", "延后率", "postponed", "issued", "延后次数 ÷ 取号数"),
    _rate("evaluation_rate", "参评率", "evaluated", "rendered", "评价数 ÷ 提供服务次数"),
    _rate("good_rate", "好评率", "evaluated_good", "evaluated", "好评数 ÷ 评价数"),
    _rate("poor_rate", "差评率", "evaluated_poor", "evaluated", "差评数 ÷ 评价数"),
    _I("appointment_due", "到期预约数", "预约签到数 + 爽约数"),
)

INDICATORS: dict[str, Indicator] = {indicator.id: indicator for indicator in _ALL}

SUMS: dict[str, tuple[str, ...]] = {"appointment_due": ("appointment_came", "appointment_missed")}
"""Indicators that are sums of others."""
