"""What another description would change, seen before it is published."""

from __future__ import annotations

from dataclasses import replace

from hall_server.hall import commands as c
from hall_server.hall.decide import decide, turn_of_day
from hall_server.hall.evolve import evolve
from hall_server.hall.model import Hall
from hall_server.hall.preview import preview
from tests.hall_server.halls import small_plan

NOON = 1_795_233_600_000


def hall_with(*services: str) -> Hall:
    hall = Hall(small_plan())
    for event in turn_of_day(hall, NOON):
        evolve(hall, event)
    for i, service in enumerate(services):
        command = c.Issue(request=f"r{i}", by="kiosk-1", service=service)
        for event in decide(hall, command, NOON + i).events:
            evolve(hall, event)
    return hall


def test_only_those_whose_windows_change_are_affected() -> None:
    hall = hall_with("tax", "social", "police")
    plan = hall.plan
    one = replace(plan.windows["w1"], services=("tax",))
    seen = preview(hall, replace(plan, windows={**plan.windows, "w1": one}))
    assert seen.waiting == 3
    assert [(a.number, a.after) for a in seen.affected] == [
        (a.number, tuple(label for label in a.before if label != "1号窗口")) for a in seen.affected
    ]
    assert {a.service for a in seen.affected} == {"社保医保", "户政"}
    assert seen.stranded == ()


def test_whoever_would_have_no_window_is_named_and_obstacles_forbid() -> None:
    hall = hall_with("police")
    plan = hall.plan
    windows = {
        w.id: replace(w, services=tuple(s for s in w.services if s != "police"))
        for w in plan.windows.values()
    }
    seen = preview(hall, replace(plan, windows=windows))
    assert seen.stranded == ("L01",)
    assert seen.obstacles == ()
    gone = {k: s for k, s in plan.services.items() if k != "police"}
    seen = preview(hall, replace(plan, windows=windows, services=gone))
    assert "L01" in seen.obstacles[0]


def test_the_same_description_changes_nothing() -> None:
    hall = hall_with("tax")
    seen = preview(hall, small_plan())
    assert (seen.affected, seen.obstacles) == ((), ())


def test_another_label_is_not_another_window() -> None:
    hall = hall_with("tax")
    renamed = {k: replace(w, label=f"{w.label}甲") for k, w in hall.plan.windows.items()}
    assert preview(hall, replace(hall.plan, windows=renamed)).affected == ()
