"""Asks a running hall whatever its OpenAPI document allows, and some that it forbids: no server error, and
every answer as the document says. `python -m tests.bench.openapi [--long]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode

from tests.hall_server.web.hall import PagedHall

KINDS = ("allowed", "forbidden")
_WANTED = (
    "not_a_server_error",
    "response_schema_conformance",
    "content_type_conformance",
    "status_code_conformance",
    "response_headers_conformance",
    "positive_data_acceptance",
    "unsupported_method",
    "allow_header_conformance",
)
"""Off: ``negative_data_rejection`` (what we accept beyond the document, such as a number as text in an
address, harms nobody), ``missing_required_header`` (none is required), ``ignored_auth`` and
``object_level_authorization`` (the matrix is tried route by route, role by role, in test_matrix), the two
about resources (there are no collections with links)."""
_OWN_WORDS = frozenset({"no_such_date", "not_a_number", "no_request", "two_requests", "too_many_days"})
"""Codes of 422 for what a document cannot say: 30 February, a check digit."""


FEW = {"/api/reports/numbers.csv": 12}
"""Each answer is made by a process of its own."""
ANSWER_SECONDS = 60.0


@dataclass(slots=True)
class Asked:
    """How many requests were sent, and what was wrong with the answers."""

    requests: int = 0
    faults: list[str] = field(default_factory=list)


def ask(url: str, token: str, *, kind: str, examples: int) -> Asked:
    """``examples`` invented requests for each operation, allowed or forbidden by the document."""
    load_all_checks()
    checks = CHECKS.get_by_names(list(_WANTED))
    document = httpx.get(f"{url}/api/openapi.json", trust_env=False).json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url)
    mode = GenerationMode.POSITIVE if kind == "allowed" else GenerationMode.NEGATIVE
    headers = {"Authorization": f"Bearer {token}"}
    asked = Asked()
    for found in schema.get_all_operations():
        operation = cast("Any", found).ok()

        @settings(
            max_examples=min(examples, FEW.get(operation.path, examples)),
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Any) -> None:
            answer = case.call(headers=headers, timeout=ANSWER_SECONDS)
            asked.requests += 1
            if answer.status_code == 422 and answer.json()["code"] in _OWN_WORDS:
                return
            try:
                case.validate_response(answer, checks=checks)
            except (Failure, FailureGroup) as failure:
                asked.faults.append(f"{case.method} {case.formatted_path}: {failure}")

        try:
            one()
        except Exception as nothing:
            if type(nothing).__name__ not in ("Unsatisfiable", "FailedHealthCheck"):
                raise
    return asked


def main() -> int:
    """Print what was asked and what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--kind", choices=KINDS, help="only what the document allows, or forbids")
    options = parser.parse_args()
    examples = 512 if options.long else 20
    kinds = (options.kind,) if options.kind else KINDS
    with tempfile.TemporaryDirectory() as state:
        hall = PagedHall(Path(state))
        hall.start()
        found = [ask(hall.url, hall.token(), kind=kind, examples=examples) for kind in kinds]
        hall.stop()
    requests, faults = sum(one.requests for one in found), [fault for one in found for fault in one.faults]
    for fault in faults[:20]:
        print(fault)
    print(f"OPENAPI: {len(faults)} wrong answers of {requests} requests (bar: no server error)")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
