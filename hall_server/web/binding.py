"""The listening sockets: loopback for [web], any address for [web.lan]; who holds a port when it is taken."""

from __future__ import annotations

import errno
import ipaddress
import socket

from contract.holders import port_holder
from hall_server.web.connections import Crowd, Door


class CannotServe(Exception):
    """The pages cannot be offered as configured; ``str()`` says what is wrong and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A bound, listening socket of this machine alone; port 0 takes a free one. Raises CannotServe."""
    return listen_at(str(loopback(host)), port)


def listen_at(host: str, port: int, crowd: Crowd | None = None) -> socket.socket:
    """A bound, listening socket at an address of this box; ``crowd`` keeps its connections few. Raises
    CannotServe.

    TCP is named: asyncio turns Nagle's algorithm off only where it sees the protocol, and with it on the body
    of each further answer of a connection waits 40 ms for the browser to confirm its head.
    """
    address = ipaddress.ip_address(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    sock = Door(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.crowd = crowd
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
            f"web host {host!r}: [web] serves this machine only, use 127.0.0.1; "
            "for the hall's LAN write [web.lan], which serves over TLS"
        )
    return address


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        by = port_holder(port)
        return f"web port {port} on {host} is taken by {by}; stop that program or choose another port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"web address {host}: this box has no such address; 0.0.0.0 means every network of this box"
    if error.errno == errno.EACCES:
        return f"web port {port} on {host}: ports below 1024 are for root; choose one above, such as 18080"
    return f"web port {port} on {host} cannot be opened: {error.strerror}"
