"""LED bars and lights at windows follow the hall: calls, pauses, pulled plugs and power cuts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import cast

import msgspec
import pytest

from contract.messages import TicketStatus, WindowState, WindowStatus
from devices.ports import CallBoxKey
from devices.registry import build
from devices.signals import DARK, BarText, Flash, GuideLights, LedBars, LedColour, Light
from devices.simulators.call_box import CallBoxSimulator
from devices.simulators.led_bars import LedBarSimulator, Make
from devices.simulators.modbus_units import GuideLightSimulator
from hall_server.config import load
from hall_server.hall import commands as c
from hall_server.hall_file import DevicePart, LightPart, WindowPart
from hall_server.service import HallService
from hall_server.wired import WindowDesk, WiredDevices, bar_desk, bar_text, light_desk, window_light
from tests.devices.waiting import until
from tests.hall_server.running import running

SAMPLE = Path(__file__).parents[2] / "assets" / "halls" / "demo" / "hall.toml"


def state(**changes: object) -> WindowState:
    known = {"window": "w01", "label": "1号窗口", "name": "综合受理", "zone": "综合", "seq": 1}
    return WindowState(**{"status": WindowStatus.OPEN, **known, **changes})  # type: ignore[arg-type]


CALLED = {"number": "A012", "ticket_status": TicketStatus.CALLED}
SERVING = {"number": "A012", "ticket_status": TicketStatus.SERVING}


@pytest.mark.parametrize(
    ("changes", "columns", "text", "colour"),
    [
        (CALLED, 16, "A012请到1号窗口", LedColour.RED),
        (CALLED, 12, "请A012号", LedColour.RED),
        (CALLED, 4, "A012", LedColour.RED),
        ({**CALLED, "label": "12号窗口"}, 16, "A012请到12号窗口", LedColour.RED),
        (SERVING, 16, "A012正在办理", LedColour.GREEN),
        ({}, 16, "1号窗口 综合受理", LedColour.GREEN),
        ({}, 8, "综合受理", LedColour.GREEN),
        ({"status": WindowStatus.PAUSED}, 16, "1号窗口 暂停服务", LedColour.YELLOW),
        ({"status": WindowStatus.PAUSED}, 4, "暂停", LedColour.YELLOW),
        ({"status": WindowStatus.CLOSED}, 8, "暂未开放", LedColour.YELLOW),
    ],
)
def test_the_longest_wording_that_fits(
    changes: dict[str, object], columns: int, text: str, colour: LedColour
) -> None:
    assert bar_text(state(**changes), columns) == BarText(text, colour)


def test_lights_say_free_come_busy_closed() -> None:
    assert window_light(state()) == Light(Flash.STEADY, LedColour.GREEN)
    assert window_light(state(**CALLED)) == Light(Flash.QUICK, LedColour.GREEN)
    assert window_light(state(**SERVING)) == Light(Flash.STEADY, LedColour.RED)
    assert window_light(state(status=WindowStatus.PAUSED)) == DARK


_requests = count()


def call(service: HallService, window: str) -> str:
    """Issue a number and call it; the number."""
    request = str(next(_requests))
    service.submit(c.Issue(request=f"i{request}", by="kiosk", service="tax")).result(10)
    answer = service.submit(c.CallNext(request=f"c{request}", by="clerk", window=window)).result(10)
    return answer.ticket.rpartition("-")[2]


def bars_of(simulator: LedBarSimulator, make: Make) -> LedBars:
    options: dict[str, object] = {"port": simulator.address, "addresses": [1, 2], "baud": 115200}
    if make == "onbon":
        return cast("LedBars", build("ledbar_onbon", options))
    return cast("LedBars", build("ledbar", {**options, "make": make}))


def with_bars(tmp_path: Path, make: Make, play: Callable[[HallService, LedBarSimulator], None]) -> None:
    simulator = LedBarSimulator("bars", tmp_path / "bars", (1, 2), make=make, baud=115200)
    with running(tmp_path / "journal.db") as (service, _):
        desk: WindowDesk[LedBars, BarText] = bar_desk(service, bars_of(simulator, make), {"w1": 1, "w2": 2})
        service.on_view(desk.show_view)
        desk.start()
        simulator.start()
        try:
            play(service, simulator)
        finally:
            desk.stop()
            simulator.stop()


@pytest.mark.parametrize("make", ["lcd21", "onbon", "bus"])
def test_a_call_stands_on_its_bar_and_goes(make: Make, tmp_path: Path) -> None:
    def play(service: HallService, simulator: LedBarSimulator) -> None:
        assert simulator.wait_for(1, "1号窗口")
        number = call(service, "w1")
        assert simulator.wait_for(1, f"{number}请到1号窗口")
        service.submit(c.Arrive(request="a", by="clerk", window="w1")).result(10)
        assert simulator.wait_for(1, f"{number}正在办理")
        service.submit(c.Finish(request="f", by="clerk", window="w1")).result(10)
        service.submit(c.PauseWindow(request="p", by="clerk", window="w1")).result(10)
        assert simulator.wait_for(1, "1号窗口 暂停服务")
        assert simulator.shown(2)[0].startswith("2号窗口")

    with_bars(tmp_path, make, play)


@pytest.mark.parametrize("make", ["lcd21", "onbon"])
def test_a_bar_that_comes_back_shows_the_truth_at_once(make: Make, tmp_path: Path) -> None:
    def play(service: HallService, simulator: LedBarSimulator) -> None:
        first = call(service, "w1")
        assert simulator.wait_for(1, f"{first}请到1号窗口")
        simulator.set_fault("unplugged", True)
        service.submit(c.Arrive(request="a", by="clerk", window="w1")).result(10)
        service.submit(c.Finish(request="f", by="clerk", window="w1")).result(10)
        second = call(service, "w1")
        simulator.set_fault("blank", True)
        simulator.set_fault("blank", False)
        simulator.set_fault("unplugged", False)
        assert simulator.wait_for(1, f"{second}请到1号窗口")

    with_bars(tmp_path, make, play)


def test_a_bar_confirms_each_call_once_and_only_when_it_stands_there(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    simulator = LedBarSimulator("bars", tmp_path / "bars", (1, 2), make="onbon", baud=115200)
    with running(tmp_path / "journal.db") as (service, _):
        desk = bar_desk(
            service, bars_of(simulator, "onbon"), {"w1": 1}, shown=lambda *heard: told.append(heard)
        )
        service.on_view(desk.show_view)
        desk.start()
        simulator.start()
        try:
            number = call(service, "w1")
            until(lambda: [window for window, _ in told] == ["w1"])
            assert simulator.wait_for(1, f"{number}请到1号窗口")
            ticket = told[0][1].removesuffix(":1")
            service.submit(c.Recall(request="r1", by="clerk", window="w1")).result(10)
            until(lambda: told[1:] == [("w1", f"{ticket}:2")])
            simulator.set_fault("unplugged", True)
            until(lambda: not desk.health.usable)
            service.submit(c.Recall(request="r2", by="clerk", window="w1")).result(10)
            service.settled().result(10)
            assert len(told) == 2, "nobody knows what a bar without its line shows"
            simulator.set_fault("unplugged", False)
            until(lambda: told[2:] == [("w1", f"{ticket}:3")])
        finally:
            desk.stop()
            simulator.stop()


def test_a_light_flashes_at_a_call_and_is_red_while_someone_is_served(tmp_path: Path) -> None:
    positions = {"w1": {LedColour.GREEN: 0, LedColour.RED: 1}}
    simulator = GuideLightSimulator("lights", tmp_path / "lights", positions, baud=115200)
    options = {"port": simulator.address, "positions": positions, "baud": 115200}
    with running(tmp_path / "journal.db") as (service, _):
        desk = light_desk(service, cast("GuideLights", build("guide_lights", options)))
        service.on_view(desk.show_view)
        desk.start()
        simulator.start()
        try:
            assert simulator.wait_for("w1", LedColour.GREEN)
            call(service, "w1")
            for colour in (None, LedColour.GREEN, None, LedColour.GREEN):
                assert simulator.wait_for("w1", colour)
            service.submit(c.Arrive(request="a", by="clerk", window="w1")).result(10)
            assert simulator.wait_for("w1", LedColour.RED)
            service.submit(c.Finish(request="f", by="clerk", window="w1")).result(10)
            service.submit(c.PauseWindow(request="p", by="clerk", window="w1")).result(10)
            assert simulator.wait_for("w1", None)
        finally:
            desk.stop()
            simulator.stop()


def bare(window: WindowPart) -> WindowPart:
    """Without a call box and a bar."""
    return msgspec.structs.replace(window, callbox=0, ledbar=0)


def test_all_that_a_halls_file_says_is_wired(tmp_path: Path) -> None:
    sample = load(SAMPLE)
    boxes = CallBoxSimulator("boxes", tmp_path / "boxes", tuple(range(1, 13)), spontaneous=True)
    bars = LedBarSimulator("bars", tmp_path / "bars", (1, 3), make="onbon", baud=57600)
    lights = GuideLightSimulator(
        "lights", tmp_path / "lights", {"w03": {LedColour.GREEN: 0, LedColour.RED: 1}}
    )
    assert sample.file.ledbars is not None
    file = msgspec.structs.replace(
        sample.file,
        callboxes=DevicePart(port=boxes.address, options={"mode": "spontaneous"}),
        ledbars=msgspec.structs.replace(sample.file.ledbars, port=bars.address),
        lights=LightPart(port=lights.address, options={"positions": {"w03": {"green": 0, "red": 1}}}),
    )
    for simulator in (boxes, bars, lights):
        simulator.start()
    with running(tmp_path / "journal.db", sample.plan) as (service, _):
        wired = WiredDevices(file, service)
        wired.start()
        try:
            assert lights.wait_for("w03", LedColour.GREEN)
            asked = c.Issue(request="i1", by="kiosk", service=sample.file.windows[2].services[0])
            number = service.submit(asked).result(10).ticket.rpartition("-")[2]
            boxes.press(3, CallBoxKey.NEXT)
            assert bars.wait_for(3, f"{number}请到3号窗口")
            assert {health.name for health in wired.healths} == {"callboxes", "ledbars", "lights"}
            swapped = {"w03": (5, 1), "w05": (3, 3), "w01": (1, 0)}
            windows = tuple(
                msgspec.structs.replace(window, callbox=swapped[window.id][0], ledbar=swapped[window.id][1])
                if window.id in swapped
                else window
                for window in file.windows
            )
            wired.describe(msgspec.structs.replace(file, windows=windows))
            assert bars.wait_for(1, f"{number}请到3号窗口"), "the bar that window 3 has now"
            assert bars.wait_for(3, "不动产与公积金")
            boxes.press(5, CallBoxKey.ARRIVED)
            assert bars.wait_for(1, f"{number}正在办理"), "and its call box"
            wired.describe(msgspec.structs.replace(file, windows=tuple(bare(each) for each in windows)))
            until(lambda: {health.name for health in wired.healths} == {"lights"})
            assert bars.wait_for(1, ""), "a bar that is nobody's shows nothing"
            wired.describe(file)
            assert bars.wait_for(3, f"{number}正在办理")
        finally:
            wired.stop()
            for simulator in (boxes, bars, lights):
                simulator.stop()
