"""A hall described anew while people wait: nobody loses a place, and a replay keeps each description."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contract import topics
from contract.messages import TicketStatus
from hall_server.hall import commands as c
from hall_server.hall.evolve import evolve
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.plan import Plan, Service, ServiceWindow
from hall_server.hall.snapshot import freeze, thaw
from hall_server.journal_writer import Journal
from hall_server.service import HallService
from tests.hall_server.halls import small_plan
from tests.hall_server.running import running


def publish(service: HallService, plan: Plan, **fields: object) -> None:
    service.submit(c.PublishPlan(request="", by="manager:m1", plan=plan, **fields)).result()  # type: ignore[arg-type]


def issue(service: HallService, name: str, request: str) -> str:
    return service.submit(c.Issue(request=request, by="kiosk-1", service=name)).result().ticket


def without_window(plan: Plan, window: str) -> Plan:
    return replace(plan, windows={k: w for k, w in plan.windows.items() if k != window})


def with_window(plan: Plan, window: ServiceWindow) -> Plan:
    return replace(plan, windows={**plan.windows, window.id: window})


def first_service(plan: Plan) -> Service:
    return next(iter(plan.services.values()))


def test_a_new_service_and_its_window_work_at_once(tmp_path: Path) -> None:
    plan = small_plan()
    zone = next(iter(plan.zones))
    fresh = Service("marriage", "婚姻登记", zone, "Y")
    window = ServiceWindow("w77", "77号窗口", "婚姻登记", zone, ("marriage",), open_at_start=True)
    with running(tmp_path / "j.db", plan) as (service, _):
        waiting = issue(service, first_service(plan).id, "r1")
        publish(
            service,
            replace(
                plan,
                services={**plan.services, fresh.id: fresh},
                windows={**plan.windows, window.id: window},
            ),
        )
        ticket = issue(service, "marriage", "r2")
        answer = service.submit(c.CallNext(request="r3", by="window:w77", window="w77")).result()
        view = service.settled().result()
    assert answer.ticket == ticket
    assert view.windows["w77"].number == "Y001"
    assert view.queues[first_service(plan).id].waiting == 1
    assert waiting


def test_what_the_hall_no_longer_has_is_taken_off_the_broker_and_the_view(tmp_path: Path) -> None:
    plan = small_plan()
    last = list(plan.windows)[-1]
    with running(tmp_path / "j.db", plan) as (service, recorder):
        publish(service, plan, file="d1")
        service.settled().result()
        publish(service, without_window(plan, last))
        view = service.settled().result()
        assert last not in view.windows
        assert recorder.cleared == [(topics.WINDOW.name, {"window": last})]
        service.show_again()
        service.settled().result()
        assert recorder.cleared == [(topics.WINDOW.name, {"window": last})] * 2
    with running(tmp_path / "j.db", plan) as (service, recorder):
        service.settled().result()
        assert recorder.cleared == [(topics.WINDOW.name, {"window": last})]
        publish(service, plan)
        assert last in service.settled().result().windows


def test_a_plan_that_strands_a_number_is_refused_and_says_which(tmp_path: Path) -> None:
    plan = small_plan()
    service_id = first_service(plan).id
    rest = replace(plan, services={k: s for k, s in plan.services.items() if k != service_id})
    with running(tmp_path / "j.db", plan) as (service, _):
        ticket = issue(service, service_id, "r1")
        with pytest.raises(RuleBroken, match="B001") as refused:
            publish(service, rest)
        assert refused.value.code == "stranded"
        assert service.plan == plan
        service.submit(c.Cancel(request="r2", by="kiosk-1", ticket=ticket)).result()
        publish(service, rest)
        assert service_id not in service.plan.services
        slip = service.query(lambda hall: hall.tickets[ticket].status).result()
    assert slip is TicketStatus.CANCELLED


def test_of_two_managers_who_publish_at_once_the_second_is_told(tmp_path: Path) -> None:
    plan = small_plan()
    with running(tmp_path / "j.db", plan) as (service, _):
        publish(service, replace(plan, name="甲"), base=0)
        with pytest.raises(RuleBroken, match="第 1 版") as refused:
            publish(service, replace(plan, name="乙"), base=0)
        assert refused.value.code == "plan_moved"
        assert service.plan.name == "甲"
        with pytest.raises(RuleBroken, match="没有可发布的内容"):
            publish(service, replace(plan, name="甲"), base=1)


def test_the_same_file_is_news_once_and_a_published_plan_outlives_a_restart(tmp_path: Path) -> None:
    plan = small_plan()
    with running(tmp_path / "j.db", plan) as (service, _):
        publish(service, plan, file="digest-1")
        publish(service, plan, file="digest-1")
        assert service.published.version == 1
        publish(service, replace(plan, name="改名大厅"), base=1)
    with running(tmp_path / "j.db", plan) as (service, _):
        publish(service, plan, file="digest-1")
        assert service.plan.name == "改名大厅"
        publish(service, replace(plan, name="文件大厅"), file="digest-2")
        assert service.plan.name == "文件大厅"


def test_live_skills_stay_unless_the_plan_changes_them(tmp_path: Path) -> None:
    plan = small_plan()
    _, one, two = plan.windows.values()
    other = next(s for s in plan.services if s not in one.services)
    with running(tmp_path / "j.db", plan) as (service, _):
        publish(service, plan, file="d1")
        for window in (one, two):
            service.submit(
                c.SetSkills(request=window.id, by="manager:m1", window=window.id, skills=((other, 1),))
            ).result()
        described = replace(two, services=(*two.services, "extra"))
        publish(
            service,
            replace(
                plan,
                services={**plan.services, "extra": replace(first_service(plan), id="extra", prefix="X")},
                windows={**plan.windows, two.id: described},
            ),
        )
        skills = service.query(lambda hall: dict(hall.skills)).result()
    assert skills[one.id] == {other: 1}
    assert "extra" in skills[two.id]


def test_a_replay_decides_by_the_description_of_its_time(tmp_path: Path) -> None:
    """Whatever the file says today, the journal brings the same hall back, snapshot or not."""
    plan = small_plan()
    path = tmp_path / "j.db"
    with running(path, plan) as (service, _):
        publish(service, plan, file="d1")
        for i in range(4):
            issue(service, first_service(plan).id, f"r{i}")
        publish(service, without_window(plan, list(plan.windows)[-1]), base=1)
        service.submit(c.CallNext(request="n1", by="x", window=next(iter(plan.windows)))).result()
        live = service.query(freeze).result()
    today = with_window(
        plan, ServiceWindow("w99", "99号窗口", "", next(iter(plan.zones)), tuple(plan.services), True)
    )
    journal = Journal(path, on_failure=lambda _: None)
    journal.open()
    replayed = Hall(today)
    for entry in journal.rows.read():
        evolve(replayed, entry.event)
    journal.close()
    assert freeze(replayed) == live
    thawed = Hall(today)
    thaw(thawed, live)
    assert freeze(thawed) == live
    assert list(thawed.plan.windows) == list(plan.windows)[:-1]
