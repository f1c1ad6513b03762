"""Ballast: room on the disk that is kept beside the journal and given up once, when the disk is full."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

BALLAST_BYTES = 8 * 1024 * 1024


def take_ballast(path: Path) -> bool:
    """Keep room at ``path``, at once and for real; False when the disk has none."""
    if path.exists():
        return True
    part = path.with_suffix(".new")
    try:
        with part.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        log.error("no ballast on this disk: %s", error.strerror)
        return False
    return True


def throw_off(path: Path) -> bool:
    """Give the room back; False when it is gone already."""
    if not path.exists():
        return False
    log.error("the disk is full: the ballast is thrown off; make room on it now")
    path.unlink()
    return True
