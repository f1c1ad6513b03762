"""How many codes are read from a camera's picture in each condition of VISION §4, and at what cost."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from time import process_time

import cv2

from devices.vision.codes import read_codes
from tests.devices.vision.code_scenes import APPOINTMENT, CONDITIONS, TICKET, code_scene

Say = Callable[[str], object]


def run(scenes: int, say: Say) -> tuple[int, int]:
    """Read ``scenes`` of each condition and both codes; (read, shown) of the tickets in plain conditions."""
    spent = shown = read = 0.0
    for name, condition in CONDITIONS.items():
        counts = []
        for text in (TICKET, APPOINTMENT):
            images = [code_scene(text, condition, seed) for seed in range(scenes)]
            begun = process_time()
            found = [read_codes(image) for image in images]
            spent += process_time() - begun
            shown += scenes
            counts.append(sum(any(scan.text == text for scan in scans) for scans in found))
        read += counts[0]
        say(f"{name:28} ticket {counts[0]:3}/{scenes}  appointment {counts[1]:3}/{scenes}")
    say(f"CPU {spent / shown * 1000:.2f} ms a picture of 640 × 480")
    return int(read), scenes * len(CONDITIONS)


def main() -> int:
    """The table, and the share of ticket codes read over all conditions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="100 scenes of each condition instead of 20")
    cv2.setNumThreads(1)
    read, shown = run(100 if parser.parse_args().long else 20, print)
    print(f"QR: {read / shown:.3f} of tickets read over all conditions (bar 0.9, curved paper included)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
