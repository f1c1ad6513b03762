"""The whole kiosk but its window, on real drivers over PTYs and a hall that answers by the contract."""

from __future__ import annotations

import gc
import logging
import threading
from pathlib import Path

import pytest

from contract import messages as m
from contract.errands import Errand
from devices.simulators.people import PEOPLE
from kiosk import samples
from kiosk.flows import events as e
from kiosk.flows.home import OutOfService
from kiosk.flows.state import LEAVE
from tests.kiosk.desk import desk

WAY = (e.ChooseZone("zh"), e.ChooseService("sb"))


def test_a_card_on_the_service_page_gives_paper(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.do(*WAY)
        kiosk.on("service")
        kiosk.reader.lay("zhang")
        number = kiosk.paper("printed")
        assert number.slip.number == "C001"
        assert number.slip.masked_name == "张*"
        assert "C001" in kiosk.printer.latest_text()
        asked = kiosk.hall.wait(lambda asked: sum(isinstance(each, m.ReportPaper) for each in asked) == 2)
        issue = next(each for each in asked if isinstance(each, m.Issue))
        assert issue.person is not None
        assert (issue.service, len(issue.person.key), issue.person.flags) == ("sb", 64, ())
        assert kiosk.hall.papers() == [(m.Paper.SENT, False), (m.Paper.CONFIRMED, False)]
        kiosk.wait(lambda state: state.card)
        kiosk.do(e.TimerFired(LEAVE))
        kiosk.on("card_left")
        kiosk.reader.remove()
        kiosk.at_rest()


def test_the_same_card_again_is_offered_its_ticket_and_reprinted_with_a_mark(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.do(*WAY)
        kiosk.reader.lay("zhao")
        kiosk.paper("printed")
        issue = next(each for each in kiosk.hall.asked if isinstance(each, m.Issue))
        assert issue.person is not None
        assert issue.person.flags == ("age60",)
        kiosk.reader.remove()
        kiosk.wait(lambda state: not state.card)
        kiosk.do(e.GoHome())
        kiosk.at_rest()
        kiosk.reader.lay("zhao")
        kiosk.on("welcome")
        kiosk.do(e.ReprintTicket("t-c001"))
        assert kiosk.paper("printed").reprint
        assert "补打" in kiosk.printer.latest_text()
        kiosk.hall.wait(lambda _: kiosk.hall.papers()[-1:] == [(m.Paper.CONFIRMED, True)])


def test_without_a_card_and_with_another_card_afterwards(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.do(*WAY, e.Take())
        kiosk.paper("printed")
        kiosk.reader.lay("wang")
        kiosk.wait(lambda state: state.screen.name == "home" and state.person is not None)
        assert kiosk.session.state.person is not None
        assert kiosk.session.state.person.masked_name == "王*"


def test_an_unknown_card_is_refused_politely_and_the_page_stays(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.do(*WAY)
        kiosk.reader.lay("strange")
        state = kiosk.wait(lambda state: state.notice is not None)
        assert state.screen.name == "service"
        assert state.notice is not None
        assert "暂不支持" in state.notice.text
        kiosk.do(e.Take())
        kiosk.paper("printed")


def test_paper_out_leaves_the_number_and_prints_when_there_is_paper_again(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.printer.set_fault("paper_out", True)
        kiosk.do(*WAY, e.Take())
        number = kiosk.paper("failed")
        assert "纸" in number.sentence
        kiosk.hall.wait(lambda _: m.Paper.FAILED in [paper for paper, _ in kiosk.hall.papers()])
        kiosk.printer.set_fault("paper_out", False)
        kiosk.wait(lambda state: state.facts.printer)
        kiosk.do(e.PrintAgain())
        kiosk.paper("printed")
        assert kiosk.printer.printed == 1


def test_a_plug_pulled_while_printing_leaves_the_paper_unknown_and_a_second_one_is_marked(
    tmp_path: Path,
) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.printer.set_fault("stall", True)
        kiosk.do(*WAY, e.Take())
        kiosk.paper("printing")
        kiosk.printer.set_fault("unplugged", True)
        kiosk.paper("unsure")
        kiosk.hall.wait(lambda _: kiosk.hall.papers()[-1:] == [(m.Paper.UNKNOWN, False)])
        kiosk.printer.set_fault("stall", False)
        kiosk.printer.set_fault("unplugged", False)
        kiosk.wait(lambda state: state.facts.printer)
        kiosk.do(e.PrintAgain())
        assert kiosk.paper("printed").reprint
        kiosk.hall.wait(lambda _: kiosk.hall.papers()[-1:] == [(m.Paper.CONFIRMED, True)])


def test_a_pulled_reader_is_seen_and_comes_back(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.reader.set_fault("unplugged", True)
        kiosk.wait(lambda state: not state.facts.reader)
        kiosk.do(*WAY, e.Take())
        kiosk.paper("printed")
        kiosk.do(e.GoHome())
        kiosk.reader.set_fault("unplugged", False)
        kiosk.at_rest()


def test_a_silent_hall_is_asked_again_with_the_same_id(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.hall.silent = True
        kiosk.do(*WAY, e.Take())
        kiosk.hall.wait(lambda asked: sum(isinstance(each, m.Issue) for each in asked) >= 2)
        kiosk.hall.silent = False
        kiosk.paper("printed")
        ids = {each.id for each in kiosk.hall.asked if isinstance(each, m.Issue)}
        assert len(ids) == 1
        assert len(kiosk.hall.given) == 1


def test_a_citizen_who_leaves_a_silent_hall_leaves_no_number_behind(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.hall.silent = True
        kiosk.do(*WAY, e.Take())
        asked = kiosk.hall.wait(lambda asked: any(isinstance(each, m.Issue) for each in asked))
        kiosk.hall.beat(m.Presence.LOST)
        kiosk.on("error")
        kiosk.do(e.GoHome())
        kiosk.hall.silent = False
        kiosk.hall.beat()
        told = kiosk.hall.wait(lambda asked: any(isinstance(each, m.CancelIssue) for each in asked))
        cancelled = {each.issue for each in told if isinstance(each, m.CancelIssue)}
        assert cancelled == {each.id for each in asked if isinstance(each, m.Issue)}


def test_the_hall_goes_and_comes_back_by_itself(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.hall.beat(m.Presence.LOST)
        kiosk.on("error")
        kiosk.hall.beat()
        kiosk.at_rest()
        kiosk.do(*WAY)
        kiosk.hall.beat(m.Presence.LOST)
        kiosk.wait(lambda state: not state.facts.server)
        kiosk.do(e.Take())
        kiosk.on("error")
        kiosk.hall.beat()
        kiosk.paper("printed")


def test_the_catalogue_comes_from_the_cache_when_there_is_no_hall(tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()
    with desk(first) as kiosk:
        kiosk.at_rest()
    second = tmp_path / "second"
    second.mkdir()
    (first / "cache").rename(second / "cache")
    with desk(second) as kiosk:
        kiosk.at_rest()
        kiosk.hall.beat(m.Presence.LOST)
        state = kiosk.on("error")
        assert state.facts.shelf is not None
        assert len(state.facts.shelf.zones) == 4


def test_a_refusal_of_the_hall_is_shown(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.hall.no = "今日号已取完"
        kiosk.do(*WAY, e.Take())
        state = kiosk.wait(lambda state: state.notice is not None)
        assert (state.screen.name, state.notice.text if state.notice else "") == ("service", "今日号已取完")


def test_a_guide_is_called(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.do(*WAY, e.CallForGuide())
        kiosk.hall.wait(lambda asked: any(isinstance(each, m.CallGuide) for each in asked))
        assert [each.about for each in kiosk.hall.asked if isinstance(each, m.CallGuide)] == ["service"]


def test_the_hall_sees_the_kiosk_and_can_close_it(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.hall.configure(closed="正在维护")
        state = kiosk.on("out_of_service")
        assert state.facts.closed == "正在维护"
        kiosk.hall.configure()
        kiosk.at_rest()


def test_closed_and_errands_are_remembered_by_a_kiosk_that_starts_alone(tmp_path: Path) -> None:
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.hall.configure(errands=("take",), closed="正在维护")
        kiosk.on("out_of_service")
    with desk(tmp_path, hall=False) as alone:
        state = alone.wait(lambda state: state.facts.closed == "正在维护")
        assert state.facts.errands == {Errand.TAKE}
        assert alone.on("out_of_service").screen == OutOfService("正在维护")


def test_nothing_of_a_citizen_survives_the_session_or_reaches_a_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        for person in ("zhang", "wang", "aynur", "smith", "ivanov", "chan"):
            kiosk.do(*WAY)
            kiosk.on("service")
            kiosk.reader.lay(person)
            kiosk.wait(lambda state: state.screen.name in ("number", "offer"))
            kiosk.reader.remove()
            kiosk.wait(lambda state: not state.card)
            kiosk.paper("printed")
            kiosk.do(e.GoHome())
            kiosk.at_rest()
        state = kiosk.session.state
        kiosk.seen.clear()
        keys = [each.person.key for each in kiosk.hall.asked if isinstance(each, m.Issue) and each.person]
        assert len(set(keys)) == 6
        assert not any(key in repr(state) for key in keys)
    told = caplog.text
    for secret in ("张秀兰", "王𠮷", "阿依努尔", "SMITH", "陈大文", "99999919680312482", "GBR990199010199"):
        assert secret not in told
    assert not any(key in told for key in keys)
    assert len(PEOPLE) > 5
    gc.collect()


def test_an_error_in_a_step_ends_the_session_and_the_third_the_program(tmp_path: Path) -> None:
    gone = threading.Event()
    with desk(tmp_path) as kiosk:
        kiosk.at_rest()
        kiosk.session._broken = gone.set  # the program's own stop, told apart from a real one
        for _ in range(3):
            assert not gone.is_set()
            kiosk.do(*WAY)
            kiosk.on("service")
            kiosk.do(e.QueueChanged(None))  # type: ignore[arg-type]
            kiosk.at_rest()
        assert gone.wait(20)


def test_samples_speak_of_nobody_real() -> None:
    assert samples.PERSON.masked_name.endswith("*")
