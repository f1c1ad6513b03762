"""The interface as a page: every operation of the document, nothing that could be markup of its own."""

from __future__ import annotations

import pytest

from hall_server.web.api_page import prose
from tests.hall_server.web.axe import findings
from tests.hall_server.web.conftest import STRANGER, Opener
from tests.hall_server.web.hall import PagedHall

NARROW = "document.documentElement.scrollWidth <= window.innerWidth"


def test_every_operation_is_told_with_its_scope_and_errors(hall: PagedHall) -> None:
    with hall.stranger() as someone:
        page = someone.get("/api").text
        document = someone.get("/api/openapi.json").json()
    for path, verbs in document["paths"].items():
        for verb, told in verbs.items():
            assert f'id="{told["operationId"]}"' in page
            assert f"{verb.upper()}</b> {path}</h3>" in page
    for words in ("Idempotency-Key", "appointments:write", "Retry-After", "curl -X POST", "start_ms"):
        assert words in page
    assert "**" not in page
    assert "``" not in page


def test_what_is_described_is_never_markup() -> None:
    assert str(prose("a <b>\n\n- `x<y`\n- **z**")) == (
        "<p>a &lt;b&gt;</p><ul><li><code>x&lt;y</code></li><li><b>z</b></li></ul>"
    )


@pytest.mark.browser
def test_it_is_read_on_a_desk_and_a_phone(hall: PagedHall, opened: Opener) -> None:
    watched = opened(f"{hall.url}/api", account=STRANGER, width=1024, height=600)
    page = watched.page
    page.get_by_role("link", name="POST /api/appointments").click()
    page.get_by_role("heading", name="POST /api/appointments").wait_for()
    assert findings(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(NARROW)
    assert watched.errors == []
    assert watched.strangers(hall.url) == []
