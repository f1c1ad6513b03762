"""S4: which routes take text, by the table of routes itself, and the payload sent to each by a program."""

from __future__ import annotations

import io
import itertools
import re
import typing
from collections.abc import Iterator
from enum import Enum
from urllib.parse import unquote_plus

import httpx
from fastapi.datastructures import UploadFile
from fastapi.routing import iter_route_contexts
from openpyxl import Workbook
from pydantic import BaseModel

from hall_server.hall import commands as c
from hall_server.hall import pictures
from hall_server.setup.exchange import to_toml
from hall_server.web.routes import Route, RouteTable
from tests.hall_server.web.hall import ITEM, KEY, PagedHall

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
WITHOUT_TEXT = frozenset({"POST /manage/setup/logo/remove", "POST /manage/setup/in/{section}/{row}/{act}"})
"""They read the request themselves, for its mark alone."""
_FILLED = {"window": "w01", "account": "clerk-w01", "name": "shebao", "section": "hall", "row": "0"}
_REQUESTS = {"request", "press", "idempotency_key"}
_SVG = '<svg xmlns="http://www.w3.org/2000/svg"><text>{}</text><script>window.pwned=1</script></svg>'
_numbers = itertools.count(20_000_000)


def with_text(hall: PagedHall) -> dict[str, dict[str, object] | None]:
    """Key of each route that changes something and takes text -> its fields by their types, None where the
    route reads the request itself."""
    found: dict[str, dict[str, object] | None] = {}
    for context in iter_route_contexts(hall.web.app.routes):
        methods = CHANGING & set(context.methods or ())
        dependant = getattr(context, "dependant", None)
        if not methods or dependant is None:
            continue
        key = f"{min(methods)} {context.path_format}"
        fields: dict[str, object] = {p.name: p.field_info.annotation for p in dependant.body_params}
        one = next(iter(fields.values()), None)
        if isinstance(one, type) and issubclass(one, BaseModel):
            fields = {name: field.annotation for name, field in one.model_fields.items()}
        if any(_takes_text(kind) for name, kind in fields.items() if name not in _REQUESTS):
            found[key] = fields
        elif dependant.request_param_name and key not in WITHOUT_TEXT:
            found[key] = None
    return found


def carried(request: httpx.Request, payload: str) -> bool:
    """Whether a request that was sent held the payload in its body."""
    return holds(request.read(), payload)


def holds(body: bytes, payload: str) -> bool:
    """Whether a body has the payload, however it was encoded; its letters and digits alone are compared."""
    text = body.decode("utf-8", "replace")
    wanted = re.sub(r"\W", "", payload)
    told = (text, unquote_plus(text), text.encode().decode("unicode_escape", "replace"))
    return any(wanted in re.sub(r"\W", "", one) for one in told)


def send_everywhere(hall: PagedHall, payload: str) -> Iterator[tuple[str, int]]:
    """The payload in every text field of every route that takes one; (route, status) of each."""
    routes = {route.key: route for route in RouteTable(hall.web.app).routes}
    yield from _uploads(hall, payload)
    yield _evaluated(hall, payload)
    for key, fields in sorted(with_text(hall).items()):
        with _caller(hall, routes[key]) as client:
            path = re.sub(r"\{(\w+)[^}]*\}", lambda part: _FILLED.get(part[1], "1"), routes[key].path)
            if fields is None:
                answer = client.post(path, data={"note": payload, "name": payload, "mark": "0"})
            elif any(kind is UploadFile for kind in fields.values()):
                answer = client.post(path, files={"file": ("x.svg", _SVG.format(payload), "image/svg+xml")})
            else:
                filled = {name: _value(name, kind, payload) for name, kind in fields.items()}
                answer = _sent(client, routes[key].method, path, filled)
            assert answer.status_code < 500, (key, payload, answer.text)
            if carried(answer.request, payload):
                yield key, answer.status_code


def _sent(client: httpx.Client, method: str, path: str, filled: dict[str, object]) -> httpx.Response:
    if path.startswith(("/api/", "/manager/")):
        return client.request(method, path, json=filled)
    return client.request(method, path, data=filled)


def _takes_text(kind: object) -> bool:
    parts = typing.get_args(kind)
    return kind in (str, UploadFile) or any(_takes_text(part) for part in parts)


def _value(name: str, kind: object, payload: str) -> object:
    if name == "request":
        return f"every-{next(_numbers)}"
    origin = typing.get_origin(kind)
    if kind is str:
        return payload
    if kind is bool:
        return False
    if kind in (int, float):
        return 1
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).value
    if origin in (list, tuple):
        return [payload]
    if origin is dict:
        return {payload: 1}
    texts = [part for part in typing.get_args(kind) if part is not type(None)]
    return _value("", texts[0], payload) if texts else payload


def _caller(hall: PagedHall, route: Route) -> httpx.Client:
    """Whoever may use it."""
    if route.access.anyone:
        return hall.stranger()
    if route.access.roles:
        return hall.person(min(route.access.roles))
    return hall.client()


def _evaluated(hall: PagedHall, payload: str) -> tuple[str, int]:
    """A ticket is served to its end, and its holder writes what he thinks of it."""
    ticket = hall.issue("huji")
    for act in (c.OpenWindow, c.CallNext, c.Arrive, c.Finish):
        hall.do(act, "w03")
    served = hall.service.query(lambda h: h.served[ticket][-1]).result(10)
    with hall.stranger() as phone:
        words = {"request": f"every-{next(_numbers)}", "call": served.call, "grade": 1, "words": payload}
        path = f"/t/{ticket}.{pictures.qr_seal(ticket, KEY)}/evaluate"
        return "POST /t/{token}/evaluate", phone.post(path, data=words).status_code


def _uploads(hall: PagedHall, payload: str) -> Iterator[tuple[str, int]]:
    """Files whose cells hold the payload: a catalogue in three formats, mapped and tried; a description."""
    with hall.person("manager") as client:
        for kind, content in _tables(payload).items():
            answer = client.post(
                "/manage/catalogue/uploads", content=content, headers={"X-Name": f"{kind}.{kind}"}
            )
            yield "POST /manage/catalogue/uploads", answer.status_code
            if answer.status_code == 200:
                job = answer.json()["href"]
                client.get(job)
                tried = client.post(job, data={"columns": ["code", "name", payload], "mode": "merge"})
                yield "POST /manage/catalogue/imports/{job}", tried.status_code
        text = to_toml(hall.setup.current.file).replace("示例县政务服务中心", _toml(payload))
        given = client.post("/manage/setup/import", files={"file": ("hall.toml", text, "text/plain")})
        yield "POST /manage/setup/import", given.status_code
        mark = re.search(r'name="mark" value="(\d+)"', client.get("/manage/setup/preview").text)
        told = {"mark": mark[1] if mark else "0", "note": payload}
        yield "POST /manage/setup/publish", client.post("/manage/setup/publish", data=told).status_code


def _toml(payload: str) -> str:
    return "".join(ch if ch.isprintable() and ch not in '"\\' else "" for ch in payload)


def _tables(payload: str) -> dict[str, bytes]:
    row = (f"{ITEM[:-1]}9", payload, payload)
    book, out = Workbook(), io.BytesIO()
    book.active.append(["事项编码", "事项名称", "部门"])
    book.active.append([re.sub(r"[\x00-\x1f]", " ", cell) for cell in row])
    book.save(out)
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in row)
    return {"csv": f"事项编码,事项名称,部门\n{quoted}\n".encode(), "xlsx": out.getvalue()}
