"""`python -m hall_server report`: reports, traces and the list of indicators, without a page."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from hall_server.hall.plan import Plan, Rules
from hall_server.keeping import JOURNAL
from hall_server.records import JournalBroken
from hall_server.reports.days import Days
from hall_server.reports.desk import DIRECTORY
from hall_server.reports.handbook import handbook
from hall_server.reports.indicators import Unit
from hall_server.reports.kinds import DIMENSIONS, KINDS
from hall_server.reports.report import Report, make
from hall_server.reports.sheets import numbers_csv, report_csv
from hall_server.reports.tally import Figure, Spread
from hall_server.reports.trace import Trace
from hall_server.reports.words import lasted_text

NO_PLAN = Plan("", "", Rules(), {}, {}, {}, {})


def main(words: list[str]) -> Iterable[str]:
    """What to print, piece by piece. Raises JournalBroken; ends the process on wrong words."""
    options = _parser().parse_args(words)
    if options.indicators:
        return [handbook()]
    days = Days(options.state / JOURNAL, options.state / DIRECTORY, NO_PLAN)
    if options.fold:
        os.nice(19)
        return [f"{days.fold_missing()} business days measured\n"]
    first, last = (text.replace("-", "") for text in (options.first, options.last))
    if options.visit:
        found = days.trace(options.visit)
        if found is None:
            raise SystemExit(f"no visit or number {options.visit!r} in the journal")
        return [_json(found)] if options.json else _story(found)
    if options.numbers:
        return numbers_csv(days.lives(first, last))
    by = tuple(options.by.split(",")) if options.by else ()
    if unknown := [name for name in by if name not in DIMENSIONS]:
        raise SystemExit(f"cannot group by {', '.join(unknown)}; there are {', '.join(DIMENSIONS)}")
    report = make(days.between(first, last), options.kind, by)
    if options.json:
        return [_json(report)]
    return report_csv(report) if options.csv else _table(report)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hall_server report", description="大厅报表")
    parser.add_argument("--state", type=Path, default=Path("var/hall"), metavar="DIR")
    parser.add_argument(
        "--from", dest="first", default="", metavar="DATE", help="first business day, 2026-11-01"
    )
    parser.add_argument("--to", dest="last", default="", metavar="DATE", help="last business day")
    parser.add_argument("--kind", choices=tuple(KINDS), default="waits")
    parser.add_argument("--by", default="", help=f"of {', '.join(DIMENSIONS)}; several with commas")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--csv", action="store_true")
    parser.add_argument("--numbers", action="store_true", help="every number as a line of CSV")
    parser.add_argument("--visit", default="", metavar="ID", help="the whole story of a visit or number")
    parser.add_argument("--indicators", action="store_true", help="the list of indicators with formulas")
    parser.add_argument("--fold", action="store_true", help="measure closed days that are not kept yet")
    return parser


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n"


def _story(found: Trace) -> Iterable[str]:
    yield f"{found.day} {'、'.join(found.numbers)} {found.masked_name}\n"
    for line in found.lines:
        yield f"{line.time} {line.number:6} {line.who}：{line.sentence}\n"
        yield from (f"{'':15}告知 {words}\n" for words in line.told)


def _table(report: Report) -> Iterable[str]:
    days = f"{report.days[0]}–{report.days[-1]}" if report.days else "没有业务日"
    running = f"（{report.running} 尚未结束）" if report.running else ""
    yield f"{report.name} {days}{running}\n"
    for row in report.rows:
        yield " ".join(row.names) + "\n"
        for indicator in report.indicators:
            yield f"  {indicator.name}  {_figure(indicator.unit, row.figures[indicator.id])}\n"


def _figure(unit: Unit, figure: Figure) -> str:
    if figure is None:
        return "—"
    if isinstance(figure, Spread):
        p90 = lasted_text(figure.percentiles[90])
        most = f"最长 {lasted_text(figure.most_ms)}（{figure.ticket}）"
        return f"{figure.count} 次，平均 {lasted_text(figure.mean_ms)}，P90 {p90}，{most}"
    if unit is Unit.TIME:
        return lasted_text(figure)
    return f"{figure / 100:.2f}%" if unit is Unit.RATE else str(figure)


def run(words: list[str]) -> int:
    """Print; 0 = done, 1 = no journal that can be read. A reader that has seen enough ends it quietly."""
    try:
        for text in main(words):
            sys.stdout.write(text)
    except JournalBroken as error:
        sys.stderr.write(f"report: {error}\n")
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
