"""A vendor's program that compares nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.registry import build
from devices.verification import FaceVerifier
from tests.devices.conformance import Stand

SIMULATES: tuple[str, ...] = ()


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """It answers *unsure*."""
    command = [sys.executable, "-m", "devices.simulators.face_vendor"]
    driver = build("face_verifier", {"command": command, "demo": True, "hints": True})

    def work(verifier: FaceVerifier) -> object:
        verifier.capture_hint(b"x")
        return verifier.verify(b"x", [b"y"])

    yield Stand(driver, work)
