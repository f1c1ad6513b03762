"""LED bars of every make: shown, read back, kept through power cuts; and a wire that misbehaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from devices.drivers.ledbar import LedBarLine
from devices.faults import DeviceLost, DeviceMisconfigured, DeviceRefused
from devices.links import Expect, Give, ScriptedLink, Silence
from devices.protocols.framed import build_frame
from devices.protocols.makes import BARS, build_parts
from devices.registry import build
from devices.signals import BarText, LedBars, LedColour, Shown
from devices.simulators.led_bars import LedBarSimulator, Make

MAKES: tuple[Make, ...] = ("carpark", "bus", "lcd21", "onbon")
ANSWERING = ("lcd21", "onbon")


class Bars:
    """A driver before a simulator of the same make."""

    def __init__(self, make: Make, folder: Path, options: dict[str, Any]) -> None:
        self.addresses = (1,) if make == "carpark" else (1, 2, 5)
        self.simulator = LedBarSimulator("bars", folder / "bars", self.addresses, make=make, baud=115200)
        self.simulator.start()
        wanted = {
            "port": self.simulator.address,
            "addresses": list(self.addresses),
            "baud": 115200,
            **options,
        }
        name = "ledbar_onbon" if make == "onbon" else "ledbar"
        if make != "onbon":
            wanted["make"] = make
        self.driver = cast("LedBars", build(name, wanted))
        self.driver.open()
        self.last = self.addresses[-1]


@pytest.fixture
def bars(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bars]:
    made = Bars(request.param, tmp_path, {})
    yield made
    made.driver.close()
    made.simulator.stop()


every_make = pytest.mark.parametrize("bars", MAKES, indirect=True)
answering = pytest.mark.parametrize("bars", ANSWERING, indirect=True)


@every_make
def test_a_text_comes_to_its_bar_and_is_drawn(bars: Bars) -> None:
    bars.driver.identify()
    told = bars.driver.show(bars.last, BarText("A012请到3号窗口", LedColour.RED))
    assert bars.simulator.wait_for(bars.last, "A012请到3号窗口")
    assert told is (Shown.CONFIRMED if bars.driver.capabilities.can_status else Shown.UNKNOWN)
    assert bars.simulator.picture()[1].startswith(b"\x89PNG")
    if len(bars.addresses) > 1:
        assert bars.simulator.shown(1)[0] == ""


@every_make
def test_colours_where_the_bar_has_them(bars: Bars) -> None:
    for colour in bars.driver.capabilities.colours:
        bars.driver.show(bars.last, BarText(f"C00{colour[0]}", LedColour(colour)))
        assert bars.simulator.wait_for(bars.last, f"C00{colour[0]}")
        assert bars.simulator.shown(bars.last)[1].value == colour


@every_make
def test_what_is_too_long_or_not_in_the_rom_is_cut_and_marked(bars: Bars) -> None:
    bars.driver.show(bars.last, BarText("王𠮷请到十二号窗口办理业务"))
    assert bars.simulator.wait_for(bars.last, "王？请到十二号窗")


@every_make
def test_a_bar_that_lost_its_power_gets_its_text_again_with_a_heartbeat(bars: Bars) -> None:
    bars.driver.identify()
    bars.driver.show(bars.last, BarText("A012"))
    assert bars.simulator.wait_for(bars.last, "A012")
    bars.simulator.set_fault("blank", True)
    assert bars.simulator.shown(bars.last)[0] == ""
    bars.simulator.set_fault("blank", False)
    bars.driver.heartbeat()
    assert bars.simulator.wait_for(bars.last, "A012")


@every_make
def test_an_unknown_address_is_refused_with_a_sentence(bars: Bars) -> None:
    with pytest.raises(DeviceRefused, match="no_such_bar"):
        bars.driver.show(77, BarText("A012"))


@answering
@pytest.mark.parametrize("fault", ["echo", "wrong_sum", "collision", "late", "forgets"])
def test_a_text_survives_a_bad_wire(fault: str, bars: Bars) -> None:
    bars.driver.identify()
    bars.simulator.set_fault(fault, True)
    told = bars.driver.show(2, BarText("B007", LedColour.GREEN))
    assert told is Shown.CONFIRMED
    if fault == "forgets" and not bars.driver.capabilities.read_back:
        bars.driver.heartbeat()
    assert bars.simulator.shown(2) == ("B007", LedColour.GREEN)


@answering
def test_a_missing_bar_is_named_and_the_others_go_on(bars: Bars) -> None:
    bars.simulator.set_fault("missing", True)
    bars.driver.identify()
    status = bars.driver.heartbeat()
    assert status.ok
    assert [(fault.code, fault.sentence[0]) for fault in status.faults] == [("bar_missing", "5")]
    assert bars.driver.show(1, BarText("A001")) is Shown.CONFIRMED
    assert bars.driver.show(5, BarText("A002")) is Shown.UNKNOWN
    bars.simulator.set_fault("missing", False)
    bars.driver.heartbeat()
    assert bars.simulator.wait_for(5, "A002"), "a bar that comes back shows the truth"
    assert not bars.driver.heartbeat().faults


@answering
def test_a_line_where_nobody_answers_is_lost(bars: Bars) -> None:
    bars.simulator.set_fault("mute", True)
    with pytest.raises(DeviceLost, match="silent"):
        bars.driver.identify()
    with pytest.raises(DeviceLost, match="silent"):
        bars.driver.heartbeat()


@pytest.mark.parametrize("bars", ["lcd21"], indirect=True)
def test_what_is_shown_is_read_back(bars: Bars) -> None:
    bars.driver.show(2, BarText("A012", LedColour.YELLOW))
    assert bars.driver.shown(2) == BarText("A012", LedColour.YELLOW)


@pytest.mark.parametrize("bars", ["onbon"], indirect=True)
def test_a_card_that_refuses_is_told_with_what_to_do(bars: Bars) -> None:
    bars.simulator.set_fault("refuses", True)
    with pytest.raises(DeviceRefused, match="card_refused"):
        bars.driver.show(1, BarText("A012"))


def test_a_card_that_wants_no_check(tmp_path: Path) -> None:
    bars = Bars("onbon", tmp_path, {"checked": False, "colours": []})
    assert bars.driver.show(1, BarText("A012")) is Shown.CONFIRMED
    assert bars.driver.capabilities.colours == ()
    bars.driver.close()
    bars.simulator.stop()


# ---------------------------------------------------------------- makes that a file describes


def test_a_make_of_the_halls_own_file(tmp_path: Path) -> None:
    frame = {"lead": "3A", "tail": "0A", "check": "sum8", "covered": "all", "ahead": 1, "shortest": 1}
    own = {"show": ["colour", "text"], "colours": {"green": "00", "yellow": "01", "red": "02"}}
    simulator = LedBarSimulator("bars", tmp_path / "bars", (1,), make="carpark", baud=115200)
    simulator.start()
    options = {"port": simulator.address, "own": {**own, "frame": {**frame, "length": "word_low_first"}}}
    driver = cast("LedBars", build("ledbar", {**options, "baud": 115200}))
    driver.open()
    driver.show(1, BarText("自定义", LedColour.YELLOW))
    assert simulator.wait_for(1, "自定义")
    assert simulator.shown(1)[1] is LedColour.YELLOW
    driver.close()
    simulator.stop()


@pytest.mark.parametrize(
    ("frame", "more", "words"),
    [
        ({"lead": "AA"}, {}, "needs a tail"),
        ({"lead": "AAA", "tail": "FF"}, {}, "frame.lead"),
        ({"tail": "FF", "length": "byte"}, {}, "needs a lead"),
        ({"lead": "AA", "tail": "FF"}, {"ask": ["address"]}, "ask and told"),
        ({"lead": "AA", "tail": "FF"}, {"show": ["colour"]}, "no colours"),
        ({"lead": "AA", "tail": "FF"}, {"encoding": "gkb"}, "no encoding gkb"),
        ({"lead": "AA", "tail": "FF", "chek": "sum8"}, {}, 'did you mean "check"'),
    ],
)
def test_a_wrong_description_is_told(frame: dict[str, Any], more: dict[str, Any], words: str) -> None:
    own = {"show": ["text"], "frame": frame, **more}
    with pytest.raises(DeviceMisconfigured, match=words):
        build("ledbar", {"port": "/nowhere", "own": own})


# ---------------------------------------------------------------- bytes, without time


def test_the_gap_is_waited_for_and_the_own_echo_is_not_an_answer() -> None:
    make = BARS["lcd21"]
    ask = build_frame(make.frame, build_parts(make, make.ask, address=2))
    told = build_frame(make.frame, build_parts(make, make.told, address=2, text="A1"))
    link = ScriptedLink([Give(b"\x00\x01"), Silence(), Expect(ask), Give(ask), Give(told)])
    driver = LedBarLine(link, (2,), make, gap_seconds=0.004)
    driver.open()
    assert driver.shown(2) == BarText("A1", LedColour.RED)
    assert link.finished
