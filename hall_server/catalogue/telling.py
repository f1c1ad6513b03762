"""PURE: an item and its changes in words: what differs between two states of it, element by element."""

from __future__ import annotations

from contract import catalogue as cat
from hall_server.catalogue.mapping import BY_KEY
from hall_server.catalogue.records import Entry, Paper
from hall_server.catalogue.rows import written_question

_WORDS = {"code": "编码", "materials": "申请材料", "situations": "办理情形"}


def changes(before: Entry | None, after: Entry | None) -> list[tuple[str, str, str]]:
    """(element, before, after) of everything that differs; a list tells only what went and what came."""
    found = []
    for name in Entry.__struct_fields__:
        old = getattr(before, name) if before else None
        new = getattr(after, name) if after else None
        if old == new or (not old and not new):
            continue
        if isinstance(old, tuple) or isinstance(new, tuple):
            went, came = lines(old or ()), lines(new or ())
            old_text = "；".join(one for one in went if one not in came)
            new_text = "；".join(one for one in came if one not in went)
            if not old_text and not new_text:
                old_text, new_text = "原次序", "次序改变"
        else:
            old_text, new_text = _text(old), _text(new)
        found.append((word(name), old_text, new_text))
    return found


def word(name: str) -> str:
    """An element's word."""
    element = BY_KEY.get(name)
    return _WORDS.get(name) or (element.text if element else name)


def lines(value: tuple[object, ...]) -> list[str]:
    """Papers or questions, a line each."""
    return [
        written_paper(one) if isinstance(one, Paper) else written_question(one)
        for one in value
        if isinstance(one, Paper | cat.Situation)
    ]


def written_paper(paper: Paper) -> str:
    """居民户口簿（复印件1份，容缺）"""
    hints = [
        f"复印件{paper.copies}份" if paper.copies else "",
        "容缺" if paper.may_be_missing else "",
        "免提交" if paper.waived else "",
        "" if paper.needed or paper.waived else "非必要",
        f"来源：{paper.source}" if paper.source else "",
    ]
    told = "，".join(filter(None, hints))
    return f"{paper.name}（{told}）" if told else paper.name


def _text(value: object) -> str:
    if value is None or value == -1:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value)
