"""Taking a number, as lists of events and screens."""

from __future__ import annotations

import msgspec
import pytest

from contract.guide_sheet import Bring, materials
from contract.messages import Paper
from devices.tickets import Proof
from kiosk import flow, samples
from kiosk.flows import effects as x
from kiosk.flows import events as e
from kiosk.flows.number import Number, Stage
from kiosk.flows.state import GUARD, IDLE, LEAVE, RETRY
from kiosk.flows.take import GuidePage, Held, Issuing
from tests.flows.walk import Walk, walk

CARD = e.CardRead(samples.PERSON)
SOCIAL_CARD = samples.item_code("社会保障卡")


def issued(kiosk: Walk, *, existing: bool = False) -> e.Issued:
    return e.Issued(kiosk.state.attempts, samples.slip(), existing)


def printed(kiosk: Walk, proof: Proof = Proof.CONFIRMED) -> e.Printed:
    return e.Printed(kiosk.state.attempts, proof)


def test_three_touches_without_a_card() -> None:
    kiosk = walk()
    touches = (e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    assert kiosk.screens(*touches) == ["zone", "service", "issuing"]
    assert kiosk.did == [x.AskIssue(1, "sb")]
    assert kiosk.go(issued(kiosk)) == "number"
    assert kiosk.did == [
        x.PrintSlip(2, samples.slip(), reprint=False),
        x.ReportPaper("t-c013", Paper.SENT, reprint=False),
    ]
    assert kiosk.go(printed(kiosk)) == "number"
    assert kiosk.did == [x.ReportPaper("t-c013", Paper.CONFIRMED, reprint=False)]
    assert kiosk.go(e.TimerFired(LEAVE)) == "home"
    assert x.Wipe() in kiosk.did


def test_through_the_guide_sheet_with_a_card_laid_there() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseItem(SOCIAL_CARD))
    assert kiosk.screens(e.ChooseOption(0, 2), e.ChooseOption(1, 0)) == ["guide", "guide"]
    assert kiosk.screens(e.CardFound(), CARD) == ["guide", "issuing"]
    ask = kiosk.did[-1]
    assert ask == x.AskIssue(1, "sb", (SOCIAL_CARD,), ("遗失补卡", "否"), samples.PERSON)


def test_a_card_laid_at_home_is_used_at_the_take() -> None:
    kiosk = walk()
    kiosk.go(e.CardFound(), CARD)
    assert kiosk.did == [x.AskFind(1, person_key=samples.PERSON.key)]
    assert kiosk.go(e.Found(1, ())) == "home"
    kiosk.go(e.CardGone(), e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    assert kiosk.did == [x.AskIssue(2, "sb", person=samples.PERSON)]


def test_a_card_at_home_with_one_open_ticket_is_one_touch() -> None:
    kiosk = walk()
    kiosk.go(CARD)
    assert kiosk.go(e.Found(1, (samples.slip(),))) == "welcome"
    assert kiosk.go(e.ReprintTicket("t-c013")) == "number"
    assert kiosk.did[0] == x.PrintSlip(2, samples.slip(), reprint=True)


def test_a_service_with_one_item_opens_its_guide_sheet_at_once() -> None:
    full = samples.catalogue()
    services = tuple(
        msgspec.structs.replace(each, items=each.items[:1]) if each.id == "fl" else each
        for each in full.services
    )
    kiosk = walk()
    kiosk.go(e.CatalogueArrived(msgspec.structs.replace(full, services=services)))
    assert kiosk.screens(e.ChooseZone("sf"), e.ChooseService("fl"), e.Back()) == ["zone", "guide", "zone"]


def test_a_hall_with_one_service_is_one_touch_for_a_card_laid_at_home() -> None:
    full = samples.catalogue()
    kiosk = walk()
    kiosk.go(e.CatalogueArrived(msgspec.structs.replace(full, services=full.services[:1])))
    kiosk.go(CARD)
    assert kiosk.screens(e.Found(1, ()), e.TakeService("qy")) == ["welcome", "issuing"]
    assert kiosk.did == [x.AskIssue(2, "qy", person=samples.PERSON)]


def test_the_ticket_that_exists_is_offered_instead_of_a_second_one() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), CARD)
    assert kiosk.go(issued(kiosk, existing=True)) == "offer"
    assert kiosk.go(e.ReprintTicket("t-c013")) == "number"
    assert isinstance(kiosk.did[0], x.PrintSlip)
    assert kiosk.did[0].reprint


def test_a_second_tap_a_late_answer_and_a_second_card_change_nothing() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take(), e.Take())
    assert kiosk.did == []
    kiosk.go(e.CardFound(), CARD)
    assert kiosk.state.screen.name == "issuing"
    assert kiosk.did == []
    answer = issued(kiosk)
    kiosk.go(answer, answer)
    assert kiosk.did == []
    assert isinstance(kiosk.state.screen, Number)
    kiosk.go(e.CardGone(), printed(kiosk), e.GoHome())
    assert kiosk.go(answer) == "home"


def test_the_same_request_goes_out_again_while_the_hall_is_silent() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    first = kiosk.did[0]
    assert kiosk.go(e.Unanswered(1)) == "issuing"
    assert kiosk.did == [first]
    assert kiosk.go(e.Unanswered(1)) == "error"
    assert isinstance(kiosk.state.screen, Held)
    assert kiosk.screens(e.ServerGone(), e.TimerFired(RETRY)) == ["error", "error"]
    assert kiosk.did == []
    assert kiosk.go(e.ServerBack()) == "issuing"
    assert kiosk.did == [first]
    assert kiosk.go(e.Issued(1, samples.slip())) == "number"


def test_a_late_answer_ends_the_wait() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take(), e.Unanswered(1), e.Unanswered(1))
    assert kiosk.go(e.Issued(1, samples.slip())) == "number"


def test_an_issuing_that_nobody_answers_ends_by_its_guard() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    assert GUARD in kiosk.timers
    assert kiosk.go(e.TimerFired(GUARD)) == "error"
    assert kiosk.go(e.Back()) == "service"


def test_a_refusal_is_said_on_the_page_it_came_from() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    assert kiosk.go(e.Refused(1, "今日号已取完")) == "service"
    assert kiosk.state.notice is not None
    assert kiosk.state.notice.text == "今日号已取完"


def test_a_closed_service_says_why_and_asks_nobody() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("sf"), e.ChooseService("fl"), e.Take())
    assert kiosk.did == []
    assert kiosk.state.notice is not None
    assert "已取完" in kiosk.state.notice.text


def test_a_wish_while_the_server_is_away_is_carried_out_when_it_is_back() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.ServerGone())
    assert kiosk.go(e.Take()) == "error"
    assert kiosk.did == []
    assert kiosk.go(e.ServerBack()) == "issuing"
    assert kiosk.did == [x.AskIssue(1, "sb")]


@pytest.mark.parametrize(
    ("proof", "stage", "paper", "again"),
    [
        (Proof.FAILED, Stage.FAILED, Paper.FAILED, False),
        (Proof.UNKNOWN, Stage.UNSURE, Paper.UNKNOWN, True),
    ],
)
def test_paper_that_failed_leaves_the_number_and_can_be_tried_again(
    proof: Proof, stage: Stage, paper: Paper, again: bool
) -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    kiosk.go(issued(kiosk))
    kiosk.go(printed(kiosk, proof))
    assert isinstance(kiosk.state.screen, Number)
    assert kiosk.state.screen.stage is stage
    assert kiosk.did == [x.ReportPaper("t-c013", paper, reprint=False)]
    kiosk.go(e.PrintAgain())
    assert kiosk.did[0] == x.PrintSlip(3, samples.slip(), reprint=again)


def test_paper_out_shows_the_number_and_why() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    kiosk.go(issued(kiosk))
    assert kiosk.go(e.PrintRefused(2, "打印机缺纸")) == "number"
    screen = kiosk.state.screen
    assert isinstance(screen, Number)
    assert (screen.stage, screen.sentence, screen.slip.number) == (Stage.FAILED, "打印机缺纸", "C013")
    assert IDLE in kiosk.timers


def test_without_a_printer_the_number_is_shown_and_nothing_is_printed() -> None:
    kiosk = walk(printer=False)
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    assert kiosk.go(issued(kiosk)) == "number"
    assert kiosk.did == [x.ReportPaper("t-c013", Paper.FAILED, reprint=False)]


def test_a_printer_that_never_ends_is_given_up() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    kiosk.go(issued(kiosk), e.TimerFired(GUARD))
    assert isinstance(kiosk.state.screen, Number)
    assert kiosk.state.screen.stage is Stage.UNSURE


def test_a_card_left_behind_is_asked_for_and_nothing_of_the_person_stays() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), CARD)
    kiosk.go(issued(kiosk))
    kiosk.go(printed(kiosk))
    assert kiosk.go(e.TimerFired(LEAVE)) == "card_left"
    assert kiosk.state.person is None
    assert kiosk.go(e.CardGone()) == "home"


def test_the_next_person_may_lay_his_card_while_a_number_is_still_shown() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), CARD)
    kiosk.go(issued(kiosk))
    kiosk.go(printed(kiosk), e.CardGone())
    assert kiosk.go(e.CardRead(samples.OTHER)) == "home"
    assert x.Wipe() in kiosk.did
    assert kiosk.state.person == samples.OTHER


def test_the_same_card_again_on_the_number_changes_nothing() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), CARD)
    kiosk.go(issued(kiosk))
    kiosk.go(printed(kiosk), e.CardGone())
    assert kiosk.go(CARD) == "number"
    assert kiosk.did == []


def test_a_refused_card_leaves_the_page_and_says_why() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.CardFound())
    assert kiosk.state.reading
    assert kiosk.go(e.CardRefused("暂不支持这种证件")) == "service"
    assert not kiosk.state.reading
    assert kiosk.state.notice is not None


def test_back_leads_one_page_up() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.ChooseItem(SOCIAL_CARD))
    assert kiosk.screens(e.Back(), e.Back(), e.Back()) == ["service", "zone", "home"]
    kiosk.go(e.ChooseZone("zh"), e.ChooseItem(SOCIAL_CARD))
    assert kiosk.screens(e.Back()) == ["zone"]


def test_the_materials_follow_the_situation() -> None:
    item = next(
        each for each in samples.catalogue().items if each.code == samples.item_code("居民身份证换领")
    )
    names = [paper.name for paper in materials(item, (None, None))]
    assert names == ["原居民身份证", "居民户口簿", "证件照(可现场采集)"]
    with_child = materials(item, (2, 1))
    assert [(paper.name, paper.bring) for paper in with_child] == [
        ("原居民身份证", Bring.NEEDED),
        ("监护人居民身份证", Bring.NEEDED),
        ("变更户口登记项目的凭证", Bring.NEEDED),
        ("居民户口簿", Bring.MAY_BE_MISSING),
        ("证件照(可现场采集)", Bring.IF_ASKED),
    ]


def test_a_new_catalogue_under_an_open_guide_sheet_keeps_or_leaves_it() -> None:
    kiosk = walk()
    kiosk.go(e.ChooseZone("zh"), e.ChooseItem(SOCIAL_CARD), e.ChooseOption(0, 1))
    same = samples.catalogue()
    assert kiosk.go(e.CatalogueArrived(same)) == "guide"
    assert isinstance(kiosk.state.screen, GuidePage)
    assert kiosk.state.screen.answers == (1, None)


def test_the_reader_is_only_wanted_where_a_card_is_of_use() -> None:
    kiosk = walk()
    assert flow.reader_wanted(kiosk.state)
    kiosk.go(e.ChooseZone("zh"), e.ChooseService("sb"), e.Take())
    assert isinstance(kiosk.state.screen, Issuing)
    assert not flow.reader_wanted(kiosk.state)
