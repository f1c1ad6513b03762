"""What residents' pages may not use: phones of 2016 have WeChat's X5 or Chromium 60, and a poor network."""

from __future__ import annotations

import re

import pytest

from hall_server.web.rendering import STATIC

SHEETS = ("phone.css", "items.css", "looks.css")
LIGHT = 64 * 1024
NEWER = {
    "an arrow function": r"=>",
    "let or const": r"\b(let|const)\s",
    "a template string": r"`",
    "optional chaining": r"\?\.\w",
    "nullish": r"\?\?",
    "async": r"\b(async|await)\b",
    "fetch": r"\bfetch\(",
    "class": r"\bclass\s+\w+\s*\{",
}


@pytest.mark.parametrize("what", NEWER)
def test_the_script_is_older_than(what: str) -> None:
    text = (STATIC / "ticket.js").read_text("utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    assert not re.findall(NEWER[what], code)


@pytest.mark.parametrize("name", SHEETS)
def test_no_space_hangs_on_a_gap_between_flex_items(name: str) -> None:
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", (STATIC / name).read_text("utf-8"))
    flexed = [head.strip() for head, body in rules if re.search(r"(?<!grid-)gap:", body)]
    assert flexed == []


@pytest.mark.parametrize("name", SHEETS)
def test_white_letters_keep_a_ground_without_variables(name: str) -> None:
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", (STATIC / name).read_text("utf-8"))
    for head, body in rules:
        if "color: #fff" in body and "background: var(" in body:
            assert re.search(r"background: #\w+; background: var\(", body), head.strip()


def test_all_that_a_ticket_loads_is_light() -> None:
    names = ("hall.css", "looks.css", "phone.css", "ticket.js")
    assert sum((STATIC / name).stat().st_size for name in names) < LIGHT
