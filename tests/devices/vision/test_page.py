"""Finding the page: overlap with the truth on every desk, and honesty where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from devices.vision.outline import STILL_PICTURES, Watched, movement, watch
from devices.vision.page import Outline, find_page, in_order
from tests.devices.vision.scenes import BACKGROUNDS, DOCUMENTS, document, overlap, scene


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_page_is_found_on_every_desk(kind: str, background: str) -> None:
    made = scene(kind, background, 2)
    found = find_page(made.image)
    assert found is not None
    assert overlap(found.corners, made.corners) > 0.95
    assert found.inside
    assert found.support > 0.6


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_finger_at_the_edge_moves_no_corner(kind: str) -> None:
    made = scene(kind, "dark desk", 2, finger=True)
    found = find_page(made.image)
    assert found is not None
    assert overlap(found.corners, made.corners) > 0.98


@pytest.mark.parametrize("background", ["dark desk", "light desk", "wood"])
def test_an_empty_desk_has_no_page(background: str) -> None:
    made = scene("card", background, 3)
    desk = made.image.copy()
    left, top = made.corners.min(axis=0).astype(int) - 14
    right, bottom = made.corners.max(axis=0).astype(int) + 14
    patch = desk[20 : 20 + (bottom - top), 5:60]
    desk[top:bottom, left:right] = cv2.resize(patch, (right - left, bottom - top))
    found = find_page(cv2.GaussianBlur(desk, (0, 0), 25))
    assert found is None


def test_the_printed_frame_of_a_licence_is_not_its_edge() -> None:
    for seed in range(4):
        made = scene("licence", "light desk", seed)
        found = find_page(made.image)
        assert found is not None
        assert overlap(found.corners, made.corners) > 0.97


def test_no_picture_breaks_it() -> None:
    chance = np.random.default_rng(4)
    for shape in ((1, 1), (3, 900), (48, 64), (720, 720)):
        for fill in (0, 255, None):
            image = (
                chance.integers(0, 256, (*shape, 3), dtype=np.uint8)
                if fill is None
                else np.full((*shape, 3), fill, np.uint8)
            )
            find_page(image)


def test_a_large_picture_gives_the_same_outline() -> None:
    made = scene("form", "dark desk", 5)
    found = find_page(made.image)
    large = find_page(cv2.resize(made.image, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC))
    assert found is not None
    assert large is not None
    assert overlap(large.corners / 2.5, found.corners) > 0.99


def test_corners_run_clockwise_from_the_upper_left() -> None:
    corners = np.array([[10, 80], [90, 84], [88, 12], [8, 10]], np.float32)
    assert in_order(corners).tolist() == [[8, 10], [88, 12], [90, 84], [10, 80]]


def outline(shift: float = 0.0, *, inside: bool = True) -> Outline:
    square = np.array([[0, 0], [100, 0], [100, 100], [0, 100]], np.float32)
    return Outline(square + shift, 0.9, 0.4, inside)


def test_auto_capture_waits_until_the_outline_is_still() -> None:
    seen = Watched()
    for _ in range(STILL_PICTURES - 1):
        seen = watch(seen, outline())
        assert not seen.steady
    assert watch(seen, outline(0.3)).steady


@pytest.mark.parametrize("broken", [None, outline(5.0), outline(inside=False)])
def test_a_hand_that_moves_the_paper_starts_the_wait_anew(broken: Outline | None) -> None:
    seen = Watched()
    for _ in range(STILL_PICTURES - 1):
        seen = watch(seen, outline())
    seen = watch(seen, broken)
    assert seen.still <= 1
    assert not watch(seen, outline(5.0)).steady


def test_movement_is_a_share_of_the_longest_side() -> None:
    assert movement(outline(), outline(1.0)) == pytest.approx(2**0.5 / 100)


def test_the_scenes_have_their_documents_where_they_say() -> None:
    made = scene("form", "dark desk", 0)
    height, width = document("form").shape[:2]
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    flat = cv2.warpPerspective(made.image, cv2.getPerspectiveTransform(made.corners, target), (width, height))
    truth = cv2.cvtColor(document("form")[:, :, :3], cv2.COLOR_RGB2GRAY)
    seen = cv2.cvtColor(flat, cv2.COLOR_BGR2GRAY)
    assert float(np.corrcoef(truth[::9, ::9].ravel(), seen[::9, ::9].ravel())[0, 1]) > 0.5
