"""Somebody before the kiosk: motion, then a face; one helpful sentence; nothing kept of anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import assets
from devices import vision
from devices.simulators.drawn_person import Pose, picture
from devices.vision.faces import Face, FaceFinder, ModelUnusable
from devices.vision.page import Pixels
from devices.vision.presence import (
    HOLD_SECONDS,
    SENTENCES,
    TOUCH_SECONDS,
    Change,
    Guidance,
    Presence,
    guidance,
    nearest,
    turn,
)

SIZE = (320, 240)
COUNT = 25


def seen(pose: Pose | None = None, *, there: bool = True, light: float = 1.0, seed: int = 0) -> Pixels:
    """A picture of the face camera, BGR, with a little noise."""
    drawn = np.asarray(picture(SIZE, there=there, pose=pose)).astype(np.float32)[:, :, ::-1]
    noise = np.random.default_rng(seed).normal(0, 2.0, drawn.shape)
    return np.asarray(np.clip(drawn * light + noise, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder(assets.fetched("models", "face_short_range.tflite"))


@pytest.fixture
def presence(finder: FaceFinder) -> Presence:
    return Presence(finder)


def times(seconds: float = 0.2) -> Iterator[float]:
    """Five looks a second."""
    return (place * seconds for place in range(10_000))


def test_an_empty_hall_stays_empty_and_no_face_is_looked_for(presence: Presence) -> None:
    for place, now in zip(range(COUNT), times(), strict=False):
        look = presence.look(seen(there=False, seed=place), now)
        assert not look.present
        assert look.face is None
        assert look.motion < 0.005


def test_flickering_light_is_nobody(presence: Presence) -> None:
    for place, now in zip(range(COUNT), times(), strict=False):
        look = presence.look(seen(there=False, seed=place, light=1 + 0.05 * (-1) ** place), now)
        assert look.change is Change.NONE
        assert not look.present


def test_somebody_comes_stands_still_and_leaves(presence: Presence) -> None:
    presence.look(seen(there=False), 0.0)
    assert presence.look(seen(seed=1), 0.2).change is Change.CAME
    for place in range(40):
        look = presence.look(seen(seed=place), 0.4 + place * 0.5)
        assert look.present, "a person who stands still is still there"
        assert look.change is Change.NONE
    gone = 0.4 + 39 * 0.5
    assert presence.look(seen(there=False), gone + HOLD_SECONDS - 0.1).present
    assert presence.look(seen(there=False), gone + HOLD_SECONDS + 0.1).change is Change.LEFT
    assert not presence.look(seen(there=False), gone + HOLD_SECONDS + 0.3).present


def test_something_that_moves_without_a_face_is_nobody(presence: Presence) -> None:
    chance = np.random.default_rng(5)
    for place, now in zip(range(COUNT), times(), strict=False):
        image = seen(there=False)
        image[60:200, 40 + 8 * place : 90 + 8 * place] = chance.integers(0, 255, 3)
        look = presence.look(image, now)
        assert not look.present
    assert look.motion > 0.04


def test_a_touch_holds_whom_the_camera_does_not_see(presence: Presence) -> None:
    presence.look(seen(there=False), 0.0)
    presence.touched(1.0)
    assert presence.look(seen(there=False), 1.1).change is Change.CAME
    assert presence.look(seen(there=False), TOUCH_SECONDS).present
    assert presence.look(seen(there=False), TOUCH_SECONDS + 1.1).change is Change.LEFT


def test_grey_pictures_do_as_well(presence: Presence) -> None:
    presence.look(seen(there=False).mean(axis=2).astype(np.uint8), 0.0)
    look = presence.look(seen().mean(axis=2).astype(np.uint8), 0.2)
    assert look.present


@pytest.mark.parametrize(
    ("pose", "wanted"),
    [
        (Pose(), Guidance.GOOD),
        (Pose(height=0.2), Guidance.CLOSER),
        (Pose(height=0.9), Guidance.BACK),
        (Pose(across=0.3), Guidance.LEFT),
        (Pose(across=1.0), Guidance.RIGHT),
        (Pose(down=0.8), Guidance.UP),
        (Pose(turned=-0.5), Guidance.LOOK_STRAIGHT),
        (Pose(turned=0.6), Guidance.LOOK_STRAIGHT),
    ],
)
def test_one_sentence_helps_to_stand_right(finder: FaceFinder, pose: Pose, wanted: Guidance) -> None:
    faces = finder.find(seen(pose))
    assert guidance(faces) is wanted
    assert SENTENCES[wanted]


def face(left: float = 0.4, height: float = 0.4, score: float = 0.9) -> Face:
    eyes = ((left + 0.05, 0.4), (left + 0.15, 0.4), (left + 0.1, 0.45))
    return Face(score, left, 0.3, 0.2, height, eyes)


def test_of_several_the_nearest_counts_and_two_near_ones_are_told() -> None:
    assert guidance(()) is Guidance.NOBODY
    assert guidance((face(), face(0.0, 0.35))) is Guidance.SEVERAL
    assert guidance((face(), face(0.0, 0.1))) is Guidance.GOOD
    assert nearest((face(0.0, 0.1), face())) == face()
    assert nearest(()) is None
    assert turn(face()) == pytest.approx(0.0)


def test_a_face_is_where_it_was_drawn_in_wide_and_tall_pictures(finder: FaceFinder) -> None:
    for size in ((640, 360), (480, 640)):
        pose = Pose(across=size[0] / size[1] / 2, height=0.45)
        found = finder.find(np.asarray(picture(size, pose=pose))[:, :, ::-1])
        assert len(found) == 1
        assert found[0].left + found[0].width / 2 == pytest.approx(0.5, abs=0.04)
        right_eye, left_eye = found[0].points[:2]
        assert right_eye[0] < 0.5 < left_eye[0]


def test_another_model_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.tflite"
    with pytest.raises(ModelUnusable, match="读不到"):
        FaceFinder(file)
    file.write_bytes(b"TFL3 something else")
    with pytest.raises(ModelUnusable, match="摘要不符"):
        FaceFinder(file)


def test_nothing_in_vision_writes_logs_or_sends() -> None:
    """Frames stay in memory: no code here can put one anywhere else."""
    ways_out = re.compile(
        r"imwrite|\.save\(|\bopen\(|write_bytes|write_text|import (logging|socket|pickle|httpx)"
    )
    talks_of_its_worker = Path(vision.__path__[0]) / "ocr" / "client.py"
    for file in Path(vision.__path__[0]).rglob("*.py"):
        if file == talks_of_its_worker:
            said = re.findall(r"_log\.\w+\((.*)\)", file.read_text(encoding="utf-8"))
            assert all(words.startswith('"the recogniser') for words in said)
            continue
        assert not ways_out.search(file.read_text(encoding="utf-8")), file
