"""Nobody but our own pages and programs of this machine is listened to."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.hall_server.web.hall import PagedHall

BODY = {"request": "press-from-afar"}


@pytest.mark.parametrize("path", ["/", "/clerk/w01", "/api/hall", "/health", "/static/hall.css"])
def test_a_rebound_name_is_refused(client: httpx.Client, path: str) -> None:
    response = client.get(path, headers={"host": "evil.example:80"})
    assert response.status_code == 403
    assert response.json()["code"] == "foreign_host"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_post_of_another_site_is_refused(
    hall: PagedHall, client: httpx.Client, headers: dict[str, str]
) -> None:
    hall.issue()
    response = client.post("/api/windows/w01/next", json=BODY, headers=headers)
    assert response.status_code == 403
    assert response.json()["code"] == "foreign_origin"
    assert not hall.recorder.calls()


def test_our_own_page_and_a_program_may_post(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    own = {"origin": hall.url, "sec-fetch-site": "same-origin"}
    assert client.post("/api/windows/w01/next", json=BODY, headers=own).status_code == 200
    named = f"http://localhost:{hall.port}/api/windows/w01/arrive"
    assert client.post(named, json={"request": "by-another-name"}).status_code == 200


def test_a_line_of_another_site_is_refused(hall: PagedHall) -> None:
    line = f"ws://127.0.0.1:{hall.port}/clerk/w01/live"
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(line, origin=Origin("https://evil.example"), proxy=None),
    ):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["/", "/clerk", "/clerk/w01", "/clerk/w99", "/t/x.y", "/api/hall"])
def test_every_answer_forbids_what_a_page_does_not_need(clerk: httpx.Client, path: str) -> None:
    headers = clerk.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
