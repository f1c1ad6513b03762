"""Signatures: packed exactly and small, drawn as they were written, refused when they are none."""

from __future__ import annotations

import io
import math
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devices.signature import (
    MOST_POINTS,
    Flaw,
    Point,
    Signature,
    Unpackable,
    flaw,
    pack,
    png,
    svg,
    unpack,
)

WIDTH, HEIGHT = 900, 400
STROKES = (
    ((80, 90), (220, 84)),
    ((70, 190), (230, 182)),
    ((50, 310), (250, 300)),
    ((150, 88), (152, 306)),
    ((330, 70), (300, 150)),
    ((300, 120), (470, 110), (380, 250), (310, 320)),
    ((340, 150), (420, 260), (500, 320)),
    ((560, 80), (620, 200), (560, 330)),
    ((620, 100), (780, 96), (770, 320), (700, 300)),
)
"""王 and something like 仅: corner points of each stroke."""


def written(strokes: tuple[tuple[tuple[int, int], ...], ...] = STROKES, *, step: float = 7.0) -> Signature:
    """Points every 8 ms along the strokes, with a hand's tremor and slower ends."""
    made, ms = [], 0
    for stroke in strokes:
        points = []
        length = sum(math.dist(one, other) for one, other in pairwise(stroke))
        count = max(2, int(length / step))
        for index in range(count + 1):
            share = (1 - math.cos(math.pi * index / count)) / 2
            x, y = along(stroke, share)
            points.append(Point(round(x + math.sin(ms / 30)), round(y + math.cos(ms / 41)), ms))
            ms += 8
        made.append(tuple(points))
        ms += 120
    return Signature(WIDTH, HEIGHT, tuple(made))


def along(stroke: tuple[tuple[int, int], ...], share: float) -> tuple[float, float]:
    """The place at a share of a stroke's length."""
    lengths = [math.dist(one, other) for one, other in pairwise(stroke)]
    left = share * sum(lengths)
    for (one, other), length in zip(pairwise(stroke), lengths, strict=True):
        if left <= length or other == stroke[-1]:
            part = min(1.0, left / max(length, 1e-9))
            return one[0] + (other[0] - one[0]) * part, one[1] + (other[1] - one[1]) * part
        left -= length
    return stroke[-1]


def test_a_signature_packs_small_and_exactly() -> None:
    signature = written(step=4.2)
    assert 450 < signature.points < 600
    data = pack(signature)
    assert len(data) < 3900
    assert unpack(data) == signature
    assert unpack(data).digest == signature.digest


def test_a_moved_point_changes_the_digest() -> None:
    signature = written()
    first = signature.strokes[0]
    moved = Signature(
        WIDTH, HEIGHT, ((Point(first[0].x + 1, first[0].y, 0), *first[1:]), *signature.strokes[1:])
    )
    assert moved.digest != signature.digest


POINT = st.builds(Point, st.integers(-50, 4000), st.integers(-50, 4000), st.integers(0, 60_000))


@given(st.lists(st.lists(POINT, max_size=30).map(tuple), max_size=12).map(tuple))
def test_any_strokes_come_back(strokes: tuple[tuple[Point, ...], ...]) -> None:
    signature = Signature(1920, 1080, strokes)
    assert unpack(pack(signature)) == signature
    flaw(signature)


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_break_it(data: bytes, headed: bool) -> None:
    try:
        unpack((pack(written())[:10] if headed else b"") + data)
    except Unpackable:
        return


@pytest.mark.parametrize("cut", [1, 9, 40, -1])
def test_a_damaged_one_is_refused(cut: int) -> None:
    with pytest.raises(Unpackable):
        unpack(pack(written())[:cut])


@pytest.mark.parametrize(
    ("signature", "wanted"),
    [
        (written(), None),
        (Signature(WIDTH, HEIGHT, ()), Flaw.EMPTY),
        (Signature(WIDTH, HEIGHT, ((Point(1, 1, 0),),)), Flaw.TOO_LITTLE),
        (written(STROKES[:1], step=2.0), Flaw.TOO_LITTLE),
        (written((((10, 10), (40, 12)), ((10, 30), (42, 31))), step=0.7), Flaw.TOO_SMALL),
        (Signature(WIDTH, HEIGHT, ((Point(1, 1, 0),) * (MOST_POINTS + 1),)), Flaw.TOO_MUCH),
    ],
)
def test_what_is_no_signature_is_told(signature: Signature, wanted: Flaw | None) -> None:
    assert flaw(signature) is wanted


def inked(signature: Signature, height: int = 200) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(png(signature, height=height))).getchannel("A"))


def test_the_picture_has_ink_where_the_pen_was_and_none_elsewhere() -> None:
    signature = written()
    ink = inked(signature)
    points = [point for stroke in signature.strokes for point in stroke]
    left, top = min(point.x for point in points), min(point.y for point in points)
    margin = HEIGHT * 0.032
    scale = 200 / (max(point.y for point in points) - top + 2 * margin)
    for point in points:
        x, y = (point.x - left + margin) * scale, (point.y - top + margin) * scale
        assert ink[min(199, int(y)), min(ink.shape[1] - 1, int(x))] > 100
    assert (ink > 100).mean() < 0.12
    assert ink[:, :2].max() < 40, "a margin all around"


def test_a_fast_line_is_thinner_than_a_slow_one() -> None:
    slow = Signature(400, 400, (tuple(Point(20 + 6 * n, 200, 60 * n) for n in range(60)),))
    fast = Signature(400, 400, (tuple(Point(20 + 6 * n, 200, 2 * n) for n in range(60)),))
    assert (inked(slow) > 128).sum() > 0
    thick = (inked(slow)[:, 100:-100] > 128).mean()
    thin = (inked(fast)[:, 100:-100] > 128).mean()
    slow_share = float(svg(slow).rpartition('stroke-width="')[2].split('"')[0])
    fast_share = float(svg(fast).rpartition('stroke-width="')[2].split('"')[0])
    assert thick > 0
    assert thin > 0
    assert slow_share > fast_share * 1.8


def test_a_dot_is_drawn() -> None:
    assert inked(Signature(400, 400, ((Point(200, 200, 0),),))).max() > 200
    assert inked(Signature(400, 400, ())).max() == 0


def test_the_svg_is_one_and_holds_nothing_but_lines() -> None:
    root = ElementTree.fromstring(svg(written()))
    assert root.tag.endswith("svg")
    assert {child.tag.rpartition("}")[2] for child in root} == {"path"}
    assert len(root) == sum(len(stroke) - 1 for stroke in written().strokes)


def test_its_words_show_only_sizes() -> None:
    assert repr(written()).startswith("Signature(9 strokes, ")
