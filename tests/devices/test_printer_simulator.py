"""The simulated printer by itself, on a bare socket: status bytes, interpreter, faults, papers kept."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from devices.simulators.printer_model import PrinterMake
from devices.simulators.ticket_printer import KEPT_TICKETS, TicketPrinterSimulator
from tests.devices.desk import show

CUT = b"\x1dV\x42\x00"
PROOF = b"\x1dr\x01"


class Wire:
    """A bare TCP connection to a simulated printer."""

    def __init__(self, sim: TicketPrinterSimulator) -> None:
        self.sim = sim
        host, port = sim.address.removeprefix("tcp://").split(":")
        self.socket = socket.create_connection((host, int(port)), 10.0)

    def ask(self, data: bytes, size: int = 1) -> bytes:
        self.socket.sendall(data)
        answer = b""
        while len(answer) < size:
            answer += self.socket.recv(size - len(answer)) or b"!"
        return answer

    def status(self) -> str:
        return b"".join(self.ask(bytes((0x10, 0x04, n))) for n in (1, 2, 3, 4)).hex(" ").upper()


@pytest.fixture
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    sim = TicketPrinterSimulator("printer-1", tcp_port=0, make=getattr(request, "param", None))
    sim.start()
    made = Wire(sim)
    yield made
    made.socket.close()
    sim.stop()


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (None, "12 12 12 12"),
        ("near_end", "12 12 12 1E"),
        ("paper_out", "1A 32 12 7E"),
        ("cover_open", "1A 16 12 12"),
        ("offline", "1A 12 12 12"),
        ("hot_head", "1A 52 52 12"),
        ("cutter_error", "12 12 12 12"),
    ],
)
def test_status_bytes_of_devices_3_2(wire: Wire, fault: str | None, status: str) -> None:
    if fault:
        wire.sim.set_fault(fault, True)
        assert wire.sim.state()["faults"] == [fault]
    assert wire.status() == status


def test_a_jammed_cutter_shows_in_the_status(wire: Wire) -> None:
    wire.sim.set_fault("cutter_error", True)
    wire.socket.sendall(b"A\n" + CUT)
    assert wire.sim.wait_for(lambda: bool(wire.sim.state()["jammed"]))
    assert wire.status() == "1A 52 1A 12"
    wire.sim.set_fault("cutter_error", False)
    assert wire.ask(b"\x10\x05\x01" + PROOF) == b"\x00"
    assert wire.sim.latest_text() == "A"


def test_automatic_status_is_pushed_on_change(wire: Wire) -> None:
    assert wire.ask(b"\x1da\x0f", 4).hex(" ") == "10 00 00 00"
    wire.sim.set_fault("cover_open", True)
    assert wire.ask(b"", 4).hex(" ") == "38 00 00 00"
    wire.sim.set_fault("cover_open", False)
    assert wire.ask(b"", 4).hex(" ") == "10 00 00 00"


def test_proof_of_print(wire: Wire) -> None:
    assert wire.ask(b"A012\n" + CUT + PROOF) == b"\x00"
    wire.sim.set_fault("near_end", True)
    assert wire.ask(b"A013\n" + CUT + PROOF) == b"\x03"
    assert wire.sim.printed == 2


def test_without_paper_the_proof_waits_and_the_status_answers(wire: Wire) -> None:
    wire.sim.set_fault("paper_out", True)
    wire.socket.sendall(b"A012\n" + CUT + PROOF)
    assert wire.ask(b"\x10\x04\x04") == b"\x7e"
    assert wire.sim.printed == 0
    wire.sim.set_fault("paper_out", False)
    assert wire.ask(b"") == b"\x00"
    assert wire.sim.latest_text() == "A012"


def test_a_held_job_is_cleared_by_dle_enq_2(wire: Wire) -> None:
    wire.sim.set_fault("paper_out", True)
    wire.socket.sendall(b"A012\n" + CUT + PROOF)
    wire.ask(b"\x10\x05\x02\x10\x04\x01")
    wire.sim.set_fault("paper_out", False)
    assert wire.ask(b"A013\n" + CUT + PROOF) == b"\x00"
    assert [ticket.text for ticket in wire.sim.tickets] == ["A013"]


def test_a_real_time_command_inside_a_picture_is_obeyed(wire: Wire) -> None:
    assert wire.ask(b"\x1dv0\x00\x03\x00\x01\x00\x10\x04\x04") == b"\x12"


def test_names_of_the_printer(wire: Wire) -> None:
    assert wire.ask(b"\x1dI\x43", 8) == b"_SIM-80\x00"


def test_only_the_last_tickets_are_kept(wire: Wire) -> None:
    for number in range(KEPT_TICKETS + 5):
        assert wire.ask(b"A%03d\n" % number + CUT + PROOF) == b"\x00"
    assert len(wire.sim.tickets) == KEPT_TICKETS
    assert wire.sim.latest_text() == f"A{KEPT_TICKETS + 4:03d}"


def test_a_picture_is_the_width_of_the_paper(wire: Wire) -> None:
    assert wire.sim.latest_picture() == b""
    assert wire.sim.latest_text() == ""
    wire.ask(b"A012\n" + CUT + PROOF)
    picture = Image.open(io.BytesIO(wire.sim.latest_picture()))
    assert picture.width == 576
    assert picture.convert("L").getextrema() == (0, 255)


@pytest.mark.parametrize("wire", [PrinterMake(cutter=False)], indirect=True)
def test_without_a_cutter_the_next_job_tears_the_paper(wire: Wire) -> None:
    wire.socket.sendall(b"\x1b@A012\n\x1b@A013\n\x1b@")
    assert wire.sim.wait_for(lambda: wire.sim.printed == 2)
    assert [ticket.text for ticket in wire.sim.tickets] == ["A012", "A013"]


def test_tickets_are_kept_as_files(tmp_path: Path) -> None:
    sim = TicketPrinterSimulator("p", link=tmp_path / "dev" / "p", keep_in=tmp_path / "paper")
    sim.start()
    with Path(sim.address).open("wb", buffering=0) as port:
        port.write(b"A012\n" + CUT)
        assert sim.wait_for(lambda: sim.printed == 1)
    sim.stop()
    assert (tmp_path / "paper" / "p-00001.png").read_bytes() == sim.latest_picture()
    assert not (tmp_path / "dev" / "p").exists()


def test_an_unknown_fault_is_an_error(wire: Wire) -> None:
    with pytest.raises(KeyError):
        wire.sim.set_fault("no_such", True)
    assert set(wire.sim.faults()) >= {
        "paper_out",
        "cover_open",
        "cutter_error",
        "silent",
        "stall",
        "unplugged",
    }


def test_one_line_only() -> None:
    with pytest.raises(ValueError, match="either"):
        TicketPrinterSimulator("p")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("中文A012".encode("gbk"), "中文A012"),
        (b"\x1c." + b"\x81", "ü"),
        ("㐂".encode("gb18030"), "□9□1"),
        (b"\x1b!\x30AB\x1b!\x00C", "ABC"),
        (b"\x1c!\x0c" + "办".encode("gbk"), "办"),
        (b"\x1b*\x21\x02\x00" + bytes(6) + b"X", "▯X"),
    ],
)
def test_text_is_decoded_as_a_chinese_printer_does(data: bytes, text: str) -> None:
    assert show(data + b"\n", dots=576).ticket.text == text


def test_the_older_rom_lacks_characters() -> None:
    assert show("办囍".encode("gbk") + b"\n", dots=576, rom="gb2312").ticket.text == "办□"


def test_a_line_too_long_is_wrapped_by_the_printer() -> None:
    result = show("一".encode("gbk") * 30 + b"\n", dots=576)
    assert [len(row) for row in result.ticket.text.splitlines()] == [24, 6]
    assert result.wrapped_lines == 1


def test_commands_it_does_not_know_are_noted() -> None:
    assert show(b"\x1b\x01A\n\x1d\x99\n\x07", dots=576).unknown == ("1b 01", "1d 99", "07")


def test_scaling_is_dot_by_dot() -> None:
    small = show(b"A\n", dots=576).picture.crop((0, 0, 12, 24))
    large = show(b"\x1d!\x22A\n", dots=576).picture.crop((0, 0, 36, 72))
    assert small.resize((36, 72), Image.Resampling.NEAREST).tobytes() == large.tobytes()
