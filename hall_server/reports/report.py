"""PURE: a report: figures of some indicators over some business days, in groups with Chinese names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hall_server.hall.evaluation import Grade
from hall_server.reports.groups import Key
from hall_server.reports.indicators import INDICATORS, Indicator
from hall_server.reports.kinds import KINDS
from hall_server.reports.summary import DaySummary
from hall_server.reports.tally import Figure, figures
from hall_server.reports.words import CLASS_TEXT, NOT_SIGNED_IN, NOT_TOLD_APART, REASON_TEXT

_GRADES = {grade.name.lower(): n for n, grade in enumerate(sorted(Grade, reverse=True))}


@dataclass(frozen=True, slots=True)
class Row:
    """One group: its key, the names of its parts, its figures by indicator."""

    key: Key
    names: tuple[str, ...]
    figures: dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked and what was measured. ``running`` names the business day that is not over yet, whose
    figures are of event ``last_seq``; '' when all days are closed."""

    kind: str
    name: str
    by: tuple[str, ...]
    days: tuple[str, ...]
    running: str
    last_seq: int
    indicators: tuple[Indicator, ...]
    rows: tuple[Row, ...]


def make(days: Sequence[DaySummary], kind: str, by: Sequence[str] = ()) -> Report:
    """The report of a kind over these days, in order; ``by`` names dimensions, none = the kind's own.

    Raises KeyError for a kind or dimension that does not exist.
    """
    wanted = KINDS[kind]
    groups = tuple(by) or wanted.by
    found = figures(days, wanted.indicators, groups)
    names = _Names(days)
    rows = [
        Row(key, tuple(names.of(dimension, part) for dimension, part in zip(groups, key, strict=True)), line)
        for key, line in found.items()
    ]
    closes = days[-1].closes_minute if days else 0
    rows.sort(key=lambda row: tuple(_order(d, part, closes) for d, part in zip(groups, row.key, strict=True)))
    running = next((day for day in days if not day.closed), None)
    return Report(
        kind=kind,
        name=wanted.name,
        by=groups,
        days=tuple(day.day for day in days),
        running=running.day if running else "",
        last_seq=days[-1].last_seq if days else 0,
        indicators=tuple(INDICATORS[name] for name in wanted.indicators),
        rows=tuple(rows),
    )


def _order(dimension: str, part: str, closes_minute: int) -> tuple[int, str]:
    """Half hours run from the close of a business day to the next, grades from best to worst; everything else
    by its key."""
    if dimension == "reason":
        return _GRADES.get(part, len(_GRADES)), part
    if dimension != "half_hour" or not part:
        return 0, part
    minute = int(part[:2]) * 60 + int(part[3:])
    return (minute - closes_minute) % 1440, part


class _Names:
    """Names as the days themselves had them: the latest, with an earlier one behind it when it changed."""

    def __init__(self, days: Sequence[DaySummary]) -> None:
        self._found: dict[str, dict[str, list[str]]] = {}
        for day in reversed(days):
            for kind, names in day.names.items():
                for id_, called in names.items():
                    known = self._found.setdefault(kind, {}).setdefault(id_, [])
                    known += [name for name in reversed(called) if name not in known]

    def of(self, dimension: str, part: str) -> str:
        """What a person calls this part of a key."""
        if dimension == "clerk":
            return part or NOT_SIGNED_IN
        if dimension == "day":
            return f"{part[:4]}-{part[4:6]}-{part[6:]}"
        if dimension == "class":
            return CLASS_TEXT[part]
        if not part:
            return "全部" if dimension == "hall" else NOT_TOLD_APART
        if dimension == "reason":
            return REASON_TEXT.get(part) or self._name("service", part) or self._name("window", part) or part
        if dimension == "item" and part.startswith("@"):
            return f"未选事项（{self._name('service', part[1:]) or part[1:]}）"
        return self._name(dimension, part) or part

    def _name(self, kind: str, id_: str) -> str:
        known = self._found.get(kind, {}).get(id_, [])
        return f"{known[0]}（原{'、'.join(known[1:])}）" if len(known) > 1 else "".join(known)
