"""The OpenAPI document as a page that a partner's developer reads in a browser; drawn here, once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from hall_server.web.openapi import TAGS
from hall_server.web.rendering import Rendering

Json = dict[str, Any]
DEEPEST = 2
_VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is sent or comes back; ``where`` is path, query, header or body."""

    name: str
    where: str
    type: str
    needed: bool
    about: Markup


@dataclass(frozen=True, slots=True)
class Operation:
    """One request with all that its sender has to know."""

    id: str
    verb: str
    path: str
    about: Markup
    sent: tuple[Field, ...]
    back: tuple[Field, ...]
    errors: tuple[tuple[str, str], ...]
    example: str


def api_page_routes(rendering: Rendering, made: Callable[[], Json]) -> APIRouter:
    """GET /api: drawn once, from the document that programs read at /api/openapi.json."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/api")
    async def page() -> HTMLResponse:
        document = made()
        about = prose(document["info"]["description"])
        html = rendering.page("api.html", about=about, tags=TAGS, groups=operations(document))
        return HTMLResponse(html)

    return router


def operations(document: Json) -> dict[str, list[Operation]]:
    """By tag, in the order of the document."""
    found: dict[str, list[Operation]] = {tag: [] for tag in TAGS}
    for path, verbs in document["paths"].items():
        for verb in _VERBS:
            if verb in verbs:
                for tag in verbs[verb]["tags"]:
                    found[tag].append(_operation(document, path, verb, verbs[verb]))
    return found


def prose(text: str) -> Markup:
    """Paragraphs, lists, strong words and code of the little Markdown that descriptions hold."""
    return Markup("").join(_block(block) for block in text.strip().split("\n\n"))


def _block(block: str) -> Markup:
    if block.lstrip().startswith("- "):
        items = re.split(r"\n(?=- )", block.strip())
        return Markup("<ul>{}</ul>").format(
            Markup("").join(Markup("<li>{}</li>").format(_line(i[2:])) for i in items)
        )
    return Markup("<p>{}</p>").format(_line(block))


def _line(text: str) -> Markup:
    """Everything is escaped before anything is marked."""
    marked = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", str(escape(text.replace("``", "`"))))
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", marked))


def _operation(document: Json, path: str, verb: str, told: Json) -> Operation:
    sent = tuple(_parameters(told)) + tuple(_fields(document, _schema(told.get("requestBody", {})), "body"))
    right: Json = next((a for status, a in told["responses"].items() if status < "300"), {})
    return Operation(
        id=told["operationId"],
        verb=verb.upper(),
        path=path,
        about=prose(told["description"]),
        sent=sent,
        back=tuple(_fields(document, _schema(right), "body")),
        errors=tuple((s, a["description"]) for s, a in told["responses"].items() if s >= "400"),
        example=_example(verb, path, sent),
    )


def _parameters(told: Json) -> Iterator[Field]:
    for one in told.get("parameters", ()):
        about = _line(one.get("description", ""))
        yield Field(one["name"], one["in"], _type(one["schema"]), bool(one.get("required")), about)


def _schema(holder: Json) -> Json:
    found: Json = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _fields(document: Json, schema: Json, where: str, before: str = "") -> Iterator[Field]:
    """The properties of an object, or of the objects in a list; of objects inside them as well."""
    schema = _resolved(document, schema.get("items", schema))
    needed = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        inner = next((kind for kind in one.get("anyOf", ()) if kind.get("type") != "null"), one)
        listed = "items" in inner
        inner = _resolved(document, inner.get("items", inner))
        type_ = " | ".join(map(str, inner["enum"])) if "enum" in inner else _type(one)
        yield Field(
            before + name, where, type_, not before and name in needed, _line(one.get("description", ""))
        )
        if before.count(".") < DEEPEST:
            yield from _fields(document, inner, where, f"{before}{name}{'[]' if listed else ''}.")


def _resolved(document: Json, schema: Json) -> Json:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Json = document["components"]["schemas"][name] if name else schema
    return found


def _type(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_type(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    return str(schema.get("type", "any"))


def _example(verb: str, path: str, sent: tuple[Field, ...]) -> str:
    """A command to copy; words in capitals are to be filled in."""
    asked = "&".join(f"{f.name}={f.name.upper()}" for f in sent if f.where == "query" and f.needed)
    address = re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), path) + (f"?{asked}" if asked else "")
    lines = [f"curl -X {verb.upper()} 'https://HALL{address}'", "  -H 'Authorization: Bearer TOKEN'"]
    body: Json = {
        f.name: 0 if f.type == "integer" else f.name.upper() for f in sent if f.where == "body" and f.needed
    }
    if any(f.where == "body" for f in sent):
        if any(f.name == "request" for f in sent):
            body = {"request": "A-NEW-ID-EACH-TIME"} | body
        lines += ["  -H 'Content-Type: application/json'", f"  -d '{json.dumps(body)}'"]
    return " \\\n".join(lines)
