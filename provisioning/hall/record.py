"""What the supervisor writes down for others to read: its lock and its status; standard library only."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path


def var_folder(project: Path) -> Path:
    """Where everything that is made lies: ``$BANSHI_VAR``, or ``var`` of the project."""
    return Path(os.environ.get("BANSHI_VAR") or project / "var").absolute()


@dataclass(frozen=True, slots=True)
class Line:
    """One program in the status; ``since`` is seconds of the Unix epoch."""

    name: str
    title: str
    state: str
    pid: int
    since: float
    restarts: int
    last_exit: str
    log: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The whole hall: ``phase`` is starting, ready, failed, stopping or stopped; ``sentence`` says why."""

    phase: str
    pid: int
    since: float
    sentence: str = ""
    lines: tuple[Line, ...] = ()
    look: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = field(default=())


def write_status(folder: Path, status: Status) -> None:
    """Replace the status in one step."""
    part = folder / ".status.part"
    part.write_text(json.dumps(asdict(status), ensure_ascii=False, indent=1), "utf-8")
    part.replace(folder / "status.json")


def read_status(folder: Path) -> Status | None:
    """The last status written, None when there never was one."""
    try:
        table = json.loads((folder / "status.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    table["lines"] = tuple(Line(**line) for line in table["lines"])
    table["look"] = tuple((name, address) for name, address in table["look"])
    table["notes"] = tuple(table["notes"])
    return Status(**table)


class Lock:
    """One hall per folder: held by the supervisor as long as it lives, freed by the kernel.

    With the name ``start`` it is held by who starts the supervisor, until the start is decided.
    """

    def __init__(self, folder: Path, name: str = "lock") -> None:
        self._path = folder / name
        self._file: int | None = None

    def take(self) -> bool:
        """Take it and write our pid into it; False when another process holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._file = file
        return True

    def holder(self) -> int | None:
        """The pid that holds it, None when nobody does."""
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.read(file, 20) or b"0") or None
        else:
            return None
        finally:
            os.close(file)

    def free(self) -> None:
        """Let go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
