"""Random days for reports: the long walk with outcomes, items, reprints, voids and renamed windows."""

from __future__ import annotations

import random
from dataclasses import replace

from contract.messages import Paper, Person
from hall_server.hall import commands as c
from hall_server.hall.model import Outcome, RuleBroken
from hall_server.hall.plan import NoShowPolicy, Plan
from tests.hall_server.test_hall import Desk
from tests.hall_server.test_long_walk import step as walk_on

ITEMS = {"tax": ("t1", "t2"), "social": ("s1",), "police": ("p1", "p2", "p3")}
HOUR_MS = 3_600_000


def step(desk: Desk, chance: random.Random) -> None:
    """One more command of a busy hall. Raises RuleBroken."""
    window = chance.choice(list(desk.hall.plan.windows))
    kind = chance.random()
    if kind < 0.50:
        walk_on(desk, chance)
        return
    desk.now_ms += chance.randrange(9000)
    if kind < 0.62:
        service = chance.choice(list(desk.hall.plan.services))
        person = Person(key=f"p{chance.randrange(25)}") if chance.random() < 0.8 else None
        agent = "a1" if person and chance.random() < 0.1 else ""
        desk.do(
            c.Issue,
            service=service,
            items=tuple(chance.sample(ITEMS[service], chance.choice([0, 1, 1, 1]))),
            person=person,
            agent=agent,
            agent_reason="家属" if agent else "",
            green_reason=chance.choice(["", "", "", "disabled", "pregnant"]),
        )
    elif kind < 0.70:
        desk.do(c.Arrive, window=window)
    elif kind < 0.78:
        desk.do(c.Finish, window=window, outcome=chance.choice(list(Outcome)), note="缺户口簿")
    elif kind < 0.81:
        desk.do(c.Undo, window=window)
    elif kind < 0.84:
        ticket = chance.choice(list(desk.hall.tickets)[-40:] or ["none"])
        paper = chance.choice(list(Paper))
        desk.do(c.ReportPaper, ticket=ticket, paper=paper, reprint=chance.random() < 0.7)
    elif kind < 0.86:
        desk.do(c.Void, ticket=chance.choice(list(desk.hall.tickets)[-40:] or ["none"]))
    elif kind < 0.865:
        desk.do(c.PublishPlan, plan=altered(desk.hall.plan, chance), note="改名")
    elif kind < 0.87:
        desk.now_ms += chance.randrange(4 * HOUR_MS)
        desk.do(c.Tick)
    else:
        _at_window(desk, chance, window)


def _at_window(desk: Desk, chance: random.Random, window: str) -> None:
    """A call and what rarely follows it: transfer with the way back, no-show and its return, parking."""
    desk.do(c.CallNext, window=window)
    desk.now_ms += chance.randrange(1, 60_000)
    what = chance.randrange(4)
    if what == 0:
        service = chance.choice(list(desk.hall.plan.services))
        desk.do(c.Transfer, window=window, service=service, come_back=chance.random() < 0.7)
    elif what == 1:
        ticket = desk.do(c.NoShow, window=window)
        desk.now_ms += chance.randrange(1, 60_000)
        desk.do(c.ReturnNoShow, ticket=ticket)
    elif what == 2:
        desk.do(c.Park, window=window, minutes=1)
        desk.now_ms += chance.choice([1000, 61_000])
        desk.do(c.Tick)
    else:
        desk.do(c.Recall, window=window)


def altered(plan: Plan, chance: random.Random) -> Plan:
    """Another description: a window renamed or moved to the other zone, one gone, one new."""
    windows = dict(plan.windows)
    name = chance.choice(list(windows))
    what = chance.randrange(4)
    if what == 0:
        windows[name] = replace(windows[name], label=f"{chance.randrange(90)}号窗口")
    elif what == 1:
        windows[name] = replace(windows[name], zone="west" if windows[name].zone == "east" else "east")
    elif what == 2 and len(windows) > 4:
        del windows[name]
    else:
        new = f"w{len(windows) + 10}"
        windows[new] = replace(windows[name], id=new, label=new, open_at_start=chance.random() < 0.5)
    return replace(plan, windows=windows)


def walked(seed: int, commands: int, *, policy: NoShowPolicy | None = None) -> Desk:
    """A desk after so many commands; refused ones leave no event."""
    chance = random.Random(seed)
    desk = Desk(policy or chance.choice(list(NoShowPolicy)), windows=5)
    for _ in range(commands):
        try:
            step(desk, chance)
        except RuleBroken:
            continue
    return desk
