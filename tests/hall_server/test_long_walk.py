"""Thousands of commands in the proportions of a real day replay to the same hall."""

from __future__ import annotations

import random

import pytest

from contract.messages import Person
from hall_server.hall import commands as c
from hall_server.hall.day import slot_of
from hall_server.hall.evolve import evolve
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.plan import NoShowPolicy
from hall_server.hall.snapshot import freeze, thaw
from hall_server.records import decode_event, encode_event
from tests.hall_server.test_hall import Desk, picture

COMMANDS_EACH = 4000


def step(desk: Desk, chance: random.Random) -> None:
    """One command as a busy hall would give it."""
    window = chance.choice(list(desk.plan.windows))
    service = chance.choice(list(desk.plan.services))
    person = Person(key=f"p{chance.randrange(40)}") if chance.random() < 0.6 else None
    others = list(desk.plan.services)
    parked = [ticket for _, ticket in desk.hall.parked]
    tickets = list(desk.hall.tickets)[-60:] or ["none"]
    booked = list(desk.hall.appointments)[-20:] or ["none"]
    options: dict[type[c.Command], dict[str, object]] = {
        c.Issue: {
            "service": service,
            "person": person,
            "also": tuple(chance.sample([o for o in others if o != service], chance.choice([0, 0, 0, 1]))),
            "green_reason": chance.choice(["", "", "", "disabled"]),
        },
        c.CallNext: {"window": window},
        c.Arrive: {"window": window},
        c.Finish: {"window": window},
        c.Recall: {"window": window},
        c.NoShow: {"window": window},
        c.Transfer: {
            "window": window,
            "service": service,
            "to_window": chance.choice(["", *desk.plan.windows]),
            "come_back": chance.random() < 0.5,
        },
        c.Undo: {"window": window},
        c.CallTicket: {"window": window, "ticket": chance.choice(tickets), "reason": "急"},
        c.CallParked: {"window": window, "ticket": chance.choice(parked or tickets)},
        c.ReturnNoShow: {"ticket": chance.choice(tickets)},
        c.Cancel: {"ticket": chance.choice(tickets)},
        c.Book: {
            "appointment": f"a{len(desk.events)}",
            "service": service,
            "start_ms": slot_of(desk.now_ms, 60, desk.plan.rules) + chance.randrange(3) * 3_600_000,
            "person": person,
        },
        c.CheckIn: {"appointment": chance.choice(booked)},
        c.CancelBooking: {"appointment": chance.choice(booked)},
        c.SetSkills: {
            "window": window,
            "skills": tuple((s, chance.choice([1, 2])) for s in chance.sample(others, 2)),
        },
        c.LeaseNumbers: {"service": service, "count": 5},
        c.MergeLease: {
            "token": desk.hall.tokens,
            "tickets": tuple(
                c.OfflineTicket(ordinal=lease.first + i, issued_ms=desk.now_ms - i * 1000, person=person)
                for lease in list(desk.hall.leases.values())[-1:]
                for i in range(chance.randrange(5))
            ),
        },
        c.Park: {"window": window, "minutes": chance.randrange(1, 9)},
        c.CallGuide: {"window": chance.choice(["", window])},
        c.CallForHelp: {"window": window},
        c.TakeHelp: {"call": chance.choice(list(desk.hall.helps) or [0])},
        c.EndHelp: {
            "call": chance.choice(list(desk.hall.helps) or [0]),
            "note": "已指引",
            "number": chance.choice(["", "", *list(desk.hall.by_number)[-20:]]),
        },
        c.ReadEndings: {"window": window, "tickets": tuple(tickets)},
        c.TakePapers: {"window": window, "papers": tuple(chance.sample(["甲", "乙", "丙"], 2))},
        c.PostNotice: {"text": chance.choice(["甲", "乙"]), "minutes": chance.randrange(1, 9)},
        c.WithdrawNotice: {"notice": chance.choice(list(desk.hall.notices) or [0])},
        c.MakeBroadcast: {
            "text": chance.choice(["各位群众，即将下班", "请速撤离"]),
            "stations": ("announcer-1", "announcer-2"),
            "urgent": chance.random() < 0.3,
            "board": chance.random() < 0.5,
            "minutes": chance.randrange(1, 9),
        },
        c.EndBroadcast: {"broadcast": chance.choice(list(desk.hall.broadcasts) or [0])},
        c.NoteBroadcast: {
            "broadcast": chance.choice(list(desk.hall.broadcasts) or [0]),
            "station": chance.choice(["announcer-1", "announcer-2", "other"]),
            "spoken": chance.randrange(3),
            "over": chance.random() < 0.5,
            "why": chance.choice(["", "no_gap"]),
        },
        c.Tick: {},
        c.OpenWindow: {"window": window, "clerk": chance.choice(["", "017", "022"])},
        c.PauseWindow: {"window": window},
        c.CloseWindow: {"window": window, "park": chance.random() < 0.5},
    }
    often = {
        c.Issue: 40,
        c.CallNext: 40,
        c.Arrive: 25,
        c.Finish: 20,
        c.Recall: 15,
        c.Tick: 10,
        c.OpenWindow: 8,
    }
    kind = chance.choices(list(options), [often.get(kind, 3) for kind in options])[0]
    desk.now_ms += chance.randrange(4000)
    if chance.random() < 0.0005:
        desk.now_ms += 86_400_000
    desk.do(kind, **options[kind])


@pytest.mark.parametrize("seed", range(4))
def test_a_long_walk_replays_to_the_same_hall(seed: int) -> None:
    chance = random.Random(seed)
    desk = Desk(list(NoShowPolicy)[seed], windows=8)
    refused = 0
    for _ in range(COMMANDS_EACH):
        try:
            step(desk, chance)
        except RuleBroken:
            refused += 1
        sound(desk.hall)
    again, half = Hall(desk.plan), len(desk.events) // 2
    for number, event in enumerate(desk.events):
        if number == half:
            frozen = freeze(again)
            again = Hall(desk.plan)
            thaw(again, frozen)
        evolve(again, decode_event(type(event).__name__, encode_event(event)))
    assert picture(again) == picture(desk.hall)
    assert refused < COMMANDS_EACH * 0.8, f"seed {seed}: the walk hardly walked"
    assert len({type(event) for event in desk.events}) >= 20, f"seed {seed}"


def sound(hall: Hall) -> None:
    """No ticket at two windows; every open ticket in exactly one place."""
    at = [now.ticket for now in hall.windows.values() if now.ticket]
    assert len(at) == len(set(at))
    visits = [hall.tickets[t].visit for t in at]
    assert len(visits) == len(set(visits)), "one person at two windows"
    assert sum(hall.waiting.values()) == sum(len(lane) for lane in hall.lanes.values())
    waiting = [ticket for lane in hall.lanes.values() for _, ticket in lane]
    places = waiting + [ticket for _, ticket in hall.parked] + at
    assert len(places) == len(set(places))
    assert set(places) == {t.id for t in hall.open_tickets()}
