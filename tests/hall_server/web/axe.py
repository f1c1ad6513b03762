"""axe-core in the opened page: what keeps somebody from using it, as axe names it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from assets import fetched

SERIOUS = frozenset({"serious", "critical"})


def findings(page: Page) -> list[str]:
    """Serious and critical findings of WCAG 2.2 A and AA: rule, how many places, the first of them."""
    page.evaluate(fetched("tests", "axe.js").read_text("utf-8"))
    seen: dict[str, Any] = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
    )
    return [
        f"{found['id']}: {len(found['nodes'])} times, {found['nodes'][0]['target']}: {found['help']}"
        for found in seen["violations"]
        if found["impact"] in SERIOUS
    ]
