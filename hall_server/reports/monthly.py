"""PURE: the month's report as text and tables: what an editable document is filled with.

Every sentence is made of figures of the same reports as the pages; a month that runs is compared with equally
many days of the month before.
"""

from __future__ import annotations

from hall_server.reports.elements import FIGURES, Elements
from hall_server.reports.indicators import INDICATORS, Indicator
from hall_server.reports.passages import (
    Figures,
    Grid,
    Month,
    Section,
    compared,
    count_of,
    grid_of,
    most_of,
    named,
    row_of,
    sort_of,
    title_of,
)
from hall_server.reports.report import Report
from hall_server.reports.table import NO_VALUE, Sort, change, shown, value_of

KEY_FIGURES = (
    "issued",
    "visits",
    "finished",
    "wait.mean",
    "wait.p90",
    "service_ticket.mean",
    "stay.mean",
    "without_result_rate",
    "second_visits",
    "second_visit_rate",
    "once_rate",
    "one_window_rate",
    "no_show_rate",
    "green",
    "appointment_came",
    "appointment_missed_rate",
    "idle_rate",
    "idle_wanted_rate",
    "evaluated",
    "evaluation_rate",
    "good_rate",
    "evaluated_poor",
    "postponed",
    "overnight",
)
_SERVICE = ("issued", "finished", "wait.mean", "wait.p90", "service_ticket.mean", "without_result_rate")
_WINDOW = ("finished", "service_leg.mean", "open_time", "busy_time", "idle_time", "idle_wanted_time")
_JUDGED = ("evaluated", "rendered", "evaluation_rate", "evaluated_good", "evaluated_poor", "good_rate")
_ITEM = ("second_visits", "endings_known", "second_visit_rate")
_DAY = ("issued", "visits", "finished", "wait.mean", "wait.p90", "second_visits")
_REASON = ("without_result",)


def sections(month: Month) -> tuple[Section, ...]:
    """The whole report in its order."""
    return (
        _whole(month),
        _by_service(month),
        _by_window(month),
        _judged(month),
        _second_visits(month),
        _endings(month),
        _by_day(month),
        *([_catalogue(month.elements)] if month.elements is not None else ()),
    )


_HALL = ("",)


def _whole(month: Month) -> Section:
    now, before, year = (Figures(of[("hall",)]) for of in (month.now, month.before, month.year))

    def said(column: str, unit: str = "") -> str:
        value, sort = now.of(_HALL, column), sort_of(column)
        return (
            shown(sort, value) + unit + compared(sort, value, before.of(_HALL, column), month.compared_with)
        )

    days = len(month.now["hall",].days)
    if not now.rows:
        return Section("一、总体情况", (f"{month.period}共 {days} 个业务日，没有取号记录。",))
    than = f"（{month.before_name} {len(month.before['hall',].days)} 个）" if month.compared_with else ""
    alone = "" if month.compared_with else f"{month.before_name}没有业务日，本报告不作环比。"
    sentences = (
        (
            f"{month.period}共 {days} 个业务日{than}，取号 {said('issued', ' 个')}；"
            f"到访 {said('visits', ' 人次')}。"
        ),
        f"首呼等候平均 {said('wait.mean')}；P90 为 {said('wait.p90')}。",
        (
            f"办理结束 {said('finished', ' 个')}；单号办理平均 {said('service_ticket.mean')}；"
            f"无结果率 {said('without_result_rate')}。"
        ),
        (
            f"二次跑动 {said('second_visits', ' 次')}；最多跑一次占比 {said('once_rate')}；"
            f"一窗受理率 {said('one_window_rate')}。"
        ),
        (
            f"预约签到 {said('appointment_came', ' 个')}；过号率 {said('no_show_rate')}；"
            f"绿色通道 {said('green', ' 个')}；延后 {said('postponed', ' 次')}。"
        ),
        *filter(None, (alone,)),
    )
    rows = []
    for column in KEY_FIGURES:
        sort, value = sort_of(column), now.of(_HALL, column)
        cells = [title_of(column), shown(sort, value)]
        for past in (before.of(_HALL, column), year.of(_HALL, column)):
            cells += [shown(sort, past), change(sort, value, past) or NO_VALUE]
        rows.append(tuple(cells))
    heads = ("指标", "本期", month.before_name, "变化", month.year_name, "变化")
    return Section("一、总体情况", sentences, Grid(heads, tuple(rows)))


def _by_service(month: Month) -> Section:
    grid = grid_of(month, ("service",), _SERVICE, named)
    sentences = [
        most_of(
            month, ("service",), "wait.mean", "等候最久的业务是“{name}”，首呼等候平均 {figure}{compared}。"
        ),
        most_of(month, ("service",), "issued", "取号最多的业务是“{name}”，{figure} 个{compared}。"),
    ]
    return Section("二、各业务取号、等候与办理", tuple(filter(None, sentences)), grid)


def _by_window(month: Month) -> Section:
    grid = grid_of(month, ("window",), _WINDOW, named)
    sentences = [
        most_of(month, ("window",), "idle_rate", "空闲率最高的是{name}，{figure}{compared}。"),
        most_of(
            month,
            ("window",),
            "idle_wanted_time",
            "有人等候时空闲最久的是{name}，{figure}{compared}。",
        ),
        most_of(month, ("window",), "finished", "办理结束最多的是{name}，{figure} 个{compared}。"),
    ]
    return Section("三、窗口忙闲", tuple(filter(None, sentences)), grid)


def _judged(month: Month) -> Section:
    """好差评 by window; an evaluation that nobody gave counts for nothing."""
    title, hall = "四、好差评", Figures(month.now["hall",])
    if not hall.of(_HALL, "evaluated"):
        return Section(title, ("本期没有收到评价。没有评价的服务不计为好评。",))
    before = Figures(month.before["hall",])

    def said(column: str, unit: str = "") -> str:
        sort, value = sort_of(column), hall.of(_HALL, column)
        return (
            shown(sort, value) + unit + compared(sort, value, before.of(_HALL, column), month.compared_with)
        )

    sentences = (
        f"收到评价 {said('evaluated', ' 次')}；参评率 {said('evaluation_rate')}。",
        f"好评率 {said('good_rate')}；差评 {said('evaluated_poor', ' 次')}。没有评价的服务不计为好评。",
        most_of(month, ("window",), "evaluated_poor", "差评最多的是{name}，{figure} 次{compared}。"),
    )
    grid = grid_of(month, ("window",), _JUDGED, named, drop_nothing=True)
    return Section(title, tuple(filter(None, sentences)), grid)


def _catalogue(elements: Elements) -> Section:
    """The catalogue's own figures: of the version in force, not of the month."""
    tally = elements.whole
    rows = tuple((one.indicator.name, shown(one.sort, one.of(tally))) for one in FIGURES.values())
    said = f"事项目录第 {elements.version} 版，{len(elements.departments)} 个部门；时限以工作日计。"
    return Section("八、事项目录指标", (said,), Grid(("指标", "数值"), rows))


def _second_visits(month: Month) -> Section:
    by = ("item",)
    figures = Figures(month.now[by])
    why = _reasons(month.now["item", "reason"])
    kept = [row for row in month.now[by].rows if figures.of(row.key, "second_visits")]
    kept.sort(key=lambda row: -count_of(figures.of(row.key, "second_visits")))
    before = Figures(month.before[by])
    rows = []
    for row in kept:
        past = shown(Sort.COUNT, before.of(row.key, "second_visits"))
        reasons = why.get(row.key[0], NO_VALUE)
        rows.append((row.names[0], *row_of(figures, row.key, _ITEM), past, reasons))
    if not rows:
        return Section("五、各事项二次跑动", ("本期没有查到二次跑动（只统计实名取号的人）。",))
    said = most_of(month, by, "second_visits", "二次跑动最多的事项是“{name}”，{figure} 次{compared}。")
    heads = ("事项", *(title_of(column) for column in _ITEM), month.before_name, "上次无结果的原因")
    return Section("五、各事项二次跑动", (said,), Grid(heads, tuple(rows)))


def _endings(month: Month) -> Section:
    grid = grid_of(month, ("reason",), _REASON, named, drop_nothing=True)
    said = most_of(
        month,
        ("reason",),
        "without_result",
        "无结果结束的首要原因是“{name}”，{figure} 个{compared}。",
    )
    return Section("六、无结果的原因", (said or "本期没有无结果结束的号。",), grid)


def _by_day(month: Month) -> Section:
    said = most_of(month, ("day",), "issued", "取号最多的一天是 {name}，{figure} 个。", alone=True)
    report = month.now["day",]
    figures = Figures(report)
    rows = [
        (f"{row.key[0][4:6]}月{row.key[0][6:8]}日{row.key[0][8:]}", *row_of(figures, row.key, _DAY))
        for row in report.rows
    ]
    heads = ("业务日", *(title_of(column) for column in _DAY))
    return Section("七、逐日情况", (said,) if said else (), Grid(heads, tuple(rows)) if rows else None)


def _reasons(report: Report) -> dict[str, str]:
    """For each item the reasons of its second visits, most frequent first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for row in report.rows:
        count = count_of(value_of(row.figures["second_visits"], ""))
        if count:
            found.setdefault(row.key[0], []).append((count, row.names[1]))
    return {
        item: "、".join(f"{name} {count} 次" for count, name in sorted(why, key=lambda w: -w[0]))
        for item, why in found.items()
    }


def formulas() -> tuple[Indicator, ...]:
    """The indicators that the report uses, each once."""
    used = (*KEY_FIGURES, *_SERVICE, *_WINDOW, *_JUDGED, *_ITEM, *_DAY, *_REASON)
    names = dict.fromkeys(column.partition(".")[0] for column in used)
    return tuple(INDICATORS[name] for name in names)
