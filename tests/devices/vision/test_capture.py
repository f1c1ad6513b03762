"""From a burst to a page: the sharpest is taken, and every flaw is told to the citizen in one sentence."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from devices.simulators import desk_scene
from devices.vision.capture import Captured, capture, decoded, sharpest
from devices.vision.page import Pixels
from devices.vision.quality import SENTENCES, Flaw, Limits, Measures, flaws
from devices.vision.straighten import (
    Paper,
    effective_dpi,
    rectify,
    skew_degrees,
    turned,
    without_shadow,
)
from tests.devices.vision.scenes import document, scene

GOOD = Measures(0.25, 0.0, 180.0, 120.0, 0.4, True, 200.0, 0.0)
LIMITS = Limits(sharpness=0.15, least_dpi=150.0)


@pytest.fixture(scope="module")
def still() -> Pixels:
    """A form under the camera of five megapixels."""
    return decoded(desk_scene.jpegs("form", 4, width=desk_scene.STILL_WIDTH)[0])


@pytest.fixture(scope="module")
def form(still: Pixels) -> Captured:
    return capture([still], Paper.A4)


def test_a_form_comes_out_upright_white_and_good(form: Captured) -> None:
    assert form.good
    assert form.sentence == ""
    assert form.page is not None
    assert form.measures is not None
    height, width = form.page.shape[:2]
    assert height / width == pytest.approx(297 / 210, abs=0.01)
    assert form.measures.dpi > 140
    assert abs(form.measures.skew) <= 0.2
    corners = [form.page[at] for at in ((40, 40), (40, -40), (-40, 40), (-40, -40))]
    assert min(int(each.min()) for each in corners) > 225, "the shadow of the lamp is gone"


def test_its_jpeg_has_the_pixels_and_its_words_have_nothing(form: Captured) -> None:
    again = decoded(form.jpeg())
    assert form.page is not None
    assert again.shape == form.page.shape
    assert b"Exif" not in form.jpeg()
    assert repr(form) == "Captured([], …)"


def test_a_card_keeps_its_colours() -> None:
    made = scene("card", "dark desk", 1)
    card = capture([made.image], Paper.ID_CARD)
    assert card.good
    assert card.page is not None
    left = card.page[60:-60, 20:60].reshape(-1, 3).mean(axis=0)
    right = card.page[60:-60, -60:-20].reshape(-1, 3).mean(axis=0)
    assert left[0] - left[2] > right[0] - right[2] + 10, "bluish on the left, reddish on the right"


def test_the_sharpest_of_a_burst_is_taken() -> None:
    image = scene("form", "wood", 0).image
    burst = [cv2.GaussianBlur(image, (0, 0), sigma) for sigma in (2.0, 0.3, 1.2)]
    taken = capture(burst)
    assert taken.chosen == 1
    assert sharpest(burst[::-1], taken.outline) == 1
    with pytest.raises(ValueError, match="empty"):
        capture([])


def glared(image: Pixels, corners: Pixels) -> Pixels:
    y, x = np.mgrid[0 : image.shape[0], 0 : image.shape[1]]
    across, down = corners.mean(axis=0)
    spot = np.exp(-((((x - across) / 70) ** 2 + ((y - down) / 50) ** 2) ** 2))[:, :, None] * 260
    return np.asarray(np.clip(image + spot, 0, 255).astype(np.uint8))


def test_blur_glare_and_darkness_are_told_apart() -> None:
    made = scene("card", "wood", 0)
    sick = {
        Flaw.BLURRED: cv2.GaussianBlur(made.image, (0, 0), 2.2),
        Flaw.GLARE: glared(made.image, made.corners),
        Flaw.DARK: (made.image * 0.25).astype(np.uint8),
    }
    for flaw, image in sick.items():
        taken = capture([image], Paper.ID_CARD)
        assert taken.flaws[0] is flaw
        assert not taken.good
        assert taken.sentence == SENTENCES[flaw]


def test_an_empty_desk_is_said() -> None:
    desk = cv2.GaussianBlur(decoded(desk_scene.jpegs("empty")[0]), (0, 0), 4)
    taken = capture([desk], Paper.A4)
    assert taken.flaws == (Flaw.NO_PAGE,)
    assert taken.page is None
    with pytest.raises(ValueError, match="no page"):
        taken.jpeg()


def test_corners_dragged_by_the_citizen_are_used() -> None:
    made = scene("card", "clutter", 0)
    taken = capture([made.image], Paper.ID_CARD, corners=made.corners[::-1])
    assert taken.outline is not None
    assert np.abs(taken.outline.corners - made.corners).max() < 0.01
    assert taken.good


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"inside": False}, Flaw.CUT_OFF),
        ({"area_share": 0.01}, Flaw.TOO_FAR),
        ({"dpi": 80.0}, Flaw.TOO_COARSE),
        ({"level": 30.0}, Flaw.DARK),
        ({"level": 250.0, "contrast": 20.0}, Flaw.BRIGHT),
        ({"glare": 0.1}, Flaw.GLARE),
        ({"sharpness": 0.05}, Flaw.BLURRED),
        ({"contrast": 20.0}, Flaw.FLAT),
        ({"skew": -1.5}, Flaw.CROOKED),
    ],
)
def test_each_gate_has_its_flaw_and_its_sentence(change: dict[str, float], flaw: Flaw) -> None:
    values = {name: change.get(name, getattr(GOOD, name)) for name in Measures.__dataclass_fields__}
    assert flaws(GOOD, LIMITS) == ()
    assert flaws(Measures(**values), LIMITS)[0] is flaw
    assert SENTENCES[flaw]


def test_a_paper_of_unknown_size_has_no_resolution_to_fail() -> None:
    assert effective_dpi(np.zeros((4, 2), np.float32), Paper.FREE) == 0.0
    assert effective_dpi(np.array([[0, 0], [856, 0], [856, 540], [0, 540]]), Paper.ID_CARD) == pytest.approx(
        254
    )


def test_deskew_is_exact_to_a_fifth_of_a_degree() -> None:
    page = cv2.cvtColor(np.ascontiguousarray(document("form")[:, :, :3]), cv2.COLOR_RGB2BGR)
    for degrees in (-6.3, -2.0, 0.0, 0.7, 4.5):
        crooked = turned(page, -degrees)
        assert skew_degrees(crooked) == pytest.approx(degrees, abs=0.2)
    assert skew_degrees(np.full((300, 300, 3), 240, np.uint8)) == 0.0


def test_shadow_removal_makes_the_paper_even() -> None:
    page = cv2.cvtColor(np.ascontiguousarray(document("form")[:, :, :3]), cv2.COLOR_RGB2BGR)
    lamp = np.linspace(0.35, 0.95, page.shape[1])[None, :, None]
    clean = without_shadow((page * lamp).astype(np.uint8))
    levels = [float(np.percentile(part, 80)) for part in np.array_split(clean[:, :, 1], 6, axis=1)]
    assert min(levels) / max(levels) > 0.93
    assert min(levels) > 225


def test_the_proportions_are_those_of_the_paper() -> None:
    made = scene("card", "dark desk", 0)
    height, width = rectify(made.image, made.corners, Paper.ID_CARD).shape[:2]
    assert width / height == pytest.approx(85.6 / 54.0, abs=0.01)
