"""Random days for reports: the long walk with outcomes, items, reprints, voids and renamed windows."""

from __future__ import annotations

import random
from dataclasses import replace

from contract.messages import Paper, Person
from hall_server.hall import commands as c
from hall_server.hall.evaluation import TAGS
from hall_server.hall.model import FollowUp, Outcome, RuleBroken
from hall_server.hall.plan import NoShowPolicy, Plan, Postponing
from tests.hall_server.test_hall import Desk
from tests.hall_server.test_long_walk import step as walk_on

ITEMS = {"tax": ("t1", "t2"), "social": ("s1",), "police": ("p1", "p2", "p3")}
HOUR_MS = 3_600_000


def step(desk: Desk, chance: random.Random) -> None:
    """One more command of a busy hall. Raises RuleBroken."""
    window = chance.choice(list(desk.hall.plan.windows))
    kind = chance.random()
    if kind < 0.44:
        walk_on(desk, chance)
        return
    desk.now_ms += chance.randrange(9000)
    if kind < 0.50:
        _from_afar(desk, chance)
    elif kind < 0.62:
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


def calm(desk: Desk, chance: random.Random) -> None:
    """A quiet hour: few come, queues run empty, windows do one thing only. Raises RuleBroken."""
    window = chance.choice(list(desk.hall.plan.windows))
    desk.now_ms += chance.randrange(20_000)
    what = chance.random()
    if what < 0.12 and len(desk.hall.parked) < 20:
        step(desk, chance)
    elif what < 0.16:
        skills = chance.sample(list(desk.hall.plan.services), chance.choice([1, 1, 2]))
        desk.do(c.SetSkills, window=window, skills=tuple((service, 1) for service in skills))
    elif what < 0.2:
        desk.do(c.OpenWindow, window=window, clerk=chance.choice(["017", "022", ""]))
    elif what < 0.7:
        desk.do(c.CallNext, window=window)
    elif what < 0.8:
        desk.do(chance.choice([c.NoShow, c.Undo]), window=window)
    else:
        desk.do(chance.choice([c.Arrive, c.Finish]), window=window)


def lively(desk: Desk, chance: random.Random, number: int) -> None:
    """The ``number``-th command of a day in which rush and quiet take turns. Raises RuleBroken."""
    (calm if number // 150 % 2 else step)(desk, chance)


def _from_afar(desk: Desk, chance: random.Random) -> None:
    """What holders do on their phones: ask for more time, come back, judge the service."""
    what = chance.random()
    if what < 0.4:
        desk.do(c.Postpone, ticket=chance.choice(list(desk.hall.tickets)[-40:] or ["none"]))
    elif what < 0.6:
        away = [t.id for t in list(desk.hall.tickets.values())[-80:] if t.away]
        desk.do(c.ComeBack, ticket=chance.choice(away or ["none"]))
    elif what < 0.72 and desk.hall.poor:
        desk.do(
            c.FollowPoor,
            call=chance.choice(list(desk.hall.poor)),
            step=chance.choice(list(FollowUp)),
            note="已联系",
        )
    elif desk.hall.served:
        ticket = chance.choice(list(desk.hall.served)[-60:])
        call = chance.choice(desk.hall.served[ticket]).call
        tags = tuple(chance.sample([*TAGS, "unheard"], chance.randrange(3)))
        words = chance.choice(["", "很好", "等太久"])
        desk.do(c.Evaluate, ticket=ticket, call=call, grade=chance.randrange(1, 6), tags=tags, words=words)


def _at_window(desk: Desk, chance: random.Random, window: str) -> None:
    """A call and what rarely follows it: transfer with the way back, no-show and its return, parking."""
    desk.do(c.CallNext, window=window)
    desk.now_ms += chance.randrange(1, 60_000)
    what = chance.randrange(4)
    if what == 0:
        service = chance.choice(list(desk.hall.plan.services))
        seated = [now.clerk for now in desk.hall.windows.values() if now.clerk]
        clerk = chance.choice(seated) if seated and chance.random() < 0.4 else ""
        back = chance.random() < 0.7
        desk.do(c.Transfer, window=window, service=service, to_clerk=clerk, come_back=back)
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
    what = chance.randrange(5)
    if what == 4:
        other = Postponing.BACK if plan.rules.postpone is Postponing.PARK else Postponing.PARK
        return replace(plan, rules=replace(plan.rules, postpone=other, postpones_per_ticket=3))
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
    for number in range(commands):
        try:
            lively(desk, chance, number)
        except RuleBroken:
            continue
    return desk
