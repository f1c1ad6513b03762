"""PURE: a row of a file to an item, each mistake with its reason in Chinese; what is odd about an item."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from contract import catalogue as cat
from hall_server.catalogue.mapping import BY_KEY
from hall_server.catalogue.records import Entry, Paper

LONGEST_NAME = 200
LONGEST_TEXT = 5000
MOST_PAPERS = 80
MOST_QUESTIONS = 20
MOST_DAYS = 3650
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Cn"})
_EXACT = 10**15
_YES = frozenset(
    {"是", "1", "1.0", "true", "yes", "y", "有", "支持", "可", "√", "必要", "必需", "免提交", "容缺", "进驻"}
)
_NO = frozenset(
    {"否", "0", "0.0", "false", "no", "n", "无", "不支持", "不可", "×", "非必要", "-", "/", "未进驻"}
)
_NONE = frozenset({"", "无", "-", "/", "—", "null", "none", "暂无"})
_HANDLING = {"即办": "即办", "即办件": "即办", "1": "即办", "承诺": "承诺", "承诺件": "承诺", "2": "承诺"}
_DAYS = re.compile(r"(\d{1,5})(?:\.0)?(?:个)?(?:工作日|自然日|日|天)?")
_ASIDE = re.compile(r"[（(\[【]([^）)\]】]*)[）)\]】]")
_HINT = re.compile(r"容缺|免提交|份|非必要|来源|原件|必要|必要时")
_COPIES = re.compile(r"(\d{1,2})\s*份")
_BREAK = re.compile(r"[\r\n;；]+")
_TEXTS = (
    "department_code",
    "kind",
    "version",
    "level",
    "objects",
    "condition",
    "address",
    "hours",
    "consult",
    "supervise",
    "in_charge",
    "area",
    "fee",
    "steps",
    "result",
    "also",
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One mistake: in which element ('' = the row), what stands there, why it is refused."""

    element: str
    value: str
    reason: str


@dataclass(slots=True)
class Reading:
    """A row while it is read; ``wrong`` fills up."""

    row: Mapping[str, Any]
    wrong: list[Wrong] = field(default_factory=list)

    def text(self, key: str, most: int = LONGEST_TEXT) -> str:
        """A cell as text: no blanks around it, no control or unseen characters (they hide in codes, or turn
        a name's direction)."""
        value = self.row.get(key)
        if value is None or isinstance(value, list | dict):
            return ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        told = value if isinstance(value, str) else str(value)
        if not told.isprintable():
            told = "".join(ch for ch in told if ch in "\n\t" or unicodedata.category(ch) not in _UNSEEN)
        told = told.strip()
        if len(told) > most:
            self.bad(key, told[:20] + "…", f"超过 {most} 个字")
            return told[:most]
        return told

    def code(self, key: str) -> str:
        """An identifier of Latin letters, digits, dots and lines."""
        value = self.row.get(key)
        if isinstance(value, float) and abs(value) >= _EXACT:
            self.bad(key, str(value)[:40], "长编码存成了数字，末几位已丢失：请把该列设为文本后重新导出")
            return ""
        told = self.text(key, 64)
        if told and not _CODE.fullmatch(told):
            kind = "像是被表格软件改成了科学计数" if re.fullmatch(r"[\d.]+E\+\d+", told, re.I) else ""
            self.bad(key, told[:40], kind or "编码只能有数字、字母、点和横线")
            return ""
        return told

    def yes(self, key: str, default: bool) -> bool:
        """A cell that says yes or no."""
        value = self.row.get(key)
        if isinstance(value, bool):
            return value
        told = self.text(key).lower()
        if not told:
            return default
        if told in _YES or told in _NO:
            return told in _YES
        self.bad(key, told[:20], "应填“是”或“否”")
        return default

    def number(self, key: str, most: int) -> int:
        """A whole number, with 个工作日 or the like behind it; empty, 无 and 即办 are 0."""
        told = self.text(key, 40)
        if told.lower() in _NONE or told in ("即办", "当场办结", "即时办结"):
            return 0
        found = _DAYS.fullmatch(told.replace(" ", ""))
        if found is None:
            self.bad(key, told[:20], "应填数字")
            return 0
        number = int(found[1])
        if number > most:
            self.bad(key, told[:20], f"不应大于 {most}")
            return 0
        return number

    def bad(self, key: str, value: str, reason: str) -> None:
        """One mistake more."""
        element = BY_KEY.get(key)
        self.wrong.append(Wrong(element.text if element else key, value, reason))


def read_row(row: Mapping[str, Any]) -> tuple[Entry | None, list[Wrong]]:
    """A row by element keys -> an item, or None with everything that is wrong."""
    reading = Reading(row)
    task, handle = reading.code("task_code"), reading.code("handle_code")
    name = reading.text("name", LONGEST_NAME).replace("\n", "")
    department = reading.text("department", LONGEST_NAME).replace("\n", "")
    if not (task or handle) and not reading.wrong:
        reading.bad("task_code", "", "没有编码")
    if not name:
        reading.bad("name", "", "没有填写")
    if not department:
        reading.bad("department", "", "没有填写")
    handling = reading.text("handling", 20)
    if handling and handling not in _HANDLING:
        reading.bad("handling", handling, "应填“即办件”或“承诺件”")
    texts = {key: reading.text(key) for key in _TEXTS}
    entry = Entry(
        code=handle or task,
        task_code=task,
        base_code=reading.code("base_code"),
        name=name,
        department=department,
        handling=_HANDLING.get(handling, ""),
        statutory_days=reading.number("statutory_days", MOST_DAYS),
        promised_days=reading.number("promised_days", MOST_DAYS),
        visits=reading.number("visits", 20) if reading.text("visits", 20) else -1,
        service_minutes=reading.number("service_minutes", 600),
        entered=reading.yes("entered", True),
        appointment=reading.yes("appointment", False),
        terminal=reading.yes("terminal", False),
        online=reading.yes("online", False),
        materials=_papers(reading),
        situations=_situations(reading),
        **texts,
    )
    return (None if reading.wrong else entry), reading.wrong


def oddities(entry: Entry) -> list[str]:
    """What is likely a mistake, in words; nothing of it forbids the item."""
    found = []
    if entry.statutory_days and entry.promised_days > entry.statutory_days:
        found.append(f"承诺时限 {entry.promised_days} 日长于法定时限 {entry.statutory_days} 日")
    if entry.handling == "承诺" and not entry.promised_days:
        found.append("承诺件没有承诺时限")
    if entry.handling == "即办" and entry.promised_days > 1:
        found.append(f"即办件却有 {entry.promised_days} 日承诺时限")
    names = [paper.name for paper in entry.materials]
    found += [f"材料“{name}”出现了两次" for name in dict.fromkeys(n for n in names if names.count(n) > 1)]
    for asked in entry.situations:
        for option in asked.options:
            found += [
                f"“{asked.question}”选“{option.label}”所加的“{added}”不在材料清单中"
                for added in option.adds
                if added not in names
            ]
        if len(asked.options) < 2:
            found.append(f"“{asked.question}”少于两个选项")
    return found


# ------------------------------------------------------------ papers and questions


def _papers(reading: Reading) -> tuple[Paper, ...]:
    value = reading.row.get("materials")
    if isinstance(value, list):
        papers = [found for one in value if (found := _plain_paper(reading, one))]
    else:
        papers = [written_paper(line) for line in _BREAK.split(reading.text("materials")) if line.strip()]
        papers = [paper for paper in papers if paper.name.lower() not in _NONE]
    if name := reading.text("material_name", LONGEST_NAME):
        papers.append(_column_paper(reading, name))
    if len(papers) > MOST_PAPERS:
        reading.bad("materials", f"{len(papers)} 份", f"超过 {MOST_PAPERS} 种材料")
    return tuple(papers[:MOST_PAPERS])


def _column_paper(reading: Reading, name: str) -> Paper:
    waived = reading.yes("material_waived", False)
    return Paper(
        name=name,
        needed=reading.yes("material_needed", True),
        copies=reading.number("material_copies", 99),
        may_be_missing=reading.yes("material_missing", False),
        waived=waived,
        source=reading.text("material_source", LONGEST_NAME),
    )


def _plain_paper(reading: Reading, value: object) -> Paper | None:
    """A paper as JSON has it: its name, or a mapping."""
    if isinstance(value, str):
        return written_paper(value) if value.strip() else None
    if isinstance(value, dict) and isinstance(value.get("name"), str) and value["name"].strip():
        inner = Reading(
            {
                "material_name": value["name"],
                "material_needed": value.get("needed", True),
                "material_copies": value.get("copies", 0),
                "material_missing": value.get("may_be_missing", False),
                "material_waived": value.get("waived", False),
                "material_source": value.get("source", ""),
            }
        )
        paper = _column_paper(inner, inner.text("material_name", LONGEST_NAME))
        reading.wrong += inner.wrong
        return paper
    reading.bad("materials", str(value)[:20], "材料应有名称（name）")
    return None


@lru_cache(maxsize=50_000)
def written_paper(line: str) -> Paper:
    """``居民户口簿（复印件1份，容缺）``: hints in brackets are taken out of the name."""
    line = re.sub(r"^\s*\d{1,2}[.、．)）]\s*", "", line).strip()[:LONGEST_NAME]
    hints = " ".join(aside for aside in _ASIDE.findall(line) if _HINT.search(aside))
    name = _ASIDE.sub(lambda found: "" if _HINT.search(found[1]) else found[0], line).strip()
    copies = _COPIES.search(hints)
    source = re.search(r"来源[:：]?\s*([^,，、 ]+)", hints)
    waived = "免提交" in hints
    return Paper(
        name=name,
        needed=not ("非必要" in hints or "必要时" in hints),
        copies=int(copies[1]) if copies else 0,
        may_be_missing="容缺" in hints,
        waived=waived,
        source=source[1] if source else "",
    )


def _situations(reading: Reading) -> tuple[cat.Situation, ...]:
    value = reading.row.get("situations")
    if isinstance(value, list):
        asked = list(_plain_questions(reading, value))
    else:
        asked = list(_written_questions(reading, reading.text("situations")))
    if len(asked) > MOST_QUESTIONS:
        reading.bad("situations", f"{len(asked)} 问", f"超过 {MOST_QUESTIONS} 个问题")
    return tuple(asked[:MOST_QUESTIONS])


def _plain_questions(reading: Reading, value: list[Any]) -> Iterable[cat.Situation]:
    for one in value:
        try:
            options = tuple(
                cat.SituationOption(label=str(o["label"]), adds=tuple(map(str, o.get("adds", ()))))
                for o in one["options"]
            )
            yield cat.Situation(question=str(one["question"]), options=options)
        except (KeyError, TypeError, AttributeError):
            reading.bad("situations", str(one)[:20], "每个问题应有 question 和 options")
            return


def _written_questions(reading: Reading, text: str) -> Iterable[cat.Situation]:
    """A line a question: ``是否委托办理？否｜是：授权委托书、代理人身份证``."""
    for line in filter(None, (part.strip() for part in text.splitlines())):
        question, mark, rest = line.partition("？") if "？" in line else line.partition("?")
        if not mark or not rest.strip():
            reading.bad("situations", line[:20], "应写成“问题？选项一｜选项二：材料、材料”")
            return
        options = []
        for part in filter(None, (one.strip() for one in re.split(r"[|｜]", rest))):
            label, _, adds = part.replace("：", ":").partition(":")
            names = tuple(filter(None, (name.strip() for name in re.split(r"[、,，]", adds))))
            options.append(cat.SituationOption(label=label.strip(), adds=names))
        yield cat.Situation(question=question.strip() + "？", options=tuple(options))


def written_question(asked: cat.Situation) -> str:
    """Back to one line, as a column of a file has it."""
    told = "｜".join(f"{o.label}：{'、'.join(o.adds)}" if o.adds else o.label for o in asked.options)
    return f"{asked.question.rstrip('?？')}？{told}"
