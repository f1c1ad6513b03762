"""The OpenAPI document as a partner reads it: who may, which errors, how to repeat, how often.

FastAPI describes requests and answers; what holds for all of them is written here, once, from the matrix
and the one shape of an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from hall_server.accounts.matrix import MATRIX, Access
from hall_server.accounts.roles import ROLE_TEXT, SCOPE_TEXT
from hall_server.web.problems import Problem

TITLE = "办事 Banshi"
DESCRIPTION = """\
The interface of one hall (大厅), for partners' programs on its network.

**Tokens.** `Authorization: Bearer …`; the hall's system administrator makes one per partner (系统管理员
→ 接口令牌), with the scopes that the partner needs:

{scopes}

Each operation names its scopes; another token gets 403 `forbidden`. An operation without a scope is for
people only.

**Repeats.** Each post carries an id made before it is first sent: `request` in the body, or the header
`Idempotency-Key`; 8 to 64 letters, digits, `-`, `_`, such as a ULID. When no answer comes, send the
same again with the same id: nothing happens twice, and the first answer comes again, also after the
hall's server was killed in between. Ids belong to their token and are remembered to the end of the next
business day. One id for two different acts is refused with 409 `request_reused`; nothing was done then.

**Answers.** 2xx leaves only when what was asked is on the hall's disk. Everything else is
`application/problem+json` (RFC 9457) with `code` for programs and `sentence` in Chinese for the person.
409 says that a rule of the hall forbids it: do not repeat. 503 and a broken connection say that nobody
knows: repeat with the same id. 429 and 503 carry `Retry-After` in seconds.

**How often.** Each token has its own limit of requests a minute (600 unless the hall chose another);
for states that change, ask at most once a second. The bus of the hall (docs/asyncapi.json) tells them
without asking.

**Times** are milliseconds since 1970 of *hall time*, which never goes back; `business_day` is the day
that the hall counts, which may end after midnight. Identifiers of windows, services and zones are
stable; numbers begin anew each business day.

**Changes.** Fields are added without a new version: ignore what you do not know. Nothing is removed or
renamed within version 1.
"""
TAGS = {
    "window": "What a window does: call, recall, arrive, finish, transfer, park, undo (窗口)",
    "hall": "The hall as it stands, forecasts, numbers of a service, merges of kiosks that were alone (大厅)",
    "appointments": "Slots and appointments of a partner's booking system (预约)",
    "reports": "Figures over business days, the story of a visit, why people went away without result (报表)",
    "help": "Calls for a guide or for the manager (导办、求助)",
    "blobs": "Large things by their digest, for stations",
}
_ERRORS = {
    "400": "The request cannot be read",
    "401": "No valid token and no session",
    "403": "Not with this token's scopes, not for this role, not this window",
    "404": "No such window, ticket, service, item, appointment or report",
    "409": "A rule of the hall forbids it; nothing was done; sentence says which",
    "413": "Larger than this interface takes",
    "422": "The request is not as described; sentence says where",
    "429": "Too many requests; Retry-After says when to go on",
    "503": "The hall's server restarts: send the same again, with the same id",
}
_RETRY_AFTER = {
    "description": "Seconds to wait",
    "schema": {"type": "integer", "minimum": 0},
    "required": True,
}
_OF_ALL = ("400", "401", "403", "404", "409", "413", "422", "429", "503")
_OF_ANYONE = ("404", "422", "429")


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document. The application keeps its own half and is not changed."""
    made: dict[str, Any] = {**app.openapi()}
    made["info"] = {**made["info"], "title": TITLE, "description": _description()}
    made["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    schemas = dict(made["components"]["schemas"])
    for gone in ("HTTPValidationError", "ValidationError"):
        schemas.pop(gone, None)
    schemas["Problem"] = Problem.model_json_schema()
    made["components"] = {**made["components"], "schemas": schemas}
    made["paths"] = {
        path: {verb: _told(f"{verb.upper()} {path}", operation) for verb, operation in verbs.items()}
        for path, verbs in made["paths"].items()
    }
    return made


def _told(key: str, operation: dict[str, Any]) -> dict[str, Any]:
    access = MATRIX[key]
    right = {status: found for status, found in operation["responses"].items() if status < "400"}
    wrong = _OF_ANYONE if access.anyone else _OF_ALL
    who = " ".join(_who(access))
    return {
        **operation,
        "description": f"{operation.get('description', '')}\n\n{who}".strip(),
        "responses": {**right, **{status: _error(status) for status in wrong}},
        "security": list(_security(access)),
    }


def _error(status: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    error: dict[str, Any] = {
        "description": _ERRORS[status],
        "content": {"application/problem+json": {"schema": schema}},
    }
    if status in ("429", "503"):
        error["headers"] = {"Retry-After": _RETRY_AFTER}
    return error


def _who(access: Access) -> Iterator[str]:
    if access.anyone:
        yield "For everybody."
        return
    if access.scopes:
        yield f"Scope: {' or '.join(f'`{scope}`' for scope in sorted(access.scopes))}."
    if access.roles:
        yield f"People: {'、'.join(text for role, text in ROLE_TEXT.items() if role in access.roles)}."


def _security(access: Access) -> Iterator[dict[str, list[str]]]:
    if access.anyone:
        return
    if access.scopes:
        yield {"HTTPBearer": sorted(access.scopes)}
    if access.roles:
        yield {"APIKeyCookie": []}


def _description() -> str:
    return DESCRIPTION.format(
        scopes="\n".join(f"- `{scope.value}`: {text}" for scope, text in SCOPE_TEXT.items())
    )
