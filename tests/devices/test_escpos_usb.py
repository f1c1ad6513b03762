"""Ticket printers on USB (DEVICES §3.1 row 13), makers' profiles, automatic status, tickets left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.capabilities import Media
from devices.drivers.escpos import EscposPrinter, Options
from devices.faults import Cause, DeviceAbsent, DeviceLost, DeviceMisconfigured, DeviceRefused
from devices.health import Health
from devices.media import MediaChange, MediaEvent
from devices.printing.condition import Counters
from devices.printing.profiles import PROFILES
from devices.simulators.printer_model import PrinterMake
from devices.supervisor import Supervised
from devices.tickets import Line, Proof
from tests.devices.printer_bench import FAST_BAUD, QUICK, SHORT, TICKET, printer_bench
from tests.devices.support import LIMIT_SECONDS, Heard, outcome, state_is


@pytest.mark.parametrize("mode", ["text", "picture"])
def test_a_ticket_comes_out_over_usb_with_proof(mode: str, tmp_path: Path) -> None:
    with printer_bench("usb", tmp_path, mode=mode) as bench:
        assert bench.driver.identify() == "SIM-80 SIM-80-0001"
        assert bench.driver.print(TICKET) is Proof.CONFIRMED
        assert bench.sim.printed == 1
        assert bench.sim.unknown_commands == ()


def test_row_13_a_silent_printer_is_unknown_and_one_that_takes_nothing_is_stalled(tmp_path: Path) -> None:
    with printer_bench("usb", tmp_path, patience=QUICK) as bench:
        bench.sim.set_fault("silent", True)
        assert bench.driver.status().ok is None
    (tmp_path / "b").mkdir()
    with printer_bench("usb", tmp_path / "b", patience=QUICK, can_status=False) as bench:
        bench.sim.set_fault("stall", True)
        with pytest.raises(DeviceLost) as lost:
            bench.driver.print([Line("办" * 40, 8)] * 40)
        assert lost.value.fault.code == "stalled"


def test_row_13_absent_unplugged_and_reopened(tmp_path: Path) -> None:
    with printer_bench("usb", tmp_path, patience=QUICK) as bench:
        assert bench.driver.presence() != ""
        bench.sim.set_fault("unplugged", True)
        assert bench.driver.presence() == ""
        with pytest.raises(DeviceLost) as lost:
            bench.driver.heartbeat()
        assert lost.value.fault.code == "unplugged"
        bench.driver.close()
        with pytest.raises(DeviceAbsent):
            bench.driver.open()
        bench.sim.set_fault("unplugged", False)
        bench.ready()
        assert bench.driver.print(SHORT) is Proof.CONFIRMED


def test_a_cover_that_is_opened_is_told_before_any_heartbeat(tmp_path: Path) -> None:
    with printer_bench("usb", tmp_path, opened=False) as bench:
        heard: Heard[Health] = Heard()
        device = Supervised("printer", bench.driver, heard, heartbeat_seconds=3600.0)
        device.start()
        heard.wait(state_is("ready"))
        bench.sim.set_fault("cover_open", True)
        blocked = heard.wait(lambda health: health.ok is False)
        assert [fault.code for fault in blocked.faults] == ["cover_open"]
        assert blocked.faults[0].cause is Cause.PERSON
        bench.sim.set_fault("cover_open", False)
        heard.wait(lambda health: health.ok is True, after=len(heard.all) - 1)
        device.stop()


@pytest.mark.parametrize("line", ["serial", "usb"])
def test_a_printer_that_tells_nothing_by_itself_works_the_same(line: str, tmp_path: Path) -> None:
    make = PrinterMake(automatic=False)
    with printer_bench(line, tmp_path, patience=QUICK, make=make) as bench:
        assert bench.driver.told() is None
        assert bench.driver.print(SHORT) is Proof.CONFIRMED
        bench.sim.set_fault("paper_out", True)
        assert bench.driver.heartbeat().ok is False


def test_a_ticket_that_nobody_takes_is_told_where_the_printer_sees_it(tmp_path: Path) -> None:
    make = PrinterMake(presenter=True)
    with printer_bench("usb", tmp_path, opened=False, make=make, profile="presenter-80mm") as bench:
        assert bench.driver.capabilities.media
        heard: Heard[Health] = Heard()
        events: Heard[MediaEvent] = Heard()
        device = Supervised("printer", bench.driver, heard)
        device.start()
        heard.wait(state_is("ready"))
        outcome(device.submit(lambda printer: printer.print(SHORT), LIMIT_SECONDS))
        bench.sim.set_fault("ticket_left", True)
        device.watch_media(events, left_seconds=0.02, every_seconds=0.01)
        events.wait(lambda event: event.change is MediaChange.LEFT)
        bench.sim.set_fault("ticket_left", False)
        events.wait(lambda event: event.change is MediaChange.TAKEN)
        device.stop()


def test_without_that_sensor_nothing_is_claimed(tmp_path: Path) -> None:
    with printer_bench("usb", tmp_path) as bench:
        assert bench.driver.media() is Media.UNKNOWN
        assert not bench.driver.capabilities.media


def test_a_stuck_cutter_is_freed_and_counted(tmp_path: Path) -> None:
    with printer_bench("usb", tmp_path, patience=QUICK) as bench:
        bench.sim.set_fault("cutter_error", True)
        assert bench.driver.print(SHORT) is not Proof.CONFIRMED
        assert bench.driver.counts()["cutter_recoveries"] >= 1


def test_counters_are_kept_in_millimetres_and_a_new_roll_begins_at_nothing() -> None:
    counters = Counters()
    counters.resume({"tickets": 10, "cuts": 9, "paper_mm": 1000, "roll_mm": 400})
    counters.printed(800, cut=True)
    assert counters.all() == {
        "tickets": 11,
        "cuts": 10,
        "paper_mm": 1100,
        "roll_mm": 500,
        "rolls": 0,
        "cutter_recoveries": 0,
    }
    counters.paper(out=True)
    counters.paper(out=False)
    assert (counters.all()["roll_mm"], counters.all()["rolls"]) == (0, 1)


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_profile_prints_a_ticket_with_hanzi_and_rare_names(name: str, tmp_path: Path) -> None:
    profile = PROFILES[name]
    make = PrinterMake(
        dots=profile.dots,
        rom=profile.hanzi.value,
        cutter=profile.can_cut,
        proof=profile.proof,
        automatic=profile.automatic,
        presenter=bool(profile.ticket_query),
    )
    with printer_bench("tcp", tmp_path, patience=QUICK, make=make, profile=name, mode="text") as bench:
        proof = bench.driver.print(TICKET)
        assert proof is (Proof.CONFIRMED if profile.proof else Proof.UNKNOWN)
        assert bench.sim.unknown_commands == ()
        assert bench.sim.wrapped_lines == 0


def test_an_unknown_profile_is_told_with_its_neighbours() -> None:
    with pytest.raises(DeviceMisconfigured) as wrong:
        EscposPrinter(Options(port="x", profile="xprinter-xp80"))
    assert "xprinter-xp-80" in wrong.value.fault.action


def test_a_refused_ticket_is_not_a_loss(tmp_path: Path) -> None:
    with printer_bench("usb", tmp_path, patience=QUICK) as bench:
        bench.sim.set_fault("paper_out", True)
        with pytest.raises(DeviceRefused):
            bench.driver.print(SHORT)


def test_a_printer_is_found_by_the_socket_of_its_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two adapters without serial numbers: the number of the node follows the order of plugging in."""
    sockets: dict[str, str] = {}
    monkeypatch.setattr("devices.drivers.escpos.connections.serial_at", lambda port: sockets.get(port, ""))
    with printer_bench("serial", tmp_path, opened=False) as bench:
        driver = EscposPrinter(Options(port="port://1-1.4", baud=FAST_BAUD))
        assert driver.presence() == ""
        with pytest.raises(DeviceAbsent, match="port_missing"):
            driver.open()
        sockets["port://1-1.4"] = bench.sim.address
        assert driver.presence() != ""
        driver.open()
        assert driver.print(SHORT) is Proof.CONFIRMED
        driver.close()
