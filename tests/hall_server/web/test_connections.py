"""Who opens all the connections he can get, or sends his request for ever, holds nobody up."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from websockets.sync.client import connect

from hall_server.web import connections
from hall_server.web.binding import listen_at
from hall_server.web.certificate import HallCertificate, Names
from hall_server.web.connections import Crowd
from hall_server.web.server import SETTINGS
from tests.hall_server.web.hall import PagedHall

ROOM = 20
GREEDY, OTHER = "127.0.0.2", "127.0.0.3"


async def hear(scope: Scope, receive: Receive, send: Send) -> None:
    """Says how long the body was."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


@contextmanager
def served(crowd: Crowd | None, **more: Any) -> Iterator[int]:
    """A listener with the settings of the pages; its port."""
    sock = listen_at("127.0.0.1", 0, crowd)
    server = uvicorn.Server(uvicorn.Config(hear, lifespan="off", **SETTINGS, **more))
    ready = threading.Event()

    async def run() -> None:
        await asyncio.gather(server.serve([sock]), said())

    async def said() -> None:
        while not server.started:
            await asyncio.sleep(0)
        ready.set()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(20)
    try:
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        sock.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.3)


def reach(port: int, source: str = OTHER) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 10, (source, 0))


def ended(line: socket.socket) -> bool:
    """Whether the other side closes it, sooner or later."""
    try:
        while line.recv(1000):
            continue
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def spoken(line: socket.socket) -> bool:
    """Whether an ordinary request is answered."""
    line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return b"200 OK" in line.recv(1000)


@pytest.mark.parametrize("sends", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_who_takes_every_connection_is_in_his_own_way_alone(sends: bytes) -> None:
    with served(Crowd(ROOM)) as port, ExitStack() as open_:
        greedy = [open_.enter_context(reach(port, GREEDY)) for _ in range(3 * ROOM)]
        for line in greedy[-ROOM:]:
            line.sendall(sends)
        with reach(port) as line:
            assert spoken(line)
        assert all(ended(line) for line in greedy[: 2 * ROOM])


def test_connections_that_never_begin_with_tls_are_counted_too(tmp_path: Path) -> None:
    made = HallCertificate(tmp_path, hall="test")
    made.ensure(Names(("localhost",), ("127.0.0.1",)))
    trusted = ssl.create_default_context(cafile=str(made.authority))
    files = {"ssl_certfile": str(made.chain), "ssl_keyfile": str(made.key)}
    with served(Crowd(ROOM), **files) as port, ExitStack() as open_:
        greedy = [open_.enter_context(reach(port, GREEDY)) for _ in range(3 * ROOM)]
        with trusted.wrap_socket(reach(port), server_hostname="localhost") as line:
            assert spoken(line)
        assert all(ended(line) for line in greedy[: 2 * ROOM])


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "begins",
    [
        b"",
        b"GET / HTTP/1.1\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nX-Slow: ",
    ],
    ids=["nothing", "half a head", "half a body", "half of the pieces", "half of a second one"],
)
def test_a_request_that_does_not_come_is_not_awaited_for_ever(begins: bytes) -> None:
    with served(None) as port, reach(port) as line:
        line.sendall(begins)
        if begins.endswith(b"\r\nGET / HTTP/1.1\r\nX-Slow: "):
            assert b"200 OK" in line.recv(1000)
        assert ended(line)


@pytest.mark.usefixtures("hurried")
def test_a_head_that_drips_gets_no_more_time_for_it() -> None:
    with served(None) as port, reach(port) as line:
        line.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        line.settimeout(0.05)
        for _ in range(200):
            try:
                if line.recv(1) == b"":
                    return
            except TimeoutError:
                line.sendall(b"a")
            except ConnectionError:
                return
    pytest.fail("it was still awaited")


@pytest.mark.usefixtures("hurried")
def test_a_live_line_and_a_long_upload_outlast_it(hall: PagedHall) -> None:
    cookie = f"banshi={hall.session('clerk')}"
    with connect(
        f"ws://127.0.0.1:{hall.port}/clerk/w01/live", proxy=None, additional_headers={"Cookie": cookie}
    ) as line:
        beats = [said for said in (line.recv(10) for _ in range(8)) if "at_ms" in str(said)]
    assert len(beats) >= 2, "two seconds apart"


def test_a_crowd_forgets_who_has_gone() -> None:
    crowd = Crowd(2)
    for _ in range(5):
        one, other = socket.socketpair()
        crowd.come(OTHER, one)
        one.close()
        other.close()
    assert crowd.turned_out == 0
