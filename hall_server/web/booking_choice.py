"""What a resident chooses on the way to an appointment: a service, an item, his situation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contract import catalogue as cat
from contract.guide_sheet import Bring, Paper, materials
from hall_server.hall.plan import Plan, Service

MOST_FOUND = 40
BRING_TEXT = {
    Bring.NEEDED: "需要带来",
    Bring.MAY_BE_MISSING: "可以以后补交（容缺）",
    Bring.NOT_SUBMITTED: "不用带（数据共享）",
    Bring.IF_ASKED: "有的情况才需要",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen so far: the item and the replies that its guide sheet asks for, '' and () for none."""

    item: cat.Item | None
    replies: tuple[int | None, ...]

    @property
    def situation(self) -> tuple[str, ...]:
        """The replies in words."""
        if self.item is None:
            return ()
        asked = zip(self.item.situations, self.replies, strict=True)
        return tuple(question.options[reply].label for question, reply in asked if reply is not None)

    @property
    def papers(self) -> tuple[tuple[str, tuple[Paper, ...]], ...]:
        """What to bring, grouped by what has to be done about it."""
        found = materials(self.item, self.replies) if self.item else ()
        groups = ((text, tuple(p for p in found if p.bring is bring)) for bring, text in BRING_TEXT.items())
        return tuple((text, papers) for text, papers in groups if papers)

    @property
    def query(self) -> Mapping[str, str]:
        """The same for an address."""
        replies = {f"s{i}": str(reply) for i, reply in enumerate(self.replies) if reply is not None}
        return ({"item": self.item.code} if self.item else {}) | replies


def by_zone(plan: Plan, services: tuple[Service, ...]) -> list[tuple[str, list[Service]]]:
    """(zone, its services) in the order of the plan; no zone without any."""
    zones = [(zone.name, [s for s in services if s.zone == zone.id]) for zone in plan.zones.values()]
    return [(name, found) for name, found in zones if found]


def searched(
    catalogue: cat.Catalogue, services: set[str], words: str, codes: Sequence[str] = ()
) -> list[cat.Item]:
    """Items of bookable services whose name or department has every word typed; before them those of
    ``codes``, what the catalogue's own search found (pinyin initials, other words for the same)."""
    wanted = words.split()
    if not wanted:
        return []
    found = (
        item
        for item in catalogue.items
        if item.service in services and all(word in f"{item.name} {item.department}" for word in wanted)
    )
    known = {item.code: item for item in catalogue.items if item.service in services}
    first = {code: known[code] for code in codes if code in known}
    more = {item.code: item for item in found}
    return list((first | more).values())[:MOST_FOUND]


def chosen_of(catalogue: cat.Catalogue, service: Service, code: str, typed: Mapping[str, str]) -> Choice:
    """The item and its replies, as far as they are right; a first reply stands for none given."""
    item = next((i for i in catalogue.items if i.code == code and i.service == service.id), None)
    if item is None:
        return Choice(None, ())
    replies: list[int | None] = []
    for i, question in enumerate(item.situations):
        text = str(typed.get(f"s{i}", ""))
        right = text.isascii() and text.isdigit() and int(text) < len(question.options)
        replies.append(int(text) if right else None)
    return Choice(item, tuple(replies))
