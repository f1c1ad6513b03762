"""Error: the hall server is away; at rest, or with a wish that is carried out when it is back."""

from __future__ import annotations

from collections.abc import Sequence

from assets.ui.pictures import Sample
from assets.ui.widgets import PushButton
from contract.errands import Errand
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.home import Trouble
from kiosk.flows.state import State
from kiosk.flows.take import Held
from kiosk.screens.issuing import Working
from kiosk.screens.page import Emit, Page, pictured


class ErrorPage(Page):
    """See the module."""

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self._working = Working(icon="lan-disconnect", tone="warn")
        self._guides: PushButton | None = None
        self.ids.content.add_widget(self._working)

    def draw(self, state: State, screen: Trouble | Held) -> None:
        """What is the matter and what still works."""
        self._working.text = screen.sentence
        held = isinstance(screen, Held)
        self.title = "请稍候" if held else "暂停取号"
        self._working.more = (
            "恢复后自动继续取号，不会重复取号\n不想等候可返回，或到导办台取号"
            if held
            else "正在自动重新连接，恢复后即可取号\n急需办理请到导办台取号"
        )
        guides = Errand.GUIDES in state.facts.errands
        if self.changed("actions", held, guides):
            self._working.ids.actions.clear_widgets()
            if not held and guides:
                button = self._working.action("查看办事指南", "book-open-variant", kind="primary")
                button.bind(on_release=lambda _: self.emit(e.BrowseGuides()))

    def bar_for(self, state: State) -> Sequence[str]:
        """Someone who waits for a number may give up."""
        return (
            ("back", "home", "elder", "contrast") if isinstance(state.screen, Held) else ("elder", "contrast")
        )


PAGE = ErrorPage


def samples() -> tuple[Sample, ...]:
    """Nobody there; somebody waiting for his number."""
    way = (e.ChooseZone("zh"), e.ChooseService("sb"), e.ServerGone(), e.Take())
    return (
        Sample("error", pictured(ErrorPage, made_up.after(server=False))),
        Sample("error-held", pictured(ErrorPage, made_up.after(*way))),
    )
