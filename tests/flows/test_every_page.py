"""What holds on every page: idle time, type size, a guide called, server and devices, home."""

from __future__ import annotations

import pytest

from devices.tickets import Proof
from kiosk import flow, samples
from kiosk.flows import effects as x
from kiosk.flows import events as e
from kiosk.flows.aside import Asking, GuideCalled, IdleWarning
from kiosk.flows.home import Home
from kiosk.flows.state import COUNTDOWN, IDLE, Manner
from tests.flows.walk import Walk, walk

CARD = e.CardRead(samples.PERSON)
SECOND = e.TimerFired(COUNTDOWN)


def at_service() -> Walk:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"))
    return kiosk


def test_sixty_seconds_then_twenty_then_everything_is_dropped() -> None:
    kiosk = walk()
    kiosk.go(CARD, e.Found(1, ()), e.CardGone(), e.ChooseZone("zh"))
    assert kiosk.timers[IDLE] == 60
    assert kiosk.go(e.TimerFired(IDLE)) == "idle_warning"
    assert set(kiosk.screens(*[SECOND] * 19)) == {"idle_warning"}
    assert kiosk.go(SECOND) == "home"
    assert kiosk.state.person is None
    assert x.Wipe() in kiosk.did


def test_elder_mode_doubles_both() -> None:
    kiosk = walk()
    kiosk.go(e.ToggleElder(), e.ChooseZone("zh"))
    assert kiosk.timers[IDLE] == 120
    kiosk.go(e.TimerFired(IDLE))
    assert isinstance(kiosk.state.screen, IdleWarning)
    assert kiosk.state.screen.left == 40


def test_staying_goes_on_where_it_was() -> None:
    kiosk = at_service()
    before = kiosk.state.screen
    kiosk.go(e.TimerFired(IDLE), SECOND)
    assert kiosk.go(e.Stay()) == "service"
    assert kiosk.state.screen == before
    assert IDLE in kiosk.timers
    assert kiosk.go(SECOND) == "service"


def test_a_card_laid_during_the_warning_goes_on() -> None:
    kiosk = at_service()
    kiosk.go(e.TimerFired(IDLE))
    assert kiosk.screens(e.CardFound(), CARD) == ["service", "issuing"]


def test_no_idle_timer_while_the_kiosk_works() -> None:
    kiosk = at_service()
    kiosk.go(e.CardFound())
    assert IDLE not in kiosk.timers
    kiosk.go(CARD)
    assert IDLE not in kiosk.timers
    assert kiosk.go(e.TimerFired(IDLE)) == "issuing"
    kiosk.go(e.Issued(1, samples.slip()))
    assert kiosk.go(e.TimerFired(IDLE)) == "number"
    assert IDLE not in kiosk.timers


def test_nobody_is_warned_at_rest() -> None:
    kiosk = walk()
    assert kiosk.go(e.TimerFired(IDLE)) == "home"
    assert kiosk.timers == {}


def test_type_and_contrast_stay_until_the_session_ends() -> None:
    kiosk = walk()
    kiosk.go(e.ToggleElder(), e.ToggleContrast(), e.ChooseZone("zh"), e.GoHome())
    assert kiosk.state.manner == Manner(elder=True, contrast=True)
    assert IDLE in kiosk.timers
    kiosk.go(e.TimerFired(IDLE), *[SECOND] * 40)
    assert kiosk.state.manner == Manner()


def test_home_forgets_a_person_whose_card_is_gone() -> None:
    kiosk = walk()
    kiosk.go(CARD, e.Found(1, ()), e.ChooseZone("zh"), e.GoHome())
    assert kiosk.state.person == samples.PERSON
    kiosk.go(e.ChooseZone("zh"), e.CardGone(), e.GoHome())
    assert kiosk.state.person is None


def test_a_guide_is_called_over_any_page_and_the_page_stays() -> None:
    kiosk = at_service()
    assert kiosk.go(e.CallForGuide()) == "guide_called"
    assert kiosk.did == [x.AskGuide(1, "service")]
    kiosk.go(e.GuideComing(1))
    assert isinstance(kiosk.state.screen, GuideCalled)
    assert kiosk.state.screen.stage is Asking.COMING
    assert kiosk.go(e.Back()) == "service"


def test_a_number_that_comes_while_a_guide_is_called_is_shown() -> None:
    kiosk = at_service()
    kiosk.go(e.Take(), e.CallForGuide())
    assert kiosk.go(e.Issued(1, samples.slip())) == "number"


def test_the_server_goes_and_comes_back_by_itself() -> None:
    kiosk = walk()
    assert kiosk.screens(e.ServerGone(), e.ServerBack()) == ["error", "home"]


def test_guides_can_be_read_while_the_server_is_away() -> None:
    kiosk = walk(server=False)
    assert kiosk.state.screen.name == "error"
    assert kiosk.screens(e.BrowseGuides(), e.ChooseZone("zh")) == ["home", "zone"]
    kiosk.go(e.Back())
    assert kiosk.go(e.ServerBack()) == "home"
    assert kiosk.state.screen == Home()


def test_a_citizen_in_the_middle_is_not_thrown_out_by_the_server() -> None:
    kiosk = at_service()
    assert kiosk.go(e.ServerGone()) == "service"
    assert not kiosk.state.facts.server


def test_nothing_to_show_yet_and_closed_by_the_hall() -> None:
    state = flow.start()
    assert state.screen.name == "out_of_service"
    kiosk = walk()
    assert kiosk.screens(e.TakenOutOfService("正在维护"), e.TakenOutOfService()) == ["out_of_service", "home"]


def test_a_closing_waits_for_the_citizen() -> None:
    kiosk = at_service()
    assert kiosk.go(e.TakenOutOfService("正在维护")) == "service"
    assert kiosk.go(e.GoHome()) == "out_of_service"


def test_a_lost_reader_forgets_the_card_and_keeps_the_page() -> None:
    kiosk = at_service()
    kiosk.go(e.CardFound())
    assert kiosk.go(samples.NO_READER) == "service"
    assert (kiosk.state.reading, kiosk.state.card, kiosk.state.facts.reader) == (False, False, False)
    assert kiosk.go(e.Take()) == "issuing"


def test_an_expired_card_takes_a_number_and_is_mentioned() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.CardRead(samples.PERSON, expired=True))
    assert kiosk.state.notice is not None
    assert "有效期" in kiosk.state.notice.text


def test_the_technicians_page_shows_and_closes() -> None:
    kiosk = walk()
    assert kiosk.screens(e.OpenTechnician(), e.Back()) == ["technician", "home"]


@pytest.mark.parametrize("proof", list(Proof))
def test_home_from_a_finished_number_ends_the_session(proof: Proof) -> None:
    kiosk = at_service()
    kiosk.go(e.ToggleContrast(), e.Take(), e.Issued(1, samples.slip()))
    assert kiosk.go(e.GoHome()) == "number"
    kiosk.go(e.Printed(2, proof))
    assert kiosk.go(e.GoHome()) == "home"
    assert kiosk.state.manner == Manner()
