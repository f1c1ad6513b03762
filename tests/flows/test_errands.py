"""What a kiosk offers, as the hall says it: what is not offered is not begun, and what is under way ends."""

from __future__ import annotations

from itertools import combinations

import pytest

from contract.errands import AT_THE_KIOSK, EVERYTHING, Errand, errands_of
from kiosk import samples
from kiosk.flow import reader_wanted
from kiosk.flows import effects as x
from kiosk.flows import events as e
from kiosk.flows.reprint import HAS_TICKET, NO_CHECK_IN_HERE, NO_REPRINT_HERE
from kiosk.flows.state import State
from kiosk.flows.take import NOT_HERE
from kiosk.flows.words import home_say, papers_title, take_offer
from tests.flows.walk import Walk, walk

CARD = e.CardRead(samples.PERSON)
ITEM = samples.item_code("社会保障卡")
SETS = [
    frozenset(chosen)
    for count in range(1, len(Errand) + 1)
    for chosen in combinations(Errand, count)
    if AT_THE_KIOSK.intersection(chosen)
]


def offering(*errands: Errand, **opening: bool) -> Walk:
    kiosk = walk(**opening)
    kiosk.go(samples.only(*(errand.value for errand in errands)))
    return kiosk


def said(state: State) -> str:
    return state.notice.text if state.notice else ""


@pytest.mark.parametrize("errands", SETS, ids=lambda chosen: "-".join(sorted(chosen)))
def test_what_is_not_offered_is_never_begun(errands: frozenset[Errand]) -> None:
    kiosk = offering(*errands)
    assert kiosk.state.facts.errands == errands
    assert (kiosk.go(e.CallForGuide()) == "guide_called") == (Errand.HELP in errands)
    kiosk = offering(*errands)
    assert (kiosk.go(e.OpenReprint()) == "reprint") == kiosk.state.facts.papers
    kiosk = offering(*errands)
    assert (kiosk.go(e.ChooseZone("zh")) == "zone") == kiosk.state.facts.opens_zones
    kiosk.go(e.ChooseItem(ITEM))
    assert (kiosk.state.screen.name == "guide") == (Errand.GUIDES in errands)
    kiosk = offering(*errands)
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    asked = [effect for effect in kiosk.did if isinstance(effect, x.AskIssue)]
    assert bool(asked) == (Errand.TAKE in errands)


@pytest.mark.parametrize("errands", [each for each in SETS if Errand.TAKE in each])
def test_a_number_is_three_touches_whatever_else_is_offered(errands: frozenset[Errand]) -> None:
    kiosk = offering(*errands)
    touches = (e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    assert kiosk.screens(*touches) == ["zone", "service", "issuing"]
    assert kiosk.did == [x.AskIssue(kiosk.state.attempts, "sb")]


def test_without_numbers_the_sheet_says_where_they_are_given() -> None:
    kiosk = offering(Errand.GUIDES)
    kiosk.go(e.ChooseZone("zh"), e.ChooseItem(ITEM))
    offer = take_offer(kiosk.state, "sb")
    assert not offer.usable
    assert "其他自助机" in offer.more
    kiosk.go(e.Take())
    assert said(kiosk.state) == NOT_HERE


def test_a_kiosk_of_guides_goes_on_without_a_hall() -> None:
    kiosk = offering(Errand.GUIDES, Errand.HELP)
    assert kiosk.go(e.ServerGone()) == "home"
    assert kiosk.go(e.ChooseZone("zh")) == "zone"
    assert not kiosk.state.facts.lonely
    assert offering(Errand.TAKE).go(e.ServerGone()) == "error"


def test_a_card_that_nothing_is_done_with_is_not_read() -> None:
    assert not reader_wanted(offering(Errand.GUIDES, Errand.HELP).state)
    for errand in (Errand.TAKE, Errand.REPRINT, Errand.CHECK_IN):
        assert reader_wanted(offering(errand).state)


def test_without_guides_there_is_nothing_to_read_while_the_hall_is_away() -> None:
    kiosk = offering(Errand.TAKE)
    assert kiosk.screens(e.ChooseZone("zh"), e.ServerGone(), e.GoHome())[-1] == "error"
    kiosk = offering(Errand.TAKE, Errand.GUIDES)
    assert kiosk.screens(e.ChooseZone("zh"), e.ServerGone(), e.GoHome())[-1] == "home"


def test_a_kiosk_of_guides_gives_none_of_its_own_numbers() -> None:
    kiosk = offering(Errand.GUIDES)
    kiosk.go(*samples.LONELY, e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    assert not [effect for effect in kiosk.did if isinstance(effect, x.AskAlone)]


def test_a_card_at_home_of_a_kiosk_that_prints_nothing_again() -> None:
    kiosk = offering(Errand.TAKE)
    assert kiosk.go(CARD) == "home"
    assert kiosk.did == [], "nobody is asked for tickets that could not be printed"
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    kiosk.go(e.Issued(kiosk.state.attempts, samples.slip(), existing=True))
    assert kiosk.state.screen.name == "service"
    assert "C013 号，仍然有效" in said(kiosk.state)


def test_check_in_alone() -> None:
    kiosk = offering(Errand.CHECK_IN)
    assert papers_title(kiosk.state.facts) == "预约签到"
    kiosk.go(e.OpenReprint(), CARD)
    kiosk.go(e.Found(kiosk.state.attempts, (samples.slip(),), ("12345678",)))
    assert kiosk.did == [x.AskCheckIn(kiosk.state.attempts, "12345678")]
    kiosk = offering(Errand.CHECK_IN)
    kiosk.go(e.OpenReprint(), CARD)
    kiosk.go(e.Found(kiosk.state.attempts, (samples.slip(),)))
    assert said(kiosk.state) == HAS_TICKET.format(number="C013")
    kiosk.go(e.OpenKeypad(), *map(e.KeyPressed, "C013"), e.Confirm())
    assert (kiosk.did, said(kiosk.state)) == ([], NO_REPRINT_HERE)


def test_reprint_alone() -> None:
    kiosk = offering(Errand.REPRINT)
    assert papers_title(kiosk.state.facts) == "补打号票"
    kiosk.go(e.OpenReprint(), e.OpenKeypad(), *map(e.KeyPressed, "12345678"), e.Confirm())
    assert (kiosk.did, said(kiosk.state)) == ([], NO_CHECK_IN_HERE)
    kiosk = offering(Errand.REPRINT)
    kiosk.go(e.OpenReprint(), CARD)
    assert kiosk.go(e.Found(kiosk.state.attempts, (samples.slip(),), ("12345678",))) == "number"


def test_whoever_has_begun_ends_what_he_began() -> None:
    kiosk = walk()
    kiosk.go(e.OpenReprint(), CARD)
    assert kiosk.go(samples.only("take")) == "reprint"
    assert kiosk.go(e.Found(kiosk.state.attempts, ())) == "reprint"
    assert kiosk.go(e.GoHome()) == "home"
    assert kiosk.go(e.OpenReprint()) == "home"


def test_home_says_what_can_be_done() -> None:
    for errands in SETS:
        say = home_say(offering(*errands).state, browsing=False, looking=False)
        assert ("取号请用其他自助机" in say.more) == (Errand.TAKE not in errands)
        assert ("补打" in say.more) == (errands >= {Errand.TAKE, Errand.REPRINT})


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ((), EVERYTHING),
        (("take", "help"), {Errand.TAKE, Errand.HELP}),
        (("take", "fly"), {Errand.TAKE}),
        (("fly",), EVERYTHING),
        (("help",), EVERYTHING),
    ],
)
def test_words_of_a_later_hall(words: tuple[str, ...], means: frozenset[Errand]) -> None:
    assert errands_of(words) == means
