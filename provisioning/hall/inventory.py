"""Look at this box: its display, its sound, its programs, where sockets may lie."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SOCKET_PATH_LIMIT = 90
_LOOK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the plan needs to know. ``display`` is the desktop's with its size, '' when there is none;
    ``sound`` says that the box has a sound system of its own; ``run`` is a private folder for sockets."""

    display: str
    display_size: tuple[int, int]
    free_display: int
    sound: bool
    run: Path


def look(var: Path, environment: Mapping[str, str]) -> Inventory:
    """See what is there; changes nothing."""
    display = environment.get("DISPLAY", "")
    size = display_size(environment) if display else (0, 0)
    return Inventory(
        display=display if size != (0, 0) else "",
        display_size=size,
        free_display=free_display(Path("/tmp")),
        sound=has_sound(environment, Path("/dev/snd")),
        run=run_folder(var, environment),
    )


def display_size(environment: Mapping[str, str]) -> tuple[int, int]:
    """Pixels of the desktop's screen, (0, 0) when it cannot be asked."""
    try:
        done = subprocess.run(
            ["xdpyinfo"],
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=_LOOK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    found = re.search(r"dimensions:\s+(\d+)x(\d+) pixels", done.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def free_display(folder: Path) -> int:
    """A display number from 60 upwards that no X server has."""
    return next(
        number
        for number in range(60, 1000)
        if not (folder / f".X{number}-lock").exists() and not (folder / ".X11-unix" / f"X{number}").exists()
    )


def has_sound(environment: Mapping[str, str], devices: Path) -> bool:
    """A sound server of this session, or a card that plays."""
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    served = bool(environment.get("PULSE_SERVER")) or (
        runtime != "" and Path(runtime, "pulse", "native").exists()
    )
    return served or any(devices.glob("pcmC*D*p"))


def run_folder(var: Path, environment: Mapping[str, str]) -> Path:
    """Where sockets lie: var/run, or a private folder elsewhere when that path is too long for a socket."""
    inside = var / "run"
    if len(str(inside)) < _SOCKET_PATH_LIMIT - 30:
        return inside
    mark = hashlib.sha256(str(var).encode()).hexdigest()[:8]
    runtime = environment.get("XDG_RUNTIME_DIR") or "/tmp"
    return Path(runtime) / f"banshi-{os.getuid()}-{mark}"
