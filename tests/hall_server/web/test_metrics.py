"""/metrics: what Prometheus reads of hall, journal, stations, pages and disk; all of it is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from assets import PROJECT
from hall_server.backup.keeper import BackupKeeper
from hall_server.figures import CommitFigures, Distribution
from hall_server.hall import commands as c
from hall_server.hall_file import BackupPart
from tests.hall_server.web.hall import PagedHall
from tests.hall_server.web.manager_hall import Boxes, many_windows

MANY = 3500
Figures = dict[tuple[str, ...], float]


@pytest.fixture
def told(tmp_path: Path) -> Iterator[PagedHall]:
    hall = PagedHall(tmp_path)
    commits = CommitFigures()
    hall.house = Boxes().house(
        state=tmp_path,
        bus=lambda: {"dropped": 3, "broken": 0},
        backups=BackupKeeper(tmp_path, BackupPart()),
        commits=commits,
    )
    hall.start()
    hall.house.commits = hall.journal.figures
    yield hall
    hall.stop()
    assert not hall.failures


def read(hall: PagedHall) -> Figures:
    with hall.client() as client:
        text = client.get("/metrics").text
    return {
        (sample.name, *(text for _, text in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_bus_hardware_and_disk_are_told(told: PagedHall) -> None:
    told.issue()
    found = read(told)
    assert found["banshi_bus_events_total", "dropped"] == 3
    assert found["banshi_bus_events_total", "broken"] == 0
    assert found["banshi_device_state", "printer", "faulty", "kiosk-2"] == 1
    assert found["banshi_device_state", "reader", "ready", "kiosk-1"] == 1
    devices = [key for key in found if key[0] == "banshi_device_state"]
    assert not [key for key in devices if "voice" in key], "a station that is away tells nothing"
    assert 0 < found["banshi_disk_free_bytes",] <= found["banshi_disk_size_bytes",]
    assert found["banshi_events_total",] >= 1
    up = {key[1]: value for key, value in found.items() if key[0] == "banshi_station_up"}
    assert up["kiosk-1"] == 1
    assert 0 in up.values()
    assert found["banshi_mqtt_clients",] == sum(up.values())
    assert found["banshi_backup_failed",] == 0
    assert ("banshi_backup_age_seconds",) not in found


def test_commits_and_what_they_brought_are_told(told: PagedHall) -> None:
    before = read(told)
    for _ in range(3):
        told.issue()
    told.do(c.CallNext)
    told.do(c.Arrive)
    told.do(c.Finish)
    found = read(told)

    def more(*key: str) -> float:
        return found[key] - before.get(key, 0.0)

    assert more("banshi_happened_total", "TicketIssued") == 3
    assert more("banshi_happened_total", "TicketCalled") == 1
    assert more("banshi_happened_total", "TicketFinished") == 1
    assert (
        more("banshi_commit_records_total") == found["banshi_events_total",] - before["banshi_events_total",]
    )
    assert 3 <= more("banshi_commit_seconds_count") <= 6
    assert 6 <= more("banshi_commit_group_sum") <= 8
    assert found["banshi_commit_waiting",] == 0
    assert found["banshi_commit_failures_total",] == 0
    assert found["banshi_wait_seconds_count", "shebao"] == 1
    assert found["banshi_service_seconds_count", "shebao"] == 1
    assert found["banshi_wait_seconds_sum", "shebao"] < 60


def test_answers_are_told_by_route_and_never_by_address(told: PagedHall) -> None:
    with told.stranger() as stranger:
        stranger.get("/t/secret-of-a-phone")
        stranger.get("/secret-scan")
        stranger.get("/api/hall")
    found = read(told)
    assert found["banshi_http_answers_total", "GET /t/{token}", "404"] == 1
    assert found["banshi_http_answers_total", "unknown", "404"] == 1
    assert found["banshi_http_answers_total", "GET /api/hall", "401"] == 1
    assert found["banshi_http_seconds_count", "GET /t/{token}"] == 1
    assert not [key for key in found if "secret" in "".join(key)]


def test_every_figure_is_written_down_and_every_name_written_down_is_a_figure(told: PagedHall) -> None:
    told.issue()
    told.do(c.CallNext)
    written = set(re.findall(r"`((?:banshi|process)_[a-z_]+)`", (PROJECT / "docs/metrics.md").read_text()))
    with told.client() as client:
        families = list(text_string_to_metric_families(client.get("/metrics").text))
    told_now = {f"{f.name}_total" if f.type == "counter" else f.name for f in families}
    absent_here = {"banshi_backup_age_seconds", "banshi_backup_size_bytes", "banshi_journal_well"}
    assert told_now - written == set()
    assert written - told_now <= absent_here | {"process_start_time_seconds"}


def test_the_number_of_series_is_bounded(tmp_path: Path) -> None:
    hall = PagedHall(tmp_path, plan=many_windows(253))
    hall.house = Boxes().house(state=tmp_path)
    hall.start()
    hall.house.commits = hall.journal.figures
    try:
        with hall.stranger() as stranger:
            for number in range(150):
                stranger.get(f"/items/no-{number}")
                stranger.get(f"/no-such-page-{number}")
        for service in list(hall.plan.services):
            hall.issue(service)
        found = read(hall)
    finally:
        hall.stop()
    assert len(found) < MANY
    assert sum("/items/" in "".join(key) for key in found) < 20


def test_a_distribution_counts_each_value_under_its_bound() -> None:
    some = Distribution((1, 2, 5))
    for value in (0.5, 1, 1.5, 5, 7):
        some.add(value)
    assert list(some.buckets()) == [("1.0", 2), ("2.0", 3), ("5.0", 4), ("+Inf", 5)]
    assert some.total == 15
