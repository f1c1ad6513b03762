"""补打, as lists of events and screens."""

from __future__ import annotations

from kiosk import samples
from kiosk.flows import effects as x
from kiosk.flows import events as e
from kiosk.flows.number import Number
from kiosk.flows.reprint import Keypad
from tests.flows.walk import walk

CARD = e.CardRead(samples.PERSON)
C013, A002 = samples.slip("C013"), samples.slip("A002")


def test_the_card_prints_the_only_ticket_again() -> None:
    kiosk = walk()
    assert kiosk.screens(e.OpenReprint(), CARD) == ["reprint", "reprint"]
    assert kiosk.did == [x.AskFind(1, person_key=samples.PERSON.key)]
    assert kiosk.go(e.Found(1, (C013,))) == "number"
    assert kiosk.did[0] == x.PrintSlip(2, C013, reprint=True)
    assert isinstance(kiosk.state.screen, Number)
    assert kiosk.state.screen.reprint


def test_several_tickets_are_chosen_from() -> None:
    kiosk = walk()
    kiosk.go(e.OpenReprint(), CARD)
    assert kiosk.go(e.Found(1, (C013, A002))) == "offer"
    assert kiosk.go(e.ReprintTicket("t-unknown")) == "offer"
    assert kiosk.go(e.ReprintTicket("t-a002")) == "number"
    assert kiosk.did[0] == x.PrintSlip(2, A002, reprint=True)


def test_typing_the_number() -> None:
    kiosk = walk()
    kiosk.go(e.OpenReprint(), e.OpenKeypad())
    kiosk.go(*(e.KeyPressed(key) for key in ("c", "0", "1", "2", "delete", "3")))
    assert isinstance(kiosk.state.screen, Keypad)
    assert kiosk.state.screen.text == "C013"
    kiosk.go(e.Confirm())
    assert kiosk.did == [x.AskFind(1, number="C013")]
    kiosk.go(e.Confirm())
    assert kiosk.did == []
    assert kiosk.go(e.Found(1, (C013,))) == "offer"


def test_a_number_that_does_not_exist_may_be_corrected() -> None:
    kiosk = walk()
    kiosk.go(e.OpenReprint(), e.OpenKeypad(), e.KeyPressed("B"), e.Confirm())
    assert kiosk.go(e.Found(1, ())) == "keypad"
    assert kiosk.state.notice is not None
    assert isinstance(kiosk.state.screen, Keypad)
    assert kiosk.state.screen.text == "B"


def test_only_so_many_keys_count() -> None:
    kiosk = walk()
    kiosk.go(e.OpenReprint(), e.OpenKeypad(), *(e.KeyPressed(key) for key in "A123456789号"))
    assert isinstance(kiosk.state.screen, Keypad)
    assert kiosk.state.screen.text == "A1234567"
    kiosk.go(e.KeyPressed("clear"))
    assert isinstance(kiosk.state.screen, Keypad)
    assert kiosk.state.screen.text == ""


def test_nothing_found_and_no_answer_are_said() -> None:
    kiosk = walk()
    kiosk.go(e.OpenReprint(), CARD)
    assert kiosk.go(e.Found(1, ())) == "reprint"
    assert kiosk.state.notice is not None
    kiosk.go(CARD)
    assert kiosk.go(e.Unanswered(2)) == "reprint"
    assert kiosk.state.notice is not None
    assert "连不上" in kiosk.state.notice.text


def test_an_answer_to_an_older_question_is_not_taken() -> None:
    kiosk = walk()
    kiosk.go(e.OpenReprint(), CARD, e.CardGone(), e.CardRead(samples.OTHER))
    assert kiosk.go(e.Found(1, (C013,))) == "reprint"
    assert kiosk.go(e.Found(2, (A002,))) == "number"


def test_someone_elses_card_on_the_offer_begins_anew() -> None:
    kiosk = walk()
    kiosk.go(e.OpenReprint(), CARD, e.Found(1, (C013, A002)), e.CardGone())
    assert kiosk.go(e.CardRead(samples.OTHER)) == "home"
    assert kiosk.state.person == samples.OTHER
    assert x.Wipe() in kiosk.did
