"""The way to the stations: a bus that was given, one to the hall's own broker, or one to a broker of ours."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from contract.aclfile import SERVER_USER
from contract.bus import Bus
from contract.mqtt import BrokerAddress, MqttBus
from hall_server.broker import Broker, secret
from hall_server.config import HallConfig

RECONNECT_SECONDS = (0.1, 0.3)


@dataclass(frozen=True, slots=True)
class Way:
    """``bus`` is not open yet. ``broker``: if we run our own. ``address``: where stations find it; None on
    a bus that was given."""

    bus: Bus
    broker: Broker | None = None
    address: BrokerAddress | None = None


def way_to_stations(config: HallConfig, state: Path, undo: ExitStack) -> Way:
    """As the hall's file says; a broker of our own is started, and stopped by ``undo``."""
    part = config.file.broker
    broker = None
    if part.address:
        host, _, port = part.address.rpartition(":")
        password = secret(Path(part.secret_file)) if part.secret_file else ""
        address = BrokerAddress(host, int(port), part.user, password)
    else:
        users = [station.id for station in config.file.stations]
        broker = Broker(directory=state / "broker", port=part.port, users=users)
        broker.start()
        undo.callback(broker.stop)
        password = secret(broker.secret_file(SERVER_USER))
        address = BrokerAddress("127.0.0.1", part.port, SERVER_USER, password)
    bus = MqttBus(config.plan.id, address.user, address, reconnect_seconds=RECONNECT_SECONDS)
    return Way(bus, broker, address)
