"""S4: every route of the application with every role, as the matrix says; what it must never say."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from hall_server.accounts.book import Actor
from hall_server.accounts.matrix import MATRIX, Verdict, Visitor, judge
from hall_server.accounts.roles import ADMINISTRATORS, EVERY_WINDOW, Role, Scope, Stage
from hall_server.web.gate import FORBIDDEN, SIGNED_OUT
from hall_server.web.routes import LIVE, Route, RouteTable
from tests.hall_server.web.hall import PagedHall

FILLED = {"window": "w01", "account": "nobody-here", "name": "hall.css"}
ENDING = frozenset({"POST /sign-out", "POST /me/devices", "POST /me/password", "POST /persona"})
STRANGER = "stranger"
OTHER_WINDOW = "clerk-w02"
CALLERS = (STRANGER, OTHER_WINDOW, *Role, *(f"token {scope}" for scope in Scope))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagedHall]:
    hall = PagedHall(tmp_path_factory.mktemp("matrix"))
    hall.start()
    yield hall
    hall.stop()


def visitor(caller: str) -> Visitor | None:
    if caller == STRANGER:
        return None
    if caller.startswith("token "):
        return Visitor(scopes=frozenset({Scope(caller[6:])}))
    if caller == OTHER_WINDOW:
        return Visitor(frozenset({Role.CLERK}), ("w02",))
    return Visitor(frozenset({Role(caller)}), (EVERY_WINDOW,))


class Callers:
    """One client for each; signed in again when a route ended its session."""

    def __init__(self, hall: PagedHall) -> None:
        self._hall = hall
        self._clients: dict[str, httpx.Client] = {}

    def __getitem__(self, caller: str) -> httpx.Client:
        if caller not in self._clients:
            self._clients[caller] = self._made(caller)
        return self._clients[caller]

    def _made(self, caller: str) -> httpx.Client:
        if caller == STRANGER:
            return self._hall.stranger()
        if caller.startswith("token "):
            client = self._hall.stranger()
            client.headers["Authorization"] = f"Bearer {self._hall.token(Scope(caller[6:]))}"
            return client
        return self._hall.person(caller)

    def forget(self, caller: str) -> None:
        self._clients.pop(caller).close()

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


def address(route: Route) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: FILLED.get(found[1], "x"), route.path)


def let_in(answer: httpx.Response, route: Route) -> bool:
    """Whether the route itself answered, not the gate."""
    if answer.status_code == 303 and answer.headers["location"].startswith("/sign-in"):
        return route.access.anyone or "set-cookie" in answer.headers
    if answer.status_code not in (401, 403):
        return True
    return route.access.anyone and answer.headers.get("www-authenticate") is None


def line(hall: PagedHall, client: httpx.Client, path: str) -> bool:
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    more = {name: client.headers[name] for name in ("Authorization",) if name in client.headers}
    headers = more | ({"Cookie": cookie} if cookie else {})
    with connect(f"ws://127.0.0.1:{hall.port}{path}", proxy=None, additional_headers=headers) as connection:
        return ended(connection) not in (SIGNED_OUT, FORBIDDEN)


def ended(connection: ClientConnection, *, wait: bool = False) -> int:
    """The code with which the other side closes; 0 when it says something (``wait``: whatever it says)."""
    try:
        while True:
            connection.recv(10)
            if not wait:
                return 0
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else -1


@pytest.mark.parametrize("caller", CALLERS)
def test_every_route_lets_in_whom_the_matrix_says(whole: PagedHall, caller: str) -> None:
    callers, wrong = Callers(whole), []
    table = RouteTable(whole.web.app)
    for route in table.routes:
        path, client = address(route), callers[caller]
        window = FILLED["window"] if "{window}" in route.path else ""
        wanted = judge(route.access, visitor(caller), window) is Verdict.PASS
        if route.method == LIVE:
            got = line(whole, client, path)
        else:
            answer = client.request(route.method, path, follow_redirects=False)
            assert answer.status_code < 500, (route.key, caller, answer.text)
            got = let_in(answer, route)
        if got is not wanted:
            wrong.append(f"{route.key}: {caller} {'came in' if got else 'was refused'}")
        if route.key in ENDING and got and caller != STRANGER:
            callers.forget(caller)
    callers.close()
    assert not wrong


@pytest.mark.parametrize("stage", [Stage.SECOND, Stage.PASSWORD, Stage.ENROL])
def test_who_is_half_signed_in_gets_nowhere_else(whole: PagedHall, stage: Stage) -> None:
    table = RouteTable(whole.web.app)
    half = Visitor(frozenset({Role.SECURITY}), (), stage)
    open_to_half = {
        r.key for r in table.routes if judge(r.access, half) is Verdict.PASS and not r.access.anyone
    }
    step = {Stage.SECOND: "/sign-in/code", Stage.PASSWORD: "/me/password", Stage.ENROL: "/me/authenticator"}
    assert open_to_half == {"POST /sign-out", f"GET {step[stage]}", f"POST {step[stage]}"}


def test_every_route_has_an_entry_and_every_entry_a_route(whole: PagedHall) -> None:
    assert {route.key for route in RouteTable(whole.web.app).routes} == set(MATRIX)


def test_what_the_matrix_must_never_say() -> None:
    for key, access in MATRIX.items():
        method, path = key.split(" ", 1)
        if path.startswith("/admin/"):
            assert len(access.roles) == 1, f"{key}: one administrator alone"
            assert access.roles <= ADMINISTRATORS, key
        if access.plain:
            assert access.anyone, f"{key}: without TLS only what is public"
        if "/windows/{window}/" in path and method == "POST":
            assert not access.roles & ADMINISTRATORS, f"{key}: administrators call nobody"
            assert access.own_window, key
    assert _open("POST") == {"POST /sign-in", "POST /setup", "POST /enter/{code}"} | {
        key for key in _open("POST") if key.startswith(("POST /t/", "POST /b/", "POST /book/"))
    }
    assert MATRIX["GET /admin/audit"].roles == {Role.AUDIT}


def _open(method: str) -> set[str]:
    return {key for key, access in MATRIX.items() if access.anyone and key.startswith(method)}


def test_a_route_without_an_entry_keeps_the_server_from_starting(whole: PagedHall) -> None:
    @whole.web.app.get("/forgotten")
    def forgotten() -> str:
        return "everybody may"

    try:
        with pytest.raises(Exception, match=r"does not say who may use: GET /forgotten"):
            RouteTable(whole.web.app)
        with whole.stranger() as client:
            assert client.get("/forgotten").status_code == 404, "the gate knows no such route"
    finally:
        whole.web.app.router.routes.pop()


def test_a_post_without_the_sessions_token_changes_nothing(whole: PagedHall) -> None:
    with whole.person("security") as client:
        del client.headers["X-CSRF"]
        form = {"account": "0777", "name": "李四", "roles": "guide"}
        for forged in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
            answer = client.post("/admin/accounts", data=form | forged)
            assert answer.status_code == 403
            assert "页面已失效" in answer.text
    assert "0777" not in whole.accounts.book.accounts


def test_a_line_ends_with_its_session(whole: PagedHall) -> None:
    secret = whole.session("clerk")
    headers = {"Cookie": f"banshi={secret}"}
    with connect(
        f"ws://127.0.0.1:{whole.port}/clerk/w01/live", proxy=None, additional_headers=headers
    ) as connection:
        connection.recv(10)
        found = whole.accounts.signing.find(secret)
        assert found is not None
        with whole.accounts.book.change(Actor("console"), None) as change:
            change.end([found[0]])
        assert ended(connection, wait=True) == SIGNED_OUT
