"""The deeper rules of a hall, one by one: green lane, baskets, bookings, quotas, undo, rota."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract.messages import Person, TicketStatus, WindowStatus
from hall_server.hall import commands as c
from hall_server.hall import events as e
from hall_server.hall.calling import ahead, next_for
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.model import Arrival, Booking, Class, RuleBroken
from hall_server.hall.plan import CallingKind, CallingRule, NoShowPolicy, Shift
from hall_server.hall.staffing import rota_ahead
from tests.hall_server.test_hall import NOON, Desk

HOUR_MS = 60 * MINUTE_MS
OLD = Person(key="old", masked_name="赵*", flags=("age60",))


def desk_with(rule: CallingRule | None = None, **service: object) -> Desk:
    """A desk whose tax service calls by ``rule``."""
    desk = Desk()
    desk.plan.services["tax"] = replace(desk.plan.services["tax"], **service)  # type: ignore[arg-type]
    if rule is not None:
        desk.plan.calling["tax"] = rule
    return desk


def issue(desk: Desk, *kinds: str) -> list[str]:
    """Numbers a minute apart: ``g`` green, ``n`` normal."""
    made = []
    for kind in kinds:
        made.append(desk.do(c.Issue, service="tax", green_reason="disabled" if kind == "g" else ""))
        desk.now_ms += MINUTE_MS
    return made


def serve_all(desk: Desk, count: int, window: str = "w1", minutes: int = 5) -> str:
    """Classes in the order in which they are called: g and n."""
    order = ""
    for _ in range(count):
        ticket = desk.hall.tickets[desk.do(c.CallNext, window=window)]
        order += "g" if ticket.rank_class is Class.GREEN else "n"
        desk.do(c.Arrive, window=window)
        desk.now_ms += minutes * MINUTE_MS
        desk.do(c.Finish, window=window)
    return order


# ---------------------------------------------------------------- calling


@pytest.mark.parametrize(
    ("rule", "order"),
    [
        (CallingRule(CallingKind.FIRST_COME), "nnnggg"),
        (CallingRule(CallingKind.STRICT), "gggnnn"),
        (CallingRule(CallingKind.RATIO, ratio=2, ratio_normal=1), "ggngnn"),
        (CallingRule(CallingKind.AGED, aged_minutes=14), "ggnnng"),
        (CallingRule(CallingKind.ACCUMULATING, green_weight=1.5), "nnggng"),
        (CallingRule(CallingKind.STRICT, max_wait_minutes=12), "ggnnng"),
    ],
    ids=["first_come", "strict", "ratio", "aged", "accumulating", "max_wait"],
)
def test_calling_rules(rule: CallingRule, order: str) -> None:
    desk = desk_with(rule)
    issue(desk, "n", "n", "n", "g", "g", "g")
    got = serve_all(desk, 6)
    assert sorted(got) == sorted(order)
    if (
        rule.kind in (CallingKind.FIRST_COME, CallingKind.STRICT, CallingKind.RATIO)
        and not rule.max_wait_minutes
    ):
        assert got == order
    else:
        assert got not in ("nnnggg", "gggnnn"), got


def test_a_flood_of_green_waits_like_everybody_once_its_share_is_taken() -> None:
    desk = desk_with(CallingRule(CallingKind.STRICT, green_share_percent=20))
    issue(desk, *("n" * 30 + "g" * 40))
    order = serve_all(desk, 70, minutes=0)
    assert order.startswith("g" * 23), "while the budget lasts green goes first"
    assert set(order[24:50]) <= {"n", "g"}
    assert order[24:].count("g") < len(order[24:]) * 0.5
    assert order[24:34].count("n") >= 7, order


@pytest.mark.parametrize("max_wait", [0, 3, 5])
@pytest.mark.parametrize(
    "kind", [CallingKind.FIRST_COME, CallingKind.STRICT, CallingKind.ACCUMULATING, CallingKind.AGED]
)
def test_people_ahead_is_the_order_of_calls(kind: CallingKind, max_wait: int) -> None:
    desk = desk_with(CallingRule(kind, green_weight=3, aged_minutes=4, max_wait_minutes=max_wait))
    tickets = issue(desk, "n", "g", "n", "n", "g", "n")
    before = {t: ahead(desk.hall, desk.hall.tickets[t], desk.now_ms) for t in tickets}
    called = []
    for _ in tickets:
        called.append(desk.do(c.CallNext, window="w1"))
        desk.do(c.Arrive, window="w1")
        desk.do(c.Finish, window="w1")
    assert [before[t] for t in called] == list(range(6))


@pytest.mark.parametrize("kind", CallingKind)
def test_whoever_waited_beyond_the_limit_goes_first_whatever_the_rule(kind: CallingKind) -> None:
    desk = desk_with(CallingRule(kind, max_wait_minutes=30, aged_minutes=600, green_weight=50))
    normal = desk.do(c.Issue, service="tax")
    desk.now_ms += 29 * MINUTE_MS
    green = desk.do(c.Issue, service="tax", green_reason="disabled")
    other = desk.do(c.Issue, service="police")
    desk.now_ms += 50_000
    chosen = next_for(desk.hall, "w1", desk.now_ms)
    assert chosen is not None
    if kind in (CallingKind.STRICT, CallingKind.RATIO, CallingKind.AGED):
        assert chosen.id == green
    desk.now_ms += 10_000
    assert [desk.do(c.CallNext, window="w1")] == [normal]
    assert other in desk.hall.tickets


def test_a_window_helps_only_when_its_own_queue_is_empty() -> None:
    desk = Desk()
    desk.do(c.SetSkills, window="w1", skills=(("tax", 1), ("police", 2)))
    first = desk.do(c.Issue, service="police")
    desk.now_ms += HOUR_MS
    own = desk.do(c.Issue, service="tax")
    assert desk.do(c.CallNext, window="w1") == own
    desk.do(c.Arrive, window="w1")
    assert desk.do(c.CallNext, window="w1") == first


def test_age_on_the_card_is_a_green_reason_and_unknown_reasons_are_refused() -> None:
    desk = Desk()
    ticket = desk.hall.tickets[desk.do(c.Issue, service="tax", person=OLD)]
    assert (ticket.rank_class, ticket.green_reason) == (Class.GREEN, "age")
    with pytest.raises(RuleBroken, match="绿色通道"):
        desk.do(c.Issue, service="tax", green_reason="cousin of the manager")


# ---------------------------------------------------------------- baskets, visits, persons


def test_a_basket_is_called_only_where_everything_can_be_done() -> None:
    desk = Desk()
    desk.do(c.SetSkills, window="w2", skills=(("tax", 1),))
    basket = desk.do(c.Issue, service="tax", also=("police",))
    with pytest.raises(RuleBroken, match="暂无等待"):
        desk.do(c.CallNext, window="w2")
    assert desk.do(c.CallNext, window="w1") == basket


def test_a_basket_that_no_window_can_do_is_split_into_what_windows_can() -> None:
    desk = Desk()
    desk.do(c.SetSkills, window="w1", skills=(("police", 1),))
    desk.do(c.SetSkills, window="w2", skills=(("tax", 1), ("social", 2)))
    desk.do(c.SetSkills, window="w3", skills=(("tax", 1),))
    with pytest.raises(RuleBroken, match="请分开取号：办税服务、社保医保取一个号；户政取一个号"):
        desk.do(c.Issue, service="tax", also=("police", "social"))


def test_a_basket_that_no_window_can_do_is_split_by_a_sentence() -> None:
    desk = Desk()
    for window in ("w1", "w2", "w3"):
        desk.do(c.SetSkills, window=window, skills=(("tax", 1),))
    with pytest.raises(RuleBroken, match="办税服务、户政，请分开取号"):
        desk.do(c.Issue, service="tax", also=("police",))


def test_one_person_is_never_at_two_windows() -> None:
    desk = Desk()
    person = Person(key="p")
    tax, police = (desk.do(c.Issue, service=s, person=person) for s in ("tax", "police"))
    assert desk.hall.tickets[police].visit == desk.hall.tickets[tax].visit
    other = desk.do(c.Issue, service="police")
    desk.do(c.SetSkills, window="w2", skills=(("police", 1),))
    assert desk.do(c.CallNext, window="w1") == tax
    assert desk.do(c.CallNext, window="w2") == other, "the person who stands at window 1 is passed over"
    desk.do(c.Arrive, window="w2")
    with pytest.raises(RuleBroken, match="正在别的窗口"):
        desk.do(c.CallTicket, window="w2", ticket=police, reason="试试")


def test_open_numbers_are_limited_for_citizens_and_not_for_agents() -> None:
    desk = Desk()
    desk.plan.services["more"] = replace(desk.plan.services["tax"], id="more", prefix="M")
    desk.hall.skills["w1"]["more"] = 1
    person = Person(key="p")
    for service in ("tax", "social", "police"):
        desk.do(c.Issue, service=service, person=person)
    with pytest.raises(RuleBroken, match="已有 3 个未办的号"):
        desk.do(c.Issue, service="more", person=person)
    for principal in range(5):
        desk.do(c.Issue, service="tax", person=Person(key=f"q{principal}"), agent="a", agent_reason="家属")
    with pytest.raises(RuleBroken, match="代办理由"):
        desk.do(c.Issue, service="tax", person=Person(key="q9"), agent="a")


def test_hoarding_is_told_once_and_blocks_nobody() -> None:
    desk = Desk()
    for _ in range(10):
        desk.do(c.Cancel, ticket=desk.do(c.Issue, service="tax", person=Person(key="p")))
    suspected = [x for x in desk.events if isinstance(x, e.HoardingSuspected)]
    assert [x.count for x in suspected] == [8]


# ---------------------------------------------------------------- quotas and appointments


def test_a_slot_gives_to_walk_ins_what_nobody_booked_or_came_for() -> None:
    desk = desk_with(slot_quota=4, ring_fenced=2, slot_minutes=60)
    for name in ("a", "b"):
        desk.do(c.Book, appointment=name, service="tax", start_ms=NOON, person=Person(key=name))
    with pytest.raises(RuleBroken, match="已约满"):
        desk.do(c.Book, appointment="c", service="tax", start_ms=NOON)
    desk.do(c.CheckIn, appointment="a")
    for _ in range(2):
        desk.do(c.Issue, service="tax")
    with pytest.raises(RuleBroken, match="已取完"):
        desk.do(c.Issue, service="tax")
    desk.now_ms = NOON + 11 * MINUTE_MS
    assert desk.do(c.Issue, service="tax"), "b's grace is over: the place is a walk-in's"
    with pytest.raises(RuleBroken, match="已取完"):
        desk.do(c.Issue, service="tax")


@pytest.mark.parametrize(
    ("minutes", "arrival", "rank_class"),
    [
        (-45, Arrival.EARLY, Class.APPOINTMENT),
        (-10, Arrival.ON_TIME, Class.APPOINTMENT),
        (10, Arrival.ON_TIME, Class.APPOINTMENT),
        (20, Arrival.LATE, Class.APPOINTMENT),
        (31, Arrival.LATE, Class.NORMAL),
    ],
)
def test_checking_in(minutes: int, arrival: Arrival, rank_class: Class) -> None:
    desk = Desk()
    desk.do(c.Book, appointment="a", service="tax", start_ms=NOON + 2 * HOUR_MS, person=Person(key="p"))
    desk.now_ms = NOON + 2 * HOUR_MS + minutes * MINUTE_MS
    ticket = desk.hall.tickets[desk.do(c.CheckIn, appointment="a")]
    assert (ticket.arrival, ticket.rank_class) == (arrival, rank_class)
    assert desk.do(c.CheckIn, appointment="a") == ticket.id, "a second time gets the same number"


def test_a_missed_appointment_is_noticed_and_one_of_tomorrow_survives_the_night() -> None:
    desk = Desk()
    desk.do(c.Book, appointment="today", service="tax", start_ms=NOON)
    desk.do(c.Book, appointment="tomorrow", service="tax", start_ms=NOON + 24 * HOUR_MS)
    desk.now_ms = NOON + 31 * MINUTE_MS
    desk.do(c.Tick)
    assert desk.hall.appointments["today"].status is Booking.MISSED
    desk.now_ms = NOON + 24 * HOUR_MS
    desk.do(c.Tick)
    assert list(desk.hall.appointments) == ["tomorrow"]
    assert desk.do(c.CheckIn, appointment="tomorrow")


def test_no_number_after_the_hour_of_the_last_one() -> None:
    desk = desk_with(issue_until_minute=13 * 60)
    desk.now_ms = NOON + HOUR_MS - 1
    desk.do(c.Issue, service="tax")
    desk.now_ms = NOON + HOUR_MS
    with pytest.raises(RuleBroken, match="已停止取号"):
        desk.do(c.Issue, service="tax")


# ---------------------------------------------------------------- at the window


def test_undo_takes_back_next_with_the_end_that_it_implied() -> None:
    desk = Desk()
    first, second = issue(desk, "n", "n")
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.do(c.CallNext, window="w1")
    call = desk.hall.tickets[second].call
    desk.do(c.Undo, window="w1")
    assert desk.hall.tickets[first].status is TicketStatus.SERVING
    assert desk.hall.tickets[second].status is TicketStatus.WAITING
    assert desk.hall.windows["w1"].ticket == first
    desk.do(c.CallNext, window="w1")
    assert desk.hall.tickets[second].call != call, "a call id is never used twice"


def test_undo_ends_after_thirty_seconds_and_when_the_ticket_moved_on() -> None:
    desk = Desk()
    issue(desk, "n", "n")
    desk.do(c.CallNext, window="w1")
    desk.now_ms += 31_000
    with pytest.raises(RuleBroken, match="30 秒内"):
        desk.do(c.Undo, window="w1")
    desk.do(c.NoShow, window="w1")
    desk.do(c.CallNext, window="w2")
    desk.do(c.Arrive, window="w2")
    desk.do(c.CallNext, window="w2")
    with pytest.raises(RuleBroken, match="之后又有变化"):
        desk.do(c.Undo, window="w1")


def test_undo_does_not_put_one_person_at_two_windows() -> None:
    desk = Desk()
    person = Person(key="p")
    desk.do(c.Issue, service="tax", person=person)
    desk.do(c.Issue, service="police", person=person)
    desk.do(c.SetSkills, window="w1", skills=(("tax", 1),))
    desk.do(c.SetSkills, window="w2", skills=(("police", 1),))
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.do(c.Finish, window="w1")
    desk.do(c.CallNext, window="w2")
    with pytest.raises(RuleBroken, match="正在别的窗口"):
        desk.do(c.Undo, window="w1")


def test_a_transfer_to_a_window_is_called_there_alone_and_comes_back() -> None:
    desk = Desk()
    desk.do(c.OpenWindow, window="w1", clerk="017")
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.do(c.SetSkills, window="w2", skills=(("police", 1), ("tax", 1)))
    desk.do(c.Transfer, window="w1", service="police", to_window="w2", come_back=True, note="查户籍")
    with pytest.raises(RuleBroken, match="暂无等待"):
        desk.do(c.CallNext, window="w1")
    desk.do(c.CallNext, window="w2")
    desk.do(c.Arrive, window="w2")
    desk.do(c.Finish, window="w2")
    with pytest.raises(RuleBroken, match="暂无等待"):
        desk.do(c.CallNext, window="w2")
    assert desk.do(c.CallNext, window="w1") == ticket
    desk.do(c.Arrive, window="w1")
    desk.do(c.Finish, window="w1")
    ended = desk.hall.tickets[ticket]
    assert (ended.status, ended.responsible, ended.issued_ms) == (TicketStatus.DONE, "017", NOON)


def test_a_window_that_closes_sets_free_what_was_bound_to_it() -> None:
    desk = Desk()
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.OpenWindow, window="w2", clerk="022")
    desk.do(c.SetSkills, window="w2", skills=(("tax", 1),))
    desk.do(c.CallNext, window="w1")
    desk.do(c.Transfer, window="w1", to_clerk="022")
    desk.do(c.CloseWindow, window="w2")
    assert desk.do(c.CallNext, window="w1") == ticket


def test_one_clerk_sits_at_one_window() -> None:
    desk = Desk()
    desk.do(c.OpenWindow, window="w1", clerk="017")
    with pytest.raises(RuleBroken, match="已在1号窗口"):
        desk.do(c.OpenWindow, window="w2", clerk="017")
    with pytest.raises(RuleBroken, match="由工号 017 使用"):
        desk.do(c.OpenWindow, window="w1", clerk="022")
    desk.do(c.CloseWindow, window="w1")
    desk.do(c.OpenWindow, window="w2", clerk="017")


def test_a_clerk_who_leaves_parks_the_number_that_is_there() -> None:
    desk = Desk()
    ticket = desk.do(c.Issue, service="tax")
    desk.do(c.CallNext, window="w1")
    desk.do(c.Arrive, window="w1")
    desk.do(c.CloseWindow, window="w1", park=True)
    assert desk.hall.tickets[ticket].status is TicketStatus.PARKED
    assert desk.hall.windows["w1"].status is WindowStatus.CLOSED


def test_out_of_order_needs_a_reason_and_is_in_the_journal() -> None:
    desk = Desk()
    _, second = issue(desk, "n", "n")
    with pytest.raises(RuleBroken, match="理由"):
        desk.do(c.CallTicket, window="w1", ticket=second, reason=" ")
    desk.do(c.CallTicket, window="w1", ticket=second, reason="突发疾病")
    called = next(x for x in desk.events if isinstance(x, e.TicketCalled))
    assert (called.ticket, called.reason) == (second, "突发疾病")


def test_a_number_that_passed_returns_two_places_back() -> None:
    desk = Desk(NoShowPolicy.MANUAL)
    tickets = issue(desk, "n", "n", "n", "n")
    desk.do(c.CallNext, window="w1")
    desk.do(c.NoShow, window="w1")
    desk.do(c.ReturnNoShow, ticket=tickets[0])
    called = []
    for _ in range(4):
        called.append(desk.do(c.CallNext, window="w1"))
        desk.do(c.Arrive, window="w1")
    assert called == [tickets[1], tickets[2], tickets[0], tickets[3]]


# ---------------------------------------------------------------- rota


def at(day: int, clock: str) -> int:
    """Hall time of ``clock`` on a day from Saturday 2026-11-21 (0) on."""
    hours, minutes = clock.split(":")
    return NOON + day * 24 * HOUR_MS + (int(hours) - 12) * HOUR_MS + int(minutes) * MINUTE_MS


def test_an_evening_goes_on_past_midnight_and_past_the_close_of_the_day() -> None:
    """Saturdays 20:00-03:00 on a business day that closes at 02:00; Monday the 23rd is a holiday."""
    desk = Desk()
    evening = Shift("w1", 20 * 60, 27 * 60, (5,), services=("police",), name="夜间")
    holiday = Shift("w1", 22 * 60, 25 * 60, (), holidays=True, services=("tax",), name="假日")
    rest = Shift("w1", 9 * 60, 10 * 60, (5,), closed=True)
    desk.plan = replace(
        desk.plan,
        rota=(evening, holiday, rest),
        holidays=(NOON // (24 * HOUR_MS) + 2,),
        rules=replace(desk.plan.rules, day_closes_minute=2 * 60),
    )
    desk.do(c.PublishPlan, plan=desk.plan)
    seen = {}
    for day, clock in (
        *((0, "19:59"), (0, "20:00"), (0, "23:59"), (1, "00:00"), (1, "02:00"), (1, "02:59"), (1, "03:00")),
        *((1, "20:00"), (2, "21:59"), (2, "22:00"), (3, "00:59"), (3, "01:00")),
    ):
        desk.now_ms = at(day, clock)
        desk.do(c.Tick)
        seen[f"{day} {clock}"] = ",".join(desk.hall.skills["w1"])
    all_ = "tax,social,police"
    assert seen == {
        "0 19:59": all_,
        "0 20:00": "police",
        "0 23:59": "police",
        "1 00:00": "police",
        "1 02:00": "police",
        "1 02:59": "police",
        "1 03:00": all_,
        "1 20:00": all_,
        "2 21:59": all_,
        "2 22:00": "tax",
        "3 00:59": "tax",
        "3 01:00": all_,
    }


def test_the_rota_ahead_knows_an_evening_that_began_yesterday() -> None:
    desk = Desk()
    plan = replace(desk.plan, rota=(Shift("w1", 20 * 60, 26 * 60, (5,), services=("police",)),))
    changes = rota_ahead(plan, at(1, "01:00"), at(1, "12:00"))["w1"]
    assert [(change.at_ms, sorted(change.skills)) for change in changes] == [
        (at(1, "01:00"), ["police"]),
        (at(1, "02:00"), ["police", "social", "tax"]),
    ]


def test_a_line_that_does_something_else_at_the_same_hours_is_applied() -> None:
    desk = Desk()
    desk.do(c.PublishPlan, plan=replace(desk.plan, rota=(Shift("w1", 0, 1440, (5,), services=("tax",)),)))
    desk.do(c.Tick)
    assert list(desk.hall.skills["w1"]) == ["tax"]
    desk.do(c.PublishPlan, plan=replace(desk.plan, rota=(Shift("w1", 0, 1440, (5,), services=("police",)),)))
    desk.do(c.Tick)
    assert list(desk.hall.skills["w1"]) == ["police"]


def test_the_rota_opens_pauses_and_changes_windows_by_itself() -> None:
    desk = Desk()
    every_day = tuple(range(7))
    desk.plan = replace(
        desk.plan,
        rota=(
            Shift("w2", 12 * 60 + 30, 13 * 60, every_day, closed=True, name="午休"),
            Shift("w3", 18 * 60, 21 * 60, every_day, services=("police",), name="夜间"),
        ),
    )
    desk.hall.plan = desk.plan
    before = dict(desk.hall.skills["w3"])
    desk.do(c.Tick)
    assert desk.hall.windows["w2"].status is WindowStatus.OPEN
    desk.now_ms = NOON + 30 * MINUTE_MS
    desk.do(c.Tick)
    assert (desk.hall.windows["w2"].status, desk.hall.windows["w2"].reason) == (WindowStatus.PAUSED, "午休")
    desk.do(c.OpenWindow, window="w2")
    desk.do(c.Tick)
    assert desk.hall.windows["w2"].status is WindowStatus.OPEN, "a manager's change stands"
    desk.now_ms = NOON + 6 * HOUR_MS
    desk.do(c.Tick)
    assert desk.hall.skills["w3"] == {"police": 1}
    desk.now_ms = NOON + 9 * HOUR_MS
    desk.do(c.Tick)
    assert desk.hall.skills["w3"] == before
    count = len(desk.events)
    desk.do(c.Tick)
    assert len(desk.events) == count, "nothing is said twice"
