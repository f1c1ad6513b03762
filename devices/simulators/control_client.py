"""Asks the control page's JSON interface of a running bench; for the technician's command line."""

from __future__ import annotations

import http.client
import json
from typing import Any


class ControlError(Exception):
    """The bench refused or is not there; ``str()`` is the sentence."""


def ask(port: int, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
    """GET without a body, POST with one; the bench's state. Raises ControlError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        sentence = f"连不上模拟设备（127.0.0.1:{port}）：先运行 python -m devices simulate"
        raise ControlError(sentence) from error
    finally:
        connection.close()
    if "error" in answer:
        raise ControlError(str(answer["error"]))
    return answer
