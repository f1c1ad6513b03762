"""PURE: which papers an item wants in a situation: one answer for kiosks, clerks and printed notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from contract.catalogue import Item, Material

SHARED_SOURCE = "数据共享"


class Bring(StrEnum):
    """What a citizen has to do about one paper."""

    NEEDED = "needed"
    MAY_BE_MISSING = "may_be_missing"
    NOT_SUBMITTED = "not_submitted"
    IF_ASKED = "if_asked"


@dataclass(frozen=True, slots=True)
class Paper:
    """One line of the materials list, for the situation chosen."""

    name: str
    bring: Bring
    copies: int = 0
    source: str = ""


def materials(item: Item, answers: Sequence[int | None]) -> tuple[Paper, ...]:
    """What this situation needs: a paper that only another reply would add is left out.

    First what must be brought, then what may follow (容缺), then what need not be submitted (免提交),
    last what is asked for now and then.
    """
    chosen: set[str] = set()
    conditional: set[str] = set()
    for question, choice in zip(item.situations, answers, strict=True):
        for position, option in enumerate(question.options):
            conditional.update(option.adds)
            if position == choice:
                chosen.update(option.adds)
    papers = [
        Paper(material.name, bring, material.copies, material.source)
        for material in item.materials
        if (bring := _bring(material, chosen, conditional)) is not None
    ]
    return tuple(sorted(papers, key=lambda paper: list(Bring).index(paper.bring)))


def _bring(material: Material, chosen: set[str], conditional: set[str]) -> Bring | None:
    wanted = material.needed or material.name in chosen
    if not wanted:
        return None if material.name in conditional else Bring.IF_ASKED
    if material.source.startswith(SHARED_SOURCE):
        return Bring.NOT_SUBMITTED
    return Bring.MAY_BE_MISSING if material.may_be_missing else Bring.NEEDED


def answers_told_by(item: Item, labels: Sequence[str]) -> tuple[int | None, ...]:
    """The replies that a number's situation tells: its labels in the order of the questions, where a question
    may have been passed over."""
    rest = list(labels)
    found: list[int | None] = []
    for question in item.situations:
        known = [option.label for option in question.options]
        told = bool(rest) and rest[0] in known
        found.append(known.index(rest.pop(0)) if told else None)
    return tuple(found)
