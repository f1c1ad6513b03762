"""Which of our ports another program holds, and which program that is."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LISTEN = "0A"


@dataclass(frozen=True, slots=True)
class Taken:
    """A port that we want and another has; ``pid`` is 0 when it is not ours to see."""

    port: int
    wanted_for: str
    pid: int
    command: str

    def sentence(self) -> str:
        """For the person who typed the command."""
        if not self.pid:
            by = "a program of another user (root can see which: ss -ltnp)"
        else:
            by = f"pid {self.pid}: {self.command}"
        return f"port {self.port} ({self.wanted_for}) is taken by {by}"


def taken_ports(wanted: Mapping[int, str]) -> tuple[Taken, ...]:
    """Those of ``wanted`` (port -> what for) on which nobody else could listen on 127.0.0.1 now."""
    return tuple(_who(port, purpose) for port, purpose in wanted.items() if not _free(port))


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def _who(port: int, purpose: str) -> Taken:
    inodes = set(_listening_inodes(port))
    for pid in (int(entry) for entry in os.listdir("/proc") if entry.isdigit()):
        if _holds(pid, inodes):
            return Taken(port, purpose, pid, _command(pid))
    return Taken(port, purpose, 0, "")


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            columns = row.split()
            if columns[3] == _LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                yield columns[9]


def _holds(pid: int, inodes: set[str]) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        files = os.listdir(folder)
    except OSError:
        return False
    for file in files:
        with suppress(OSError):  # closed meanwhile
            link = os.readlink(f"{folder}/{file}")
            if link.startswith("socket:[") and link[8:-1] in inodes:
                return True
    return False


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return "?"
    return " ".join(words).strip()[:120] or "?"
