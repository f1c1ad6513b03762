"""The figures of the catalogue that the public sees, counted once for each version, by department."""

from __future__ import annotations

import threading

from hall_server.catalogue.desk import CatalogueDesk
from hall_server.catalogue.records import Entry
from hall_server.reports.elements import Elements, tallied


class ElementCounts:
    """Any thread may ask; the first of a version counts (a city's catalogue: seconds), the others wait."""

    def __init__(self, catalogue: CatalogueDesk) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._known: Elements | None = None

    def now(self) -> Elements:
        """Of the version in force."""
        version = self._catalogue.standing.public
        with self._lock:
            if self._known is None or self._known.version != version:
                names = self._catalogue.store.departments(version)
                self._known = Elements(version, {name: tallied(self.items(version, name)) for name in names})
            return self._known

    def items(self, version: int, department: str) -> list[Entry]:
        """The items of one department, in the order of the catalogue."""
        return self._catalogue.store.entries(version, departments=(department,))
