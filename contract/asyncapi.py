"""The published contract: an AsyncAPI 3.0 document made from topics.py and messages/.

``python -m contract.asyncapi`` writes docs/asyncapi.json; ``--check`` fails when the file is not what the
code says. The document is written from the side of a station: it sends upward, it receives the rest.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from contract.messages import CONTRACT_VERSION, Message
from contract.topics import (
    IDENTIFIER,
    REQUESTS,
    RESPONSE_TEMPLATE,
    ROOT,
    ROUTES,
    Direction,
    RequestRoute,
    Route,
)

FILE = Path("docs/asyncapi.json")
ANSWERS = "answers"
_PARAMETERS = {
    "hall": "Identifier of the hall",
    "station": "Identifier of the station, which is its user name at the broker",
    "window": "Identifier of the service window",
    "queue": "Identifier of the service",
    "board": "Identifier of the call board",
}
_ABOUT = (
    "Messages between the programs of a government service hall over MQTT 5. Payloads are JSON objects; "
    "unknown fields are ignored, and every field added after version 1 has a default. Retained payloads are "
    "whole snapshots; a receiver ignores a lower seq under the same boot. Instants (*_ms) are hall time in "
    "milliseconds since the Unix epoch, told by ServerState. A request is repeated with the same id until it "
    "is answered; the answer carries the request's correlation data."
)


def document() -> dict[str, Any]:
    """The whole AsyncAPI document as plain values."""
    rows: list[Route[Any]] = [*ROUTES, *(kind.route for kind in REQUESTS)]
    answers = [kind.answer for kind in REQUESTS]
    payloads: list[type[Message]] = list(dict.fromkeys([*(row.payload for row in rows), *answers]))
    _, schemas = msgspec.json.schema_components(payloads, ref_template="#/components/schemas/{name}")
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Banshi hall", "version": CONTRACT_VERSION, "description": _ABOUT},
        "defaultContentType": "application/json",
        "channels": {
            **{row.name: _channel(row.template, [row.payload]) for row in rows},
            ANSWERS: _channel(RESPONSE_TEMPLATE, answers),
        },
        "operations": {
            **{row.name: _operation(row) for row in ROUTES},
            **{kind.route.name: _request(kind) for kind in REQUESTS},
        },
        "components": {
            "messages": {payload.__name__: _message(payload) for payload in payloads},
            "schemas": schemas,
        },
    }


def text() -> str:
    """The document as it stands in the file."""
    return json.dumps(document(), ensure_ascii=False, indent=2) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the document, or compare it with the file: 0 when all is well, 1 on drift."""
    parser = argparse.ArgumentParser(prog="python -m contract.asyncapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit status 1 on a difference")
    parser.add_argument("--file", type=Path, default=FILE, help=f"default {FILE}")
    options = parser.parse_args(arguments)
    wanted = text()
    if not options.check:
        options.file.write_text(wanted, "utf-8")
        return 0
    if options.file.exists() and options.file.read_text("utf-8") == wanted:
        return 0
    sys.stderr.write(f"{options.file} is not what the code says: run python -m contract.asyncapi\n")
    return 1


def _channel(template: str, payloads: Sequence[type[Message]]) -> dict[str, Any]:
    names = ["hall", *re.findall(r"{(\w+)}", template)]
    return {
        "address": f"{ROOT}/{{hall}}/{template}",
        "parameters": {
            name: {"description": f"{_PARAMETERS[name]} ({IDENTIFIER.pattern})"} for name in names
        },
        "messages": {
            payload.__name__: {"$ref": f"#/components/messages/{payload.__name__}"} for payload in payloads
        },
    }


def _operation(row: Route[Any]) -> dict[str, Any]:
    binding: dict[str, Any] = {"qos": row.qos, "retain": row.retained, "bindingVersion": "0.2.0"}
    if row.expiry_seconds is not None:
        binding["messageExpiryInterval"] = row.expiry_seconds
    return {
        "action": "send" if row.direction is Direction.UP else "receive",
        "channel": {"$ref": f"#/channels/{row.name}"},
        "messages": [_in_channel(row.name, row.payload)],
        "bindings": {"mqtt": binding},
    }


def _request(kind: RequestRoute[Any, Any]) -> dict[str, Any]:
    return {
        **_operation(kind.route),
        "reply": {
            "channel": {"$ref": f"#/channels/{ANSWERS}"},
            "messages": [_in_channel(ANSWERS, kind.answer)],
        },
    }


def _in_channel(channel: str, payload: type[Message]) -> dict[str, str]:
    return {"$ref": f"#/channels/{channel}/messages/{payload.__name__}"}


def _message(payload: type[Message]) -> dict[str, Any]:
    return {
        "name": payload.__name__,
        "summary": (inspect.getdoc(payload) or "").partition("\n")[0],
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{payload.__name__}"},
    }


if __name__ == "__main__":
    sys.exit(main())
