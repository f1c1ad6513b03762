"""An emulator by others agrees with our bytes and our simulated printer: live where it is, else replayed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageChops

from devices.drivers.escpos import EscposPrinter, Options
from devices.faults import DeviceRefused
from devices.printing.picture import picture
from devices.protocols import escpos_bytes as escpos
from devices.protocols.escpos_bytes import Query, Trouble
from devices.simulators.ticket_printer import TicketPrinterSimulator
from devices.tickets import Proof, Qr, Ticket
from tests.devices.desk import show
from tests.devices.emupos import FAULTS, JOBS, RECORDED, Emupos, command, print_job, running, status_bytes
from tests.devices.printer_bench import SHORT, TICKET
from tests.devices.test_printer_simulator import Wire

STATUS: dict[str, str] = json.loads((RECORDED / "status.json").read_text())
EXPECTED = {
    "": set(),
    "paper-near-end": {Trouble.PAPER_NEAR_END},
    "paper-out": {Trouble.OFFLINE, Trouble.PAPER_OUT, Trouble.PAPER_NEAR_END},
    "cover-open": {Trouble.OFFLINE, Trouble.COVER_OPEN},
    "offline": {Trouble.OFFLINE},
}
OUR_WORD = {
    "paper-near-end": "near_end",
    "paper-out": "paper_out",
    "cover-open": "cover_open",
    "offline": "offline",
}
WIDTHS = {"wide": 576, "narrow": 384}


def ink(png: bytes) -> Image.Image:
    """The picture's black, without margins; 255 = black."""
    black = ImageChops.invert(Image.open(io.BytesIO(png)).convert("L")).point(
        lambda value: 255 * (value > 127)
    )
    return black.crop(black.getbbox())


def left_edge(png: bytes) -> int:
    black = ImageChops.invert(Image.open(io.BytesIO(png)).convert("L"))
    box = black.getbbox()
    assert box is not None
    return box[0]


def same(one: bytes, other: bytes) -> bool:
    first, second = ink(one), ink(other)
    return first.size == second.size and ImageChops.difference(first, second).getbbox() is None


def decoded(png: bytes) -> str:
    image = Image.open(io.BytesIO(png)).convert("L")
    framed = Image.new("L", (image.width + 80, image.height + 80), 255)
    framed.paste(image, (40, 40))
    return cv2.QRCodeDetector().detectAndDecode(np.asarray(framed))[0]


# ---------------------------------------------------------------- replayed


@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_its_status_bytes_mean_what_we_take_them_for(fault: str) -> None:
    found: set[Trouble] = set()
    for query, value in zip(Query, bytes.fromhex(STATUS[fault]), strict=True):
        found |= escpos.troubles(query, value)
    assert found == EXPECTED[fault]


@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_our_simulator_answers_as_it_does(fault: str) -> None:
    sim = TicketPrinterSimulator("printer-1", tcp_port=0)
    sim.start()
    wire = Wire(sim)
    if fault:
        sim.set_fault(OUR_WORD[fault], True)
    assert wire.status() == STATUS[fault]
    wire.socket.close()
    sim.stop()


@pytest.mark.parametrize(("name", "device"), [(job[0], job[1]) for job in JOBS if job[0] != "native-qr"])
def test_our_simulator_draws_what_it_drew(name: str, device: str) -> None:
    data = (RECORDED / f"{name}.escpos").read_bytes()
    theirs = (RECORDED / f"{name}.png").read_bytes()
    result = show(data, dots=WIDTHS[device], rom="none")
    assert result.unknown == ()
    assert same(result.ticket.png, theirs)
    assert left_edge(result.ticket.png) == left_edge(theirs)


def test_both_native_qr_codes_say_the_same() -> None:
    data = (RECORDED / "native-qr.escpos").read_bytes()
    theirs = (RECORDED / "native-qr.png").read_bytes()
    ours = show(data, dots=576).ticket
    assert decoded(theirs) == decoded(ours.png) == ours.codes[0]
    assert ink(theirs).size == ink(ours.png).size
    assert left_edge(theirs) == left_edge(ours.png)


@pytest.mark.parametrize("path", sorted(RECORDED.iterdir()), ids=lambda path: path.name)
def test_recordings_are_small(path: Path) -> None:
    assert path.stat().st_size < 60_000


# ---------------------------------------------------------------- live


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emupos]:
    if not command():
        reason = (
            "emupos is not here: it needs Python 3.13 (tests/devices/emupos.py); its recordings are replayed"
        )
        print(reason)
        pytest.skip(reason)
    with running() as emulator:
        yield emulator


@pytest.mark.processes
@pytest.mark.parametrize(("name", "device", "options", "ticket"), JOBS, ids=[job[0] for job in JOBS])
def test_live_pictures(
    emulator: Emupos, name: str, device: str, options: dict[str, Any], ticket: Ticket
) -> None:
    data, theirs = print_job(emulator, device, options, ticket)
    ours = show(data, dots=WIDTHS[device], rom="none")
    if isinstance(ticket[0], Qr):
        assert decoded(theirs) == ticket[0].data
    else:
        assert same(ours.ticket.png, theirs), name


@pytest.mark.processes
def test_live_serial_line(emulator: Emupos) -> None:
    before = emulator.receipts()
    driver = EscposPrinter(Options(port=emulator.wide_serial, baud=9600, mode="picture"))
    driver.open()
    driver.identify()
    assert driver.print(TICKET) is Proof.CONFIRMED
    driver.close()
    theirs = emulator.picture(next(one for one in emulator.receipts() if one not in before))
    assert (
        ink(theirs).tobytes()
        == picture(TICKET, 576)
        .crop(picture(TICKET, 576).getbbox())
        .convert("L")
        .point(lambda value: 255 * (value > 0))
        .tobytes()
    )


@pytest.mark.processes
def test_live_status_bytes(emulator: Emupos) -> None:
    assert status_bytes(emulator) == STATUS


@pytest.mark.processes
@pytest.mark.parametrize("fault", ["paper-out", "cover-open", "offline"])
def test_live_refusals(emulator: Emupos, fault: str) -> None:
    driver = EscposPrinter(Options(port=emulator.wide))
    driver.open()
    driver.identify()
    emulator.fault(fault, True)
    before = emulator.receipts()
    with pytest.raises(DeviceRefused):
        driver.print(SHORT)
    emulator.fault(fault, False)
    assert driver.print(SHORT) is Proof.CONFIRMED
    driver.close()
    assert len(emulator.receipts()) == len(before) + 1
