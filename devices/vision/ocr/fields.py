"""PURE: lines of print to the fields of an ID card and of a business licence, each checked.

Numbers have check characters, the birth date stands in the number, there are 56 ethnic groups: what
contradicts these is never *sure*, whatever the recogniser thinks of itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from contract.person import born_of, is_citizen_number
from devices.protocols.id_card import NATIONS
from devices.protocols.numbers import is_credit_code
from devices.vision.ocr.reading import Field, Line

LEAST_SCORE, LEAST_NAME_SCORE, LEAST_LINE_SCORE = 0.85, 0.9, 0.96
"""Below these a field without any check is doubtful. 王䶮 was misread at 0.86.
A line of a whole page has the mean score of its characters, which hides a weak one."""
GROUPS = tuple(name for code, name in NATIONS.items() if int(code) <= 56)
_DIGITS = str.maketrans(
    {"O": "0", "o": "0", "Q": "0", "I": "1", "l": "1", "|": "1", "S": "5", "B": "8", "Z": "2"}
)
_CREDIT_LOOKS = str.maketrans({"O": "0", "I": "1", "Z": "2", "S": "5", "V": "U"})
_DATE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日?")
_NUMBER = re.compile(r"[0-9OoQIlSBZ|]{17}[0-9Xx×]")
_CODE = re.compile(r"[0-9A-Z]{18}")


def rows(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines in reading order: from top to bottom, within a row from left to right."""
    ordered: list[list[Line]] = []
    for line in sorted(lines, key=lambda each: each.top + each.height / 2):
        middle = line.top + line.height / 2
        last = ordered[-1][-1] if ordered else None
        if last is not None and abs(last.top + last.height / 2 - middle) < 0.5 * min(
            last.height, line.height
        ):
            ordered[-1].append(line)
        else:
            ordered.append([line])
    return tuple(line for row in ordered for line in sorted(row, key=lambda each: each.left))


def id_card(parts: Mapping[str, Line]) -> dict[str, Field]:
    """Fields of a card's front from what was read in each place: name, sex, nation, born, address, number."""
    number = _citizen(parts.get("number"))
    fields = {
        "name": _plain(parts.get("name"), r"姓\s*名", LEAST_NAME_SCORE),
        "sex": _sex(parts.get("sex"), number),
        "nation": _nation(parts.get("nation")),
        "born": _born(parts.get("born"), number),
        "address": _plain(parts.get("address"), r"住\s*址"),
        "number": number,
    }
    return {name: each for name, each in fields.items() if each is not None}


def id_card_parts(lines: Sequence[Line]) -> dict[str, Line]:
    """The places of an ID card found by their printed labels, for a card that lies askew in its template."""
    text = "\n".join(line.text.replace(" ", "") for line in rows(lines))
    score = min((line.score for line in lines), default=0.0)
    patterns = {
        "name": r"姓名\n?(.+)",
        "sex": r"性别\n?([男女])",
        "nation": r"民族\n?([\u4e00-\u9fff]+)",
        "born": r"(\d{4}年\d{1,2}月\d{1,2}日?)",
        "address": r"住址\n?((?:.+\n)+?)(?=样张|公民|\d{17})",
        "number": rf"({_NUMBER.pattern})",
    }
    found = {name: re.search(pattern, text) for name, pattern in patterns.items()}
    return {
        name: Line(match.group(1).replace("\n", ""), score)
        for name, match in found.items()
        if match is not None
    }


_LICENCE_LABELS = {
    "name": r"名\s*称",
    "kind": r"类\s*型",
    "person": r"法定代表人|经营者|负责人|投资人",
    "capital": r"注册资本",
    "founded": r"成立日期|注册日期",
    "address": r"住\s*所|经营场所|主要经营场所",
}


def licence(lines: Sequence[Line]) -> dict[str, Field]:
    """Fields of a business licence: code, name, kind, person, capital, founded, address."""
    fields: dict[str, Field] = {}
    for line in lines:
        text = re.sub(r"\s", "", line.text).upper()
        for candidate in {text, text.translate(_CREDIT_LOOKS)}:
            match = _CODE.search(candidate)
            if match and (is_credit_code(match.group()) or "code" not in fields):
                good = is_credit_code(match.group())
                fields["code"] = Field(match.group(), line.score, good)
                if good:
                    break
    for name, label in _LICENCE_LABELS.items():
        value = _beside(label, lines)
        if value is not None:
            least = LEAST_LINE_SCORE if name in ("name", "person") else LEAST_SCORE
            fields[name] = Field(value.text, value.score, value.score >= least)
    founded = fields.get("founded")
    if founded is not None:
        fields["founded"] = _dated(founded)
    return fields


def _beside(label: str, lines: Sequence[Line]) -> Line | None:
    """What is printed to the right of a label, in its line or in the next one of its row."""
    for line in lines:
        match = re.match(rf"(?:{label})[:：]?\s*", line.text)
        if match is None:
            continue
        rest = line.text[match.end() :].strip()
        if rest:
            return Line(rest, line.score)
        middle = line.top + line.height / 2
        right = [
            other
            for other in lines
            if other.left > line.left + line.width * 0.5
            and abs(other.top + other.height / 2 - middle) < 0.7 * max(line.height, other.height)
        ]
        if right:
            return min(right, key=lambda other: other.left)
    return None


def _plain(line: Line | None, label: str, least: float = LEAST_SCORE) -> Field | None:
    if line is None:
        return None
    text = re.sub(rf"^{label}[:：]?", "", line.text.strip()).replace(" ", "").replace("•", "·")
    return Field(text, line.score, line.score >= least) if text else None


def _citizen(line: Line | None) -> Field | None:
    if line is None:
        return None
    match = _NUMBER.search(line.text.replace(" ", ""))
    if match is None:
        return None
    number = match.group()[:17].translate(_DIGITS) + match.group()[17].upper().replace("×", "X")
    return Field(number, line.score, is_citizen_number(number))


def _sex(line: Line | None, number: Field | None) -> Field | None:
    match = re.search("[男女]", line.text) if line is not None else None
    if line is None or match is None:
        return None
    agrees = number is not None and number.sure and (int(number.text[16]) % 2 == 1) == (match.group() == "男")
    return Field(match.group(), line.score, agrees)


def _nation(line: Line | None) -> Field | None:
    if line is None:
        return None
    word = re.sub(r"^民\s*族|族$|\s", "", line.text)
    if word in GROUPS:
        return Field(word, line.score, line.score >= LEAST_SCORE)
    near = get_close_matches(word, GROUPS, 1, 0.6)
    return Field(near[0] if near else word, line.score, False) if word else None


def _born(line: Line | None, number: Field | None) -> Field | None:
    match = _DATE.search(line.text.replace(" ", "")) if line is not None else None
    if line is None or match is None:
        return None
    year, month, day = match.groups()
    text = f"{year}{int(month):02d}{int(day):02d}"
    inside = born_of(number.text) if number is not None and number.sure else None
    return Field(text, line.score, inside is not None and f"{inside:%Y%m%d}" == text)


def _dated(value: Field) -> Field:
    match = _DATE.search(value.text)
    if match is None:
        return Field(value.text, value.score, False)
    year, month, day = match.groups()
    return Field(f"{year}{int(month):02d}{int(day):02d}", value.score, value.sure)
