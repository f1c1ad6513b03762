"""How many connections the pages take, and how long they wait for a request: nobody holds the others up.

uvicorn by itself waits for ever for a request that does not come. And each connection is a file of this
process, while the client of the bus watches its own with select(), which sees the first 1,024 alone: so
beside the pages of the LAN there is always room. Counted where connections are accepted, before TLS.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger(__name__)

MOST_AT_ONCE = 700
HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0


class Crowd:
    """The open connections of the LAN. When there is no room, whoever holds most loses the oldest: one who
    takes all he can get is in his own way alone. For the web loop only."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._inside: list[tuple[str, socket.socket]] = []
        self._turned_out = 0

    @property
    def turned_out(self) -> int:
        """How many were closed for want of room since the start."""
        return self._turned_out

    def come(self, address: str, connection: socket.socket) -> None:
        """One more."""
        if len(self._inside) >= self._most:
            self._inside = [(a, s) for a, s in self._inside if s.fileno() >= 0]
        while len(self._inside) >= self._most:
            self._turn_one_out()
        self._inside.append((address, connection))

    def _turn_one_out(self) -> None:
        greediest = Counter(address for address, _ in self._inside).most_common(1)[0][0]
        at = next(i for i, (address, _) in enumerate(self._inside) if address == greediest)
        _, connection = self._inside.pop(at)
        if not self._turned_out:
            log.warning("%d connections at once: whoever holds most of them loses the oldest", self._most)
        self._turned_out += 1
        try:
            connection.shutdown(socket.SHUT_RDWR)  # its owner on the loop sees the end and closes it
        except OSError:
            return  # it has just gone by itself


class Door(socket.socket):
    """A listening socket that tells a crowd of everybody whom it lets in."""

    crowd: Crowd | None = None

    def accept(self) -> tuple[socket.socket, Any]:
        """As a socket does."""
        connection, address = super().accept()
        if self.crowd is not None:
            self.crowd.come(str(address[0]), connection)
        return connection, address


class Impatient(H11Protocol):
    """A connection that ends when the head of a request is not whole in time, or its body stands still."""

    _deadline: asyncio.TimerHandle | None = None
    _handed_on = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The head is awaited from now on."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._wait(0)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something came: a head has the time it had, a body goes on."""
        super().data_received(data)
        state = self.conn.their_state
        if self._handed_on:
            return
        if state is h11.SEND_BODY:
            self._wait(BODY_SECONDS)
        elif state is not h11.IDLE:
            self._wait(0)
        elif self._deadline is None:
            self._wait(HEAD_SECONDS)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """From now on the line is another protocol's, which asks whether the browser is there."""
        self._handed_on = True
        self._wait(0)
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """uvicorn waits a few seconds for the next request by itself."""
        self._wait(0)
        super().on_response_complete()

    def _wait(self, seconds: float) -> None:
        """For so long from now; 0 = for nothing."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds:
            self._deadline = self.loop.call_later(seconds, self.transport.abort)
