"""The line of a live page: everything at once, then only what changes, only where it matters."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from hall_server.hall import commands as c
from hall_server.web.clerk import FRAGMENTS
from tests.hall_server.web.hall import PagedHall


def line(hall: PagedHall, window: str) -> ClientConnection:
    cookie = {"Cookie": f"banshi={hall.session('clerk')}"}
    return connect(f"ws://127.0.0.1:{hall.port}/clerk/{window}/live", proxy=None, additional_headers=cookie)


def html(connection: ClientConnection) -> str:
    """The next fragments; beats are passed over."""
    while True:
        text = str(connection.recv(10))
        if not text.startswith("{"):
            return text


@pytest.fixture
def desk(hall: PagedHall) -> Iterator[ClientConnection]:
    with line(hall, "w01") as connection:
        yield connection


def test_first_everything_and_a_beat(hall: PagedHall, desk: ClientConnection) -> None:
    first = html(desk)
    assert all(f'id="{name}"' in first for name in FRAGMENTS)
    assert 'hx-swap-oob="outerMorph"' in first
    beat = json.loads(str(desk.recv(10)))
    assert abs(beat["at_ms"] - hall.clock.now_ms()) < 10_000
    assert beat["version"]


def test_then_only_fragments_that_differ(hall: PagedHall, desk: ClientConnection) -> None:
    html(desk)
    hall.issue()
    news = html(desk)
    assert 'id="queues"' in news
    assert 'id="bar"' in news  # 下一位 is allowed now
    assert 'id="recent"' not in news
    assert 'id="parked"' not in news


def test_other_windows_are_left_alone(hall: PagedHall) -> None:
    with line(hall, "w03") as other, line(hall, "w02") as own:
        html(other)
        html(own)
        hall.issue()
        html(own)
        hall.do(c.CallNext, "w02")
        assert "A001" in html(own)
        hall.issue("huji")
        assert "B001" in html(other)  # the first thing it is told since it began


def test_pages_of_one_window_see_the_same(hall: PagedHall, desk: ClientConnection) -> None:
    with line(hall, "w01") as second:
        html(desk)
        html(second)
        hall.issue()
        assert html(desk) == html(second)


def test_a_burst_arrives_as_its_end(hall: PagedHall, desk: ClientConnection) -> None:
    html(desk)
    for _ in range(200):
        hall.issue()
    frames = 0
    while "等候 <b>200</b>" not in html(desk):
        frames += 1
    assert frames < 150


def test_a_window_that_does_not_exist(hall: PagedHall) -> None:
    with line(hall, "w99") as connection:
        assert ended(connection) == 4404


def test_a_stop_says_goodbye(hall: PagedHall, desk: ClientConnection) -> None:
    html(desk)
    hall.web.stop()
    assert ended(desk) == 1012


def ended(connection: ClientConnection) -> int:
    """The code with which the other side closes, after whatever it still sends."""
    try:
        while True:
            connection.recv(10)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0
