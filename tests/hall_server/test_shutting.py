"""Boxes that a manager closed stay closed: through a restart, from a snapshot, until they are opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract import messages as m
from contract import topics
from contract.memory import MemoryBroker
from hall_server.config import load
from hall_server.hall import commands as c
from hall_server.hall.model import Hall, RuleBroken
from hall_server.hall.snapshot import freeze, same_state, thaw
from hall_server.program import HallServer
from hall_server.stations import CLOSED
from tests.contract.wire import Box
from tests.hall.server_process import write_hall


class Kiosk:
    """What the hall tells one kiosk, retained: a kiosk that comes later is told the same."""

    def __init__(self, broker: MemoryBroker, station: str = "kiosk-1") -> None:
        self.configs: Box[m.StationConfig] = Box()
        bus = broker.bus(station)
        bus.on(topics.STATION_CONFIG, lambda config, _ids: self.configs.put(config), station=station)
        bus.open()

    def told(self, closed: str) -> m.StationConfig:
        return self.configs.wait(lambda got: bool(got) and got[-1].closed == closed)[-1]


def ask(server: HallServer, command: c.Command) -> None:
    server.service.submit(command).result(10)


def test_closed_through_a_restart_of_the_hall_and_of_the_kiosk(tmp_path: Path) -> None:
    broker = MemoryBroker("demo")
    config = load(write_hall(tmp_path))
    server = HallServer(config, tmp_path / "state", bus=broker.bus("hall-server"))
    server.start()
    kiosk = Kiosk(broker)
    before = kiosk.told("")
    ask(server, c.CloseStation(request="1", by="account:m1", station="kiosk-1", reason="正在  换纸"))
    closed = kiosk.told("正在 换纸")
    assert closed.version != before.version, "a kiosk says which one it runs"
    seen = server.service.settled().result(10).closed["kiosk-1"]
    assert (seen.reason, seen.by, seen.at_ms > 0) == ("正在 换纸", "account:m1", True)
    server.stop()

    broker = MemoryBroker("demo")
    again = HallServer(config, tmp_path / "state", bus=broker.bus("hall-server"))
    again.start()
    assert again.service.settled().result(10).closed == {"kiosk-1": seen}
    late = Kiosk(broker)
    late.told("正在 换纸")
    ask(again, c.OpenStation(request="2", by="account:m2", station="kiosk-1"))
    assert late.told("").version == before.version
    assert not again.service.settled().result(10).closed
    again.stop()


def test_closing_is_said_once_and_may_change_its_reason(tmp_path: Path) -> None:
    broker = MemoryBroker("demo")
    server = HallServer(load(write_hall(tmp_path)), tmp_path / "state", bus=broker.bus("hall-server"))
    server.start()
    kiosk = Kiosk(broker)
    ask(server, c.CloseStation(request="1", by="a", station="kiosk-1"))
    kiosk.told(CLOSED)
    seq = server.service.settled().result(10).seq
    ask(server, c.CloseStation(request="2", by="b", station="kiosk-1"))
    assert server.service.settled().result(10).seq == seq, "nothing happened"
    ask(server, c.CloseStation(request="3", by="b", station="kiosk-1", reason="维修"))
    kiosk.told("维修")
    with pytest.raises(RuleBroken, match="long_reason"):
        ask(server, c.CloseStation(request="4", by="b", station="kiosk-1", reason="长" * 31))
    assert [config.closed for config in kiosk.configs.wait(bool)] == ["", CLOSED, "维修"]
    state, plan = server.service.query(lambda hall: (freeze(hall), hall.plan)).result(10)
    thawed = Hall(plan)
    thaw(thawed, state)
    assert server.service.query(lambda hall: same_state(hall, thawed)).result(10)
    assert thawed.closed_stations["kiosk-1"].reason == "维修"
    server.stop()
