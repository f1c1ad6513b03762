"""PURE: figures of the catalogue of items itself (cap D7): how many are handled here, papers, promised days.

They are of one version of the catalogue and not of a period; by department. What an item does not tell is
left out of the figures that need it, and a figure without anything to count has no value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from hall_server.catalogue.records import Entry
from hall_server.reports.indicators import Indicator, Unit
from hall_server.reports.table import Column, Line, Sort, Table, Value

AT_ONCE, PROMISED = "即办", "承诺"
WHOLE = "全部"


@dataclass(slots=True)
class Tally:
    """What a figure is made of, counted over items; ``timed`` are those with promised and statutory days."""

    items: int = 0
    samples: int = 0
    entered: int = 0
    at_once: int = 0
    promised: int = 0
    promised_days: int = 0
    statutory: int = 0
    statutory_days: int = 0
    timed: int = 0
    timed_promised: int = 0
    timed_statutory: int = 0
    visits_told: int = 0
    once: int = 0
    online: int = 0
    terminal: int = 0
    appointment: int = 0
    papers: int = 0
    to_bring: int = 0
    waived: int = 0
    may_be_missing: int = 0

    def add(self, other: Tally) -> None:
        """The items of both."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: ``above`` over ``below`` names of ``Tally``; ``below`` '' = a plain count; ``less``: what
    is missing to the whole."""

    indicator: Indicator
    sort: Sort
    above: str
    below: str = ""
    less: bool = False

    def of(self, tally: Tally) -> Value:
        """A count; parts of 10,000; hundredths of a mean. Rounded half up, None without anything to count."""
        above = getattr(tally, self.above)
        if not self.below:
            return int(above)
        below = getattr(tally, self.below)
        if not below:
            return None
        scale = 10_000 if self.sort is Sort.RATE else 100
        part = below - above if self.less else above
        return int((part * scale * 2 + below) // (below * 2))


def _figure(
    id_: str, name: str, formula: str, above: str, below: str = "", *, mean: bool = False, less: bool = False
) -> Figure:
    sort = Sort.COUNT if not below else Sort.MEAN if mean else Sort.RATE
    unit = Unit.RATE if below and not mean else Unit.COUNT
    return Figure(Indicator(f"catalogue.{id_}", name, formula, unit), sort, above, below, less)


FIGURES: dict[str, Figure] = {
    one.indicator.id: one
    for one in (
        _figure("items", "事项数", "目录版本中的事项", "items"),
        _figure(
            "entry_rate", "进驻率", "进驻大厅的事项 ÷ 事项数；目录没有写明的按进驻计", "entered", "items"
        ),
        _figure(
            "papers_mean",
            "平均材料数",
            "每个事项必须提交的材料数之和 ÷ 事项数；免提交的和只在某些情形才要的不计",
            "to_bring",
            "items",
            mean=True,
        ),
        _figure(
            "waived_rate", "免提交材料占比", "免提交（数据共享取得）的材料 ÷ 全部材料", "waived", "papers"
        ),
        _figure("missing_rate", "可容缺材料占比", "可容缺的材料 ÷ 全部材料", "may_be_missing", "papers"),
        _figure("at_once_rate", "即办件占比", "即办件 ÷ 事项数", "at_once", "items"),
        _figure(
            "promised_mean",
            "平均承诺时限",
            "承诺件的承诺办结时限（工作日）之和 ÷ 写明承诺时限的承诺件数",
            "promised_days",
            "promised",
            mean=True,
        ),
        _figure(
            "statutory_mean",
            "平均法定时限",
            "法定办结时限（工作日）之和 ÷ 写明法定时限的事项数",
            "statutory_days",
            "statutory",
            mean=True,
        ),
        _figure(
            "shortened_rate",
            "承诺时限压缩率",
            "1 − 承诺时限之和 ÷ 法定时限之和；只计两者都写明的事项，即办件的承诺时限为 0",
            "timed_promised",
            "timed_statutory",
            less=True,
        ),
        _figure(
            "once_rate",
            "承诺最多跑一次占比",
            "到办事现场次数为 0 或 1 的事项 ÷ 写明到现场次数的事项；实际跑了几次见“二次跑动”报表",
            "once",
            "visits_told",
        ),
        _figure("online_rate", "网上可办率", "可网上办理的事项 ÷ 事项数", "online", "items"),
        _figure("terminal_rate", "自助可办率", "可在自助终端办理的事项 ÷ 事项数", "terminal", "items"),
        _figure("appointment_rate", "可预约率", "支持预约的事项 ÷ 事项数", "appointment", "items"),
    )
}


@dataclass(frozen=True, slots=True)
class Elements:
    """The figures of one version: department -> its tally, in the order of most items."""

    version: int
    departments: Mapping[str, Tally]

    @property
    def whole(self) -> Tally:
        """All departments together."""
        found = Tally()
        for tally in self.departments.values():
            found.add(tally)
        return found


def tallied(entries: Iterable[Entry]) -> Tally:
    """Count items."""
    found = Tally()
    for entry in entries:
        found.add(_tally(entry))
    return found


def _tally(entry: Entry) -> Tally:
    at_once, promised = entry.handling.startswith(AT_ONCE), entry.handling.startswith(PROMISED)
    told = promised and entry.promised_days > 0
    timed = entry.statutory_days > 0 and (told or at_once)
    papers = entry.materials
    return Tally(
        items=1,
        samples=entry.sample,
        entered=entry.entered,
        at_once=at_once,
        promised=told,
        promised_days=entry.promised_days if told else 0,
        statutory=entry.statutory_days > 0,
        statutory_days=entry.statutory_days,
        timed=timed,
        timed_promised=entry.promised_days if timed and not at_once else 0,
        timed_statutory=entry.statutory_days if timed else 0,
        visits_told=entry.visits >= 0,
        once=0 <= entry.visits <= 1,
        online=entry.online,
        terminal=entry.terminal,
        appointment=entry.appointment,
        papers=len(papers),
        to_bring=sum(paper.needed and not paper.waived for paper in papers),
        waived=sum(paper.waived for paper in papers),
        may_be_missing=sum(paper.may_be_missing for paper in papers),
    )


def table_of(elements: Elements) -> Table:
    """The whole first, then each department."""
    columns = tuple(Column(one.indicator, "", one.sort) for one in FIGURES.values())
    rows = [(WHOLE, elements.whole), *elements.departments.items()]
    lines = tuple(_line(name, tally) for name, tally in rows)
    return Table("事项目录指标", ("department",), ("部门",), columns, lines)


def _line(name: str, tally: Tally) -> Line:
    return Line((name,), (name,), tuple(one.of(tally) for one in FIGURES.values()), None, {})


@dataclass(frozen=True, slots=True)
class Counted:
    """An item behind a figure: what it adds above and below; ``counts`` False: it is left out."""

    code: str
    name: str
    above: int
    counts: bool


def behind(entries: Sequence[Entry], figure: Figure) -> list[Counted]:
    """Every item with what it adds to a figure, most first."""
    found = []
    for entry in entries:
        tally = _tally(entry)
        counts = bool(getattr(tally, figure.below)) if figure.below else True
        found.append(Counted(entry.code, entry.name, int(getattr(tally, figure.above)), counts))
    return sorted(found, key=lambda one: (not one.counts, -one.above))


SAID: Mapping[str, Callable[[int], str]] = {
    "promised_days": lambda days: f"{days} 个工作日",
    "statutory_days": lambda days: f"{days} 个工作日",
    "timed_promised": lambda days: f"承诺 {days} 个工作日",
    "to_bring": lambda papers: f"{papers} 份",
    "waived": lambda papers: f"{papers} 份",
    "may_be_missing": lambda papers: f"{papers} 份",
}
"""How what an item adds is told; anything else is yes or no."""
