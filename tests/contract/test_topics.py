"""The table of topics and the rules of the broker."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import topics as t
from contract.aclfile import SERVER_USER, Access, acl_text, allowed

IDS = st.from_regex(t.IDENTIFIER, fullmatch=True)
LEVELS = ("station", "window", "queue", "board")
ROWS: tuple[t.Route[Any], ...] = (*t.ROUTES, *(kind.route for kind in t.REQUESTS))


@given(
    st.sampled_from(ROWS),
    IDS,
    st.fixed_dictionaries(dict.fromkeys(LEVELS, IDS)),
)
def test_a_topic_is_matched_by_its_own_row_only(row: t.Route[Any], hall: str, ids: dict[str, str]) -> None:
    topic = row.topic(hall, **ids)
    found = row.match(topic)
    assert found is not None
    assert found.pop("hall") == hall
    assert all(ids[name] == value for name, value in found.items())
    assert t.covers(row.filter(hall), topic)
    assert [other.name for other in ROWS if other.match(topic)] == [row.name]
    assert t.carries_state(topic) == row.retained


@pytest.mark.parametrize("bad", ["", "A", "a/b", "+", "#", "a" * 33, "-a", "大厅", "a b", "a\n"])
def test_an_id_is_plain(bad: str) -> None:
    with pytest.raises(ValueError, match="not an identifier"):
        t.WINDOW.topic("demo", window=bad)


def test_a_missing_id_is_said() -> None:
    with pytest.raises(ValueError, match="window"):
        t.WINDOW.topic("demo")


@pytest.mark.parametrize(
    ("filter_", "topic", "covered"),
    [
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/+/c", "a/b/c", True),
        ("a/+", "a/b/c", False),
        ("a/+/c", "a/c", False),
        ("a/b", "a/b", True),
        ("#", "a/b", True),
    ],
)
def test_filters(filter_: str, topic: str, covered: bool) -> None:
    assert t.covers(filter_, topic) is covered


def test_a_station_writes_upward_and_reads_what_is_meant_for_it_and_for_all() -> None:
    own, other = "hall/1/demo/st/kiosk-1", "hall/1/demo/st/kiosk-2"
    may = {
        (f"{own}/up/req/issue", Access.WRITE): True,
        (f"{own}/up/state", Access.READ): True,
        (f"{own}/up/health", Access.READ): False,
        (f"{own}/down/cfg", Access.READ): True,
        (f"{own}/down/cfg", Access.WRITE): False,
        (f"{other}/up/state", Access.WRITE): False,
        (f"{other}/up/state", Access.READ): False,
        (f"{other}/down/cfg", Access.READ): False,
        ("hall/1/demo/pub/srv", Access.READ): True,
        ("hall/1/demo/pub/srv", Access.WRITE): False,
        ("hall/1/demo/evt/issued", Access.READ): False,
        ("$SYS/broker/version", Access.READ): False,
    }
    assert {key: allowed("kiosk-1", key[1], key[0]) for key in may} == may
    assert allowed(SERVER_USER, Access.WRITE, f"{other}/down/cfg")
    assert allowed(SERVER_USER, Access.READ, f"{other}/up/req/issue")


def test_the_acl_file() -> None:
    assert acl_text().splitlines()[1:] == [
        "",
        "user hall-server",
        "topic readwrite hall/#",
        "",
        "pattern write hall/1/+/st/%u/up/#",
        "pattern read hall/1/+/st/%u/up/state",
        "pattern read hall/1/+/st/%u/down/#",
        "pattern read hall/1/+/pub/#",
    ]
