"""The listening socket: loopback only until accounts exist, and who holds the port when it is taken."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path

_LISTENING = "0A"


class CannotServe(Exception):
    """The pages cannot be offered as configured; ``str()`` says what is wrong and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A bound, listening socket; port 0 takes a free one. Raises CannotServe."""
    address = loopback(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((str(address), port))
        sock.listen(256)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise CannotServe(_why(error, str(address), port)) from error
    return sock


def loopback(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address of this machine itself that ``host`` means. Raises CannotServe for any other."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise CannotServe(f"web host {host!r}: an address such as 127.0.0.1 is wanted") from error
    if not address.is_loopback:
        raise CannotServe(
            f"web host {host!r}: the pages have no accounts yet, so they are served on this machine only; "
            "use 127.0.0.1"
        )
    return address


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"web port {port} on {host} is taken by {holder(port)}; stop that program or choose another port"
        )
    if error.errno == errno.EACCES:
        return f"web port {port} on {host}: ports below 1024 are for root; choose one above, such as 18080"
    return f"web port {port} on {host} cannot be opened: {error.strerror}"


def holder(port: int) -> str:
    """The process that listens on a port, as ``pid 123: command``, as far as we may see."""
    inodes = set(_listening_inodes(port))
    for pid in (entry for entry in os.listdir("/proc") if entry.isdigit()):
        if inodes & set(_socket_inodes(pid)):
            return f"pid {pid}: {_command(pid)}"
    return "a program of another user (as root: ss -ltnp)"


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
        for fd in os.listdir(folder):
            link = os.readlink(f"{folder}/{fd}")
            if link.startswith("socket:["):
                yield link[8:-1]
    except OSError:
        return


def _command(pid: str) -> str:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return "?"
    return raw.replace(b"\0", b" ").decode("utf-8", "replace").strip()[:120] or "?"
