"""A press meant for the number that the clerk saw must not hit another one that came meanwhile."""

from __future__ import annotations

from collections import OrderedDict

from hall_server.hall.model import RuleBroken
from hall_server.hall.pictures import HallView

REMEMBERED = 10_000


class SeenCheck:
    """Compares what the sender saw with the newest durable picture, the first time a request comes.

    A repeat passes, because its first send may have changed the window: the hall then gives it the
    first answer. Used on the web loop only.
    """

    def __init__(self) -> None:
        self._passed: OrderedDict[tuple[str, str], None] = OrderedDict()

    def check(self, view: HallView, window: str, request: str, seen: str | None) -> None:
        """Raises RuleBroken ``stale`` when the window shows another number than ``seen``."""
        if seen is None or (window, request) in self._passed:
            return
        present = view.present.get(window)
        if seen != (present.id if present else ""):
            now = f"现在是 {present.number}" if present else "现在没有号"
            raise RuleBroken("stale", f"窗口的号已变化（{now}），操作未提交，请核对后再操作")
        self._passed[(window, request)] = None
        if len(self._passed) > REMEMBERED:
            self._passed.popitem(last=False)
