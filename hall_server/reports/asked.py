"""A question about reports answered whole: the table, the hall's figures beside two earlier periods.

What page and files show is one ``Answer``. Reports are remembered by the days and events that they are of, so
that asking again, or sorting out the same days, costs little.
"""

from __future__ import annotations

import datetime
import threading
from collections import OrderedDict
from dataclasses import dataclass

from hall_server.reports.calendar import date_of
from hall_server.reports.days import Days
from hall_server.reports.kinds import KINDS
from hall_server.reports.periods import Earlier, Period, earlier
from hall_server.reports.report import Report, make
from hall_server.reports.table import Column, Table, Value, headline, table_of, value_of

REMEMBERED = 48
LARGEST = 5000
LONGEST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Question:
    """``by`` empty = as usual for the kind; ``against``: ``previous``, ``same`` or ''."""

    kind: str
    period: Period
    by: tuple[str, ...] = ()
    full: bool = False
    against: str = ""


@dataclass(frozen=True, slots=True)
class Headline:
    """The hall's figure of one indicator, now and in the two earlier periods."""

    column: Column
    now: Value
    then: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """``earlier``: the two periods that ``headlines`` compare with; ``labels``: every day of the journal."""

    question: Question
    report: Report
    table: Table
    earlier: tuple[Earlier, ...]
    headlines: tuple[Headline, ...]
    labels: tuple[str, ...]


class Asked:
    """Answers from the days of a journal; any thread may ask."""

    def __init__(self, days: Days) -> None:
        self.days = days
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[object, ...], Report] = OrderedDict()

    def answer(self, question: Question) -> Answer:
        """Everything that is shown. Raises KeyError, JournalBroken."""
        labels = self.days.labels()
        before = earlier(question.period, labels)
        report = self.report(question.period, question.kind, question.by)
        against = next((one for one in before if one.id == question.against), None)
        if against is None:
            table = table_of(report, full=question.full)
        else:
            then = self.report(against.period, question.kind, question.by)
            table = table_of(report, full=question.full, then=then, against=against.name, twin=against.key)
        return Answer(question, report, table, before, self._headlines(question, before), labels)

    def report(self, period: Period, kind: str, by: tuple[str, ...] = ()) -> Report:
        """One report, made or remembered. Raises KeyError, JournalBroken."""
        days = self.days.between(*period.labels)
        key = (tuple((day.day, day.last_seq, day.closed) for day in days), kind, by or KINDS[kind].by)
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
                return found
        made = make(days, kind, by)
        if len(made.rows) <= LARGEST:
            with self._lock:
                self._known[key] = made
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return made

    def hall(self, period: Period, kind: str) -> dict[str, Value]:
        """The whole hall's figures of a kind: column id -> value; {} without any. Raises JournalBroken."""
        report = self.report(period, kind, ("hall",))
        if not report.rows:
            return {}
        columns = table_of(report, full=True)
        return {c.id: v for c, v in zip(columns.columns, columns.lines[0].cells, strict=True)}

    def _headlines(self, question: Question, before: tuple[Earlier, ...]) -> tuple[Headline, ...]:
        reports = [
            self.report(p, question.kind, ("hall",)) for p in (question.period, *(e.period for e in before))
        ]
        found = []
        for indicator in reports[0].indicators:
            column = headline(indicator)
            values = [
                value_of(r.rows[0].figures[indicator.id], column.part) if r.rows else None for r in reports
            ]
            found.append(Headline(column, values[0], tuple(values[1:])))
        return tuple(found)


def newest_date(labels: tuple[str, ...], today: datetime.date) -> datetime.date:
    """The date of the newest business day; of a journal without any, today."""
    return date_of(labels[-1]) if labels else today
