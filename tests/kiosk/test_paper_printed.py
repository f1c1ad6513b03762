"""The ticket on real bytes: every width and mode, read back by the simulated printer and by OpenCV."""

from __future__ import annotations

import io
from collections.abc import Iterator

import cv2
import msgspec
import numpy as np
import pytest
from PIL import Image

from contract.messages import TicketSlip
from devices.drivers.escpos import EscposPrinter, Options
from devices.simulators.printer_model import PrinterMake
from devices.simulators.ticket_printer import TicketPrinterSimulator
from devices.tickets import Line, Proof
from kiosk.paper import ticket
from tests.kiosk.test_paper import SLIP

LONG = msgspec.structs.replace(
    SLIP,
    number="AB1234",
    service="企业与许可综合受理（含食品经营）",
    items=tuple(f"事项{number}：个体工商户设立、变更与注销登记" for number in range(6)),
    ahead=1234,
    windows=tuple(f"{number}号窗口" for number in (1, 3, 5, 7, 9, 11, 13, 15, 17)),
    masked_name="阿卜杜拉·买买提吐尔逊𠮷㐂䶮*",
    qr="http://192.168.101.210:18080/t/01JD2X3Y4Z5A6B7C8D9E0F1G2H.0123456789abcdef",
    reprint=9,
)
WIDTHS = {"58mm": 384, "80mm": 576}


@pytest.fixture(params=[("58mm", "text"), ("58mm", "picture"), ("80mm", "text"), ("80mm", "picture")])
def printer(request: pytest.FixtureRequest) -> Iterator[tuple[EscposPrinter, TicketPrinterSimulator]]:
    profile, mode = request.param
    sim = TicketPrinterSimulator("printer", tcp_port=0, make=PrinterMake(dots=WIDTHS[profile]))
    sim.start()
    driver = EscposPrinter(Options(port=sim.address, profile=profile, mode=mode))
    driver.open()
    yield driver, sim
    driver.close()
    sim.stop()


@pytest.mark.parametrize("slip", [SLIP, LONG], ids=["usual", "long"])
def test_a_phone_can_read_it_and_nothing_sticks_out(
    printer: tuple[EscposPrinter, TicketPrinterSimulator], slip: TicketSlip
) -> None:
    driver, sim = printer
    parts = ticket(slip, reprint=slip.reprint > 0)
    assert driver.print(parts) is Proof.CONFIRMED
    assert sim.unknown_commands == ()
    assert sim.wrapped_lines == 0
    paper = np.asarray(Image.open(io.BytesIO(sim.latest_picture())).convert("L"))
    assert cv2.QRCodeDetector().detectAndDecode(paper)[0] == slip.qr
    if driver.mode == "text":
        printed = sim.latest_text().replace("\n", "").replace(" ", "")
        for part in parts:
            if isinstance(part, Line) and part.text.isascii():
                assert part.text.replace(" ", "") in printed


def test_the_printed_number_is_the_largest_thing(
    printer: tuple[EscposPrinter, TicketPrinterSimulator],
) -> None:
    driver, sim = printer
    heights = {}
    for text in (SLIP.number, "您前面还有 12 人", SLIP.service):
        line = next(part for part in ticket(SLIP) if isinstance(part, Line) and part.text == text)
        driver.print((line,))
        ink = (
            Image.open(io.BytesIO(sim.latest_picture()))
            .convert("L")
            .point(lambda value: 255 - value)
            .getbbox()
        )
        assert ink is not None
        heights[text] = ink[3] - ink[1]
    assert heights[SLIP.number] > 2 * max(height for text, height in heights.items() if text != SLIP.number)
