"""Ways in that lead on: where to after a sign-in, from plain to TLS; what a failure tells nobody."""

from __future__ import annotations

import logging
from typing import NoReturn

import pytest

from hall_server.hall import pictures
from hall_server.web.entrance import own_address
from hall_server.web.gate import _without_port
from tests.hall_server.web.hall import KEY, PASSWORD, PagedHall


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/x\r\nSet-Cookie: pwned=1",
        "evil.example",
        "/\u2044evil.example",
    ],
)
def test_a_sign_in_leads_nowhere_else(hall: PagedHall, address: str) -> None:
    assert own_address(address) == ""
    with hall.stranger() as client:
        form = {"account": "manager", "password": PASSWORD, "next": address}
        answer = client.post("/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "pwned" not in str(answer.headers)


def test_a_sign_in_leads_back_to_a_long_address(hall: PagedHall) -> None:
    wanted = "/manage/catalogue/items/SAMPLE-11999999SAMPLE00104000790001000/history"
    with hall.stranger() as client:
        asked = client.get(wanted)
        assert asked.headers["location"] == f"/sign-in?next={wanted}"
        answer = client.post("/sign-in", data={"account": "manager", "password": PASSWORD, "next": wanted})
    assert (answer.status_code, answer.headers["location"]) == (303, wanted)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("hall.local", "hall.local"),
        ("hall.local:80", "hall.local"),
        ("192.168.1.10", "192.168.1.10"),
        ("[fd00::1]", "[fd00::1]"),
        ("[fd00::1]:8080", "[fd00::1]"),
    ],
)
def test_a_name_without_its_port(host: str, name: str) -> None:
    assert _without_port(host) == name


def test_a_failure_tells_neither_the_phone_nor_the_log_whose_ticket_it_was(
    hall: PagedHall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> NoReturn:
        raise ValueError("the secret of the hall")

    ticket = hall.issue()
    token = f"{ticket}.{pictures.qr_seal(ticket, KEY)}"
    monkeypatch.setattr("hall_server.web.phone.holding", broken)
    with caplog.at_level(logging.DEBUG), hall.stranger() as client:
        answer = client.get(f"/t/{token}")
    assert answer.status_code == 500
    assert "secret of the hall" not in answer.text
    assert "/t/{token}" in caplog.text
    told = [r.getMessage() for r in caplog.records if r.name.startswith("hall_server")]
    assert not [line for line in told if token in line]
