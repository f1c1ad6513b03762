"""Codes by camera: read turned, small, tilted, blurred, dark, inverted; and what they say is limited."""

from __future__ import annotations

import numpy as np
import pytest

from devices.ports import Scan
from devices.protocols.scans import LONGEST
from devices.simulators import desk_scene, documents
from devices.vision.capture import decoded
from devices.vision.codes import read_codes
from tests.devices.vision.code_scenes import APPOINTMENT, CONDITIONS, TICKET, code_scene

SCENES = 6
LEAST = {
    (TICKET, "80 px (appointment 108)"): 5,
    (APPOINTMENT, "110 px (appointment 148)"): 4,
    (APPOINTMENT, "80 px (appointment 108)"): 4,
    (TICKET, "dark and noisy"): 5,
    (APPOINTMENT, "motion 9 px"): 2,
    (APPOINTMENT, "curved"): 0,
}
"""Where not all of the scenes are read; all other conditions must be."""


@pytest.mark.parametrize("text", [TICKET, APPOINTMENT], ids=["ticket", "appointment"])
@pytest.mark.parametrize("name", CONDITIONS)
def test_codes_are_read_in_each_condition(name: str, text: str) -> None:
    found = [read_codes(code_scene(text, CONDITIONS[name], seed)) for seed in range(SCENES)]
    assert sum(scans == (Scan(text),) for scans in found) >= LEAST.get((text, name), SCENES)


@pytest.mark.parametrize("scene", ["phone", "phone_dark"])
def test_the_phone_of_the_simulated_camera_is_read(scene: str) -> None:
    assert read_codes(decoded(desk_scene.jpegs(scene)[0])) == (Scan(desk_scene.APPOINTMENT),)


@pytest.mark.parametrize("text", ["办事大厅", "x" * (LONGEST + 1), "A012\nB013"])
def test_a_code_of_foreign_content_is_as_if_it_were_not_there(text: str) -> None:
    code = documents.qr_code(text, pixels=600)
    assert read_codes(np.asarray(code)) == ()


def test_nothing_is_read_where_nothing_is() -> None:
    assert read_codes(decoded(desk_scene.jpegs("form")[0])) == ()
    assert read_codes(np.zeros((1, 1), np.uint8)) == ()
