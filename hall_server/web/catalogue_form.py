"""The form of one item: its fields to an item, and an item to further empty lines."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.datastructures import FormData

from contract import catalogue as cat
from hall_server.catalogue.records import Entry, Paper
from hall_server.catalogue.rows import MOST_PAPERS, MOST_QUESTIONS, Reading, Wrong, read_row

LARGEST_FORM = 262_144
MORE = 3
_SIMPLE = frozenset(Entry.__struct_fields__) - {"code", "materials", "situations"}
_SWITCHES = ("entered", "appointment", "terminal", "online")


def blank() -> Entry:
    """A new item."""
    return Entry(code="", name="", department="")


def more(entry: Entry, act: str) -> Entry:
    """With empty lines for papers, or with an empty question."""
    if act == "more-papers":
        return msgspec.structs.replace(
            entry, materials=(*entry.materials, *(Paper(name="") for _ in range(MORE)))
        )
    asked = cat.Situation(question="", options=())
    return msgspec.structs.replace(entry, situations=(*entry.situations, asked))


def entry_of_form(form: FormData, code: str) -> tuple[Entry, list[Wrong]]:
    """What was typed and what is wrong with it; ``code`` '' = a new item, whose code is typed."""

    def typed(name: str) -> str:
        value = form.get(name, "")
        return value if isinstance(value, str) else ""

    row: dict[str, Any] = {name: typed(name) for name in _SIMPLE if name not in _SWITCHES}
    row |= {name: bool(typed(name)) for name in _SWITCHES}
    row["handle_code"] = code or typed("code").strip()
    entry, wrong = read_row(row)
    papers, bad = _papers(typed)
    questions = _questions(typed)
    if entry is None:
        entry = _as_typed(row)
    return msgspec.structs.replace(entry, materials=papers, situations=questions), [*wrong, *bad]


def _papers(typed: Any) -> tuple[tuple[Paper, ...], list[Wrong]]:
    papers, wrong = [], []
    for index in range(MOST_PAPERS):
        name = typed(f"m{index}.name").strip()[:200]
        if not name:
            continue
        reading = Reading({"material_copies": typed(f"m{index}.copies")})
        copies = reading.number("material_copies", 99)
        wrong += reading.wrong
        papers.append(
            Paper(
                name=name,
                needed=typed(f"m{index}.needed") != "no",
                copies=copies,
                may_be_missing=bool(typed(f"m{index}.missing")),
                waived=bool(typed(f"m{index}.waived")),
                source=typed(f"m{index}.source").strip()[:200],
            )
        )
    return tuple(papers), wrong


def _questions(typed: Any) -> tuple[cat.Situation, ...]:
    """A question in a field, its options a line each: ``是：授权委托书、代理人身份证``."""
    asked = []
    for index in range(MOST_QUESTIONS):
        question = typed(f"q{index}.question").strip()[:200]
        if not question:
            continue
        options = []
        for line in filter(None, (part.strip() for part in typed(f"q{index}.options").splitlines()[:20])):
            label, _, adds = line.replace("：", ":", 1).partition(":")
            names = tuple(filter(None, (one.strip() for one in re.split(r"[、;；]", adds))))
            options.append(cat.SituationOption(label=label.strip()[:100], adds=names))
        asked.append(cat.Situation(question=question, options=tuple(options)))
    return tuple(asked)


def _as_typed(row: dict[str, Any]) -> Entry:
    """What cannot be an item yet, so that nothing typed is lost; numbers that are none become 0."""
    texts = {k: v for k, v in row.items() if k in _SIMPLE and isinstance(v, str)}
    numbers = {
        name: int(texts.pop(name, "")) if re.fullmatch(r"\d{1,4}", str(row.get(name, ""))) else 0
        for name in ("statutory_days", "promised_days", "service_minutes")
    }
    texts = {k: v for k, v in texts.items() if k not in ("visits", *numbers)}
    switches = {name: bool(row[name]) for name in _SWITCHES}
    return msgspec.convert({"code": row["handle_code"][:64], **texts, **numbers, **switches}, Entry)
