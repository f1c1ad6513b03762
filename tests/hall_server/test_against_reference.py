"""The core against a naive hall written from PRODUCT.md: same answers, same queues, after every command."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from contract.messages import Person, TicketStatus
from hall_server.hall import commands as c
from hall_server.hall.decide import decide, turn_of_day
from hall_server.hall.evolve import evolve
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.plan import CallingKind, CallingRule, NoShowPolicy, Plan
from tests.hall_server.halls import small_plan
from tests.hall_server.reference import Reference, Refused
from tests.hall_server.test_hall import NOON

STEPS = 1500


def described(policy: NoShowPolicy, kind: CallingKind) -> Plan:
    """Five windows, the fifth helps with tax; every service calls by one rule."""
    plan = small_plan(policy, windows=5)
    plan.windows["w5"] = replace(plan.windows["w5"], services=("police",), helps_with=("tax",))
    plan.calling.update(dict.fromkeys(plan.services, CallingRule(kind)))
    return plan


def plans_like(plan: Plan) -> tuple[Plan, ...]:
    """Other descriptions of the same hall: a window less, one with another name and work, a service less."""
    other = replace(plan.windows["w3"], label="8号窗口", services=("social",), helps_with=("police",))
    without = {w.id: w for w in plan.windows.values() if w.id != "w5"}
    no_police = {
        w.id: replace(w, services=tuple(s for s in w.services if s != "police") or ("tax",))
        for w in plan.windows.values()
    }
    services = {s.id: s for s in plan.services.values() if s.id != "police"}
    return (
        plan,
        replace(plan, windows=without),
        replace(plan, windows={**plan.windows, "w3": other}),
        replace(plan, windows=no_police, services=services),
    )


@dataclass
class Alone:
    """A kiosk that takes blocks of tax numbers and issues them alone."""

    token: int = 0
    first: int = 0
    given: int = 0
    day: str = ""


class Pair:
    """The core and the reference side by side."""

    def __init__(self, policy: NoShowPolicy, kind: CallingKind) -> None:
        plan = described(policy, kind)
        self.strict = kind is CallingKind.STRICT
        self.hall, self.reference = Hall(plan), Reference(plan)
        self.now_ms = NOON
        self.plans = plans_like(plan)
        self.alone = Alone()
        self.told: list[str] = []
        self.count = 0

    def do(self, kind: type[c.Command], **options: object) -> str:
        """Give both the same command; both must say and show the same. Returns the ticket, '' if refused."""
        self.count += 1
        command = kind(request=f"r{self.count}", by="test", **options)
        self.told.append(f"{self.now_ms - NOON:>9} {kind.__name__} {options}")
        expected = self._expected(command)
        ticket, answer = self._answer(command)
        assert answer in expected, self.story(f"the core says {answer!r}, the reference {expected}")
        shown, wanted = self.seen(), self.reference.seen()
        for part in wanted:
            assert shown[part] == wanted[part], self.story(
                f"{part}:\n core      {shown[part]}\n reference {wanted[part]}"
            )
        return ticket

    def lease(self) -> None:
        """The kiosk takes a block."""
        self.do(c.LeaseNumbers, service="tax", count=5)
        assert self.hall.day is not None
        lease = self.hall.leases[self.hall.tokens]
        self.alone = Alone(lease.token, lease.first, 0, self.hall.day.label)

    def merge(self, seconds_ago: int, count: int, again: bool = False) -> None:
        """It brings numbers home that it issued some time ago; perhaps some that are home already."""
        alone = self.alone
        if (
            self.hall.day is None
            or alone.day != self.hall.day.label
            or self.now_ms >= self.hall.day.closes_ms
        ):
            return
        since_ms = max(self.now_ms - seconds_ago * 1000, self.hall.day.opened_ms) | 1
        begin = alone.first + (0 if again else alone.given)
        if since_ms > self.now_ms or alone.given + count > 5:
            return
        tickets = tuple(c.OfflineTicket(ordinal=begin + i, issued_ms=since_ms) for i in range(count))
        alone.given += 0 if again else count
        self.do(c.MergeLease, token=alone.token, service="tax", tickets=tickets, final=False)

    def correct(self, seconds: int) -> None:
        """A technician sets the clock forward."""
        to_ms = self.now_ms + seconds * 1000
        self.do(c.CorrectTime, to_ms=to_ms)
        self.now_ms = max(self.now_ms, to_ms)

    def story(self, difference: str) -> str:
        """The last commands and what differs."""
        return "\n".join([*self.told[-40:], difference])

    def _expected(self, command: c.Command) -> set[str]:
        try:
            return self.reference.do(command, self.now_ms)
        except Refused:
            return {"refused"}

    def _answer(self, command: c.Command) -> tuple[str, str]:
        for event in turn_of_day(self.hall, self.now_ms):
            evolve(self.hall, event)
        try:
            decision = decide(self.hall, command, self.now_ms)
        except RuleBroken:
            return "", "refused"
        for event in decision.events:
            evolve(self.hall, event)
        ticket = decision.answer.ticket
        return ticket, self.hall.tickets[ticket].number if ticket else ""

    def seen(self) -> dict[str, object]:
        """What the reference shows, read from the real hall."""
        hall = self.hall
        waiting = sorted(
            (t for t in hall.tickets.values() if t.status is TicketStatus.WAITING),
            key=lambda t: (t.rank_class if self.strict else 0, t.rank, t.id),
        )
        return {
            "queues": {s: [t.number for t in waiting if t.service == s] for s in hall.plan.services},
            "windows": {
                w: (now.status.value, hall.tickets[now.ticket].number if now.ticket else "")
                for w, now in hall.windows.items()
            },
            "tickets": {t.number: (t.status.value, t.service) for t in hall.tickets.values()},
        }


def step(pair: Pair, chance: random.Random, green: float) -> None:
    """One command as a busy hall would give it."""
    plan = pair.hall.plan
    window, service = chance.choice(list(plan.windows)), chance.choice(list(plan.services))
    tickets = list(pair.hall.tickets)[-40:] or ["none"]
    parked = [ticket for _, ticket in pair.hall.parked] or tickets
    options: dict[type[c.Command], tuple[int, dict[str, object]]] = {
        c.Issue: (
            40,
            {
                "service": service,
                "person": Person(key=f"p{chance.randrange(30)}") if chance.random() < 0.5 else None,
                "green_reason": "disabled" if chance.random() < green else "",
            },
        ),
        c.CallNext: (40, {"window": window}),
        c.Arrive: (22, {"window": window}),
        c.Finish: (15, {"window": window}),
        c.Recall: (10, {"window": window}),
        c.NoShow: (8, {"window": window}),
        c.Transfer: (5, {"window": window, "service": service}),
        c.Park: (6, {"window": window, "minutes": chance.randrange(6)}),
        c.Tick: (15, {}),
        c.CallTicket: (3, {"window": window, "ticket": chance.choice(tickets), "reason": "急"}),
        c.CallParked: (3, {"window": window, "ticket": chance.choice(parked)}),
        c.ReturnNoShow: (4, {"ticket": chance.choice(tickets)}),
        c.Cancel: (3, {"ticket": chance.choice(tickets)}),
        c.Void: (2, {"ticket": chance.choice(tickets)}),
        c.OpenWindow: (10, {"window": window}),
        c.PauseWindow: (2, {"window": window}),
        c.CloseWindow: (2, {"window": window}),
        c.Postpone: (4, {"ticket": chance.choice(tickets)}),
        c.ComeBack: (3, {"ticket": chance.choice(parked)}),
        c.StopIssuing: (1, {"service": service}),
        c.ResumeIssuing: (2, {"service": service}),
        c.PublishPlan: (3, {"plan": chance.choice(pair.plans)}),
    }
    kind = chance.choices(list(options), [weight for weight, _ in options.values()])[0]
    pair.now_ms += 2 * chance.randrange(1, 4000)
    if chance.random() < 0.001:
        pair.now_ms += 12 * 3_600_000
    match chance.randrange(60):
        case 0:
            pair.lease()
        case 1 | 2:
            pair.merge(chance.randrange(1, 1200), chance.randrange(1, 4), chance.random() < 0.2)
        case 3 if chance.random() < 0.1:
            pair.correct(chance.choice([-60, 0, 90, 1800]))
        case _:
            pair.do(kind, **options[kind][1])


@pytest.mark.parametrize("kind", [CallingKind.FIRST_COME, CallingKind.STRICT])
@pytest.mark.parametrize("policy", NoShowPolicy)
def test_a_long_walk_agrees_with_the_reference(policy: NoShowPolicy, kind: CallingKind) -> None:
    seed = 20261121
    chance = random.Random(seed)
    pair = Pair(policy, kind)
    for _ in range(STEPS):
        step(pair, chance, 0.25)
    calls = sum(line.split()[1] == "CallNext" for line in pair.told)
    assert calls > STEPS / 10, "the walk hardly walked"


# ---------------------------------------------------------------- shrinking


class Both(RuleBasedStateMachine):
    """As the walks, but with examples that hypothesis makes small."""

    @initialize(
        policy=st.sampled_from(NoShowPolicy),
        kind=st.sampled_from([CallingKind.FIRST_COME, CallingKind.STRICT]),
    )
    def open_hall(self, policy: NoShowPolicy, kind: CallingKind) -> None:
        self.pair = Pair(policy, kind)

    def give(self, kind: type[c.Command], **options: object) -> None:
        self.pair.now_ms += 1000
        self.pair.do(kind, **options)

    @rule(
        service=st.sampled_from(["tax", "social", "police"]),
        who=st.sampled_from(["", "p1", "p2", "p3"]),
        green=st.booleans(),
    )
    def issue(self, service: str, who: str, green: bool) -> None:
        person = Person(key=who) if who else None
        self.give(c.Issue, service=service, person=person, green_reason="disabled" if green else "")

    @rule(
        window=st.sampled_from(["w1", "w2", "w3", "w5"]),
        kind=st.sampled_from([c.CallNext, c.CallNext, c.Arrive, c.Recall, c.Finish, c.NoShow]),
    )
    def at_window(self, window: str, kind: type[c.Command]) -> None:
        self.give(kind, window=window)

    @rule(window=st.sampled_from(["w1", "w2"]), service=st.sampled_from(["tax", "social"]))
    def transfer(self, window: str, service: str) -> None:
        self.give(c.Transfer, window=window, service=service)

    @rule(window=st.sampled_from(["w1", "w2"]), minutes=st.integers(0, 2))
    def park(self, window: str, minutes: int) -> None:
        self.give(c.Park, window=window, minutes=minutes)

    @rule(kind=st.sampled_from([c.ReturnNoShow, c.Cancel, c.Void]), which=st.integers(0, 5))
    def with_ticket(self, kind: type[c.Command], which: int) -> None:
        tickets = list(self.pair.hall.tickets) or ["none"]
        self.give(kind, ticket=tickets[which % len(tickets)])

    @rule(kind=st.sampled_from([c.Postpone, c.ComeBack]), which=st.integers(0, 5))
    def from_afar(self, kind: type[c.Command], which: int) -> None:
        tickets = list(self.pair.hall.tickets) or ["none"]
        self.give(kind, ticket=tickets[which % len(tickets)])

    @rule(kind=st.sampled_from([c.StopIssuing, c.ResumeIssuing]), service=st.sampled_from(["tax", "social"]))
    def stop(self, kind: type[c.Command], service: str) -> None:
        self.give(kind, service=service)

    @rule(which=st.integers(0, 3))
    def publish(self, which: int) -> None:
        self.give(c.PublishPlan, plan=self.pair.plans[which])

    @rule(seconds=st.sampled_from([-5, 0, 60, 3600]))
    def correct(self, seconds: int) -> None:
        self.pair.now_ms += 1000
        self.pair.correct(seconds)

    @rule(seconds_ago=st.integers(1, 10), count=st.integers(1, 3), again=st.booleans())
    def merge(self, seconds_ago: int, count: int, again: bool) -> None:
        self.pair.now_ms += 1000
        if not self.pair.alone.token or self.pair.alone.given + count > 5:
            self.pair.lease()
        self.pair.merge(seconds_ago, count, again)

    @rule(minutes=st.sampled_from([0, 1, 2, 12 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.pair.now_ms += minutes * 60_000
        self.give(c.Tick)


Both.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)
TestBoth = Both.TestCase


# ---------------------------------------------------------------- differences that the walks once found

P = Person(key="p")


def test_next_calls_the_other_number_of_who_stands_here() -> None:
    pair = Pair(NoShowPolicy.VOID, CallingKind.FIRST_COME)
    for service in ("tax", "social"):
        pair.now_ms += 1000
        pair.do(c.Issue, service=service, person=P)
    pair.do(c.CallNext, window="w1")
    pair.do(c.Arrive, window="w1")
    pair.do(c.CallNext, window="w1")


def test_a_no_show_goes_behind_everybody_when_first_come_is_the_rule() -> None:
    pair = Pair(NoShowPolicy.END, CallingKind.FIRST_COME)
    for green in ("disabled", "", ""):
        pair.now_ms += 1000
        pair.do(c.Issue, service="tax", green_reason=green)
    pair.do(c.CallNext, window="w1")
    pair.do(c.NoShow, window="w1")


def test_back_three_places_is_three_places() -> None:
    pair = Pair(NoShowPolicy.BACK, CallingKind.FIRST_COME)
    tickets = []
    for _ in range(3):
        pair.now_ms += 1000
        tickets.append(pair.do(c.Issue, service="tax"))
    for window in ("w1", "w2", "w3"):
        pair.do(c.CallNext, window=window)
    pair.do(c.Park, window="w3", minutes=1)
    for _ in range(2):
        pair.now_ms += 1000
        pair.do(c.Issue, service="tax")
    pair.now_ms += 60_000
    pair.do(c.NoShow, window="w1")
    pair.do(c.Tick)
    pair.do(c.NoShow, window="w2")


def test_who_came_back_is_not_called_to_two_windows() -> None:
    pair = Pair(NoShowPolicy.MANUAL, CallingKind.FIRST_COME)
    first = pair.do(c.Issue, service="tax", person=P)
    pair.do(c.CallNext, window="w1")
    pair.do(c.NoShow, window="w1")
    pair.now_ms += 1000
    pair.do(c.Issue, service="police", person=P)
    pair.do(c.CallNext, window="w5")
    pair.do(c.ReturnNoShow, ticket=first)
    pair.do(c.CallNext, window="w1")
