"""What is wired to the hall's box: call boxes, LED bars and lights, driven from the windows' state.

A press goes through the one door; bars and lights follow the view of each commit, so that one that comes
back shows the truth at once.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

from contract.messages import TicketStatus, WindowState, WindowStatus
from devices.faults import DeviceMisconfigured
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


class Desk(Protocol):
    """One line of this box and what is put on it."""

    @property
    def health(self) -> Health:
        """How the line is."""

    def start(self) -> None:
        """Open the line in the background, for ever."""

    def stop(self) -> None:
        """Let go of the line."""

    def show_view(self, view: HallView) -> None:
        """A new picture of the hall; must only post."""

    def blank(self, addresses: Iterable[int]) -> None:
        """Nothing stands there any more; waits for the line, at most SHOW_SECONDS each."""


class WiredDevices:
    """All desks of one hall box: the lines are the box's, the addresses on them the description's.

    ``shown(window, call)``: a call stands on the window's LED bar; from the line's thread, must only post.
    ``on_alarm`` gets a sentence when a description cannot be wired. Raises DeviceMisconfigured.
    """

    def __init__(
        self,
        file: HallFile,
        service: HallService,
        *,
        shown: Callable[[str, str], None] = lambda _window, _call: None,
        on_alarm: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._service, self._shown, self._on_alarm = service, shown, on_alarm
        self._box = file
        self._lines = {
            name: _Line(wanted, self._built(name, wanted)) for name, wanted in _wanted_of(file, file).items()
        }
        self._descriptions: queue.SimpleQueue[HallFile | None] = queue.SimpleQueue()
        self._follower = threading.Thread(target=self._follow, name="wired", daemon=True)
        service.on_view(self._show_view)

    @property
    def healths(self) -> tuple[Health, ...]:
        """How each line is."""
        return tuple(line.desk.health for line in self._lines.values())

    def describe(self, file: HallFile) -> None:
        """Windows have these addresses from now on; from any thread, also before start(). A line whose
        addresses changed is let go and taken again, the others are left in peace."""
        self._descriptions.put(file)

    def start(self) -> None:
        """Open all lines in the background, for ever."""
        for line in self._lines.values():
            line.desk.start()
        self._follower.start()

    def stop(self) -> None:
        """Let go of all lines."""
        self._descriptions.put(None)
        if self._follower.is_alive():
            self._follower.join()
        for line in reversed(self._lines.values()):
            line.desk.stop()

    def _show_view(self, view: HallView) -> None:
        """On the writer's thread."""
        for line in self._lines.values():
            line.desk.show_view(view)

    def _follow(self) -> None:
        """The follower's thread: a line takes its time to be let go."""
        while (file := self._descriptions.get()) is not None:
            try:
                self._rewire(file)
            except DeviceMisconfigured as error:
                log.error("the description cannot be wired: %s", error)
                self._on_alarm(f"叫号器或条屏的新地址没有生效：{error.fault.sentence}")

    def _rewire(self, file: HallFile) -> None:
        wanted = _wanted_of(file, self._box)
        new = {
            name: self._built(name, want)
            for name, want in wanted.items()
            if name not in self._lines or self._lines[name].wanted != want
        }
        for name in [name for name in self._lines if name in new or name not in wanted]:
            left = _addresses(self._lines[name].wanted) - (
                _addresses(wanted[name]) if name in wanted else set()
            )
            self._lines[name].desk.blank(sorted(left))
            self._lines[name].desk.stop()
        lines = {name: self._lines[name] for name in wanted if name not in new}
        self._lines = lines | {name: _Line(wanted[name], desk) for name, desk in new.items()}
        for name, desk in new.items():
            log.info("%s: wired anew", name)
            desk.start()
            desk.show_view(self._service.view)

    def _built(self, name: str, wanted: _Wanted) -> Desk:
        service, options = self._service, {**wanted.options, "port": wanted.port}
        driver = build(wanted.driver, options, path=name)
        if name == "callboxes":
            return CallBoxDesk(service, cast("CallBoxBus", driver), {a: w for w, a in wanted.places})
        if name == "ledbars":
            return bar_desk(service, cast("LedBars", driver), dict(wanted.places), shown=self._shown)
        return light_desk(service, cast("GuideLights", driver))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One line as it shall be: its driver, and (window, address) of what hangs on it."""

    driver: str
    port: str
    options: Mapping[str, Any]
    places: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    wanted: _Wanted
    desk: Desk


def _addresses(wanted: _Wanted) -> set[int]:
    return {address for _, address in wanted.places}


def _wanted_of(file: HallFile, box: HallFile) -> dict[str, _Wanted]:
    """The lines of a box with the addresses of a description; a line without any is not opened."""
    boxes = tuple((window.id, window.callbox) for window in file.windows if window.callbox)
    bars = tuple((window.id, window.ledbar) for window in file.windows if window.ledbar)
    found: dict[str, _Wanted] = {}
    for name, part, places in (("callboxes", box.callboxes, boxes), ("ledbars", box.ledbars, bars)):
        if part is not None and places:
            options = {"addresses": sorted(address for _, address in places), **part.options}
            found[name] = _Wanted(part.driver, part.port, options, places)
    if box.lights is not None:
        found["lights"] = _Wanted(box.lights.driver, box.lights.port, box.lights.options)
    return found


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
        blank: C | None = None,
        shown: Callable[[str, str], None] = lambda _window, _call: None,
    ) -> None:
        self._service = service
        self._tell, self._blank = shown, blank
        self._standing: dict[str, C] = {}
        self._calling: dict[str, str] = {}
        self._told: dict[str, str] = {}
        self._places = dict(places)
        self._content, self._put = content, put
        self._shown: dict[str, C] = {}
        self.device: Supervised[D] = Supervised(name, driver, self._changed)

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

    def blank(self, addresses: Iterable[int]) -> None:
        """Nothing stands at these places any more, where the device can show nothing."""
        if self._blank is not None and self.device.health.usable:
            put, nothing = self._put, self._blank
            for address in addresses:
                with suppress(Exception):  # a line that is lost shows nothing either
                    self.device.submit(
                        lambda driver, at=address: put(driver, at, nothing),  # type: ignore[misc]
                        SHOW_SECONDS,
                    ).result(SHOW_SECONDS)

    def _changed(self, health: Health) -> None:
        """On the device's thread: a line that is back shows nothing, or something old."""
        if health.state is State.READY:
            self._shown.clear()
            self._standing.clear()
            self.show_view(self._service.view)

    def show_view(self, view: HallView) -> None:
        """A new picture of the hall, on the writer's thread: only post what changed."""
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
        blank=BarText("", LedColour.GREEN),
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
