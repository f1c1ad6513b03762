"""The OpenAPI document against the running server: schemathesis invents requests, no answer is our fault.

`--long` of `python -m tests.bench.openapi` asks more of the same.
"""

from __future__ import annotations

import httpx
import pytest

from hall_server.accounts.administration import CONSOLE
from hall_server.accounts.roles import Scope
from tests.bench.openapi import KINDS, ask
from tests.hall_server.web.hall import PagedHall


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_is_a_fault_of_ours(hall: PagedHall, kind: str) -> None:
    for _ in range(3):
        hall.issue()
    asked = ask(hall.url, hall.token(), kind=kind, examples=4)
    assert asked.requests > 0
    assert asked.faults == []


def test_the_document_says_how_to_sign_in(client: httpx.Client) -> None:
    document = client.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    schemes = document["components"]["securitySchemes"]
    assert {scheme["type"] for scheme in schemes.values()} == {"http", "apiKey"}
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            if path.startswith("/api/"):
                assert {"401", "403", "429"} <= operation["responses"].keys(), (verb, path)


def test_the_key_in_the_header_does_as_the_one_in_the_body(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    hall.issue()
    key = {"Idempotency-Key": "pressed-once-1"}
    first = client.post("/api/windows/w01/next", json={}, headers=key)
    again = client.post("/api/windows/w01/next", json={}, headers=key)
    same = client.post("/api/windows/w01/next", json={"request": "pressed-once-1"})
    assert first.json() == again.json() == same.json()
    assert len(hall.recorder.calls()) == 1
    assert client.post("/api/windows/w01/next", json={}).status_code == 422
    other = client.post("/api/windows/w01/next", json={"request": "pressed-other"}, headers=key)
    assert other.status_code == 422


def test_a_token_has_its_limit(hall: PagedHall) -> None:
    text = hall.accounts.tokens.make("慢", frozenset({Scope.READ}), CONSOLE, per_minute=10)
    headers = {"Authorization": f"Bearer {text}"}
    with httpx.Client(base_url=hall.url, headers=headers, trust_env=False) as client:
        codes = [client.get("/api/hall").status_code for _ in range(12)]
        last = client.get("/api/hall")
    assert codes[:10] == [200] * 10
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) >= 1
    assert last.json()["code"] == "too_many"


def test_figures_for_prometheus(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    hall.service.settled().result(5)
    text = client.get("/metrics").text
    assert 'banshi_queue_waiting{service="shebao"} 1.0' in text
    assert 'banshi_windows{status="open"} 2.0' in text
    with hall.stranger() as stranger:
        assert stranger.get("/metrics").status_code == 303
