"""PURE: why people lately went away without result, for the guide sheet of an item (一次性告知单).

Clerks' notes may name persons, so no note is ever shown: only the coded reason, and the materials of the item
whose names stand in the notes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hall_server.hall.model import OUTCOME_TEXT, Outcome
from hall_server.reports.returns import Unserved
from hall_server.reports.summary import DaySummary

LOOK_BACK_DAYS = 30
AT_LEAST = 2
MOST = 3
_FOR_CITIZENS = (Outcome.MISSING_MATERIAL, Outcome.NO_AUTHORITY, Outcome.ELSEWHERE)
_ASIDE = re.compile(r"[(（][^)）]*[)）]")


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason and how often it occurred; ``material`` is the paper that was missing, '' = not known."""

    outcome: str
    text: str
    material: str
    count: int


@dataclass(frozen=True, slots=True)
class Advice:
    """What the guide sheet of an item may say; ``sentence`` is '' when nothing occurred often enough."""

    item: str
    endings: int
    reasons: tuple[Reason, ...]

    @property
    def sentence(self) -> str:
        """最近常见退回原因：材料不全—缺居民户口簿、结婚证；须回原单位"""
        papers: dict[str, list[str]] = {}
        for reason in self.reasons:
            papers.setdefault(reason.text, []).extend([reason.material] if reason.material else [])
        said = (f"{text}—缺{'、'.join(names)}" if names else text for text, names in papers.items())
        return "最近常见退回原因：" + "；".join(said) if self.reasons else ""


def advise(days: Iterable[DaySummary], materials: Mapping[str, Sequence[str]]) -> dict[str, Advice]:
    """For each item that ended without result in these days: the reasons that a citizen can heed.

    ``materials``: item code -> names of its papers, as its guide sheet has them; other items are left out.
    """
    ended: dict[str, list[Unserved]] = {}
    for one in (one for day in days for one in day.unserved if one.item in materials):
        ended.setdefault(one.item, []).append(one)
    return {item: _advice(item, found, materials[item]) for item, found in ended.items()}


def _advice(item: str, unserved: Sequence[Unserved], materials: Sequence[str]) -> Advice:
    counted: Counter[tuple[Outcome, str]] = Counter()
    for ended in unserved:
        outcome = Outcome(ended.outcome)
        if outcome not in _FOR_CITIZENS:
            continue
        missing = missing_materials(ended.note, materials) if outcome is Outcome.MISSING_MATERIAL else ()
        counted.update((outcome, material) for material in missing or ("",))
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], not pair[0][1], pair[0][0], pair[0][1]))
    reasons = [
        Reason(outcome.value, OUTCOME_TEXT[outcome], material, count)
        for (outcome, material), count in ordered
        if count >= AT_LEAST
    ]
    named = any(reason.material for reason in reasons)
    vague = (Outcome.MISSING_MATERIAL.value, "")
    kept = [r for r in reasons if not (named and (r.outcome, r.material) == vague)]
    return Advice(item, len(unserved), tuple(kept[:MOST]))


def missing_materials(note: str, materials: Sequence[str]) -> tuple[str, ...]:
    """The materials whose names stand in a note; of names within one another only the longest counts."""
    found: list[str] = []
    rest = note
    for material in sorted(materials, key=len, reverse=True):
        for name in _names(material):
            if name in rest:
                rest = rest.replace(name, "")
                found.append(material)
                break
    return tuple(material for material in materials if material in found)


def _names(material: str) -> tuple[str, ...]:
    """How a clerk would write it: with and without brackets and without 居民."""
    bare = _ASIDE.sub("", material)
    return tuple(dict.fromkeys((material, bare, bare.replace("居民", ""))))
