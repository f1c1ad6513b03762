"""The recogniser's process: reads made-up documents, is ended when it hangs, is missed politely."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from PIL import Image

from devices.simulators import desk_scene, documents
from devices.vision.capture import capture, decoded
from devices.vision.ocr import client
from devices.vision.ocr.client import Ocr, Unreadable
from devices.vision.ocr.reading import Document
from devices.vision.page import Pixels
from devices.vision.straighten import Paper

PAGE = np.full((40, 60, 3), 240, np.uint8)
SECONDS = 90.0

READY = "import sys, time; print('{\"id\":0}', flush=True);"
HANGS = READY + "time.sleep(600)"
DIES = READY + "sys.stdin.buffer.readline(); sys.exit(1)"
BABBLES = READY + "sys.stdin.buffer.readline(); print('Segmentation fault', flush=True); time.sleep(600)"
ABSENT = 'print(\'{"id":0,"error":"absent"}\', flush=True)'
FAILS = (
    READY
    + "\nwhile line := sys.stdin.buffer.readline():\n"
    + " sys.stdin.buffer.read(7200); n = line.split(b',')[0].split(b':')[1].decode();"
    + ' print(\'{"id":\' + n + \',"error":"ValueError"}\', flush=True)'
)


def running(program: str, deadline: float) -> Ocr:
    reader = Ocr(command=(sys.executable, "-c", program), deadline_seconds=deadline)
    reader.start()
    return reader


@pytest.mark.parametrize(
    ("program", "deadline", "sentence"),
    [
        (HANGS, 1.0, client.LATE),
        (DIES, 20.0, client.FAILED),
        (BABBLES, 20.0, client.FAILED),
        (FAILS, 20.0, client.FAILED),
        (ABSENT, 20.0, client.ABSENT),
    ],
)
def test_a_recogniser_that_cannot_is_told_in_one_sentence_again_and_again(
    program: str, deadline: float, sentence: str
) -> None:
    reader = running(program, deadline)
    for _ in range(2):
        with pytest.raises(Unreadable, match=sentence):
            reader.read(PAGE).result(SECONDS)
    reader.stop()


def test_a_program_that_is_not_there_fails_and_does_not_end_the_thread() -> None:
    reader = Ocr(command=("/nowhere/python",))
    reader.start()
    for _ in range(2):
        with pytest.raises(Unreadable):
            reader.read(PAGE).result(SECONDS)
    reader.stop()


def test_too_many_pages_are_told_to_wait_and_stopping_ends_all() -> None:
    reader = running(HANGS, SECONDS)
    futures = [reader.read(PAGE) for _ in range(12)]
    refused = [future for future in futures if future.done()]
    assert len(refused) >= 6
    with pytest.raises(Unreadable, match=client.BUSY):
        refused[0].result()
    reader.stop()
    for future in futures:
        with pytest.raises(Unreadable):
            future.result(SECONDS)


def test_the_process_ends_when_nobody_needs_it() -> None:
    reader = Ocr(command=(sys.executable, "-c", FAILS), idle_seconds=0.05)
    reader.start()
    with pytest.raises(Unreadable):
        reader.read(PAGE).result(SECONDS)
    program = reader._program
    if program is not None:
        program.wait(SECONDS)
    reader.stop()
    reader.stop()


# ---------------------------------------------------------------- the real one


@pytest.fixture(scope="module")
def ocr() -> Iterator[Ocr]:
    if not client.is_installed():
        pytest.skip("the extra ocr is not installed")
    reader = Ocr(deadline_seconds=SECONDS)
    reader.start()
    yield reader
    reader.stop()


def drawn(image: Image.Image) -> Pixels:
    return np.asarray(cv2.cvtColor(np.asarray(image.convert("RGB")), cv2.COLOR_RGB2BGR))


@pytest.mark.parametrize("face", documents.FACES[:3], ids=lambda face: face.nation)
def test_a_card_is_read_whole_and_sure(ocr: Ocr, face: documents.CardFace) -> None:
    reading = ocr.read(drawn(documents.id_card(face)), Document.ID_CARD).result(SECONDS)
    assert reading.turned == 0
    assert {name: each.text for name, each in reading.fields.items()} == {
        "name": face.name,
        "sex": face.sex,
        "nation": face.nation,
        "born": face.number[6:14],
        "address": face.address,
        "number": face.number,
    }
    assert reading.sure


def test_a_rare_character_is_right_or_doubtful_never_wrong_and_sure(ocr: Ocr) -> None:
    for face in documents.FACES[3:5]:
        reading = ocr.read(drawn(documents.id_card(face)), Document.ID_CARD).result(SECONDS)
        name = reading.fields["name"]
        assert name.text == face.name or not name.sure
        assert all(each.sure for field, each in reading.fields.items() if field != "name")


@pytest.mark.parametrize(("rotation", "turned"), [(cv2.ROTATE_180, 180), (cv2.ROTATE_90_CLOCKWISE, 270)])
def test_a_card_may_lie_any_way_up(ocr: Ocr, rotation: int, turned: int) -> None:
    card = cv2.rotate(drawn(documents.id_card(documents.FACES[1])), rotation)
    reading = ocr.read(card, Document.ID_CARD).result(SECONDS)
    assert reading.turned == turned
    assert reading.fields["number"].text == documents.FACES[1].number
    assert reading.sure


def test_a_licence_upside_down_from_the_camera(ocr: Ocr) -> None:
    photo = decoded(desk_scene.jpegs("licence", 4, width=desk_scene.STILL_WIDTH)[0])
    page = capture([cv2.rotate(photo, cv2.ROTATE_180)], Paper.A4).page
    assert page is not None
    reading = ocr.read(page, Document.LICENCE).result(SECONDS)
    face = documents.LICENCES[0]
    assert reading.turned == 180
    assert reading.fields["code"].text == face.code
    assert reading.fields["code"].sure
    assert reading.fields["name"].text == face.name
    assert reading.fields["person"].text == face.person
    assert reading.fields["founded"].text == "20190315"


def test_a_page_without_print_has_no_fields(ocr: Ocr) -> None:
    reading = ocr.read(np.full((400, 640, 3), 235, np.uint8), Document.ID_CARD).result(SECONDS)
    assert reading.fields == {}
    assert reading.lines == ()


def test_the_screen_process_does_not_load_the_recogniser(ocr: Ocr) -> None:
    ocr.read(PAGE).result(SECONDS)
    assert "rapidocr" not in sys.modules
    assert ocr._program is not None
    assert ocr._program.pid != os.getpid()
