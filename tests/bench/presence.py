"""What it costs to watch for somebody, five looks a second: nobody there, somebody moving, JPEG decoding."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from time import process_time

import cv2
import numpy as np
from PIL import Image

import assets
from devices.simulators.drawn_person import Pose, picture
from devices.vision.faces import FaceFinder
from devices.vision.presence import Presence

LOOKS_A_SECOND = 5
SIZE = (640, 480)


def jpegs(*, there: bool, count: int) -> list[bytes]:
    """What a face camera sends: noise in each picture, a person who moves a little."""
    coded = []
    for place in range(count):
        pose = Pose(across=0.667 + 0.03 * np.sin(place / 3), height=0.5)
        drawn = np.asarray(picture(SIZE, there=there, pose=pose)).astype(np.float32)
        noisy = np.clip(drawn + np.random.default_rng(place).normal(0, 2, drawn.shape), 0, 255)
        out = io.BytesIO()
        Image.fromarray(noisy.astype(np.uint8)).save(out, "JPEG", quality=85)
        coded.append(out.getvalue())
    return coded


def share(presence: Presence, pictures: Sequence[bytes], turns: int) -> tuple[float, int]:
    """Share of one core at five looks a second, decoding included; how many looks saw somebody."""
    there = 0
    begun = process_time()
    for turn in range(turns):
        data = np.frombuffer(pictures[turn % len(pictures)], np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_REDUCED_COLOR_2)
        assert image is not None
        there += presence.look(image, turn / LOOKS_A_SECOND).present
    return (process_time() - begun) / turns * LOOKS_A_SECOND, there


def main() -> int:
    """Two lines and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="3,000 looks each instead of 300")
    turns = 3000 if parser.parse_args().long else 300
    cv2.setNumThreads(1)
    worst = 0.0
    for there in (False, True):
        presence = Presence(FaceFinder(assets.fetched("models", "face_short_range.tflite")))
        cost, seen = share(presence, jpegs(there=there, count=16), turns)
        print(f"{'somebody' if there else 'nobody':9} {cost * 100:.2f} % of a core, seen {seen} of {turns}")
        worst = max(worst, cost)
    print(f"PRESENCE: {worst * 100:.2f} % of a core at {LOOKS_A_SECOND} looks a second (bar 2)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
