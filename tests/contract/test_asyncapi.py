"""The published contract is what the code says, and it holds together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract import asyncapi
from contract.topics import REQUESTS, ROUTES

FILE = Path(__file__).parents[2] / asyncapi.FILE


def test_the_file_is_up_to_date() -> None:
    assert asyncapi.main(["--check", "--file", str(FILE)]) == 0, "run python -m contract.asyncapi"


def test_drift_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "asyncapi.json"
    assert asyncapi.main(["--check", "--file", str(file)]) == 1
    assert asyncapi.main(["--file", str(file)]) == 0
    assert asyncapi.main(["--check", "--file", str(file)]) == 0
    file.write_text(file.read_text().replace('"ticket"', '"billet"', 1))
    assert asyncapi.main(["--check", "--file", str(file)]) == 1
    assert "is not what the code says" in capsys.readouterr().err


def test_every_reference_leads_somewhere() -> None:
    whole = json.loads(asyncapi.text())
    references = list(_references(whole))
    assert len(references) > 50
    for reference in references:
        at: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]


def test_every_row_is_a_channel_and_an_operation_with_its_direction() -> None:
    whole = asyncapi.document()
    assert set(whole["operations"]) == {row.name for row in ROUTES} | {kind.route.name for kind in REQUESTS}
    assert set(whole["channels"]) == {*whole["operations"], "answers"}
    assert whole["operations"]["board_call"] == {
        "action": "receive",
        "channel": {"$ref": "#/channels/board_call"},
        "messages": [{"$ref": "#/channels/board_call/messages/Call"}],
        "bindings": {
            "mqtt": {"qos": 1, "retain": False, "bindingVersion": "0.2.0", "messageExpiryInterval": 45}
        },
    }
    issue = whole["operations"]["req_issue"]
    assert issue["action"] == "send"
    assert issue["reply"]["messages"] == [{"$ref": "#/channels/answers/messages/IssueAnswer"}]
    assert whole["channels"]["req_issue"]["address"] == "hall/1/{hall}/st/{station}/up/req/issue"


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
