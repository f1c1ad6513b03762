"""The loudspeaker playing into nothing; a sound server that dies is in test_speaker.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.ports import Speaker
from devices.registry import build
from tests.devices.conformance import Stand

SIMULATES = ()


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    """No sound card is needed."""

    def work(speaker: Speaker) -> object:
        speaker.play(bytes(960))
        return speaker.queued_seconds()

    yield Stand(build("speaker", {"backend": "null"}), work)
