"""Random events: the flow never fails, always has a way out, and holds nothing of a citizen at rest."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.branding import Branding
from contract.messages import TicketSlip
from devices.tickets import Proof
from kiosk import flow, samples
from kiosk.flows import effects as x
from kiosk.flows import events as e
from kiosk.flows.home import nobody_there
from kiosk.flows.state import COUNTDOWN, GUARD, IDLE, LEAVE, NOTICE, RETRY, State
from tests.flows.walk import Walk

CANARY = samples.PERSON.key

touches = st.sampled_from(
    [
        e.Touched(),
        e.ChooseZone("zh"),
        e.ChooseZone("nowhere"),
        e.ChooseService("sb"),
        e.ChooseService("fl"),
        e.ChooseItem(samples.item_code("社会保障卡")),
        e.ChooseItem("nothing"),
        e.ChooseOption(0, 1),
        e.ChooseOption(7, 7),
        e.Take(),
        e.TakeService("sb"),
        e.OpenReprint(),
        e.OpenKeypad(),
        e.KeyPressed("B"),
        e.KeyPressed("delete"),
        e.Confirm(),
        e.ReprintTicket("t-c013"),
        e.Scanned("http://hall.example/t/20261121-C013.9F"),
        e.ScanRefused("没有扫完整"),
        e.PrintAgain(),
        e.Back(),
        e.GoHome(),
        e.Stay(),
        e.ToggleElder(),
        e.ToggleContrast(),
        e.CallForGuide(),
        e.BrowseGuides(),
        e.OpenTechnician(),
    ]
)
cards = st.sampled_from(
    [
        e.CardFound(),
        e.CardRead(samples.PERSON),
        e.CardRead(samples.OTHER, True),
        e.CardRefused("请重放"),
        e.CardGone(),
    ]
)
world = st.sampled_from(
    [
        e.ServerGone(),
        e.ServerBack(),
        samples.READER,
        samples.NO_READER,
        samples.PRINTER,
        samples.NO_PRINTER,
        e.CatalogueArrived(samples.catalogue()),
        e.QueueChanged(samples.queues()[0]),
        e.DayChanged("2026-11-22"),
        e.LoneChanged({"sb": 5, "qy": 3}, 2),
        e.LoneChanged({}),
        e.CameHome(4, 1),
        e.TakenOutOfService("维护"),
        e.TakenOutOfService(""),
        samples.only("take"),
        samples.only("guides", "help"),
        samples.only("check_in"),
        samples.only(),
        e.Branded(Branding(colour="#0e5457")),
    ]
)
timers = st.sampled_from(
    [e.TimerFired(name) for name in (IDLE, COUNTDOWN, NOTICE, GUARD, LEAVE, RETRY, "reading")]
)
slips = st.sampled_from([samples.slip("C013"), samples.slip("A002")])


def answers(attempt: int) -> st.SearchStrategy[e.Event]:
    """Any answer to the last or an older attempt."""
    numbers = st.integers(min_value=max(attempt - 2, 0), max_value=attempt)
    return st.one_of(
        st.builds(e.Issued, numbers, slips, st.booleans()),
        st.builds(e.Found, numbers, st.lists(slips, max_size=2).map(tuple)),
        st.builds(e.GuideComing, numbers),
        st.builds(e.Refused, numbers, st.just("不行")),
        st.builds(e.Unanswered, numbers),
        st.builds(e.Printed, numbers, st.sampled_from(Proof)),
        st.builds(e.PrintRefused, numbers, st.just("缺纸")),
    )


def leftovers(state: State) -> list[str]:
    """What is still in the state of any citizen."""
    found = []
    if CANARY in repr(state) or samples.OTHER.key in repr(state):
        found.append("person")
    if "TicketSlip" in repr(state.screen):
        found.append("ticket")
    return found


def exits(kiosk: Walk) -> Walk:
    """What must always lead back to rest: nobody touches, devices and hall go silent, the timers run out."""
    for _ in range(200):
        if nobody_there(kiosk.state):
            break
        attempts = kiosk.state.attempts
        silence = [e.TimerFired(name) for name in (GUARD, LEAVE, IDLE, COUNTDOWN, "reading")]
        lost = [e.Unanswered(number) for number in range(attempts + 1)]
        kiosk.go(
            e.CardGone(), *[e.TimerFired(each.name) for each in silence if each.name in kiosk.timers], *lost
        )
    return kiosk


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_events_in_any_order(data: st.DataObject) -> None:
    kiosk = Walk()
    for _ in range(data.draw(st.integers(1, 40))):
        kind = st.one_of(touches, touches, cards, answers(kiosk.state.attempts), world, timers)
        event = data.draw(kind)
        asked = kiosk.state
        kiosk.go(event)
        for effect in kiosk.did:
            if isinstance(effect, x.PrintSlip):
                assert asked.facts.printer
            if isinstance(effect, x.AskIssue | x.AskAlone | x.GiveUp):
                assert effect.attempt <= kiosk.state.attempts
    exits(kiosk)
    assert nobody_there(kiosk.state), kiosk.state.screen
    assert leftovers(kiosk.state) == []


def test_the_check_for_leftovers_can_see() -> None:
    kiosk = Walk()
    kiosk.go(e.CardRead(samples.PERSON))
    assert leftovers(kiosk.state) == ["person"]
    assert isinstance(samples.slip(), TicketSlip)
    assert flow.reader_wanted(kiosk.state)
