"""PURE: the list of indicators as a page for people: docs/indicators.md is this text."""

from __future__ import annotations

from collections.abc import Iterator

from hall_server.reports.elements import FIGURES
from hall_server.reports.indicators import INDICATORS, UNIT_TEXT, Unit
from hall_server.reports.kinds import DIMENSIONS, KINDS

_HEAD = """# Indicators

Made from `hall_server/reports/indicators.py`: `python -m hall_server report --indicators`. Do not edit.

All instants are hall time, so a stepped clock changes nothing; undone actions are left out; numbers still
open at the close of a business day are kept apart. Figures are exact to the millisecond; percentiles are by
nearest rank. Every figure is compared with an independent recomputation from the journal (bar Q8,
`tests/bench/report_truth.py`).
"""


def handbook() -> str:
    """The whole page as Markdown."""
    return "\n".join((_HEAD, *_indicators(), "", *_kinds(), "", *_dimensions(), "", *_catalogue())) + "\n"


def _indicators() -> Iterator[str]:
    yield "## 指标"
    for unit, text in UNIT_TEXT.items():
        yield f"\n### {text}\n"
        yield "| id | 名称 | 公式 | 归因 |" if unit is not Unit.RATE else "| id | 名称 | 公式 | 分子 ÷ 分母 |"
        yield "|---|---|---|---|"
        for i in INDICATORS.values():
            if i.unit is unit:
                last = f"`{i.numerator}` ÷ `{i.denominator}`" if unit is Unit.RATE else i.reasons
                yield f"| `{i.id}` | {i.name} | {i.formula} | {last} |"


def _kinds() -> Iterator[str]:
    yield "## 报表\n\n| id | 名称 | 默认分组 | 指标 |\n|---|---|---|---|"
    for kind in KINDS.values():
        names = "全部" if kind.id == "all" else "、".join(INDICATORS[i].name for i in kind.indicators)
        yield f"| `{kind.id}` | {kind.name} | `{','.join(kind.by)}` | {names} |"


def _dimensions() -> Iterator[str]:
    yield "## 分组\n\n| id | 名称 |\n|---|---|"
    yield from (f"| `{name}` | {text} |" for name, text in DIMENSIONS.items())


def _catalogue() -> Iterator[str]:
    yield "## 事项目录指标\n\n来自事项目录在用的版本，不是某段时间的办理情况；按部门，可到事项。\n"
    yield "| id | 名称 | 公式 |\n|---|---|---|"
    for figure in FIGURES.values():
        yield f"| `{figure.indicator.id}` | {figure.indicator.name} | {figure.indicator.formula} |"
