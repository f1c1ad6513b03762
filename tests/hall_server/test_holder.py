"""What the holder of a number does from his phone: more time, back again, and one judgement per service."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from contract.messages import TicketStatus
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.calling import ahead
from hall_server.hall.evaluation import GOOD_TAGS, GRADE_TEXT, POOR_TAGS, TAGS, to_evaluate
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.plan import NoShowPolicy, Postponing, Rules
from tests.hall_server.test_hall import WINDOWS, Desk, HallMachine

MINUTE = 60_000


def desk_with(**rules: object) -> Desk:
    desk = Desk()
    desk.plan = replace(desk.plan, rules=replace(desk.plan.rules, **rules))  # type: ignore[arg-type]
    desk.hall = Hall(desk.plan)
    return desk


def take(desk: Desk, count: int) -> list[str]:
    found = []
    for _ in range(count):
        found.append(desk.do(c.Issue, service="tax"))
        desk.now_ms += 1000
    return found


def served(desk: Desk, window: str = "w1") -> str:
    ticket = desk.do(c.CallNext, window=window)
    desk.do(c.Arrive, window=window)
    desk.do(c.Finish, window=window)
    return ticket


def last_call(desk: Desk, ticket: str) -> str:
    rendered = to_evaluate(desk.hall, desk.hall.tickets[ticket])
    assert rendered is not None
    return rendered.call


# ---------------------------------------------------------------- more time


def test_a_number_is_set_aside_and_comes_back_to_its_place() -> None:
    desk = Desk()
    first, second = take(desk, 2)
    desk.do(c.Postpone, ticket=first)
    assert desk.hall.tickets[first].status is TicketStatus.PARKED
    assert desk.hall.tickets[first].away
    assert desk.do(c.CallNext, window="w1") == second
    desk.now_ms += 10 * MINUTE + 1000
    desk.do(c.Tick)
    back = desk.hall.tickets[first]
    assert (back.status, back.away) == (TicketStatus.WAITING, False)
    assert desk.do(c.CallNext, window="w2") == first
    with pytest.raises(RuleBroken, match="已延后 1 次"):
        desk.do(c.Postpone, ticket=first)


def test_who_was_called_and_cannot_come_leaves_the_window_free() -> None:
    desk = Desk()
    first, second = take(desk, 2)
    desk.do(c.CallNext, window="w1")
    desk.do(c.Postpone, ticket=first)
    assert desk.hall.ticket_at("w1") is None
    assert not desk.hall.recent
    assert desk.do(c.CallNext, window="w1") == second
    assert desk.do(c.ComeBack, ticket=first) == first
    assert desk.hall.tickets[first].status is TicketStatus.WAITING


def test_a_number_moves_so_many_places_back() -> None:
    desk = desk_with(postpone=Postponing.BACK, postpone_places=2, postpones_per_ticket=2)
    first, *others = take(desk, 4)
    desk.do(c.Postpone, ticket=first)
    assert ahead(desk.hall, desk.hall.tickets[first], desk.now_ms) == 2
    assert [desk.do(c.CallNext, window=w) for w in ("w1", "w2")] == others[:2]
    desk.do(c.Postpone, ticket=first)
    assert ahead(desk.hall, desk.hall.tickets[first], desk.now_ms) == 1
    with pytest.raises(RuleBroken, match="已延后 2 次"):
        desk.do(c.Postpone, ticket=first)


def test_nobody_behind_makes_no_sense_and_costs_nothing() -> None:
    desk = desk_with(postpone=Postponing.BACK)
    (only,) = take(desk, 1)
    with pytest.raises(RuleBroken, match="没有人等候"):
        desk.do(c.Postpone, ticket=only)
    assert desk.hall.tickets[only].postpones == 0


def test_a_hall_may_refuse_and_what_a_clerk_set_aside_is_not_the_holders() -> None:
    desk = desk_with(postpone=Postponing.OFF)
    first, second = take(desk, 2)
    with pytest.raises(RuleBroken, match="不能延后"):
        desk.do(c.Postpone, ticket=second)
    desk.do(c.CallNext, window="w1")
    desk.do(c.Park, window="w1", minutes=20)
    with pytest.raises(RuleBroken, match="已挂起"):
        desk.do(c.ComeBack, ticket=first)


# ---------------------------------------------------------------- 好差评


def test_one_judgement_per_service_by_its_own_number() -> None:
    desk = Desk()
    take(desk, 2)
    one = served(desk)
    two = served(desk)
    call = last_call(desk, one)
    with pytest.raises(RuleBroken, match="还没有办理完"):
        desk.do(c.Evaluate, ticket=two, call=call, grade=1)
    desk.do(c.Evaluate, ticket=one, call=call, grade=1, tags=("slow", "slow", "x"), words="等太久")
    with pytest.raises(RuleBroken, match="已经评价过"):
        desk.do(c.Evaluate, ticket=one, call=call, grade=5)
    (said,) = (event for event in desk.events if isinstance(event, e.ServiceEvaluated))
    assert (said.grade, said.poor, said.tags, said.words, said.at_window) == (
        1,
        True,
        ("slow",),
        "等太久",
        "w1",
    )


def test_a_service_that_goes_on_is_not_judged_and_a_transfer_makes_two() -> None:
    desk = Desk()
    (ticket,) = take(desk, 1)
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    assert to_evaluate(desk.hall, desk.hall.tickets[ticket]) is None
    desk.do(c.Transfer, window="w1", service="social")
    first = last_call(desk, ticket)
    desk.do(c.Evaluate, ticket=ticket, call=first, grade=4)
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.do(c.Finish, window="w1")
    second = last_call(desk, ticket)
    assert second != first
    desk.do(c.Evaluate, ticket=ticket, call=second, grade=2)
    assert [one.grade for one in desk.hall.served[ticket]] == [4, 2]


def test_an_end_taken_back_is_not_judged_and_is_judged_once_after_all() -> None:
    desk = Desk()
    take(desk, 1)
    ticket = served(desk)
    call = last_call(desk, ticket)
    desk.do(c.Undo, window="w1")
    with pytest.raises(RuleBroken, match="还没有办理完"):
        desk.do(c.Evaluate, ticket=ticket, call=call, grade=5)
    desk.do(c.Finish, window="w1")
    desk.do(c.Evaluate, ticket=ticket, call=call, grade=5)


@pytest.mark.parametrize("wrong", [{"grade": 0}, {"grade": 6}, {"grade": 3, "words": "长" * 501}])
def test_what_cannot_be_a_judgement(wrong: dict[str, object]) -> None:
    desk = Desk()
    take(desk, 1)
    ticket = served(desk)
    with pytest.raises(RuleBroken):
        desk.do(c.Evaluate, ticket=ticket, call=last_call(desk, ticket), **wrong)


def test_every_tag_is_offered() -> None:
    assert {*GOOD_TAGS, *POOR_TAGS} == TAGS.keys()
    assert [int(grade) for grade in GRADE_TEXT] == [5, 4, 3, 2, 1]
    assert Rules().postpone is Postponing.PARK


# ---------------------------------------------------------------- any of it in any order


class HolderMachine(HallMachine):
    """Holders among clerks: nobody waits longer than he asked for, no service is judged twice."""

    @initialize(
        policy=st.sampled_from(NoShowPolicy), kind=st.sampled_from(Postponing), limit=st.integers(0, 2)
    )
    def open_hall(self, policy: NoShowPolicy, kind: Postponing, limit: int) -> None:
        super().open_hall(policy)
        rules = replace(self.desk.plan.rules, postpone=kind, postpones_per_ticket=limit, postpone_places=2)
        self.desk.plan = replace(self.desk.plan, rules=rules)
        self.desk.hall = Hall(self.desk.plan)

    @rule(data=st.data(), kind=st.sampled_from([c.Postpone, c.Postpone, c.ComeBack]))
    def holder(self, data: st.DataObject, kind: type[c.Command]) -> None:
        if self.desk.hall.tickets:
            self.attempt(kind, ticket=data.draw(st.sampled_from(sorted(self.desk.hall.tickets))))

    @rule(data=st.data(), grade=st.integers(0, 6))
    def evaluate(self, data: st.DataObject, grade: int) -> None:
        calls = [one.call for of_one in self.desk.hall.served.values() for one in of_one]
        if calls:
            call = data.draw(st.sampled_from(sorted(calls)))
            ticket = data.draw(st.sampled_from(sorted(self.desk.hall.tickets)))
            self.attempt(c.Evaluate, ticket=ticket, call=call, grade=grade)

    @rule(window=WINDOWS)
    def undo(self, window: str) -> None:
        self.attempt(c.Undo, window=window)

    @invariant()
    def nobody_postpones_more_than_the_rule_allows(self) -> None:
        hall = self.desk.hall
        asked = Counter(x.ticket for x in self.desk.events if isinstance(x, e.TicketPostponed))
        assert all(count <= hall.plan.rules.postpones_per_ticket for count in asked.values())
        for ticket in hall.tickets.values():
            assert ticket.postpones == asked[ticket.id]
            assert not ticket.away or ticket.status is not TicketStatus.WAITING

    @invariant()
    def each_service_is_judged_at_most_once_and_by_its_own_number(self) -> None:
        said = [x for x in self.desk.events if isinstance(x, e.ServiceEvaluated)]
        assert len({x.call for x in said}) == len(said)
        assert all(x.call.startswith(f"{x.ticket}:") for x in said)


HolderMachine.TestCase.settings = settings(
    max_examples=50, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestHolderMachine = HolderMachine.TestCase
