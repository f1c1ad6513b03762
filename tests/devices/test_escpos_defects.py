"""Each row of DEVICES §3.1: what python-escpos 3.1 does wrong, and that our driver does not.

Where it is cheap the defect itself is shown on python-escpos, so that a new version that cures it is
noticed. Row 13 (USB) stands in test_escpos_usb.py.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from escpos.printer import Dummy, File, Serial
from PIL import Image

from devices.drivers.escpos import EscposPrinter, Options
from devices.faults import DeviceAbsent, DeviceLost, DeviceMisconfigured
from devices.printing.profiles import Patience
from devices.simulators.printer_model import PrinterMake
from devices.simulators.ticket_printer import TicketPrinterSimulator
from devices.tickets import Align, Feed, Line, Proof, Qr, Ticket
from devices.vision.codes import read_codes
from tests.devices.printer_bench import FAST_BAUD, QUICK, SHORT, TICKET, printer_bench

ENDLESS = Patience(connect=3600.0, status=3600.0)
"""A driver that waits out its patience would not come back within the test's limit."""


@pytest.fixture
def serial_sim(tmp_path: Path) -> Iterator[TicketPrinterSimulator]:
    sim = TicketPrinterSimulator("printer-1", link=tmp_path / "printer-1", baud=FAST_BAUD)
    sim.start()
    yield sim
    sim.stop()


def text_through_the_driver(tmp_path: Path, ticket: Ticket, *, rom: str = "gbk") -> str:
    with printer_bench("serial", tmp_path, mode="text", make=PrinterMake(rom=rom)) as bench:
        assert bench.driver.print(ticket) is Proof.CONFIRMED
        assert bench.sim.unknown_commands == ()
        assert bench.sim.wrapped_lines == 0
        return bench.sim.latest_text()


def plain_output(text: str) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        printer = Dummy()
        printer.text(text)
        output: bytes = printer.output
        return output


def test_row_1_a_silent_printer_is_unknown(serial_sim: TicketPrinterSimulator) -> None:
    serial_sim.set_fault("silent", True)
    theirs = Serial(serial_sim.address, baudrate=FAST_BAUD, timeout=0.05)
    assert theirs.paper_status() == 2, "python-escpos says 'adequate'"
    theirs.close()
    ours = EscposPrinter(Options(port=serial_sim.address, baud=FAST_BAUD), patience=QUICK)
    ours.open()
    assert ours.status().ok is None
    ours.close()


@pytest.mark.timeout(30)
@pytest.mark.parametrize("line", ["serial", "tcp"])
def test_row_2_an_answer_ends_the_waiting(line: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path, patience=ENDLESS) as bench:
        assert bench.driver.heartbeat().ok is True
        assert bench.driver.print(SHORT) is Proof.CONFIRMED


@pytest.mark.timeout(30)
def test_row_3_a_write_to_a_stalled_printer_ends(tmp_path: Path) -> None:
    with printer_bench("serial", tmp_path, patience=QUICK, can_status=False) as bench:
        bench.sim.set_fault("stall", True)
        with pytest.raises(DeviceLost) as lost:
            bench.driver.print([Line("办" * 40, 8)] * 40)
        assert lost.value.fault.code == "stalled"


def test_row_4_a_silent_network_printer_is_lost_within_patience(tmp_path: Path) -> None:
    with printer_bench("tcp", tmp_path, patience=QUICK) as bench:
        assert bench.driver._connection._device.gettimeout() == QUICK.stall
        assert bench.driver._connection._printer.timeout == QUICK.connect
        bench.sim.set_fault("power_cut", True)
        with pytest.raises(DeviceLost) as lost:
            bench.driver.print(TICKET)
        assert lost.value.fault.code == "silent"


def test_row_4_writes_that_vanish_are_not_believed(tmp_path: Path) -> None:
    with printer_bench("tcp", tmp_path, patience=QUICK, make=PrinterMake(rows_per_second=600)) as bench:
        result = bench.printing(TICKET, lambda: bench.sim.set_fault("power_cut", True))
        assert result is Proof.UNKNOWN


def test_row_4_a_lost_peer_is_one_kind_of_error(tmp_path: Path) -> None:
    with printer_bench("tcp", tmp_path, patience=QUICK) as bench:
        bench.sim.set_fault("power_cut_fin", True)
        for _ in range(3):
            with pytest.raises(DeviceLost):
                bench.driver.print(TICKET)


def test_row_4_a_refused_connection_leaves_no_socket(tmp_path: Path) -> None:
    with printer_bench("tcp", tmp_path, opened=False) as bench:
        bench.sim.set_fault("unplugged", True)
        with pytest.raises(DeviceAbsent):
            bench.driver.open()
    gc.collect()


def test_row_5_back_ends_that_cannot_read_are_not_for_tickets(tmp_path: Path) -> None:
    path = tmp_path / "lp0"
    path.touch()
    theirs = File(str(path))
    with pytest.raises(NotImplementedError):
        theirs.paper_status()
    theirs.close()
    with pytest.raises(DeviceMisconfigured):
        EscposPrinter(Options(port=f"file://{path}"))
    ours = EscposPrinter(Options(port=str(path)))
    with pytest.raises(DeviceMisconfigured) as wrong:
        ours.open()
    assert wrong.value.fault.code == "not_serial"


def test_row_6_closing_after_an_unplug_is_quiet(tmp_path: Path) -> None:
    with printer_bench("serial", tmp_path, patience=QUICK) as bench:
        bench.sim.set_fault("unplugged", True)
        bench.driver.close()
        bench.driver.close()
    gc.collect()


@pytest.mark.parametrize("line", ["serial", "tcp"])
def test_row_6_a_driver_that_is_only_forgotten_is_quiet_too(line: str, tmp_path: Path) -> None:
    with printer_bench(line, tmp_path, opened=False) as bench:
        driver = EscposPrinter(Options(port=bench.sim.address))
        driver.open()
        bench.sim.set_fault("unplugged", True)
        del driver
        gc.collect()


@pytest.mark.parametrize("text", ["，：（）《》￥", "，", "￥", "ａｂｃ１２３"])
def test_row_7_full_width_marks_alone(text: str, tmp_path: Path) -> None:
    assert plain_output(text).endswith(b"?" * len(text)), "python-escpos prints question marks"
    assert text_through_the_driver(tmp_path, (Line(text),)) == text


def test_row_7_hanzi_mode_is_switched_on(tmp_path: Path) -> None:
    assert b"\x1c&" not in plain_output("中文")
    assert b"\x1c&" in EscposPrinter(Options(port="x", mode="text")).compose((Line("中文"),)).data
    assert text_through_the_driver(tmp_path, (Line("中文"),)) == "中文"


@pytest.mark.parametrize("char", ["¥", "㐂", "𠮷", "龦"])
def test_row_8_no_four_byte_codes(char: str, tmp_path: Path) -> None:
    assert char.encode("gb18030") in plain_output(f"中{char}"), "python-escpos sends four bytes"
    text = text_through_the_driver(tmp_path, (Line(f"中{char}"),))
    assert text in ("中￥", "中▯")


def test_row_9_hanzi_are_enlarged() -> None:
    theirs = Dummy()
    theirs.set(double_width=True, double_height=True)
    assert b"\x1d!" not in theirs.output
    assert b"\x1d!\x22" in EscposPrinter(Options(port="x", mode="text")).compose((Line("办", 3),)).data


def test_row_10_a_hanzi_counts_two_columns(tmp_path: Path) -> None:
    theirs = Dummy()
    theirs.block_text("一二三四五六七八九十" * 3, columns=16)
    assert len(theirs.output.decode("gb18030").splitlines()[0]) == 16, "32 columns wide"
    with printer_bench("serial", tmp_path, mode="text", make=PrinterMake(dots=384), profile="58mm") as bench:
        assert bench.driver.print((Line("一二三四五六七八九十" * 3),)) is Proof.CONFIRMED
        assert [len(row) for row in bench.sim.latest_text().splitlines()] == [16, 14]
        assert bench.sim.wrapped_lines == 0


@pytest.mark.parametrize(("profile", "dots"), [("58mm", 384), ("80mm", 576)])
def test_row_11_the_paper_has_a_width(profile: str, dots: int, tmp_path: Path) -> None:
    ticket = (Line("中", 2, Align.CENTER), Qr("x" * 300, 16), Line("字" * 50, 3), Feed(1))
    for mode in ("text", "picture"):
        make = PrinterMake(dots=dots)
        with printer_bench("tcp", tmp_path, profile=profile, mode=mode, make=make) as bench:
            assert bench.driver.print(ticket) is Proof.CONFIRMED
            assert bench.sim.wrapped_lines == 0
            paper = Image.open(BytesIO(bench.sim.latest_picture())).convert("RGB")
            assert paper.width <= dots + 64
            assert [code.text for code in read_codes(np.asarray(paper, np.uint8))] == ["x" * 300], mode


def test_row_11_no_native_qr_where_there_is_none() -> None:
    driver = EscposPrinter(Options(port="x", mode="text", native_qr=False))
    assert b"\x1d(k" not in driver.compose((Qr("A012"),)).data


def test_row_12_profiles_know_their_hanzi(tmp_path: Path) -> None:
    ticket = (Line("囍办"),)
    assert text_through_the_driver(tmp_path, ticket) == "囍办"
    driver = EscposPrinter(Options(port="x", mode="text", profile="80mm-gb2312"))
    assert "囍".encode("gbk") not in driver.compose(ticket).data
    assert "办".encode("gbk") in driver.compose(ticket).data


def test_importing_it_leaves_nothing_behind(tmp_path: Path) -> None:
    program = "import logging, devices.drivers.escpos; assert not logging.root.handlers; print('imported')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("imported\n", "")
    assert list(tmp_path.iterdir()) == []
