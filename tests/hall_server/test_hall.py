"""The core: thousands of random commands replay to the same hall, and no ticket is ever at two windows."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contract.messages import Paper, Person, TicketStatus, WindowStatus
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.calling import ahead
from hall_server.hall.day import DAY_MS, closing_after, label
from hall_server.hall.decide import decide, turn_of_day
from hall_server.hall.evolve import evolve
from hall_server.hall.model import AT_WINDOW, OPEN_STATUSES, Hall, Outcome, RuleBroken
from hall_server.hall.plan import NoShowPolicy, Rules
from hall_server.hall.snapshot import freeze, thaw
from hall_server.records import decode_event, encode_event
from tests.hall_server.halls import small_plan

NOON = 1_795_233_600_000  # 2026-11-21 12:00 +08:00


class Desk:
    """A hall, its events, and a hand that gives commands."""

    def __init__(self, policy: NoShowPolicy = NoShowPolicy.END, windows: int = 3) -> None:
        self.plan = small_plan(policy, windows=windows)
        self.hall = Hall(self.plan)
        self.events: list[e.Event] = []
        self.now_ms = NOON
        self._request = 0

    def do(self, kind: type[c.Command], **options: object) -> str:
        """Give a command; returns the ticket of the answer."""
        self._request += 1
        self._take(turn_of_day(self.hall, self.now_ms))
        command = kind(request=f"r{self._request}", by="test", **options)
        decision = decide(self.hall, command, self.now_ms)
        self._take(decision.events)
        return decision.answer.ticket

    def _take(self, events: tuple[e.Event, ...]) -> None:
        for event in events:
            self.events.append(event)
            evolve(self.hall, event)

    def number(self, ticket: str) -> str:
        return self.hall.tickets[ticket].number


def picture(hall: Hall) -> tuple[object, ...]:
    """Everything in a hall that a replay must reproduce, in comparable form."""
    return (
        hall.seq,
        hall.day,
        dict(hall.tickets),
        dict(hall.windows),
        {lane: list(waiting) for lane, waiting in hall.lanes.items()},
        {service: count for service, count in hall.waiting.items() if count},
        hall.skills,
        hall.appointments,
        list(hall.booked),
        {slot: set(booked) for slot, booked in hall.by_slot.items()},
        hall.walk_ins,
        hall.turns,
        hall.green_budget,
        hall.undoable,
        hall.leases,
        hall.tokens,
        hall.busy,
        hall.issued_to,
        dict(hall.issued),
        dict(hall.leased),
        {key: set(held) for key, held in hall.by_person.items()},
        dict(hall.by_number),
        dict(hall.by_agent),
        dict(hall.broadcasts),
        list(hall.parked),
        hall.recent,
        dict(hall.helps),
        dict(hall.papers),
        dict(hall.served),
        dict(hall.notices),
        dict(hall.entrusted),
        dict(hall.endings_read),
        dict(hall.guided),
        dict(hall.poor),
    )


# ---------------------------------------------------------------- single rules


def test_numbers_run_in_their_series_and_the_first_come_is_called_first() -> None:
    desk = Desk()
    first, other, second = (desk.do(c.Issue, service=s) for s in ("tax", "police", "tax"))
    assert [desk.number(t) for t in (first, other, second)] == ["B001", "L01", "B002"]
    desk.now_ms += 1
    assert desk.do(c.CallNext, window="w1") == first
    assert ahead(desk.hall, desk.hall.tickets[second], desk.now_ms) == 0


def test_nobody_waiting_is_said_and_changes_nothing() -> None:
    desk = Desk()
    with pytest.raises(RuleBroken, match="暂无等待"):
        desk.do(c.CallNext, window="w1")
    assert [type(event) for event in desk.events] == [e.DayOpened]


def test_next_ends_the_service_but_not_a_call() -> None:
    desk = Desk()
    first, second = desk.do(c.Issue, service="tax"), desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    with pytest.raises(RuleBroken, match="还在呼叫中"):
        desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    assert desk.do(c.CallNext, window="w1") == second
    assert desk.hall.tickets[first].status is TicketStatus.DONE
    assert desk.hall.tickets[first].outcome is Outcome.DONE


def test_a_person_has_one_open_number_per_service() -> None:
    desk = Desk()
    person = Person(key="k", masked_name="张*")
    first = desk.do(c.Issue, service="tax", person=person)
    assert desk.do(c.Issue, service="tax", person=person) == first
    assert desk.do(c.Issue, service="police", person=person) != first
    desk.do(c.Cancel, ticket=first)
    assert desk.do(c.Issue, service="tax", person=person) != first


def test_two_open_numbers_after_a_transfer_are_both_remembered() -> None:
    desk = Desk()
    person = Person(key="k")
    tax, social = (desk.do(c.Issue, service=s, person=person) for s in ("tax", "social"))
    desk.do(c.CallNext, window="w1")
    desk.do(c.Transfer, window="w1", service="social")
    desk.do(c.Cancel, ticket=social)
    assert desk.do(c.Issue, service="social", person=person) == tax


@pytest.mark.parametrize(
    ("policy", "order"),
    [
        (NoShowPolicy.END, ["B002", "B003", "B004", "B005", "B001"]),
        (NoShowPolicy.BACK, ["B002", "B003", "B004", "B001", "B005"]),
        (NoShowPolicy.VOID, ["B002", "B003", "B004", "B005"]),
        (NoShowPolicy.MANUAL, ["B002", "B003", "B004", "B005"]),
    ],
)
def test_no_show_policies(policy: NoShowPolicy, order: list[str]) -> None:
    desk = Desk(policy)
    for _ in range(5):
        desk.do(c.Issue, service="tax")
        desk.now_ms += 1000
    desk.do(c.CallNext, window="w1")
    desk.do(c.NoShow, window="w1")
    called = []
    for _ in order:
        called.append(desk.number(desk.do(c.CallNext, window="w1")))
        desk.do(c.Arrive, window="w1")
        desk.do(c.Finish, window="w1")
    assert called == order


def test_recalls_end_at_their_limit() -> None:
    desk = Desk()
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    calls = set()
    for _ in range(3):
        desk.do(c.Recall, window="w1")
        calls.add(desk.hall.tickets[ticket].call)
    assert len(calls) == 3
    with pytest.raises(RuleBroken, match="已重呼 3 次"):
        desk.do(c.Recall, window="w1")


def test_a_transfer_keeps_first_time_and_visit() -> None:
    desk = Desk()
    early = desk.do(c.Issue, service="tax")
    desk.now_ms += 60_000
    late = desk.do(c.Issue, service="social")
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.do(c.Transfer, window="w1", service="social", note="材料已收")
    ticket = desk.hall.tickets[early]
    assert (ticket.service, ticket.visit, ticket.issued_ms, ticket.note) == (
        "social",
        early,
        NOON,
        "材料已收",
    )
    assert desk.do(c.CallNext, window="w1") == early
    assert desk.hall.tickets[late].status is TicketStatus.WAITING


def test_a_parked_number_returns_at_its_time_to_its_place() -> None:
    desk = Desk()
    first, second = desk.do(c.Issue, service="tax"), desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    desk.do(c.Park, window="w1", minutes=10, reason="补材料")
    desk.now_ms += 10 * 60_000 - 1
    desk.do(c.Tick)
    assert desk.hall.tickets[first].status is TicketStatus.PARKED
    desk.now_ms += 1
    desk.do(c.Tick)
    assert desk.do(c.CallNext, window="w1") == first
    assert desk.hall.tickets[second].status is TicketStatus.WAITING


def test_a_confirmed_paper_stays_confirmed_when_a_reprint_fails() -> None:
    desk = Desk()
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.ReportPaper, ticket=ticket, paper=Paper.CONFIRMED)
    desk.do(c.ReportPaper, ticket=ticket, paper=Paper.FAILED, reprint=True)
    assert (desk.hall.tickets[ticket].paper, desk.hall.tickets[ticket].reprints) == (Paper.CONFIRMED, 0)


def test_a_window_with_a_number_cannot_close() -> None:
    desk = Desk()
    desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    with pytest.raises(RuleBroken, match="请先处理再关窗"):
        desk.do(c.CloseWindow, window="w1")
    desk.do(c.PauseWindow, window="w1", reason="午休")
    assert desk.hall.windows["w1"].status is WindowStatus.PAUSED


def test_the_close_of_the_day_expires_what_is_open_and_numbers_restart() -> None:
    desk = Desk()
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    desk.now_ms = closing_after(NOON, desk.plan.rules)
    fresh = desk.do(c.Issue, service="tax")
    closed = next(event for event in desk.events if isinstance(event, e.DayClosed))
    assert closed.expired == (ticket,)
    assert desk.number(fresh) == "B001"
    assert fresh != ticket
    assert desk.hall.windows["w1"].ticket == ""


@pytest.mark.parametrize("closes", [0, 2 * 60, 12 * 60, 24 * 60 - 1])
def test_days_follow_one_another_and_never_share_a_name(closes: int) -> None:
    rules = Rules(day_closes_minute=closes)
    at, previous, names = NOON, None, []
    for _ in range(400):
        previous = label(at, rules, previous)
        names.append(previous)
        assert 0 < closing_after(at, rules) - at <= DAY_MS
        at = closing_after(at, rules)
    assert names[0].startswith("202611")
    assert len(set(names)) == len(names)
    assert names == sorted(names)


def test_a_day_that_opens_twice_gets_a_name_of_its_own() -> None:
    rules = Rules()
    first = label(NOON, rules, None)
    again = label(NOON, rules, first)
    assert [first, again, label(NOON, rules, again)] == ["20261121", "20261121b", "20261121c"]


# ---------------------------------------------------------------- random commands

WINDOWS = st.sampled_from(["w1", "w2", "w3", "w4"])
SERVICES = st.sampled_from(["tax", "social", "police"])


class HallMachine(RuleBasedStateMachine):
    """Any commands in any order: the hall stays sound, and its events tell its whole story."""

    @initialize(policy=st.sampled_from(NoShowPolicy))
    def open_hall(self, policy: NoShowPolicy) -> None:
        self.desk = Desk(policy, windows=4)

    def attempt(self, kind: type[c.Command], **options: object) -> None:
        count = len(self.desk.events)
        turns = len(turn_of_day(self.desk.hall, self.desk.now_ms))
        refused = ""
        try:
            self.desk.do(kind, **options)
        except RuleBroken as broken:
            refused = broken.sentence or "(no sentence)"
        if refused:
            assert refused != "(no sentence)"
            assert len(self.desk.events) == count + turns

    @rule(service=SERVICES, who=st.none() | st.sampled_from(["p1", "p2", "p3"]))
    def issue(self, service: str, who: str | None) -> None:
        self.attempt(c.Issue, service=service, person=Person(key=who) if who else None)

    @rule(
        window=WINDOWS,
        kind=st.sampled_from(
            [c.CallNext, c.CallNext, c.CallNext, c.Recall, c.Arrive, c.Arrive, c.Finish, c.NoShow]
        ),
    )
    def at_window(self, window: str, kind: type[c.Command]) -> None:
        self.attempt(kind, window=window)

    @rule(window=WINDOWS, kind=st.sampled_from([c.OpenWindow, c.PauseWindow, c.CloseWindow]))
    def change_window(self, window: str, kind: type[c.Command]) -> None:
        self.attempt(kind, window=window)

    @rule(window=WINDOWS, service=SERVICES)
    def transfer(self, window: str, service: str) -> None:
        self.attempt(c.Transfer, window=window, service=service)

    @rule(window=WINDOWS, minutes=st.integers(0, 20))
    def park(self, window: str, minutes: int) -> None:
        self.attempt(c.Park, window=window, minutes=minutes)

    @rule(data=st.data(), kind=st.sampled_from([c.Cancel, c.Void]))
    def cancel(self, data: st.DataObject, kind: type[c.Command]) -> None:
        if self.desk.hall.tickets:
            self.attempt(kind, ticket=data.draw(st.sampled_from(sorted(self.desk.hall.tickets))))

    @rule(data=st.data(), window=WINDOWS)
    def call_parked(self, data: st.DataObject, window: str) -> None:
        parked = [ticket for _, ticket in self.desk.hall.parked]
        if parked:
            self.attempt(c.CallParked, window=window, ticket=data.draw(st.sampled_from(parked)))

    @rule(data=st.data(), paper=st.sampled_from(Paper), reprint=st.booleans())
    def report_paper(self, data: st.DataObject, paper: Paper, reprint: bool) -> None:
        if self.desk.hall.tickets:
            ticket = data.draw(st.sampled_from(sorted(self.desk.hall.tickets)))
            self.attempt(c.ReportPaper, ticket=ticket, paper=paper, reprint=reprint)

    @rule(seconds=st.sampled_from([0, 1, 60, 600, 7200, 86_400]))
    def time_passes(self, seconds: int) -> None:
        self.desk.now_ms += seconds * 1000
        self.attempt(c.Tick)

    @invariant()
    def no_ticket_is_at_two_windows(self) -> None:
        at = [now.ticket for now in self.desk.hall.windows.values() if now.ticket]
        assert len(at) == len(set(at))
        for window, now in self.desk.hall.windows.items():
            if now.ticket:
                ticket = self.desk.hall.tickets[now.ticket]
                assert ticket.status in AT_WINDOW
                assert ticket.window == window

    @invariant()
    def every_open_ticket_is_in_exactly_one_place(self) -> None:
        hall = self.desk.hall
        waiting = [ticket for lane in hall.lanes.values() for _, ticket in lane]
        parked = [ticket for _, ticket in hall.parked]
        at = [now.ticket for now in hall.windows.values() if now.ticket]
        assert sorted(waiting + parked + at) == sorted(t.id for t in hall.open_tickets())

    @invariant()
    def numbers_are_unique_within_their_day(self) -> None:
        issued = [(x.day, x.series, x.ordinal) for x in self.desk.events if isinstance(x, e.TicketIssued)]
        assert len(issued) == len(set(issued))

    @invariant()
    def a_person_is_known_by_open_tickets_only(self) -> None:
        for key, held in self.desk.hall.by_person.items():
            for ticket in (self.desk.hall.tickets[t] for t in held):
                assert ticket.status in OPEN_STATUSES
                assert ticket.person is not None
                assert ticket.person.key == key

    def teardown(self) -> None:
        """The journal's text of every event, replayed, gives the same hall; so does a snapshot halfway."""
        if not hasattr(self, "desk"):
            return
        again, half = Hall(self.desk.plan), len(self.desk.events) // 2
        for event in self.desk.events[:half]:
            evolve(again, decode_event(type(event).__name__, encode_event(event)))
        thawed = Hall(self.desk.plan)
        thaw(thawed, freeze(again))
        assert picture(thawed) == picture(again)
        for event in self.desk.events[half:]:
            evolve(thawed, event)
        assert picture(thawed) == picture(self.desk.hall)


HallMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestHallMachine = HallMachine.TestCase


def test_a_series_that_runs_out_of_its_range_goes_on_with_a_digit_more() -> None:
    """From ``first`` to the last number of its width, then on: no open number is ever given again."""
    hall = Hall(small_plan())
    for event in turn_of_day(hall, NOON):
        evolve(hall, event)
    numbers = []
    for i in range(101):
        decision = decide(hall, c.Issue(request=f"r{i}", by="k", service="police"), NOON + i)
        for event in decision.events:
            evolve(hall, event)
        numbers.append(hall.tickets[decision.answer.ticket].number)
    assert (numbers[0], numbers[98:]) == ("L01", ["L99", "L100", "L101"])
    assert len(set(numbers)) == 101
