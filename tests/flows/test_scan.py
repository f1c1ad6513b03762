"""A ticket's code held before the scanner is as good as its number typed; anything else is told politely."""

from __future__ import annotations

import pytest

from kiosk import samples
from kiosk.flows import effects as x
from kiosk.flows import events as e
from kiosk.flows.reprint import NOT_A_TICKET, NOT_TODAY, Keypad, scanner_wanted
from tests.flows.walk import Walk, walk

CODE = "http://hall.example/t/20261123-C013.9F3C2A71"


def reprinting() -> Walk:
    kiosk = walk()
    kiosk.go(e.DayChanged("2026-11-23"), e.OpenReprint())
    return kiosk


def test_a_code_of_today_finds_its_ticket() -> None:
    kiosk = reprinting()
    assert scanner_wanted(kiosk.state.screen)
    assert kiosk.go(e.Scanned(CODE)) == "keypad"
    assert kiosk.did[-1] == x.AskFind(1, number="C013")
    assert isinstance(kiosk.state.screen, Keypad)
    assert not scanner_wanted(kiosk.state.screen)
    assert kiosk.go(e.Found(1, (samples.slip("C013"),))) == "offer"


def test_the_keypad_takes_codes_too() -> None:
    kiosk = reprinting()
    kiosk.go(e.OpenKeypad(), e.Scanned(CODE))
    assert x.AskFind(1, number="C013") in kiosk.did


def test_a_code_of_yesterday_is_not_the_number_of_today() -> None:
    kiosk = reprinting()
    kiosk.go(e.DayChanged("2026-11-24"), e.Scanned(CODE))
    assert kiosk.state.notice is not None
    assert kiosk.state.notice.text == NOT_TODAY
    assert not any(isinstance(effect, x.AskFind) for effect in kiosk.did)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "C013",
        "https://example.invalid/a?b=c",
        f"{CODE}'; DROP TABLE tickets",
        "http://hall.example/t/20261123-C013",
        "javascript:alert(1)//t/20261123-C013.9F",
    ],
)
def test_other_codes_are_told_politely(text: str) -> None:
    kiosk = reprinting()
    assert kiosk.go(e.Scanned(text)) == "reprint"
    assert kiosk.state.notice is not None
    assert kiosk.state.notice.text == NOT_A_TICKET


def test_a_page_that_wants_no_code_ignores_it() -> None:
    kiosk = walk()
    before = kiosk.state
    kiosk.go(e.Scanned(CODE))
    assert kiosk.state.screen == before.screen
    assert not scanner_wanted(before.screen)


def test_what_was_scanned_is_in_no_log_line() -> None:
    assert "C013" not in repr(e.Scanned(CODE))
