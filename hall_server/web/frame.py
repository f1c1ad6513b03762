"""What every page is made with: the hall, its accounts, the templates, and who looks at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi.responses import HTMLResponse

from hall_server.accounts.desk import Accounts
from hall_server.figures import AnswerFigures
from hall_server.house import House
from hall_server.service import HallService
from hall_server.web.caller import Caller
from hall_server.web.live import Hub
from hall_server.web.navigation import entries_for
from hall_server.web.rendering import Rendering


@dataclass(frozen=True, slots=True)
class Frame:
    """Handed to every module of routes."""

    service: HallService
    accounts: Accounts
    hub: Hub
    rendering: Rendering
    now_ms: Callable[[], int]
    house: House
    answers: AnswerFigures = field(default_factory=AnswerFigures)

    def page(self, here: Caller, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """A page for this caller; templates that extend ``frame.html`` get the bar on top by his rights."""
        html = self.rendering.page(
            template, here=here, entries=entries_for(here.visitor), at_ms=self.now_ms(), **values
        )
        return HTMLResponse(html, status)
