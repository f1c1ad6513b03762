"""Rows: a list whose rows are made once and changed in place.

rows = Rows(make=MaterialRow)         # MaterialRow has ``show(item)``; its height is its own affair
rows.show(items)                      # reuses the rows there are, makes what is missing, hides the rest
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from kivy.uix.boxlayout import BoxLayout


class Row(Protocol):
    """A widget that can show an item."""

    def show(self, item: object) -> None:
        """Show this item."""


class Rows(BoxLayout):
    """A vertical list; see the module."""

    def __init__(self, *, make: Callable[[], Row], **options: object) -> None:
        super().__init__(orientation="vertical", **options)
        self._make = make
        self._pool: list[Row] = []

    def show(self, items: Sequence[object]) -> None:
        """Show these items, one row each, in order."""
        while len(self._pool) < len(items):
            self._pool.append(self._make())
        shown = self._pool[: len(items)]
        for row, item in zip(shown, items, strict=True):
            row.show(item)
        if self.children[::-1] != shown:
            self.clear_widgets()
            for row in shown:
                self.add_widget(row)
