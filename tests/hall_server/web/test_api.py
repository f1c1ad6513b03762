"""The JSON interface of the windows against a real hall on a real journal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from contract import messages as m
from hall_server.hall import commands as c
from tests.hall_server.web.hall import PagedHall

_ids = iter(range(10_000, 99_999))


def press(client: httpx.Client, window: str, action: str, **body: object) -> httpx.Response:
    return client.post(f"/api/windows/{window}/{action}", json={"request": f"press-{next(_ids)}", **body})


def refused(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["sentence"]
    return response.status_code, problem["code"]


def test_next_calls_the_first_number(hall: PagedHall, client: httpx.Client) -> None:
    ticket = hall.issue()
    answer = press(client, "w02", "next").json()
    assert answer == {"ok": True, "ticket": ticket, "number": "A001"}
    assert [(call.number, call.window) for call in hall.recorder.calls()] == [("A001", "w02")]


def test_a_repeat_gets_the_first_answer(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    hall.issue()
    first = press(client, "w01", "next", request="the-same-request").json()
    again = press(client, "w01", "next", request="the-same-request").json()
    assert first == again
    assert len(hall.recorder.calls()) == 1


def test_a_visit_through_the_api(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    assert press(client, "w01", "next").json()["number"] == "A001"
    assert press(client, "w01", "recall").json()["number"] == "A001"
    assert press(client, "w01", "arrive").json()["ok"] is True
    assert press(client, "w01", "transfer", service="huji", note="户口 迁移\n请看").json()["number"] == "A001"
    assert press(client, "w03", "open").json()["ok"] is True
    assert press(client, "w03", "next").json()["number"] == "A001"
    assert hall.present("w03").note == "户口 迁移 请看"
    ticket = press(client, "w03", "park", minutes=10, reason="等材料").json()["ticket"]
    assert press(client, "w03", "call-parked", ticket=ticket).json()["number"] == "A001"
    assert press(client, "w03", "no-show").json()["ok"] is True
    assert press(client, "w03", "next").json()["number"] == "A001"
    assert press(client, "w03", "arrive").json()["ok"] is True
    ended = press(client, "w03", "finish", outcome="missing_material", note="缺户口簿").json()
    outcome = hall.service.query(lambda h: h.tickets[ended["ticket"]].outcome).result(5)
    assert outcome == "missing_material"
    assert press(client, "w03", "pause", reason="午餐").json()["ok"] is True
    assert press(client, "w03", "close").json()["ok"] is True


def test_a_rule_is_told_in_its_own_sentence(hall: PagedHall, client: httpx.Client) -> None:
    response = press(client, "w01", "next")
    assert refused(response) == (409, "nobody_waiting")
    assert response.json()["sentence"] == "暂无等待"
    assert refused(press(client, "w03", "next")) == (409, "window_closed")
    assert refused(press(client, "w01", "arrive")) == (409, "no_ticket")


def test_what_does_not_exist(client: httpx.Client) -> None:
    assert refused(press(client, "w99", "next")) == (404, "unknown_window")
    assert refused(client.get("/api/windows/w99")) == (404, "unknown_window")
    assert refused(press(client, "w01", "call-parked", ticket="20260101-A001")) == (404, "unknown_ticket")
    assert refused(client.get("/api/nothing")) == (404, "not_found")
    assert refused(client.get("/docs")) == (404, "not_found")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("next", {"request": "short"}),
        ("next", {"request": "has spaces in it"}),
        ("next", {"windw": "w02"}),
        ("park", {}),
        ("park", {"minutes": 0}),
        ("park", {"minutes": "soon"}),
        ("finish", {"outcome": "perfect"}),
        ("finish", {"note": "长" * 201}),
        ("transfer", {}),
    ],
)
def test_a_wrong_request_is_refused_whole(
    hall: PagedHall, client: httpx.Client, action: str, body: dict[str, object]
) -> None:
    hall.issue()
    assert refused(press(client, "w01", action, **body)) == (422, "bad_request")
    assert not hall.recorder.calls()


def test_garbage_harms_nobody(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    hall.do(c.CallNext)
    before = hall.service.query(lambda h: h.seq).result(5)
    texts = [
        rb'"\ud800"',
        b"null",
        b"[]",
        b"{}",
        b"1e400",
        b"NaN",
        b"true",
        b"-1",
        b'"' + b"x" * 20_000 + b'"',
    ]
    bodies = [b"", b"\xff\xfe", b"[", b"{}", b"null", b"[" * 500, b'{"request": "a"} x']
    for field in (b"request", b"seen", b"minutes", b"reason", b"note", b"service", b"ticket", b"outcome"):
        bodies += [b'{"%s": %s, "%s": 5}' % (field, text, text.strip(b'"') or b"x") for text in texts]
    for action in ("next", "park", "transfer", "finish", "pause", "call-parked"):
        for body in bodies:
            response = client.post(
                f"/api/windows/w01/{action}", content=body, headers={"content-type": "application/json"}
            )
            wanted = 413 if len(body) > 16_384 else 422
            assert refused(response)[0] == wanted, (action, body[:60])
    assert hall.service.query(lambda h: h.seq).result(5) == before


@pytest.mark.parametrize(
    "path", ["/clerk/%ff%00", "/t/%00", "/api/windows/%ed%a0%80", "/static/%00", "/%2e%2e/x"]
)
def test_garbage_in_an_address_is_not_found(
    hall: PagedHall, client: httpx.Client, clerk: httpx.Client, path: str
) -> None:
    assert (clerk if path.startswith("/clerk") else client).get(path).status_code == 404


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"text"', b"{", b'{"request": 1,}', b"\xff"])
def test_a_body_that_is_broken_as_a_whole_is_told_in_one_sentence(client: httpx.Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post("/api/windows/w01/next", content=body, headers=headers)
    assert refused(answer)[0] in (400, 422)
    sentence = answer.json()["sentence"]
    assert sentence == "请求内容有误：正文缺少，或不是接口说明中的格式，请检查后重发"


def test_only_json_is_taken(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    text = '{"request": "from-a-form-1"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        response = client.post("/api/windows/w01/next", content=text, headers={"content-type": kind})
        assert refused(response)[0] == 422
    assert not hall.recorder.calls()


def test_a_press_for_a_number_that_has_gone_is_refused(hall: PagedHall, client: httpx.Client) -> None:
    first, second = hall.issue(), hall.issue()
    assert press(client, "w01", "next", seen="").json()["ticket"] == first
    assert press(client, "w01", "no-show", seen=first).json()["ok"] is True
    assert press(client, "w01", "next", seen="").json()["ticket"] == second
    response = press(client, "w01", "no-show", seen=first)
    assert refused(response) == (409, "stale")
    assert "现在是 A002" in response.json()["sentence"]
    assert hall.present("w01").status is m.TicketStatus.CALLED


def test_a_repeat_of_a_press_passes_the_seen_check(hall: PagedHall, client: httpx.Client) -> None:
    ticket = hall.issue()
    for _ in range(3):
        answer = press(client, "w01", "next", request="pressed-once", seen="").json()
        assert answer["ticket"] == ticket


def test_two_windows_never_get_one_number(hall: PagedHall) -> None:
    issued = {hall.issue() for _ in range(40)}

    def clerk(window: str) -> list[str]:
        got = []
        with hall.client() as client:
            for _ in range(20):
                got.append(press(client, window, "next").json()["ticket"])
                press(client, window, "arrive")
        return got

    with ThreadPoolExecutor(2) as pool:
        both = [ticket for got in pool.map(clerk, ("w01", "w02")) for ticket in got]
    assert len(both) == 40
    assert set(both) == issued


def test_a_stopped_hall_says_so(hall: PagedHall, client: httpx.Client) -> None:
    hall.service.stop()
    response = press(client, "w01", "next")
    assert refused(response) == (503, "away")
    assert response.headers["retry-after"] == "1"
    assert client.get("/health").status_code == 503


def test_the_hall_and_a_window_as_json(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    ticket = hall.do(c.CallNext, "w02")
    hall.issue()
    hall.do(c.OpenWindow, "w03")
    window = client.get("/api/windows/w02").json()
    assert (window["ticket"], window["number"], window["ticket_status"]) == (ticket, "A001", "called")
    whole = client.get("/api/hall").json()
    assert {q["service"]: q["waiting"] for q in whole["queues"]} == {"shebao": 1, "huji": 0}
    assert [w["status"] for w in whole["windows"]] == ["open", "open", "open"]
    health = client.get("/health").json()
    assert (health["status"], health["hall"]) == ("ready", "test")


def test_every_operation_is_described(client: httpx.Client) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    actions = {path.rpartition("/")[2] for path, verbs in paths.items() if "post" in verbs}
    assert actions >= {
        *("next", "recall", "arrive", "finish", "no-show", "park"),
        *("transfer", "open", "pause", "close", "call-parked", "stop", "resume"),
        *("call-ticket", "return", "papers", "undo", "help", "guide-calls", "take", "end"),
    }
    assert not any(path.startswith(("/clerk", "/t/")) for path in paths)
