"""What stands in the way of serving is said in a sentence."""

from __future__ import annotations

import asyncio
import os
import re
import socket

import pytest

from hall_server.web.binding import CannotServe, listen, loopback


def test_a_free_port_is_taken() -> None:
    with listen("127.0.0.1", 0) as sock:
        assert sock.getsockname()[1] > 0


def test_a_taken_port_names_who_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotServe, match=rf"port {port} .* pid {os.getpid()}: .*python"):
            listen("127.0.0.1", port)


def test_an_answer_does_not_wait_for_its_head_to_be_confirmed() -> None:
    """With Nagle's algorithm on, each further answer of a connection took 40 ms more."""

    async def delays() -> int:
        said: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found = writer.get_extra_info("socket")
            said.set_result(found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(answer, sock=listen("127.0.0.1", 0)) as server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            found = await said
            writer.close()
        return found

    assert asyncio.run(delays())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::"])
def test_other_addresses_are_for_the_lan_side(host: str) -> None:
    with pytest.raises(CannotServe, match=re.escape(f"'{host}': [web] serves this machine only")):
        loopback(host)


def test_a_name_is_not_an_address() -> None:
    with pytest.raises(CannotServe, match="an address such as"):
        loopback("hall.local")
    assert str(loopback("localhost")) == "127.0.0.1"
