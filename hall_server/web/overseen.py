"""Acts on windows and services by their JSON posts that belong in the audit log: a person's who does not
sit at that window. What a clerk does at his own stands in the journal; so does what partners do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hall_server.accounts.book import Act, Book
from hall_server.accounts.roles import Role, may_use_window
from hall_server.hall import commands as c
from hall_server.hall.model import Hall
from hall_server.service import HallService
from hall_server.web.asking import answered, ask
from hall_server.web.caller import Caller
from hall_server.web.manager_acts import issuing_look, window_look


class Overseer:
    """Carries commands out and notes what a person changed from outside. Raises RuleBroken, Away."""

    def __init__(self, service: HallService, book: Book) -> None:
        self._service, self._book = service, book

    async def window(self, here: Caller, command: c.AtWindow) -> str:
        """Open, pause or close; the ticket of the answer."""
        if not from_outside(here, command.window):
            return (await answered(self._service.submit(command))).ticket
        return await self._noted(here, "manager.window", command.window, window_look(command.window), command)

    async def issuing(self, here: Caller, command: c.StopIssuing | c.ResumeIssuing) -> None:
        """Stop or resume the numbers of a service."""
        if here.account is None:
            await answered(self._service.submit(command))
            return
        look = issuing_look(command.service)
        await self._noted(here, "manager.issuing", command.service, look, command)

    async def _noted(
        self, here: Caller, kind: str, subject: str, look: Callable[[Hall], object], command: c.Command
    ) -> str:
        before = await ask(self._service, look)
        answer = await answered(self._service.submit(command))
        after = await ask(self._service, look)
        if before != after:
            await asyncio.to_thread(self._book.note, here.actor, Act(kind, subject, before, after))
        return answer.ticket


def from_outside(here: Caller, window: str) -> bool:
    """Whether a person acts on a window that is not his own as a clerk."""
    account = here.account
    if account is None:
        return False
    return Role.CLERK not in account.roles or not may_use_window(account.windows, window)
