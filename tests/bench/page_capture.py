"""How well the page is found on four desks with and without a finger, and what finding and capturing cost.

Scenes and bar of VISION §2.1: an ID card, a licence and a form on each desk, up to 12 degrees aside.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from time import process_time

import cv2
import numpy as np

from devices.vision.capture import capture
from devices.vision.page import find_page
from tests.devices.vision.scenes import BACKGROUNDS, DOCUMENTS, overlap, scene

GOOD = 0.95
Say = Callable[[str], object]


@dataclass(slots=True)
class Tally:
    """Overlaps and corner errors (shares of the long side) of one desk."""

    overlaps: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> int:
        """Scenes with an overlap above the bar."""
        return sum(each > GOOD for each in self.overlaps)


def desk(background: str, *, finger: bool, seeds: int) -> Tally:
    """All documents on one desk."""
    tally = Tally()
    for kind in DOCUMENTS:
        for seed in range(seeds):
            made = scene(kind, background, seed, finger=finger)
            begun = process_time()
            found = find_page(made.image)
            tally.seconds += process_time() - begun
            share = 0.0 if found is None else overlap(found.corners, made.corners)
            tally.overlaps.append(share)
            if found is not None and share > GOOD:
                side = np.linalg.norm(np.roll(made.corners, -1, axis=0) - made.corners, axis=1).max()
                off = np.linalg.norm(found.corners[:, None] - made.corners[None, :], axis=2).min(axis=1)
                tally.errors.append(float(off.mean() / side))
    return tally


def run(seeds: int, say: Say) -> tuple[int, int]:
    """The table; (good, all)."""
    good = shown = 0
    seconds = 0.0
    for finger in (False, True):
        for background in BACKGROUNDS:
            tally = desk(background, finger=finger, seeds=seeds)
            count = len(tally.overlaps)
            good, shown, seconds = good + tally.good, shown + count, seconds + tally.seconds
            error = float(np.median(tally.errors)) * 100 if tally.errors else float("nan")
            name = background + (", finger" if finger else "")
            say(
                f"{name:20} IoU>{GOOD} {tally.good:4}/{count}  corners off {error:.2f} %  "
                f"{tally.seconds / count * 1000:.0f} CPU ms"
            )
    say(f"find_page {seconds / shown * 1000:.0f} CPU ms a picture of 1280 × 960, one thread")
    image = scene("form", "wood", 0).image
    still = cv2.resize(image, (2592, 1944), interpolation=cv2.INTER_CUBIC)
    begun = process_time()
    capture([still, still, still])
    say(f"capture of a burst of three, 2592 × 1944: {(process_time() - begun) * 1000:.0f} CPU ms")
    return good, shown


def main() -> int:
    """Table and figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="8 scenes of each kind (192) instead of 2")
    cv2.setNumThreads(1)
    good, shown = run(8 if parser.parse_args().long else 2, print)
    print(f"PAGE: {good / shown:.3f} of {shown} scenes found with IoU > {GOOD} (bar 0.94: 180 of 192)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
