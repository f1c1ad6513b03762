"""From a station's file to its bus: where the server is, and the secret that it asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from contract.discovery import HallNotFound, find_hall
from contract.mqtt import BrokerAddress, BrokerNotFound, MqttBus
from contract.schema import ConfigError, Problem
from contract.station_file import StationSection

DISCOVER = "discover"
ATTEMPTS_PER_SEARCH = 4


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

    if section.server == DISCOVER:
        find: Callable[[], tuple[str, int]] = _Search(section.hall)
    else:
        host, _, digits = section.server.rpartition(":")
        find = _fixed(host.strip("[]"), int(digits))

    def locate() -> BrokerAddress:
        host, port = find()
        return BrokerAddress(host, port, section.id, password, ca, cert, key)

    return locate


class _Search:
    """Where the hall was found last; searched again at the first attempt and at every fourth after it.

    A search takes seconds, and a broker that was restarted is where it was.
    """

    def __init__(self, hall: str) -> None:
        self._hall = hall
        self._found: tuple[str, int] | None = None
        self._attempts = 0

    def __call__(self) -> tuple[str, int]:
        """Raises BrokerNotFound."""
        if self._found is None or self._attempts >= ATTEMPTS_PER_SEARCH:
            try:
                found = find_hall(self._hall)
            except HallNotFound as error:
                raise BrokerNotFound(str(error)) from error
            self._found, self._attempts = (found.host, found.port), 0
        self._attempts += 1
        return self._found


def _fixed(host: str, port: int) -> Callable[[], tuple[str, int]]:
    return lambda: (host, port)


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
