"""Carry out what the plan wants before programs run: folders, secrets, files, free ports."""

from __future__ import annotations

import os
import re
import secrets
import socket
import struct
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from assets import PROJECT
from hall_server.config import load
from provisioning.hall.facts import HallFacts, Paths, PlanError, Station, Wishes
from provisioning.hall.inventory import look
from provisioning.hall.plan import Wanted, make
from provisioning.hall.program import save_plan
from provisioning.hall.taken import taken_ports

SAMPLE_HALL = PROJECT / "assets" / "halls" / "demo" / "hall.toml"
_FAMILY_LOCAL = 256
_SBIN = "/usr/sbin:/sbin"


class PortsTaken(PlanError):
    """Others hold our ports; one sentence a line."""


def hall_facts(file: Path) -> HallFacts:
    """What the plan needs of a hall's file. Raises ConfigError, PlanError."""
    hall = load(file).file
    if not hall.boards:
        raise PlanError(f"{file} has no [[boards]]: nothing could be called")
    return HallFacts(
        id=hall.hall.id,
        name=hall.hall.name,
        file=file,
        board=hall.boards[0].id,
        broker_port=hall.broker.port,
        web_port=hall.web.port,
        stations=tuple(
            Station(s.id, s.kind.value, s.name, s.place, _window_of(s.id, [w.id for w in hall.windows]))
            for s in hall.stations
        ),
    )


def _window_of(station: str, windows: list[str]) -> str:
    """``sign-3`` stands at window ``w03``: the window with the same number, else the first."""
    number = re.search(r"\d+", station)
    for window in windows:
        if number and int(number[0]) == int("".join(filter(str.isdigit, window)) or -1):
            return window
    return windows[0] if windows else ""


def prepare(wishes: Wishes, var: Path, *, environment: Mapping[str, str] = os.environ) -> Path:
    """Make the plan real in ``var`` up to the point where programs start; returns the plan's file.

    Raises ConfigError, PlanError (PortsTaken when another program has a port) before anything is written.
    """
    hall = hall_facts(SAMPLE_HALL)
    environment = {**environment, "PATH": f"{environment.get('PATH', '')}:{_SBIN}"}
    inventory = look(var, environment)
    paths = Paths(PROJECT, Path(sys.executable), var, inventory.run)
    wanted = make(
        wishes=wishes,
        inventory=inventory,
        hall=hall,
        paths=paths,
        environment=environment,
        screen_password=_screen_password(paths.run / "vnc-password"),
    )
    taken = taken_ports(wanted.ports)
    if taken:
        raise PortsTaken("\n".join(each.sentence() for each in taken))
    write(wanted, paths)
    plan = paths.hall / "plan.json"
    save_plan(wanted.plan, plan)
    return plan


def write(wanted: Wanted, paths: Paths) -> None:
    """Folders (closed to others where secrets lie), station files, the virtual screen's key."""
    for folder in wanted.folders:
        folder.mkdir(parents=True, exist_ok=True)
    for private in (paths.hall, paths.run):
        private.chmod(0o700)
    for stale in ("vnc", "sound"):
        (paths.run / stale).unlink(missing_ok=True)
    for path, text in wanted.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_private(path, text.encode())
    for program in wanted.plan.programs:
        if program.name == "screen":
            number = program.argv[1].removeprefix(":")
            _write_private(Path(program.env["XAUTHORITY"]), x_authority(number, secrets.token_bytes(16)))


def set_aside_state(var: Path) -> Path | None:
    """Begin anew: the hall's state is renamed, never deleted; returns its new name."""
    state = var / "hall" / "state"
    if not state.exists():
        return None
    aside = var / "hall" / time.strftime("state-%Y%m%d-%H%M%S")
    state.rename(aside)
    return aside


def x_authority(display: str, cookie: bytes) -> bytes:
    """An Xauthority file with one MIT-MAGIC-COOKIE-1 for a local display."""

    def counted(data: bytes) -> bytes:
        return struct.pack(">H", len(data)) + data

    fields = (socket.gethostname().encode(), display.encode(), b"MIT-MAGIC-COOKIE-1", cookie)
    return struct.pack(">H", _FAMILY_LOCAL) + b"".join(map(counted, fields))


def _screen_password(file: Path) -> str:
    """Eight characters (VNC knows no more), kept so that an open browser finds the screen again."""
    try:
        return file.read_text("ascii").strip()
    except FileNotFoundError:
        password = secrets.token_hex(4)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_private(file, password.encode() + b"\n")
        return password


def _write_private(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)
