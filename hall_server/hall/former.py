"""PURE: what events of former versions mean today; records are never rewritten, only read so.

To change a kind of event of which journals lie in halls: a new field gets a default, and needs nothing
here. To rename, drop or reinterpret a field, write here what makes the present body of the former one, told
apart by a field that only the former has; when nothing tells them apart, give the kind a new name and put
the old name here. Raise the schema (``journal.py``) too, so that a version before it refuses the file
instead of guessing. ``tests/hall_server/recorded/`` holds a file of each schema that must stay readable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Body = dict[str, Any]


def _lease_merged_1(body: Body) -> tuple[str, Body]:
    """Schema 1 had the decisions of a merge as sentences in it; now each is an event of its own."""
    return "LeaseMerged", {name: value for name, value in body.items() if name != "decisions"}


FORMER: dict[str, Callable[[Body], tuple[str, Body]]] = {"LeaseMerged": _lease_merged_1}
"""Kind -> what makes (kind, body) of today of a body that today's kind does not understand. It may lead to a
form that is former itself."""
