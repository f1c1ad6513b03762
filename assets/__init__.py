"""Ground of every screen and ticket: fonts, icons, sounds, sample halls."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

_DEBIAN = {("fonts", "HanaMinB.ttf"): Path("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf")}


class AssetMissing(Exception):
    """A fetched file is not there; the sentence says what to run."""


def fetched_root() -> Path:
    """Where fetched files lie: ``$BANSHI_ASSETS`` or ``var/assets`` of the project."""
    return Path(os.environ.get("BANSHI_ASSETS") or PROJECT / "var" / "assets")


def fetched(kind: str, name: str) -> Path:
    """The file ``name`` of ``kind`` (fonts, icons, voices, web, licences). Raises AssetMissing."""
    path = _DEBIAN.get((kind, name), fetched_root() / kind / name)
    if not path.is_file():
        how = (
            "install Debian's fonts-hanazono"
            if (kind, name) in _DEBIAN
            else "run: python -m provisioning assets"
        )
        raise AssetMissing(f"{path} is not there; {how} (./banshi up does it by itself)")
    return path
