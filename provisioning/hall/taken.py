"""Which of our ports another program holds, and which program that is."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from contract.holders import port_holder


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
    holder = port_holder(port)
    return Taken(port, purpose, holder.pid, holder.command)
