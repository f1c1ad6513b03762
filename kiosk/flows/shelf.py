"""PURE: the catalogue as the screens look things up in it, and the replies to an item's questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.catalogue import Catalogue, Item, Service, Zone


@dataclass(frozen=True, slots=True)
class Shelf:
    """A catalogue, indexed once; only the zones that this kiosk shows."""

    zones: tuple[Zone, ...] = ()
    zone: Mapping[str, Zone] = field(default_factory=dict)
    services: Mapping[str, tuple[Service, ...]] = field(default_factory=dict)
    service: Mapping[str, Service] = field(default_factory=dict)
    item: Mapping[str, Item] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    no_show_text: str = ""

    def items_of(self, service: str) -> tuple[Item, ...]:
        """Items of a service in the catalogue's order."""
        found = self.service.get(service)
        return tuple(self.item[code] for code in found.items if code in self.item) if found else ()

    @property
    def offered(self) -> tuple[str, ...]:
        """Ids of all services that this kiosk offers."""
        return tuple(service.id for zone in self.zones for service in self.services[zone.id])


def shelve(catalogue: Catalogue, only_zones: tuple[str, ...] = ()) -> Shelf:
    """Index a catalogue; zones without a service are left out, ``only_zones`` empty means all."""
    services = {
        zone.id: tuple(service for service in catalogue.services if service.zone == zone.id)
        for zone in catalogue.zones
        if not only_zones or zone.id in only_zones
    }
    zones = tuple(zone for zone in catalogue.zones if services.get(zone.id))
    shown = {service.id: service for zone in zones for service in services[zone.id]}
    return Shelf(
        zones=zones,
        zone={zone.id: zone for zone in zones},
        services=services,
        service=shown,
        item={item.code: item for item in catalogue.items if item.service in shown},
        notices=catalogue.notices,
        no_show_text=catalogue.no_show_text,
    )


Answers = tuple[int | None, ...]


def no_answers(item: Item) -> Answers:
    """Every question of the guide sheet still open."""
    return (None,) * len(item.situations)


def situation_labels(item: Item, answers: Answers) -> tuple[str, ...]:
    """The labels chosen so far, in the order of the questions."""
    asked = zip(item.situations, answers, strict=True)
    return tuple(question.options[choice].label for question, choice in asked if choice is not None)


def added_by(item: Item, answers: Answers) -> frozenset[str]:
    """Names of the papers that are on the list because of a reply."""
    names: set[str] = set()
    for question, choice in zip(item.situations, answers, strict=True):
        if choice is not None:
            names.update(question.options[choice].adds)
    return frozenset(names)
