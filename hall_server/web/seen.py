"""A press meant for the number that the clerk saw must not hit another one that came meanwhile."""

from __future__ import annotations

from collections import OrderedDict

from hall_server.hall.model import Hall, RuleBroken
from hall_server.service import HallService
from hall_server.web.asking import ask

REMEMBERED = 10_000


class SeenCheck:
    """Compares what the sender saw with the window as it stands, the first time a request comes.

    A repeat passes, because its first send may have changed the window: the hall then gives it the
    first answer. Used on the web loop only.
    """

    def __init__(self, service: HallService) -> None:
        self._service = service
        self._passed: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def check(self, window: str, request: str, seen: str | None) -> None:
        """Raises RuleBroken ``stale`` when the window has another number than ``seen``."""
        if seen is None or (window, request) in self._passed:
            return

        def present(hall: Hall) -> tuple[str, str]:
            ticket = hall.ticket_at(window) if window in hall.windows else None
            return (ticket.id, ticket.number) if ticket else ("", "")

        ticket, number = await ask(self._service, present)
        if seen != ticket:
            now = f"现在是 {number}" if number else "现在没有号"
            raise RuleBroken("stale", f"窗口的号已变化（{now}），操作未提交，请核对后再操作")
        self._passed[(window, request)] = None
        if len(self._passed) > REMEMBERED:
            self._passed.popitem(last=False)
