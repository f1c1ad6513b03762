"""PURE: which items a hall's services take, and what is proposed for departments that none of them takes.

The rule: a service takes the items that it names and, of the rest, all items of the departments that it
names. Only items that some service takes are offered at kiosks; the public view shows the whole catalogue.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from hall_server.hall_file import HallFile, ServicePart


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A department that no service takes, with its items, and the service that is nearest (None: none is)."""

    department: str
    items: int
    service: ServicePart | None


def wanted_departments(file: HallFile) -> tuple[str, ...]:
    """Departments whose items the services take."""
    return tuple(dict.fromkeys(d for service in file.services for d in service.departments))


def wanted_codes(file: HallFile) -> tuple[str, ...]:
    """Items that services name."""
    return tuple(dict.fromkeys(code for service in file.services for code in service.items))


def unassigned(file: HallFile, departments: Mapping[str, int], named: Mapping[str, int]) -> list[Unassigned]:
    """Departments of the catalogue without a service, most items first. ``named``: how many items of a
    department are taken by name."""
    taken = set(wanted_departments(file))
    return [
        Unassigned(department, items - named.get(department, 0), nearest(file.services, department))
        for department, items in departments.items()
        if department not in taken and items > named.get(department, 0)
    ]


def nearest(services: Sequence[ServicePart], department: str) -> ServicePart | None:
    """The service whose name or departments are most like this department's name."""
    best, score = None, 0.34
    for service in services:
        for name in (service.name, *service.departments):
            found = _likeness(_bare(name), _bare(department))
            if found > score:
                best, score = service, found
    return best


def with_department(file: HallFile, department: str, service: str) -> tuple[ServicePart, ...]:
    """The services when one of them takes this department as well."""
    return tuple(
        msgspec.structs.replace(part, departments=(*part.departments, department))
        if part.id == service and department not in part.departments
        else part
        for part in file.services
    )


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _bare(name: str) -> str:
    """Without the words that all departments share."""
    for word in (
        "示例",
        "人民政府",
        "委员会",
        "管理局",
        "服务中心",
        "市",
        "县",
        "区",
        "局",
        "综合",
        "服务",
        "业务",
    ):
        name = name.replace(word, "")
    return name
