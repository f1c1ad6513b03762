"""From a station's file to its bus: where the server is, and the secret that it asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from contract.discovery import HallNotFound, find_hall
from contract.mqtt import BrokerAddress, BrokerNotFound, MqttBus
from contract.schema import ConfigError, Problem
from contract.station import StationSection

DISCOVER = "discover"


def station_bus(section: StationSection, file: Path) -> MqttBus:
    """The bus of a station, not yet open. Raises ConfigError when a file it names cannot be read."""
    return MqttBus(section.hall, section.id, locate_broker(section, file))


def locate_broker(section: StationSection, file: Path) -> Callable[[], BrokerAddress]:
    """Where to connect, asked before each attempt; may search the network and raise BrokerNotFound."""
    folder = file.parent
    password = read_secret(folder / section.secret_file, file)
    ca, cert, key = (
        folder / name if name else None for name in (section.ca_file, section.cert_file, section.key_file)
    )

    def locate() -> BrokerAddress:
        if section.server == DISCOVER:
            try:
                found = find_hall(section.hall)
            except HallNotFound as error:
                raise BrokerNotFound(str(error)) from error
            host, port = found.host, found.port
        else:
            host, _, digits = section.server.rpartition(":")
            host, port = host.strip("[]"), int(digits)
        return BrokerAddress(host, port, section.id, password, ca, cert, key)

    return locate


def read_secret(path: Path, file: Path) -> str:
    """The password in a secret file, first line. Raises ConfigError."""
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem("station.secret_file", f'"{path}"', f"cannot be read: {error}")
        raise ConfigError(str(file), [problem]) from error
    if not text:
        problem = Problem("station.secret_file", f'"{path}"', "is empty; wanted the station's password")
        raise ConfigError(str(file), [problem])
    return text.splitlines()[0]
