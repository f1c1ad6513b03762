"""What is wired to the hall's box: call boxes, LED bars and lights, driven from the windows' state.

A press goes through the one door; bars and lights follow the view of each commit, so that one that comes
back shows the truth at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from typing import Any, Generic, TypeVar, cast

from contract.messages import TicketStatus, WindowState, WindowStatus
from devices.health import Health
from devices.ports import CallBoxBus, Device, State
from devices.registry import build
from devices.signals import (
    DARK,
    STEP_SECONDS,
    BarText,
    Flash,
    GuideLights,
    LedBars,
    LedColour,
    Light,
)
from devices.supervisor import Supervised
from hall_server.callboxes import CallBoxDesk
from hall_server.hall.pictures import HallView
from hall_server.hall_file import HallFile
from hall_server.service import HallService

log = logging.getLogger(__name__)

D = TypeVar("D", bound=Device)
C = TypeVar("C", bound=Hashable)

SHOW_SECONDS = 5.0


class WiredDevices:
    """All desks of one hall box, made from its file. Wire before the service starts.

    ``shown(window, call)``: a call stands on the window's LED bar; from the line's thread, must only post.
    Raises DeviceMisconfigured.
    """

    def __init__(
        self,
        file: HallFile,
        service: HallService,
        *,
        shown: Callable[[str, str], None] = lambda _window, _call: None,
    ) -> None:
        self._desks: list[CallBoxDesk | WindowDesk[Any, Any]] = []
        boxes = {window.callbox: window.id for window in file.windows if window.callbox}
        if file.callboxes is not None and boxes:
            options = {"port": file.callboxes.port, "addresses": sorted(boxes), **file.callboxes.options}
            line = cast("CallBoxBus", build(file.callboxes.driver, options, path="callboxes"))
            self._desks.append(CallBoxDesk(service, line, boxes))
        bars = {window.id: window.ledbar for window in file.windows if window.ledbar}
        if file.ledbars is not None and bars:
            options = {"port": file.ledbars.port, "addresses": sorted(bars.values()), **file.ledbars.options}
            driver = cast("LedBars", build(file.ledbars.driver, options, path="ledbars"))
            self._desks.append(bar_desk(service, driver, bars, shown=shown))
        if file.lights is not None:
            options = {"port": file.lights.port, **file.lights.options}
            lights = cast("GuideLights", build(file.lights.driver, options, path="lights"))
            self._desks.append(light_desk(service, lights))

    @property
    def healths(self) -> tuple[Health, ...]:
        """How each line is."""
        return tuple(desk.health for desk in self._desks)

    def start(self) -> None:
        """Open all lines in the background, for ever."""
        for desk in self._desks:
            desk.start()

    def stop(self) -> None:
        """Let go of all lines."""
        for desk in reversed(self._desks):
            desk.stop()


class WindowDesk(Generic[D, C]):
    """Puts what ``content`` makes of a window's state at that window's place; only what changed, in order.

    ``shown(window, call)`` is told once the content of a called number stands there; a recall leaves it as
    it is, so its call stands there at once.
    """

    def __init__(
        self,
        name: str,
        service: HallService,
        driver: D,
        places: Mapping[str, C | Any],
        content: Callable[[WindowState], C],
        put: Callable[[D, Any, C], object],
        *,
        shown: Callable[[str, str], None] = lambda _window, _call: None,
    ) -> None:
        self._service = service
        self._tell = shown
        self._standing: dict[str, C] = {}
        self._calling: dict[str, str] = {}
        self._told: dict[str, str] = {}
        self._places = dict(places)
        self._content, self._put = content, put
        self._shown: dict[str, C] = {}
        self.device: Supervised[D] = Supervised(name, driver, self._changed)
        service.on_view(self._show_view)

    @property
    def health(self) -> Health:
        """How the line is."""
        return self.device.health

    def start(self) -> None:
        """Open the line in the background, for ever."""
        self.device.start()

    def stop(self) -> None:
        """Let go of the line."""
        self.device.stop()

    def _changed(self, health: Health) -> None:
        """On the device's thread: a line that is back shows nothing, or something old."""
        if health.state is State.READY:
            self._shown.clear()
            self._standing.clear()
            self._show_view(self._service.view)

    def _show_view(self, view: HallView) -> None:
        """On the writer's thread: only post what changed."""
        for window, place in self._places.items():
            state = view.windows.get(window)
            if state is None:
                continue
            content = self._content(state)
            self._calling[window] = state.call if state.ticket_status is TicketStatus.CALLED else ""
            if self._shown.get(window) != content:
                self._shown[window] = content
                self._show(window, place, content)
            elif self._standing.get(window) == content:
                self._confirm(window)

    def _show(self, window: str, place: Any, content: C) -> None:
        put = self._put

        def done(future: Future[object]) -> None:
            if future.cancelled() or future.exception() is not None:
                self._shown.pop(window, None)
                self._standing.pop(window, None)
                return
            self._standing[window] = content
            if self._shown.get(window) == content:
                self._confirm(window)

        self.device.submit(lambda driver: put(driver, place, content), SHOW_SECONDS).add_done_callback(done)

    def _confirm(self, window: str) -> None:
        """The newest call stands there; told once."""
        call = self._calling.get(window, "")
        if call and self._told.get(window) != call and self.device.health.usable:
            self._told[window] = call
            self._tell(window, call)


def bar_desk(
    service: HallService,
    driver: LedBars,
    bars: Mapping[str, int],
    *,
    shown: Callable[[str, str], None] = lambda _window, _call: None,
) -> WindowDesk[LedBars, BarText]:
    """A desk for a line of LED bars: ``bars`` maps windows to addresses."""
    columns = driver.capabilities.columns
    return WindowDesk(
        "ledbars",
        service,
        driver,
        bars,
        lambda state: bar_text(state, columns),
        lambda line, address, text: line.show(address, text),
        shown=shown,
    )


def light_desk(service: HallService, driver: GuideLights) -> WindowDesk[GuideLights, Light]:
    """A desk for lights above windows: each position of the driver has a window's id."""
    names = [name for name, _ in driver.capabilities.positions]
    desk: WindowDesk[GuideLights, Light] = WindowDesk(
        "lights",
        service,
        driver,
        {name: name for name in names},
        window_light,
        lambda lights, position, light: lights.light(position, light),
    )
    desk.device.watch(lambda lights: lights.step(), lambda _nothing: None, every_seconds=STEP_SECONDS)
    return desk


# ---------------------------------------------------------------- what a window says


def bar_text(state: WindowState, columns: int) -> BarText:
    """What a window's bar shows in at most so many half-width characters: the longest wording that fits.

    Red calls, green works or waits, yellow rests; the number stands in every wording of a call.
    """
    words, colour = _wordings(state)
    return BarText(next((each for each in words if _width(each) <= columns), words[-1]), colour)


def _wordings(state: WindowState) -> tuple[tuple[str, ...], LedColour]:
    """Longest first."""
    number, label = state.number, state.label
    if number and state.ticket_status is TicketStatus.CALLED:
        return (f"{number}请到{label}", f"请{number}号", number), LedColour.RED
    if number and state.ticket_status is TicketStatus.SERVING:
        return (f"{number}正在办理", number), LedColour.GREEN
    if state.status is WindowStatus.PAUSED:
        return (f"{label} 暂停服务", "暂停服务", "暂停"), LedColour.YELLOW
    if state.status is WindowStatus.CLOSED:
        return (f"{label} 暂未开放", "暂未开放", "未开"), LedColour.YELLOW
    named = () if state.name == label else (f"{label} {state.name}", state.name)
    return (*named, label), LedColour.GREEN


def window_light(state: WindowState) -> Light:
    """Green: free; flashing green: come here; red: someone is served; dark: paused or closed."""
    if state.number and state.ticket_status is TicketStatus.CALLED:
        return Light(Flash.QUICK, LedColour.GREEN)
    if state.number and state.ticket_status is TicketStatus.SERVING:
        return Light(Flash.STEADY, LedColour.RED)
    return Light(Flash.STEADY, LedColour.GREEN) if state.status is WindowStatus.OPEN else DARK


def _width(text: str) -> int:
    return sum(1 if character.isascii() else 2 for character in text)
