"""预约签到 at the kiosk: by the code scanned, by the code typed, by the card; a second time is a reprint."""

from __future__ import annotations

import pytest

from kiosk import samples
from kiosk.flows import effects as x
from kiosk.flows import events as e
from kiosk.flows.reprint import NO_CHECK_IN, NOT_A_TICKET
from tests.flows.walk import Walk, walk

CODE = "12345678"
SCANNED = f"http://hall.example/b/{CODE}.0123456789abcdef"


def at_reprint() -> Walk:
    kiosk = walk()
    kiosk.go(e.DayChanged("2026-11-23"), e.OpenReprint())
    return kiosk


def printed(kiosk: Walk) -> list[bool]:
    return [effect.reprint for effect in kiosk.did if isinstance(effect, x.PrintSlip)]


def test_the_code_on_the_phone_is_scanned_and_a_number_comes() -> None:
    kiosk = at_reprint()
    kiosk.go(e.Scanned(SCANNED))
    assert kiosk.did[-1] == x.AskCheckIn(1, CODE)
    assert kiosk.go(e.Issued(1, samples.slip("C013"), False)) == "number"
    assert printed(kiosk) == [False]


def test_the_code_is_typed_and_a_second_check_in_is_a_reprint() -> None:
    kiosk = at_reprint()
    kiosk.go(e.OpenKeypad(), *(e.KeyPressed(key) for key in CODE), e.Confirm())
    assert kiosk.did[-1] == x.AskCheckIn(1, CODE)
    kiosk.go(e.Issued(1, samples.slip("C013"), True))
    assert printed(kiosk) == [True]


def test_a_card_whose_holder_is_expected_today_checks_in() -> None:
    kiosk = at_reprint()
    kiosk.go(e.CardRead(samples.PERSON), e.Found(1, (), (CODE,)))
    assert kiosk.did[-1] == x.AskCheckIn(2, CODE)
    assert kiosk.go(e.Issued(2, samples.slip("C013"), False)) == "number"


def test_a_wrong_code_is_told_as_the_hall_says_it() -> None:
    kiosk = at_reprint()
    kiosk.go(e.Scanned(SCANNED))
    assert kiosk.go(e.Refused(1, "没有这个预约")) == "keypad"
    assert kiosk.state.notice is not None
    assert kiosk.state.notice.text == "没有这个预约"


def test_without_the_hall_nobody_waits_in_vain() -> None:
    kiosk = at_reprint()
    kiosk.go(e.OpenKeypad(), e.ServerGone(), e.Scanned(SCANNED))
    assert not [effect for effect in kiosk.did if isinstance(effect, x.AskCheckIn)]
    if kiosk.state.notice is not None:
        assert kiosk.state.notice.text == NO_CHECK_IN


@pytest.mark.parametrize(
    "text", [SCANNED[:-1], SCANNED.replace(CODE, "1234567"), SCANNED.replace("/b/", "/x/"), f"{SCANNED}/../x"]
)
def test_what_is_no_code_of_ours(text: str) -> None:
    kiosk = at_reprint()
    kiosk.go(e.Scanned(text))
    assert kiosk.state.notice is not None
    assert kiosk.state.notice.text == NOT_A_TICKET
