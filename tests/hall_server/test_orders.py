"""Orders to stations: answered, unheard, and held after the station starts anew."""

from __future__ import annotations

import pytest

from contract import messages as m
from contract import topics
from contract.memory import MemoryBroker
from hall_server import orders
from hall_server.orders import SILENT, OrderDesk
from tests.contract.wire import Box


class Kiosk:
    """A station that answers orders with what it is told to."""

    def __init__(self) -> None:
        broker = MemoryBroker()
        hall = broker.bus("hall-server")
        self.desk = OrderDesk(hall, lambda: 1_000)
        self.bus = broker.bus("kiosk-1")
        self.told: Box[m.Command] = Box()
        self.answer: m.CommandResult | None = None
        self.bus.on(topics.STATION_COMMAND, self._hear, station="kiosk-1")
        hall.open()
        self.bus.open()

    def _hear(self, command: m.Command, _ids: object) -> None:
        self.told.put(command)
        if self.answer is not None:
            self.bus.publish(
                topics.STATION_RESULT,
                m.CommandResult(id=command.id, ok=self.answer.ok, sentence=self.answer.sentence),
            )


def test_a_closed_kiosk_is_known_and_told_again_when_it_starts_anew() -> None:
    kiosk = Kiosk()
    kiosk.answer = m.CommandResult(id="", ok=True)
    result = kiosk.desk.give("kiosk-1", "close", {"reason": "换纸"}).result(5)
    assert result.ok
    assert kiosk.told.wait(bool)[0].expires_ms > 1_000
    assert kiosk.desk.closed == {"kiosk-1": "换纸"}
    kiosk.desk.remind("kiosk-1")
    again = kiosk.told.wait(lambda told: len(told) == 2)[1]
    assert (again.op, again.args) == ("close", {"reason": "换纸"})
    assert kiosk.desk.give("kiosk-1", "open", {}).result(5).ok
    assert kiosk.desk.closed == {}


def test_silence_is_an_answer_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "ANSWER_SECONDS", 0.05)
    kiosk = Kiosk()
    result = kiosk.desk.give("kiosk-1", "close", {"reason": "换纸"}).result(5)
    assert (result.ok, result.sentence) == (False, SILENT)
    assert kiosk.desk.closed == {}
