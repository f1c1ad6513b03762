"""Out of service: nothing to offer yet, or closed by the hall."""

from __future__ import annotations

from assets.ui.pictures import Sample
from kiosk import flow
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.home import STARTING, OutOfService
from kiosk.flows.state import State
from kiosk.screens.issuing import Working
from kiosk.screens.page import Emit, Page, pictured


class OutOfServicePage(Page):
    """See the module."""

    bar_keys = ("elder", "contrast")

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self._working = Working()
        self.ids.content.add_widget(self._working)

    def draw(self, _state: State, screen: OutOfService) -> None:
        """Why, and where to go."""
        starting = screen.reason == STARTING
        self.title = "正在准备" if starting else "暂停服务"
        self._working.icon = "progress-clock" if starting else "wrench-clock"
        self._working.tone = "accent_text" if starting else "warn"
        self._working.text = screen.reason
        self._working.more = "需要取号请使用其他自助机，或到导办台"


PAGE = OutOfServicePage


def samples() -> tuple[Sample, ...]:
    """Starting; closed for maintenance, with the longest reason."""
    closed = made_up.after(e.TakenOutOfService("本机正在维护"))
    long = made_up.after(e.TakenOutOfService("正在更换打印纸，约十分钟后恢复，请先到大厅中央二号自助机取号"))
    return (
        Sample("out-of-service-long", pictured(OutOfServicePage, long)),
        Sample("out-of-service-starting", pictured(OutOfServicePage, flow.start())),
        Sample("out-of-service", pictured(OutOfServicePage, closed)),
    )
