"""The hall is announced and found on loopback; nobody guesses between two."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from contract.discovery import FoundHall, HallAnnouncement, HallNotFound, choose, find_halls

LOOPBACK = ["127.0.0.1"]
DEMO = FoundHall("demo", "示例县政务服务中心", "192.0.2.1", 18830)
FALSE = FoundHall("demo", "假的", "192.0.2.66", 1)
OTHER = FoundHall("other", "另一个大厅", "192.0.2.2", 18830)


def test_the_only_hall_is_taken_or_the_named_one() -> None:
    assert choose([DEMO], "") == DEMO
    assert choose([DEMO, OTHER], "other") == OTHER


@pytest.mark.parametrize(
    ("halls", "wanted", "said"),
    [
        ([], "demo", "no hall was found"),
        ([OTHER], "demo", r"hall demo is not here, only other \(另一个大厅\) at 192\.0\.2\.2:18830"),
        ([DEMO, OTHER], "", r"more than one hall is here: demo .* other .*name yours"),
        (
            [DEMO, FoundHall("demo", "假的", "192.0.2.66", 1)],
            "demo",
            r"more than one box says .*192\.0\.2\.66:1",
        ),
    ],
)
def test_nobody_guesses(halls: list[FoundHall], wanted: str, said: str) -> None:
    with pytest.raises(HallNotFound, match=said):
        choose(halls, wanted)


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def announce(closing: ExitStack, hall: str, box: str, port: int) -> None:
    announcement = HallAnnouncement(hall, f"大厅{hall}", box, LOOPBACK, port, interfaces=LOOPBACK)
    closing.callback(announcement.close)
    announcement.open()


def test_two_halls_are_announced_and_found(closing: ExitStack) -> None:
    if reason := _no_multicast():
        pytest.skip(f"multicast on loopback is not possible here: {reason}")
    announce(closing, "test-east", "box-1", 18831)
    announce(closing, "test-west", "box-2", 18832)
    found: set[str] = set()

    def both(hall: FoundHall) -> bool:
        found.add(hall.hall)
        return {"test-east", "test-west"} <= found

    halls = {hall.hall: hall for hall in find_halls(seconds=10, enough=both, interfaces=LOOPBACK)}
    assert halls["test-east"] == FoundHall("test-east", "大厅test-east", "127.0.0.1", 18831)
    assert halls["test-west"].port == 18832


def _no_multicast() -> str:
    """Why mDNS cannot work on loopback, or ''."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            group = socket.inet_aton("224.0.0.251") + socket.inet_aton("127.0.0.1")
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    except OSError as error:
        return str(error)
    return ""
