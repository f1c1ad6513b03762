"""The ticket printer's driver on the simulated printer: proof of print, refusals, losses, held jobs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devices.drivers.escpos import EscposPrinter, Options
from devices.faults import DeviceAbsent, DeviceError, DeviceLost, DeviceMisconfigured, DeviceRefused, Owner
from devices.registry import build
from devices.simulators.printer_model import PrinterMake
from devices.tickets import Feed, Line, Proof
from tests.devices.printer_bench import QUICK, SHORT, TICKET, printer_bench

both_lines = pytest.mark.parametrize("line", ["serial", "tcp"])
both_modes = pytest.mark.parametrize("mode", ["text", "picture"])
SLOW = PrinterMake(rows_per_second=600)


# ---------------------------------------------------------------- all is well


@both_lines
@both_modes
def test_a_ticket_is_confirmed_when_it_is_out(line: str, mode: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path, mode=mode) as bench:
        assert bench.driver.print(TICKET) is Proof.CONFIRMED
        assert bench.sim.printed == 1
        assert bench.sim.unknown_commands == ()
        assert bench.sim.wrapped_lines == 0
        details = bench.driver.status().details
        assert (details["tickets"], details["cuts"], details["mode"]) == ("1", "1", mode)
        assert int(details["paper_mm"]) > 40


@both_lines
def test_tickets_do_not_mix(line: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path, mode="text") as bench:
        for number in ("A001", "A002", "A003"):
            assert bench.driver.print((Line(number),)) is Proof.CONFIRMED
        assert [ticket.text for ticket in bench.sim.tickets] == ["A001", "A002", "A003"]


@both_lines
def test_health_and_identity(line: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path) as bench:
        assert bench.driver.identify() == "SIM-80 SIM-80-0001"
        status = bench.driver.heartbeat()
        assert status.ok is True
        assert status.faults == ()
        assert status.details["paper"] == "ok"


@pytest.mark.parametrize(
    ("port", "baud", "mode"),
    [
        ("/dev/ttyS0", 9600, "text"),
        ("/dev/ttyS0", 115200, "picture"),
        ("tcp://10.0.0.9:9100", 9600, "picture"),
    ],
)
def test_fast_lines_get_pictures(port: str, baud: int, mode: str) -> None:
    assert EscposPrinter(Options(port=port, baud=baud)).mode == mode


def test_automatic_status_between_the_answers_does_no_harm(tmp_path: Path) -> None:
    with printer_bench("serial", tmp_path, make=SLOW) as bench:
        bench.sim.set_automatic(0x0F)
        bench.sim.set_fault("near_end", True)
        assert bench.driver.heartbeat().ok is True
        proof = bench.printing(TICKET, lambda: bench.sim.set_fault("near_end", False))
        assert proof is Proof.CONFIRMED


# ---------------------------------------------------------------- refused before a byte


@both_lines
@pytest.mark.parametrize(
    ("fault", "code", "owner"),
    [
        ("paper_out", "paper_out", Owner.STAFF),
        ("cover_open", "cover_open", Owner.STAFF),
        ("hot_head", "head_hot", Owner.NOBODY),
        ("offline", "offline", Owner.STAFF),
    ],
)
def test_a_stopped_printer_gets_no_ticket(
    line: str, fault: str, code: str, owner: Owner, tmp_path: Path
) -> None:
    with printer_bench(line, tmp_path) as bench:
        bench.sim.set_fault(fault, True)
        before = bench.sim.received_bytes
        with pytest.raises(DeviceRefused) as refused:
            bench.driver.print(TICKET)
        assert (refused.value.fault.code, refused.value.fault.owner) == (code, owner)
        assert bench.sim.received_bytes - before == 4 * 3
        status = bench.driver.status()
        assert status.ok is False
        assert status.faults[0].code == code
        bench.sim.set_fault(fault, False)
        assert bench.driver.print(SHORT) is Proof.CONFIRMED
        assert bench.sim.printed == 1


def test_each_fault_has_words_for_its_owner(tmp_path: Path) -> None:
    with printer_bench("tcp", tmp_path) as bench:
        for fault in ("paper_out", "cover_open", "hot_head", "offline"):
            bench.sim.set_fault(fault, True)
            for told in bench.driver.status().faults:
                assert told.sentence
                assert told.action
            bench.sim.set_fault(fault, False)


def test_near_end_is_a_warning_that_does_not_bounce(tmp_path: Path) -> None:
    with printer_bench("tcp", tmp_path) as bench:
        bench.sim.set_fault("near_end", True)
        assert bench.driver.heartbeat().faults == ()
        status = bench.driver.heartbeat()
        assert status.ok is True
        assert [(fault.code, fault.owner) for fault in status.faults] == [("paper_near_end", Owner.STAFF)]
        assert bench.driver.print(SHORT) is Proof.CONFIRMED
        bench.sim.set_fault("near_end", False)
        assert bench.driver.heartbeat().details["paper"] == "near_end"
        for _ in range(4):
            bench.driver.heartbeat()
        assert bench.driver.heartbeat().details["paper"] == "ok"


def test_a_sensor_that_is_not_there_is_not_believed(tmp_path: Path) -> None:
    with printer_bench("tcp", tmp_path, profile="58mm", make=PrinterMake(dots=384)) as bench:
        bench.sim.set_fault("near_end", True)
        for _ in range(3):
            assert bench.driver.heartbeat().faults == ()


def test_paper_is_counted_where_no_sensor_tells(tmp_path: Path) -> None:
    with printer_bench("tcp", tmp_path, near_end=False, roll_metres=0.1) as bench:
        for _ in range(3):
            bench.driver.print(TICKET)
        assert [fault.code for fault in bench.driver.heartbeat().faults] == ["paper_near_end"]
        bench.sim.set_fault("paper_out", True)
        bench.driver.heartbeat()
        bench.sim.set_fault("paper_out", False)
        assert bench.driver.heartbeat().faults == ()


# ---------------------------------------------------------------- stopped in the middle


@both_lines
def test_a_held_job_is_thrown_away_and_never_comes_out(line: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path, patience=QUICK, make=PrinterMake(roll_rows=300)) as bench:
        assert bench.driver.print(TICKET) is Proof.FAILED
        assert [fault.code for fault in bench.driver.status().faults] == ["paper_out"]
        bench.sim.set_fault("paper_out", False)
        assert bench.driver.print(SHORT) is Proof.CONFIRMED
        assert bench.sim.printed == 1


def test_a_printer_that_cannot_clear_prints_its_held_job_later(tmp_path: Path) -> None:
    make = PrinterMake(roll_rows=300, clears_held_job=False)
    options: dict[str, Any] = {"mode": "text", "clears_held_job": False}
    with printer_bench("tcp", tmp_path, patience=QUICK, make=make, **options) as bench:
        assert bench.driver.print((Line("A011"), Feed(12), Line("A012"))) is Proof.UNKNOWN
        bench.sim.set_fault("paper_out", False)
        assert bench.sim.wait_for(lambda: bench.sim.printed == 1)
        assert bench.sim.latest_text() == "A011\nA012"


def test_a_reprint_after_clear_is_the_only_paper(tmp_path: Path) -> None:
    make = PrinterMake(roll_rows=300)
    options: dict[str, Any] = {"mode": "text", "clears_held_job": False}
    with printer_bench("tcp", tmp_path, patience=QUICK, make=make, **options) as bench:
        assert bench.driver.print((Line("A011"), Feed(12), Line("held"))) is Proof.UNKNOWN
        bench.driver.clear()
        bench.sim.set_fault("paper_out", False)
        assert bench.driver.print((Line("A011"), Line("【补打】第1次"))) is Proof.CONFIRMED
        assert [ticket.text for ticket in bench.sim.tickets] == ["A011\n【补打】第1次"]


@both_lines
def test_an_open_cover_that_is_closed_again_costs_nothing(line: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path, make=SLOW) as bench:

        def open_and_close() -> None:
            bench.sim.set_fault("cover_open", True)
            bench.sim.set_fault("cover_open", False)

        assert bench.printing(TICKET, open_and_close) is Proof.CONFIRMED
        assert bench.sim.printed == 1


@both_lines
def test_a_stuck_cutter_is_tried_again(line: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path) as bench:
        bench.sim.set_fault("cutter_error", True)

        def free_it() -> None:
            assert bench.sim.wait_for(lambda: bool(bench.sim.state()["jammed"]))
            bench.sim.set_fault("cutter_error", False)

        assert bench.printing(TICKET, free_it) is Proof.CONFIRMED
        assert bench.sim.printed == 1


@both_lines
def test_a_broken_cutter_is_said(line: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path, patience=QUICK) as bench:
        bench.sim.set_fault("cutter_error", True)
        assert bench.driver.print(SHORT) is Proof.FAILED
        bench.sim.set_fault("cutter_error", False)
        assert bench.driver.print(SHORT) is Proof.CONFIRMED
        assert bench.sim.printed == 1


def test_a_hot_head_is_waited_for(tmp_path: Path) -> None:
    make = PrinterMake(rows_per_second=400)
    with printer_bench("tcp", tmp_path, patience=QUICK, make=make, mode="text") as bench:

        def heat_and_cool_after_the_deadline() -> None:
            bench.sim.set_fault("hot_head", True)
            before = bench.sim.received_bytes
            assert bench.sim.wait_for(lambda: bench.sim.received_bytes > before + 400)
            bench.sim.set_fault("hot_head", False)

        assert bench.printing([Line("A012")] * 4, heat_and_cool_after_the_deadline) is Proof.CONFIRMED


def test_a_ticket_without_proof_is_thrown_away_before_the_next(tmp_path: Path) -> None:
    make = PrinterMake(rows_per_second=100)
    with printer_bench("tcp", tmp_path, patience=replace(QUICK, margin=2.0), make=make, mode="text") as bench:

        def fall_silent_and_stop() -> None:
            bench.sim.set_fault("silent", True)
            bench.sim.set_fault("cover_open", True)

        assert bench.printing([Line("A011")] * 4, fall_silent_and_stop) is Proof.UNKNOWN
        bench.sim.set_fault("silent", False)
        bench.sim.set_fault("cover_open", False)
        assert bench.driver.print([Line("A012")]) is Proof.CONFIRMED
        assert [ticket.text for ticket in bench.sim.tickets] == ["A012"]


# ---------------------------------------------------------------- silence, stall, loss


@both_lines
def test_silence_is_unknown_never_health(line: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path, patience=QUICK) as bench:
        bench.sim.set_fault("silent", True)
        status = bench.driver.status()
        assert status.ok is None
        assert status.details["paper"] == "unknown"
        with pytest.raises(DeviceLost) as lost:
            bench.driver.heartbeat()
        assert lost.value.fault.code == "silent"
        with pytest.raises(DeviceLost):
            bench.driver.print(TICKET)
        assert bench.sim.printed == 0


@both_lines
def test_a_printer_that_falls_silent_leaves_the_paper_unknown(line: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path, patience=QUICK, make=SLOW) as bench:
        assert bench.printing(TICKET, lambda: bench.sim.set_fault("silent", True)) is Proof.UNKNOWN


def test_a_stalled_printer_ends_in_the_deadline(tmp_path: Path) -> None:
    make = PrinterMake(buffer_bytes=2048, rows_per_second=100)
    with printer_bench("serial", tmp_path, patience=QUICK, make=make, mode="picture") as bench:
        result = bench.printing(TICKET, lambda: bench.sim.set_fault("stall", True))
        assert isinstance(result, DeviceLost)
        assert result.fault.code == "stalled"


@both_lines
@both_modes
def test_pulling_the_plug_in_a_job_loses_the_link_and_nothing_else(
    line: str, mode: str, tmp_path: Path
) -> None:
    make = PrinterMake(rows_per_second=400, buffer_bytes=4096)
    with printer_bench(line, tmp_path, patience=QUICK, make=make, mode=mode) as bench:
        result = bench.printing(TICKET, lambda: bench.sim.set_fault("unplugged", True))
        assert isinstance(result, DeviceLost)
        with pytest.raises(DeviceAbsent):
            bench.driver.open()
        bench.sim.set_fault("unplugged", False)
        bench.ready()
        assert bench.driver.print(SHORT) is Proof.CONFIRMED
        clean = bench.sim.latest_picture()
        assert bench.driver.print(SHORT) is Proof.CONFIRMED
        assert bench.sim.latest_picture() == clean


@pytest.mark.parametrize("automatic", [True, False])
@pytest.mark.parametrize("rows_per_second", [400, 0])
def test_a_printer_left_inside_a_picture_understands_again(
    automatic: bool, rows_per_second: int, tmp_path: Path
) -> None:
    make = PrinterMake(
        rows_per_second=rows_per_second, buffer_bytes=4096, clears_held_job=False, automatic=automatic
    )
    with printer_bench("serial", tmp_path, patience=QUICK, make=make, mode="picture", baud=115200) as bench:
        assert isinstance(bench.printing(TICKET, lambda: bench.sim.set_fault("unplugged", True)), DeviceLost)
        bench.sim.set_fault("unplugged", False)
        bench.ready()
        for _ in range(3):
            before = bench.sim.printed
            assert bench.driver.print(SHORT) is Proof.CONFIRMED
            assert bench.sim.printed > before
        assert bench.sim.printed == 4, "the spoilt paper and three tickets"
        assert len({ticket.png for ticket in bench.sim.tickets[-3:]}) == 1


def test_a_late_answer_to_an_older_ticket_proves_nothing(tmp_path: Path) -> None:
    make = PrinterMake(rows_per_second=100, clears_held_job=False)
    options: dict[str, Any] = {"mode": "text", "clears_held_job": False}
    with printer_bench("tcp", tmp_path, patience=QUICK, make=make, **options) as bench:
        assert bench.driver.print([Line("A011")] * 4) is Proof.UNKNOWN
        assert bench.sim.printed == 0
        proof = bench.driver.print([Line("A012")])
        assert proof is Proof.UNKNOWN or bench.sim.printed == 2


@both_lines
@pytest.mark.parametrize("fault", ["power_cut", "power_cut_fin"])
def test_a_power_cut_in_a_job(line: str, fault: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path, patience=QUICK, make=SLOW) as bench:
        result = bench.printing(TICKET, lambda: bench.sim.set_fault(fault, True))
        assert result is Proof.UNKNOWN or isinstance(result, DeviceLost)
        with pytest.raises(DeviceLost):
            bench.driver.heartbeat()
        bench.sim.set_fault(fault, False)
        bench.ready()
        assert bench.driver.print(SHORT) is Proof.CONFIRMED
        assert bench.sim.printed == 1


@both_lines
def test_an_absent_printer(line: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path, opened=False) as bench:
        bench.sim.set_fault("unplugged", True)
        with pytest.raises(DeviceAbsent) as absent:
            bench.driver.open()
        assert absent.value.fault.owner is Owner.TECHNICIAN


def test_a_printer_that_was_never_opened_is_lost() -> None:
    driver = EscposPrinter(Options(port="/dev/nowhere"))
    with pytest.raises(DeviceLost):
        driver.heartbeat()
    driver.close()
    driver.close()


def test_two_programs_cannot_share_a_printer(tmp_path: Path) -> None:
    with printer_bench("serial", tmp_path) as bench:
        second = EscposPrinter(Options(port=bench.sim.address, baud=9600))
        with pytest.raises(DeviceLost) as taken:
            second.open()
        assert taken.value.fault.code == "port_taken"
        assert bench.driver.print(SHORT) is Proof.CONFIRMED


def test_what_a_stopped_printer_holds_from_before_is_thrown_away(tmp_path: Path) -> None:
    with printer_bench("tcp", tmp_path, patience=QUICK, make=PrinterMake(roll_rows=300)) as bench:
        bench.printing(TICKET, bench.driver.close)
        assert bench.sim.wait_for(lambda: "paper_out" in str(bench.sim.state()["faults"]))
        bench.ready()
        bench.sim.set_fault("paper_out", False)
        assert bench.driver.print(SHORT) is Proof.CONFIRMED
        assert bench.sim.printed == 1


# ---------------------------------------------------------------- printers with less


@both_modes
def test_a_printer_without_status_is_never_sure(mode: str, tmp_path: Path) -> None:
    make = PrinterMake(dots=384, rom="gb2312", cutter=False)
    with printer_bench("serial", tmp_path, profile="58mm-bare", mode=mode, make=make) as bench:
        assert not bench.driver.capabilities.can_status
        assert bench.driver.identify() == ""
        assert bench.driver.status().ok is None
        assert bench.driver.heartbeat().ok is None
        assert bench.driver.print(TICKET) is Proof.UNKNOWN
        assert bench.driver.print(TICKET) is Proof.UNKNOWN
        assert bench.sim.wait_for(lambda: bench.sim.printed == 1)
        assert not bench.sim.tickets[0].cut


@both_lines
def test_a_printer_that_never_proves_prints_all_the_same(line: str, tmp_path: Path) -> None:
    make = PrinterMake(proof=False, automatic=False)
    with printer_bench(line, tmp_path, patience=replace(QUICK, white=0.2), make=make, mode="text") as bench:
        for number in ("A001", "A002"):
            assert bench.driver.print((Line(number),)) is Proof.UNKNOWN
        assert bench.sim.wait_for(lambda: bench.sim.printed == 2)
        assert [ticket.text for ticket in bench.sim.tickets] == ["A001", "A002"]
        bench.sim.set_fault("paper_out", True)
        with pytest.raises(DeviceRefused):
            bench.driver.print(SHORT)


def test_the_profile_can_be_corrected() -> None:
    driver = EscposPrinter(Options(port="/dev/ttyS0", profile="58mm", dots=432, native_qr=False))
    assert (driver.capabilities.dots, driver.capabilities.native_qr) == (432, False)


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"port": "/dev/ttyS0", "baud": 12345}, "12345"),
        ({"port": "lpt:1"}, "bad_address|没有找到"),
        ({"port": "udp://10.0.0.1:9100"}, "udp://10.0.0.1:9100"),
        ({"port": "tcp://10.0.0.1"}, "tcp://10.0.0.1"),
        ({"port": "/dev/ttyS0", "dots": 100}, "dots = 100"),
        ({"port": "/dev/ttyS0", "mdoe": "text"}, "mode"),
        ({"port": "/dev/ttyS0", "profile": "90mm"}, "profile"),
        ({}, "port"),
    ],
)
def test_wrong_options_are_explained(options: dict[str, object], words: str) -> None:
    with pytest.raises(DeviceError) as wrong:
        build("escpos", options).open()
    fault = wrong.value.fault
    assert any(word in f"{fault.code} {fault.sentence} {fault.action}" for word in words.split("|"))
    assert isinstance(wrong.value, DeviceMisconfigured | DeviceAbsent)
    assert fault.owner is Owner.TECHNICIAN
