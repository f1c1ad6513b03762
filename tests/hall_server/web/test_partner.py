"""The interface as a partner's program meets it: kills, repeats, another's key, too large, no scope."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from contract.clock import wall_ms
from hall_server.accounts.administration import CONSOLE, Tokens
from hall_server.accounts.book import Book
from hall_server.accounts.roles import Scope
from hall_server.hall.lookup import Answer
from tests.hall_server.web.hall import KEY, PagedHall
from tests.hall_server.web.killable import Killable

NEXT = "/api/windows/w01/next"


def token_in(state: Path) -> str:
    """A token as the technician makes it beside the running hall."""
    book = Book(state, key=KEY, now_ms=wall_ms)
    book.open()
    made = Tokens(book).make("对接测试", frozenset(Scope), CONSOLE, per_minute=1_000_000)
    book.close()
    return made


@pytest.mark.processes
def test_a_key_gets_its_first_answer_however_often_the_server_is_killed(tmp_path: Path) -> None:
    """Every press is repeated with its key until it is answered; kills come before, in and behind commits."""
    hall = Killable(tmp_path)
    chance, stop, killed = random.Random(5), threading.Event(), list[int]()

    def kill() -> None:
        while not stop.wait(chance.uniform(0.05, 0.4)):
            hall.kill()
            hall.start()
            killed.append(1)
            if stop.wait(0.6):
                return

    def press(client: httpx.Client, key: str) -> tuple[int, str]:
        act = "next" if int(key.rpartition("-")[2]) % 2 == 0 else "no-show"
        while True:
            try:
                answer = client.post(f"/api/windows/w01/{act}", json={}, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                assert killer.is_alive() or stop.is_set(), "the server did not come up again"
                continue
            if answer.status_code not in (401, 503):
                return answer.status_code, answer.text

    killer = threading.Thread(target=kill)
    headers = {"Authorization": f"Bearer {token_in(tmp_path)}"}
    with httpx.Client(base_url=hall.url, trust_env=False, timeout=5, headers=headers) as client:
        killer.start()
        first: dict[str, tuple[int, str]] = {}
        while len(killed) < 2 or len(first) < 12:
            key = f"press-number-{len(first)}"
            first[key] = press(client, key)
        stop.set()
        killer.join()
        again = [press(client, key) for key in first]
    hall.kill()
    told = [pair for pair in zip(first.values(), again, strict=True) if pair[0][0] == 200]
    assert [one for one, _ in told] == [one for _, one in told], "a repeat gets the first answer"
    numbers = [httpx.Response(200, text=text).json()["number"] for (_, text), _ in told]
    assert numbers[:2] == ["A001", "A001"]
    assert len(told) >= 4


def test_one_key_for_two_acts_is_refused_and_nothing_is_done(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    hall.issue()
    key = {"Idempotency-Key": "one-key-for-two"}
    assert client.post(NEXT, json={}, headers=key).json()["number"] == "A001"
    for path in ("/api/windows/w02/next", "/api/windows/w01/arrive"):
        answer = client.post(path, json={}, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (409, "request_reused"), path
    assert client.post(NEXT, json={}, headers=key).json()["number"] == "A001"
    assert hall.recorder.called() == ["A001"]


def test_keys_of_two_partners_do_not_meet(hall: PagedHall) -> None:
    hall.issue()
    hall.issue()
    with hall.client() as one, hall.client() as other:
        key = {"Idempotency-Key": "the-same-words"}
        assert one.post(NEXT, json={}, headers=key).json()["number"] == "A001"
        assert other.post("/api/windows/w02/next", json={}, headers=key).json()["number"] == "A002"


def test_many_at_once_with_one_key_do_it_once(hall: PagedHall) -> None:
    for _ in range(8):
        hall.issue()
    token = {"Authorization": f"Bearer {hall.token()}", "Idempotency-Key": "all-at-once-1"}

    def press(_: int) -> str:
        with httpx.Client(base_url=hall.url, trust_env=False, headers=token) as client:
            return str(client.post(NEXT, json={}).json()["number"])

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(press, range(16))) == {"A001"}
    assert hall.recorder.called() == ["A001"]


def test_a_token_without_the_scope_is_told_which(hall: PagedHall) -> None:
    headers = {"Authorization": f"Bearer {hall.token(Scope.METRICS)}"}
    with httpx.Client(base_url=hall.url, trust_env=False, headers=headers) as client:
        refused = client.post(NEXT, json={"request": "no-scope-for-this"})
        people = client.post("/api/guide-calls", json={"request": "no-scope-for-this"})
    assert refused.status_code == people.status_code == 403
    assert 'error="insufficient_scope", scope="windows:act"' in refused.headers["www-authenticate"]
    assert refused.json()["sentence"] == "令牌没有所需的权限：windows:act"
    assert "只供登录" in people.json()["sentence"]
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("bearer", ["nonsense", "bt_" + "x" * 5000, "\u00e9"])
def test_a_wrong_token_is_nobody(hall: PagedHall, bearer: str) -> None:
    with hall.stranger() as stranger:
        headers = [(b"Authorization", f"Bearer {bearer}".encode("latin-1"))]
        answer = stranger.get("/api/hall", headers=httpx.Headers(headers))
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_what_is_too_large_is_a_problem_too(hall: PagedHall, client: httpx.Client) -> None:
    body = b'{"request": "' + b"x" * 20_000 + b'"}'
    kind = {"content-type": "application/json"}

    def pieces() -> Iterator[bytes]:
        yield body[:10_000]
        yield body[10_000:]

    whole = client.post(NEXT, content=body, headers=kind)
    chunked = client.post(NEXT, content=pieces(), headers=kind)
    for answer in (whole, chunked):
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert answer.headers["content-type"] == "application/problem+json"
    assert hall.service.query(lambda h: h.seq).result(5) >= 0


def test_reports_of_too_many_days_are_refused(client: httpx.Client) -> None:
    for path in ("/api/reports/waits", "/api/reports/numbers.csv"):
        answer = client.get(path, params={"from": "2020-01-01", "to": "2026-11-22"})
        assert (answer.status_code, answer.json()["code"]) == (422, "too_many_days")
        wrong = client.get(path, params={"from": "2026-02-30", "to": "2026-03-01"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "no_such_date")


def test_the_document_is_what_a_partner_needs(client: httpx.Client) -> None:
    document = client.get("/api/openapi.json").json()
    assert "Idempotency-Key" in document["info"]["description"]
    tags = {tag["name"] for tag in document["tags"]}
    ids = []
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            ids.append(operation["operationId"])
            assert set(operation["tags"]) <= tags, path
            assert len(operation["description"]) > 20, path
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)
            if verb == "post" and path.startswith("/api/"):
                names = {parameter["name"] for parameter in operation["parameters"]}
                assert "Idempotency-Key" in names, path
    assert len(ids) == len(set(ids))
    assert "HTTPValidationError" not in document["components"]["schemas"]
    seen = document["paths"]["/api/windows/{window}/next"]["post"]
    assert {"HTTPBearer": ["windows:act"]} in seen["security"]
    assert "Scope: `windows:act`" in seen["description"]


def test_unknown_methods_are_told_what_is_allowed(client: httpx.Client) -> None:
    answer = client.put(NEXT, json={})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


def test_a_command_at_a_window_from_before_the_kind_was_kept_is_still_a_repeat(hall: PagedHall) -> None:
    assert Answer(of="CallNext").is_to("CallNext@w01")
    assert Answer().is_to("CallNext@w01")
    assert not Answer(of="CallNext@w02").is_to("CallNext@w01")
    assert not Answer(of="Arrive").is_to("CallNext@w01")
