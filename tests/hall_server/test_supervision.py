"""What a manager must see: lights by the limits, what is wrong in the order of what to do."""

from __future__ import annotations

import dataclasses

from hall_server.hall import commands as c
from hall_server.hall.supervision import Light, Urgency, findings, queue_light, scene, window_light
from tests.hall_server.test_hall import Desk

MINUTE_MS = 60_000


def titles(desk: Desk) -> list[str]:
    return [found.title for found in findings(scene(desk.hall, desk.now_ms), {})]


def keys(desk: Desk) -> list[str]:
    return [found.key for found in findings(scene(desk.hall, desk.now_ms), {})]


def test_a_calm_hall_has_nothing_wrong() -> None:
    desk = Desk()
    desk.do(c.Tick)
    assert titles(desk) == []


def test_a_wait_turns_yellow_then_red_and_counts_who_waits_too_long() -> None:
    desk = Desk()
    service = next(iter(desk.hall.plan.services))
    for _ in range(2):
        desk.do(c.Issue, service=service)
    desk.now_ms += 21 * MINUTE_MS
    desk.do(c.Issue, service=service)
    seen = scene(desk.hall, desk.now_ms)
    line = seen.lines[service]
    assert (line.waiting, line.late, line.over) == (3, 2, 0)
    assert queue_light(line) is Light.YELLOW
    assert line.oldest == desk.hall.tickets[desk.hall.heads(service, 1)[0]].number
    late = next(f for f in findings(seen, {}) if f.key == f"late-{service}")
    assert late.urgency is Urgency.SOON
    assert "有 2 人等候超过 20 分钟" in late.title
    desk.now_ms += 20 * MINUTE_MS
    over = findings(scene(desk.hall, desk.now_ms), {})[0]
    assert over.urgency is Urgency.NOW
    assert queue_light(scene(desk.hall, desk.now_ms).lines[service]) is Light.RED
    assert "有 2 人等候超过 40 分钟" in over.title


def test_people_without_an_open_window_come_before_long_waits() -> None:
    desk = Desk()
    service = next(iter(desk.hall.plan.services))
    for window in desk.hall.plan.windows:
        desk.do(c.CloseWindow, window=window)
    desk.do(c.Issue, service=service)
    assert keys(desk) == [f"unserved-{service}"]


def test_a_window_that_does_not_call_is_told_after_the_limit_only() -> None:
    desk = Desk()
    service = next(iter(desk.hall.plan.services))
    window = next(w.id for w in desk.hall.windows_for(service))
    desk.do(c.OpenWindow, window=window)
    desk.do(c.Issue, service=service)
    desk.now_ms += 4 * MINUTE_MS
    assert f"idle-{window}" not in keys(desk)
    desk.now_ms += 2 * MINUTE_MS
    assert f"idle-{window}" in keys(desk)
    assert window_light(scene(desk.hall, desk.now_ms), window) is Light.YELLOW
    desk.do(c.CallNext, window=window)
    assert f"idle-{window}" not in keys(desk)
    desk.do(c.Arrive, window=window)
    desk.now_ms += 41 * MINUTE_MS
    assert window_light(scene(desk.hall, desk.now_ms), window) is Light.RED
    assert f"long-{window}" in keys(desk)


def test_a_clerk_in_need_is_first_and_rings_until_somebody_goes() -> None:
    desk = Desk()
    service, window = next(iter(desk.hall.plan.services)), next(iter(desk.hall.plan.windows))
    desk.do(c.Issue, service=service)
    desk.now_ms += 50 * MINUTE_MS
    desk.do(c.CallForHelp, window=window, about="争执")
    first = findings(scene(desk.hall, desk.now_ms), {})[0]
    assert (first.urgency, first.rings, first.act and first.act.name) == (Urgency.HELP, True, "help-take")
    call = next(iter(desk.hall.helps))
    desk.do(c.TakeHelp, call=call)
    first = findings(scene(desk.hall, desk.now_ms), {})[0]
    assert (first.rings, first.act and first.act.name) == (False, "help-end")
    desk.do(c.EndHelp, call=call)
    assert findings(scene(desk.hall, desk.now_ms), {})[0].urgency is not Urgency.HELP


def test_a_guide_whom_nobody_follows_is_told_with_the_name_of_the_kiosk() -> None:
    desk = Desk()
    desk.do(c.CallGuide, about="找不到事项")
    assert titles(desk) == []
    desk.now_ms += 3 * MINUTE_MS
    (found,) = findings(scene(desk.hall, desk.now_ms), {"k": "1号自助机", "test": "1号自助机"})
    assert found.title.endswith("呼叫导办，无人应答")


def test_the_limits_are_rules_of_the_hall() -> None:
    desk = Desk()
    rules = dataclasses.replace(desk.hall.plan.rules, wait_yellow_minutes=2, wait_red_minutes=3)
    desk.hall.plan = dataclasses.replace(desk.hall.plan, rules=rules)
    service = next(iter(desk.hall.plan.services))
    desk.do(c.Issue, service=service)
    desk.now_ms += 3 * MINUTE_MS
    assert f"late-{service}" in keys(desk)
