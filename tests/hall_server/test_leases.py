"""Blocks of numbers for lonely kiosks: no number twice, none lost, true order, a list for the manager."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from contract.messages import Paper, Person, TicketStatus
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.day import DAY_MS, MINUTE_MS
from hall_server.hall.leasing import LARGEST_BLOCK, LEASED_AT_ONCE, fenced
from hall_server.hall.model import Class, RuleBroken
from tests.hall_server.test_hall import NOON, Desk


def lease(desk: Desk, count: int = 10, *, service: str = "tax", holder: str = "h1") -> int:
    """Take a block; its token."""
    desk.do(c.LeaseNumbers, service=service, count=count, holder=holder)
    return desk.hall.tokens


def alone(ordinal: int, minute: float, person: str = "", **more: object) -> c.OfflineTicket:
    """A number issued alone so many minutes after noon."""
    who = Person(key=person, masked_name="张*") if person else None
    known = {"paper": Paper.CONFIRMED, **more}
    return c.OfflineTicket(ordinal=ordinal, issued_ms=NOON + int(minute * MINUTE_MS), person=who, **known)  # type: ignore[arg-type]


def merge(
    desk: Desk, token: int, *tickets: c.OfflineTicket, final: bool = False, **more: object
) -> list[str]:
    """Bring them home; what was decided, as number and code."""
    before = len(desk.events)
    day = desk.hall.day.label if desk.hall.day else ""
    known = {"service": "tax", "day": day, **more}
    desk.do(c.MergeLease, token=token, tickets=tickets, final=final, **known)
    new = desk.events[before:]
    return [f"{event.number} {event.code}" for event in new if isinstance(event, e.MergeDecided)]


def called(desk: Desk, count: int) -> list[str]:
    """The next numbers that window 1 calls."""
    numbers = []
    for _ in range(count):
        numbers.append(desk.number(desk.do(c.CallNext, window="w1")))
        desk.do(c.Arrive, window="w1")
    return numbers


def test_numbers_issued_alone_come_home_in_their_true_order() -> None:
    desk = Desk()
    desk.do(c.Issue, service="tax")
    token = lease(desk)
    desk.now_ms += 10 * MINUTE_MS
    later = desk.do(c.Issue, service="tax")
    assert desk.number(later) == "B002", "the hall's own numbers run on without a gap"
    found = merge(
        desk,
        token,
        alone(503, 2, "p"),
        alone(502, 1, "p"),
        alone(504, 3),
        alone(504, 3.5),
        alone(999, 4),
        final=True,
    )
    assert found == ["B503 duplicate", "B504 twice", "B999 outside"]
    assert called(desk, 4) == ["B001", "B502", "B504", "B002"]
    assert desk.hall.tickets[desk.hall.by_number["B503"]].status is TicketStatus.VOID, (
        "its paper can be found"
    )
    with pytest.raises(RuleBroken, match="已收回或已合并"):
        merge(desk, token, final=True)


def test_the_same_part_twice_changes_nothing_and_says_nothing() -> None:
    desk = Desk()
    token = lease(desk)
    part = (alone(501, 1), alone(502, 2, "p"), alone(503, 3, "p"))
    desk.now_ms += 5 * MINUTE_MS
    assert merge(desk, token, *part) == ["B503 duplicate"]
    before = dict(desk.hall.tickets)
    assert merge(desk, token, *part) == []
    assert desk.hall.tickets == before
    assert merge(desk, token, alone(504, 4), final=True) == []
    assert desk.hall.waiting["tax"] == 3


def test_blocks_and_the_halls_own_numbers_never_meet() -> None:
    desk = Desk()
    chance = random.Random(7)
    given: list[int] = []
    for _ in range(400):
        if chance.random() < 0.15:
            token = lease(desk, chance.randrange(1, 60))
            block = desk.hall.leases[token]
            given.extend(range(block.first, block.last + 1))
            desk.do(c.GiveUpLease, token=token)
        for _ in range(chance.randrange(5)):
            ticket = desk.hall.tickets[desk.do(c.Issue, service="tax")]
            given.append(ticket.ordinal)
    assert max(n for n in given if n < 501) > 300, "the hall's numbers did reach far"
    assert len(given) == len(set(given))
    desk.do(c.SkipNumbers, count=400)
    given.extend(desk.hall.tickets[desk.do(c.Issue, service="tax")].ordinal for _ in range(3))
    assert len(given) == len(set(given)), "numbers that run into the blocks go on behind them"


def test_a_person_holds_one_number_the_first_taken() -> None:
    desk = Desk()
    token = lease(desk)
    desk.do(c.Issue, service="tax", person=Person(key="early"))
    desk.now_ms += 10 * MINUTE_MS
    late = desk.do(c.Issue, service="tax", person=Person(key="late"))
    at_window = desk.do(c.Issue, service="tax", person=Person(key="called"))
    desk.do(c.CallTicket, window="w1", ticket=at_window, reason="急")
    found = merge(desk, token, alone(501, 1, "early"), alone(502, 2, "late"), alone(503, 3, "called"))
    assert found == ["B501 duplicate", "B502 duplicate_other", "B503 duplicate"]
    assert desk.hall.tickets[late].status is TicketStatus.VOID
    assert {desk.hall.tickets[t].number for t in desk.hall.by_person["late"]} == {"B502"}
    assert desk.hall.tickets[at_window].status is TicketStatus.CALLED


def test_a_lease_given_up_is_fenced_and_its_paper_still_finds_a_place() -> None:
    desk = Desk()
    old = lease(desk, holder="h1")
    new = lease(desk, holder="h2")
    assert fenced(desk.hall, "test", "h1", (old,)) == (old,)
    assert fenced(desk.hall, "test", "h2", (new,)) == ()
    assert fenced(desk.hall, "other", "h2", (new,)) == (new,)
    assert isinstance(next(x for x in desk.events if isinstance(x, e.LeaseGivenUp)), e.LeaseGivenUp)
    desk.now_ms += 5 * MINUTE_MS
    assert merge(desk, old, alone(501, 1), alone(511, 2)) == ["B501 fenced", "B511 taken"]
    assert merge(desk, new, alone(511, 3)) == []


def test_a_block_whose_answer_was_lost_is_given_up_at_the_next_renewal() -> None:
    desk = Desk()
    lost, had = lease(desk), lease(desk)
    desk.do(c.RenewLeases, holder="h1", tokens=(had,))
    assert list(desk.hall.leases) == [had]
    assert fenced(desk.hall, "test", "h1", (lost, had)) == (lost,)


def test_a_hall_from_a_backup_takes_what_it_never_leased_and_gives_none_of_it_again() -> None:
    desk = Desk()
    lease(desk)
    desk.do(c.SkipNumbers, count=200, leased=LEASED_AT_ONCE)
    token = lease(desk)
    block = desk.hall.leases[token]
    assert block.first > 500 + 10 + LEASED_AT_ONCE
    desk.now_ms += 5 * MINUTE_MS
    lost = NOON + 99
    assert merge(desk, lost, alone(515, 1), alone(516, 2)) == ["B515 fenced", "B516 fenced"]
    assert desk.hall.issued.get("B", 0) == 200, "the hall's own numbers go on where they were"


def test_a_number_that_somebody_has_is_left_to_the_manager() -> None:
    desk = Desk()
    token = lease(desk)
    desk.now_ms += 5 * MINUTE_MS
    merge(desk, token, alone(501, 1))
    assert merge(desk, token, alone(501, 2)) == ["B501 taken"]
    assert merge(desk, token + 9, alone(7, 2)) == ["B007 taken"], "no lease ever brought it"


def test_what_the_manager_is_told_of_numbers_that_wait_all_the_same() -> None:
    desk = Desk()
    token = lease(desk)
    desk.plan.services["tax"] = replace(
        desk.plan.services["tax"], slot_quota=1, slot_minutes=60, issue_until_minute=12 * 60 + 30
    )
    desk.now_ms += 60 * MINUTE_MS
    for window in desk.plan.windows:
        desk.do(c.CloseWindow, window=window)
    found = merge(
        desk,
        token,
        alone(501, -600),
        alone(502, 1),
        alone(503, 2, unsure=True),
        alone(504, 40, paper=Paper.NONE),
    )
    each = {
        number: {x.split()[1] for x in found if x.startswith(number)} for number in ("B501", "B502", "B503")
    }
    assert each == {
        "B501": {"time", "no_window"},
        "B502": {"quota", "no_window"},
        "B503": {"quota", "unsure", "no_window"},
    }
    assert {x.split()[1] for x in found if x.startswith("B504")} == {
        "quota",
        "after_hours",
        "no_window",
        "no_paper",
    }
    assert desk.hall.waiting["tax"] == 4


def test_a_service_stopped_meanwhile_is_told_for_what_was_issued_after_it() -> None:
    desk = Desk()
    token = lease(desk)
    desk.now_ms += 5 * MINUTE_MS
    desk.do(c.StopIssuing, service="tax")
    desk.now_ms += 5 * MINUTE_MS
    assert merge(desk, token, alone(501, 1), alone(502, 7)) == ["B502 stopped"]


def test_paper_green_lane_and_a_number_nobody_waits_for() -> None:
    desk = Desk()
    token = lease(desk)
    desk.now_ms += 5 * MINUTE_MS
    old = replace(alone(501, 1), person=Person(key="o", flags=("age60",)), reprints=2)
    assert merge(desk, token, old, alone(502, 2, cancelled="本人已离开")) == []
    first = desk.hall.tickets[desk.hall.by_number["B501"]]
    assert (first.paper, first.reprints, first.rank_class) == (Paper.CONFIRMED, 2, Class.GREEN)
    assert desk.hall.tickets[desk.hall.by_number["B502"]].status is TicketStatus.VOID


def test_a_day_that_closed_meanwhile_expires_the_numbers_and_says_so() -> None:
    desk = Desk()
    token = lease(desk)
    day = desk.hall.day.label if desk.hall.day else ""
    desk.now_ms += DAY_MS
    desk.do(c.Tick)
    assert not desk.hall.leases
    assert merge(desk, token, alone(501, 1), day=day) == ["B501 day_over"]
    assert not desk.hall.tickets


def test_a_service_that_is_gone() -> None:
    desk = Desk()
    token = lease(desk)
    del desk.plan.services["tax"]
    assert merge(desk, token, alone(501, 0)) == ["501 service_gone"]


def test_blocks_are_bounded() -> None:
    desk = Desk()
    with pytest.raises(RuleBroken, match="一次可预留"):
        lease(desk, LARGEST_BLOCK + 1)
    for _ in range(LEASED_AT_ONCE // LARGEST_BLOCK):
        lease(desk, LARGEST_BLOCK)
    with pytest.raises(RuleBroken, match="本机已预留"):
        lease(desk, 1)
    with pytest.raises(RuleBroken, match="一次最多合并"):
        merge(desk, desk.hall.tokens, *[alone(501, 1)] * 101)


def test_whoever_hoards_at_a_lonely_kiosk_is_told_too() -> None:
    desk = Desk()
    token = lease(desk)
    desk.now_ms += 10 * MINUTE_MS
    merge(desk, token, *(alone(501 + i, i, "hoarder") for i in range(9)))
    told = [event for event in desk.events if isinstance(event, e.HoardingSuspected)]
    assert [event.count for event in told] == [desk.hall.plan.rules.hoarding_per_day]
