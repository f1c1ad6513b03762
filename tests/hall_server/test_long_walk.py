"""Thousands of commands in the proportions of a real day replay to the same hall."""

from __future__ import annotations

import random

import pytest

from contract.messages import Person
from hall_server.hall import commands as c
from hall_server.hall.evolve import evolve
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.plan import NoShowPolicy
from hall_server.journal import decode_event, encode_event
from tests.hall_server.test_hall import Desk, picture

COMMANDS_EACH = 4000


def step(desk: Desk, chance: random.Random) -> None:
    """One command as a busy hall would give it."""
    window = chance.choice(list(desk.plan.windows))
    service = chance.choice(list(desk.plan.services))
    person = Person(key=f"p{chance.randrange(40)}") if chance.random() < 0.6 else None
    options: dict[type[c.Command], dict[str, object]] = {
        c.Issue: {"service": service, "person": person},
        c.CallNext: {"window": window},
        c.Arrive: {"window": window},
        c.Finish: {"window": window},
        c.Recall: {"window": window},
        c.NoShow: {"window": window},
        c.Transfer: {"window": window, "service": service},
        c.Park: {"window": window, "minutes": chance.randrange(1, 9)},
        c.Tick: {},
        c.OpenWindow: {"window": window},
        c.PauseWindow: {"window": window},
        c.CloseWindow: {"window": window},
    }
    weights = [30, 40, 25, 20, 15, 6, 4, 4, 10, 6, 1, 1]
    kind = chance.choices(list(options), weights)[0]
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
    again = Hall(desk.plan)
    for event in desk.events:
        evolve(again, decode_event(type(event).__name__, encode_event(event)))
    assert picture(again) == picture(desk.hall)
    assert refused < COMMANDS_EACH * 0.8, f"seed {seed}: the walk hardly walked"
    assert len({type(event) for event in desk.events}) >= 11, f"seed {seed}"


def sound(hall: Hall) -> None:
    """No ticket at two windows; every open ticket in exactly one place."""
    at = [now.ticket for now in hall.windows.values() if now.ticket]
    assert len(at) == len(set(at))
    waiting = [ticket for lane in hall.lanes.values() for _, ticket in lane]
    places = waiting + [ticket for _, ticket in hall.parked] + at
    assert len(places) == len(set(places))
    assert set(places) == {t.id for t in hall.open_tickets()}
