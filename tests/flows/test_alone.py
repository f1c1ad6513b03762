"""The hall is away: numbers of this kiosk's own, said honestly; and a citizen who leaves meanwhile."""

from __future__ import annotations

from contract.messages import Paper
from devices.tickets import Proof
from kiosk import samples
from kiosk.flows import effects as x
from kiosk.flows import events as e
from kiosk.flows.home import Home
from kiosk.flows.number import Number
from kiosk.flows.reprint import NONE_ALONE
from kiosk.flows.take import NONE_READY, Held, Issuing
from kiosk.flows.words import ALONE, home_say, take_offer
from tests.flows.walk import Walk, walk

READY = e.LoneChanged({"sb": 12, "qy": 20, "crj": 0})
CARD = e.CardRead(samples.PERSON)
ALONE_SLIP = samples.slip("C501", alone=True, ahead=0, wait_low=None, wait_high=None)


def lonely() -> Walk:
    kiosk = walk()
    kiosk.go(READY, e.ServerGone())
    return kiosk


def test_the_home_page_stays_and_says_so() -> None:
    kiosk = lonely()
    assert kiosk.state.screen == Home()
    said = home_say(kiosk.state, browsing=False, looking=False)
    assert "离线取号" in said.text
    assert "并入队列" in said.more
    assert kiosk.go(e.LoneChanged({"sb": 0})) == "error", "nothing left: the page says that"
    assert kiosk.go(READY) == "home"
    assert kiosk.go(e.ServerBack()) == "home"


def test_a_number_alone_from_touch_to_paper() -> None:
    kiosk = lonely()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"))
    assert take_offer(kiosk.state, "sb").more == ALONE
    assert kiosk.go(CARD) == "issuing"
    assert kiosk.did == [x.AskAlone(1, "sb", (), (), samples.PERSON)]
    assert kiosk.go(e.Issued(1, ALONE_SLIP)) == "number"
    assert x.PrintSlip(2, ALONE_SLIP, False) in kiosk.did
    kiosk.go(e.Printed(2, Proof.CONFIRMED))
    assert kiosk.did == [x.ReportPaper("t-c501", Paper.CONFIRMED, False)]


def test_a_service_without_numbers_of_its_own_is_refused_with_a_way_out() -> None:
    kiosk = lonely()
    kiosk.go(e.ChooseZone("ga"), e.ChooseService("crj"), e.Take())
    assert kiosk.state.notice is not None
    assert kiosk.state.notice.text == NONE_READY
    assert not take_offer(kiosk.state, "crj").usable


def test_what_the_kiosk_says_no_to_is_shown_on_the_page() -> None:
    kiosk = lonely()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    assert kiosk.go(e.Refused(1, "业务日已结束")) == "service"
    assert kiosk.state.notice is not None
    kiosk.go(e.Take())
    assert kiosk.go(e.Unanswered(2)) == "service"


def test_the_hall_falls_silent_in_the_middle_and_its_number_is_to_go() -> None:
    for silence in (e.ServerGone(), e.TimerFired("guard")):
        kiosk = walk()
        kiosk.go(READY, e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
        kiosk.go(silence)
        assert kiosk.did == [x.AskAlone(2, "sb", instead_of=1)]
        assert isinstance(kiosk.state.screen, Issuing)
        kiosk.go(e.Issued(1, samples.slip()))
        assert kiosk.state.screen.name == "issuing", (
            "the hall's late number is not shown: it is to be cancelled"
        )
        assert kiosk.go(e.Issued(2, ALONE_SLIP)) == "number"


def test_own_numbers_can_be_printed_again_and_others_are_explained() -> None:
    kiosk = lonely()
    assert kiosk.go(CARD) == "home"
    assert kiosk.did == [x.AskFind(1, person_key=samples.PERSON.key)]
    assert kiosk.go(e.Found(1, (ALONE_SLIP,))) == "welcome"
    assert kiosk.go(e.ReprintTicket("t-c501")) == "number"
    other = lonely()
    other.go(e.OpenReprint(), CARD, e.Found(1, ()))
    assert other.state.notice is not None
    assert other.state.notice.text == NONE_ALONE


def test_what_came_home_is_said_at_rest_and_to_nobody_in_the_middle() -> None:
    kiosk = lonely()
    kiosk.go(e.ServerBack(), e.CameHome(12))
    assert kiosk.state.notice is not None
    assert "12 个号已并入队列" in kiosk.state.notice.text
    assert kiosk.state.notice.good
    kiosk.go(e.CameHome(3, 1))
    assert kiosk.state.notice is not None
    assert not kiosk.state.notice.good
    busy = lonely()
    busy.go(e.ChooseZone("zh"), e.CameHome(12))
    assert busy.state.notice is None


# ---------------------------------------------------------------- nobody waits for it


def test_leaving_a_held_wish_takes_the_request_back() -> None:
    for leaving in (e.Back(), e.GoHome(), e.Failed()):
        kiosk = walk()
        kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take(), e.ServerGone())
        assert isinstance(kiosk.state.screen, Held)
        kiosk.go(leaving)
        assert kiosk.did[0] == x.GiveUp(1), leaving


def test_idling_away_takes_it_back_before_everything_is_wiped() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take(), e.ServerGone(), e.TimerFired("idle"))
    kiosk.go(*[e.TimerFired("countdown")] * 19)
    assert x.GiveUp(1) not in kiosk.did
    kiosk.go(e.TimerFired("countdown"))
    assert kiosk.did[:2] == [x.GiveUp(1), x.Wipe()]


def test_what_was_answered_is_never_taken_back() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    kiosk.go(e.Issued(1, samples.slip()))
    assert isinstance(kiosk.state.screen, Number)
    assert not [each for each in kiosk.did if isinstance(each, x.GiveUp)]
    kiosk.go(e.Printed(2, Proof.CONFIRMED), e.GoHome())
    assert not [each for each in kiosk.did if isinstance(each, x.GiveUp)]
    refused = walk()
    refused.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take(), e.Refused(1, "今日号已取完"))
    assert refused.did == []
