"""Reading made-up documents through the camera: fields right, CPU seconds, memory."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np

from devices.simulators import documents
from devices.vision.capture import capture
from devices.vision.ocr.client import Ocr, is_installed
from devices.vision.ocr.reading import Document, Reading
from devices.vision.page import Pixels
from devices.vision.straighten import Paper

DEADLINE_SECONDS = 120.0


def photographed(page: Pixels, seed: int) -> Pixels:
    """The page on a dark desk under a five-megapixel camera: turned, lit from aside, noisy, a little soft."""
    chance = np.random.default_rng(seed)
    height, width = page.shape[:2]
    scale = min(2592 * 0.8 / width, 1944 * 0.8 / height)
    desk = np.full((1944, 2592, 3), 46, np.float32)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(chance.uniform(-5, 5)), scale)
    turn[:, 2] += (1296 - width / 2, 972 - height / 2)
    laid = cv2.warpAffine(page, turn, (2592, 1944), dst=desk.astype(np.uint8), flags=cv2.INTER_AREA)
    shape = cv2.warpAffine(np.full((height, width), 255, np.uint8), turn, (2592, 1944))
    lit = np.where(shape[:, :, None] > 127, laid, 46).astype(np.float32)
    lit *= np.linspace(1.05, 0.75, 2592)[None, :, None]
    soft = cv2.GaussianBlur(lit, (0, 0), 1.0) + chance.normal(0, 3, lit.shape)
    return np.asarray(np.clip(soft, 0, 255).astype(np.uint8))


def pages(cards: int) -> list[tuple[str, Pixels, Document, dict[str, str]]]:
    """Name, page as captured, what it is, the fields that are on it."""
    made = []
    for face in documents.FACES[:cards]:
        drawn = np.asarray(documents.id_card(face).convert("RGB"))[:, :, ::-1]
        taken = capture([photographed(np.ascontiguousarray(drawn), cards)], Paper.ID_CARD)
        fields = {"name": face.name, "number": face.number, "address": face.address, "nation": face.nation}
        made.append(("ID card", _page(taken.page), Document.ID_CARD, fields))
    for licence in documents.LICENCES:
        drawn = np.asarray(documents.licence(licence).convert("RGB"))[:, :, ::-1]
        taken = capture([photographed(np.ascontiguousarray(drawn), cards)], Paper.A4)
        fields = {"code": licence.code, "name": licence.name, "person": licence.person}
        made.append(("licence", _page(taken.page), Document.LICENCE, fields))
    drawn = np.asarray(documents.form().convert("RGB"))[:, :, ::-1]
    taken = capture([photographed(np.ascontiguousarray(drawn), cards)], Paper.A4)
    made.append(("A4 form", _page(taken.page), Document.FREE, {}))
    return made


def _page(page: Pixels | None) -> Pixels:
    assert page is not None
    return page


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def right(reading: Reading, fields: dict[str, str]) -> int:
    """Fields that are exactly right."""
    return sum(name in reading.fields and reading.fields[name].text == text for name, text in fields.items())


def main() -> int:
    """A line a page, memory, and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="all cards instead of two")
    cards = len(documents.FACES) if parser.parse_args().long else 2
    if not is_installed():
        print("OCR: not measured, the extra ocr is not installed (bar 0.95)")
        return 0
    reader = Ocr(deadline_seconds=DEADLINE_SECONDS)
    reader.start()
    good = wanted = false = 0
    for place, (name, page, document, fields) in enumerate(pages(cards)):
        begun, before = perf_counter(), cpu_seconds(reader._program.pid) if reader._program else 0.0
        reading = reader.read(page, document).result(DEADLINE_SECONDS)
        assert reader._program is not None
        spent = cpu_seconds(reader._program.pid) - before
        good, wanted = good + right(reading, fields), wanted + len(fields)
        sure = {field for field, each in reading.fields.items() if each.sure}
        false += sum(field in sure and reading.fields[field].text != text for field, text in fields.items())
        note = "" if place else " (loading included)"
        exact = f"{right(reading, fields)}/{len(fields)}"
        print(f"{name:8} {spent:.2f} CPU s, {perf_counter() - begun:.2f} s, {exact}{note}")
    status = Path(f"/proc/{reader._program.pid}/status").read_text() if reader._program else ""
    peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    reader.stop()
    print(f"memory of the recogniser's process at its peak: {peak} MB; wrong and sure: {false}")
    print(f"OCR: {good / wanted:.3f} of {wanted} fields exactly right (bar 0.95)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
