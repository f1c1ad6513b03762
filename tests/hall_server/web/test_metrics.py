"""/metrics: what Prometheus reads of bus, hardware and disk."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.hall_server.web.hall import PagedHall
from tests.hall_server.web.manager_hall import Boxes


def test_bus_hardware_and_disk_are_told(tmp_path: Path) -> None:
    hall = PagedHall(tmp_path)
    hall.house = Boxes().house(state=tmp_path, bus=lambda: {"dropped": 3, "broken": 0})
    hall.start()
    hall.issue()
    try:
        with hall.client() as client:
            text = client.get("/metrics").text
    finally:
        hall.stop()
    found = {
        (sample.name, *(text for _, text in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["banshi_bus_events_total", "dropped"] == 3
    assert found["banshi_bus_events_total", "broken"] == 0
    assert found["banshi_device_state", "printer", "faulty", "kiosk-2"] == 1
    assert found["banshi_device_state", "reader", "ready", "kiosk-1"] == 1
    assert not [key for key in found if "voice" in key], "a station that is away tells nothing"
    assert 0 < found["banshi_disk_free_bytes",] <= found["banshi_disk_size_bytes",]
    assert found["banshi_events_total",] >= 1
