"""GET /api/forecast tells the manager what the newest survey says, and says so before there is one."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from hall_server.hall.day import MINUTE_MS
from hall_server.hall.model import Class, RuleBroken, Stop
from hall_server.hall.pictures import HallView, qr_seal
from hall_server.hall.waits import NEVER, Newcomer, QueueWait, Waits
from hall_server.web.forecast import forecast_of
from tests.hall_server.web.hall import KEY, PLAN, PagedHall

NOW = 1_767_574_800_000
EMPTY = HallView(0, 0, "d", {}, {}, {}, {}, ())


def waits(**changes: object) -> Waits:
    """A survey with one queue of seven people."""
    newcomer = Newcomer(7, 21.0, 12.04, 20.06, 33.0)
    queue = QueueWait(7, 2, 3.0, (newcomer,) * len(Class), 18.5, needed=26.4, left=60)
    return Waits(NOW - 2000, 9, 32, 10, {"shebao": replace(queue, **changes)})  # type: ignore[arg-type]


def test_before_the_first_survey_nothing_is_claimed() -> None:
    found = forecast_of(PLAN, EMPTY, NOW)
    assert (found.surveyed_ms, found.samples, found.days_learnt) == (0, 0, 0)
    assert {s.service: (s.p10, s.p50, s.p90, s.empty_ms) for s in found.services} == {
        "shebao": (None,) * 4,
        "huji": (None,) * 4,
    }


def test_the_figures_are_those_of_the_survey() -> None:
    found = forecast_of(PLAN, replace(EMPTY, waits=waits()), NOW).services[0]
    assert (found.p10, found.p50, found.p90) == (12.0, 20.1, 33.0)
    assert found.empty_ms == NOW - 2000 + 18.5 * MINUTE_MS
    assert (found.needed_minutes, found.left_minutes, found.too_much) == (26, 60, False)


def test_work_beyond_the_time_left_is_said_with_who_stopped_it() -> None:
    stop = Stop(NOW, "满了", by_rule=True)
    view = replace(EMPTY, waits=waits(needed=70.0), stopped={"shebao": stop})
    found = forecast_of(PLAN, view, NOW).services[0]
    assert (found.too_much, found.stopped_by) == (True, "rule")
    lifted = replace(view, stopped={"shebao": replace(stop, lifted=True)})
    assert forecast_of(PLAN, lifted, NOW).services[0].stopped_by == ""


def test_not_today_is_no_number_of_minutes() -> None:
    nobody = waits(newcomers=(None,) * len(Class), needed=NEVER, last_call=None)
    found = forecast_of(PLAN, replace(EMPTY, waits=nobody), NOW).services[0]
    assert (found.not_today, found.needed_minutes, found.p90, found.empty_ms) == (True, None, None, None)


def test_the_route_serves_what_the_hall_was_shown(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    now_ms = hall.service.now_ms()
    hall.service.show_waits(replace(waits(), at_ms=now_ms))
    hall.service.settled().result(timeout=10)
    answer = client.get("/api/forecast").json()
    assert answer["days_learnt"] == 10
    assert [s["p50"] for s in answer["services"]] == [20.1, None]
    queue = next(q for q in client.get("/api/hall").json()["queues"] if q["service"] == "shebao")
    assert (queue["issuing"], queue["wait_note"]) == (True, "")


def test_pages_tell_a_long_wait_in_words(hall: PagedHall) -> None:
    ticket = hall.issue()
    long = Newcomer(1, 95.0, 70.0, 90.0, 130.0)
    survey = waits(newcomers=(long,) * len(Class))
    hall.service.show_waits(replace(survey, at_ms=hall.service.now_ms(), tickets={ticket: (70.0, 130.0)}))
    hall.service.settled().result(timeout=10)
    with hall.person("manager") as manager:
        index = manager.get("/").text
        phone = manager.get(f"/t/{ticket}.{qr_seal(ticket, KEY)}").text
    assert "1 小时以上" in index
    assert "预计等候 1 小时以上" in phone
    assert "None" not in index + phone


def press(client: httpx.Client, service: str, verb: str, request: str) -> httpx.Response:
    """What the manager's page will post."""
    return client.post(f"/api/services/{service}/{verb}", json={"request": request})


def test_a_manager_stops_and_resumes_numbers_and_nobody_else_does(hall: PagedHall) -> None:
    with hall.person("manager") as manager, hall.person("clerk-w01") as clerk:
        assert press(clerk, "shebao", "stop", "request-1").status_code == 403
        assert press(manager, "shebao", "stop", "request-2").status_code == 200
        with pytest.raises(RuleBroken, match="已停止取号"):
            hall.issue()
        found = manager.get("/api/forecast").json()["services"][0]
        assert (found["issuing"], found["stopped_by"]) == (False, "person")
        assert press(manager, "shebao", "resume", "request-3").status_code == 200
        assert hall.issue()
        assert press(manager, "nothing", "stop", "request-4").status_code == 404
