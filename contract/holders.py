"""Who holds a TCP port of this machine: for the sentence to the person whose program cannot have it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LISTENING = "0A"


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that listens on a port; ``pid`` 0 when it is not ours to see."""

    pid: int
    command: str

    def __str__(self) -> str:
        if not self.pid:
            return "a program of another user (as root: ss -ltnp)"
        return f"pid {self.pid}: {self.command}"


def port_holder(port: int) -> Holder:
    """Who listens on a TCP port, on whatever address."""
    inodes = set(_listening_inodes(port))
    for entry in os.listdir("/proc"):
        if entry.isdigit() and not inodes.isdisjoint(_socket_inodes(entry)):
            return Holder(int(entry), _command(entry))
    return Holder(0, "")


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            columns = row.split()
            if columns[3] == _LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                yield columns[9]


def _socket_inodes(pid: str) -> Iterator[str]:
    folder = f"/proc/{pid}/fd"
    try:
        files = os.listdir(folder)
    except OSError:
        return
    for file in files:
        with suppress(OSError):  # closed meanwhile
            link = os.readlink(f"{folder}/{file}")
            if link.startswith("socket:["):
                yield link[8:-1]


def _command(pid: str) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return "?"
    return " ".join(words).strip()[:120] or "?"
