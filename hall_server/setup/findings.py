"""What is wrong between the tables of a draft, each with the form and field where it is mended."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from contract.schema import Problem
from hall_server.hall_checks import problems_of
from hall_server.hall_file import HallFile, ItemFile
from hall_server.setup.editing import mistake, name_of, options, rows_of
from hall_server.setup.fields import Field
from hall_server.setup.sections import BY_KEY, NAMED_BY, field_of, section_of

NOTICE_COLUMNS = 128
"""Half Hanzi that a board's strip holds in its smallest type."""
_PLACE = re.compile(r"(?P<table>\w+)(?:\[(?P<id>[^\]]*)\])?(?:\.(?P<field>\w+))?.*")

_KEY = {"calling": "group", "pronunciations": "written", "broadcasts": "title"}


@dataclass(frozen=True, slots=True)
class Finding:
    """``section`` and ``row`` open the form ('' and -1: it cannot be mended in pages)."""

    section: str
    row: int
    field: str
    where: str
    sentence: str


def findings(file: HallFile, items: tuple[ItemFile, ...]) -> tuple[Finding, ...]:
    """Every mistake; a draft with one is kept but cannot be published."""
    return tuple(_finding(file, problem) for problem in (*problems_of(file, items), *_unwise(file)))


def _unwise(file: HallFile) -> Iterable[Problem]:
    """What a hall could run with, but nobody would want to begin: asked of drafts alone."""
    for text in file.hall.notices:
        if sum(1 if letter.isascii() else 2 for letter in text) > NOTICE_COLUMNS:
            yield Problem("hall.notices", f"{text[:12]}…", "is too long for a board")
    rules = file.rules
    if rules.grace_minutes > rules.late_minutes:
        wanted = f"must not be more than late_minutes ({rules.late_minutes})"
        yield Problem("rules.grace_minutes", str(rules.grace_minutes), wanted)


def _finding(file: HallFile, problem: Problem) -> Finding:
    found = _PLACE.fullmatch(problem.path)
    table, field = (found["table"], found["field"] or "") if found else ("", "")
    if found is not None and field and (single := section_of(table, field)) and table not in NAMED_BY:
        asked = single.field(field)
        where = f"{single.title}的{asked.label}" if asked else single.title
        return Finding(single.key, -1, field, where, _sentence(file, asked, problem))
    if found is None or table not in NAMED_BY:
        return _elsewhere(problem)
    row = _row(file, table, found["id"], field, problem)
    field = field or (_KEY.get(table, "id") if problem.wanted.startswith("stands twice") else "")
    section = section_of(table, field) or section_of(table, "")
    asked, words = field_of(table, field), [BY_KEY[section.key].title if section else table]
    if row >= 0:
        words.append(f"“{name_of(table, rows_of(file, table)[row], options(file))}”")
    if asked is not None:
        words.append(f"的{asked.label}")
    return Finding(
        section.key if section else "", row, field, "".join(words), _sentence(file, asked, problem)
    )


def _sentence(file: HallFile, asked: Field | None, problem: Problem) -> str:
    """For the person at the form: rows by their names, nothing about what is not there any more."""
    if asked is not None and asked.of and problem.wanted.startswith("is not one of"):
        return f"“{problem.value}”已不存在，请重新选择"
    names = options(file).lists["services"]
    return re.sub(r"“([a-z0-9-]+)”", lambda at: f"“{names.get(at[1], at[1])}”", mistake(asked, problem))


def _elsewhere(problem: Problem) -> Finding:
    if problem.path.partition(" ")[2] and "service" in problem.wanted:
        return Finding("services", -1, "departments", f"事项“{problem.value}”", mistake(None, problem))
    return Finding("", -1, "", f"本机设置 {problem.path}", mistake(None, problem))


def _row(file: HallFile, table: str, name: str | None, field: str, problem: Problem) -> int:
    """The row that a path or a value names, the last one of those that fit; -1 when none does."""
    rows = rows_of(file, table)
    if table == "rota" and name is not None:
        return int(name) if name.isdigit() and int(name) < len(rows) else -1
    key = _KEY.get(table, "id")
    by = key if name is not None else field or key
    wanted = name if name is not None else problem.value
    return max((i for i, row in enumerate(rows) if str(getattr(row, by, "")) == wanted), default=-1)
