"""PURE: what the plan of a hall is made of: wishes, the hall's own words, folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class PlanError(Exception):
    """The hall cannot be planned; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of ``./banshi up``."""

    display: str = "auto"
    sound: str = "auto"
    discover: bool = False


@dataclass(frozen=True, slots=True)
class Station:
    """A station as the hall's file names it; ``window`` for signs."""

    id: str
    kind: str
    name: str
    place: str
    window: str = ""


@dataclass(frozen=True, slots=True)
class HallFacts:
    """What the plan needs of the hall's file."""

    id: str
    name: str
    file: Path
    board: str
    broker_port: int
    web_port: int
    stations: tuple[Station, ...]


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders of one running hall."""

    project: Path
    python: Path
    var: Path
    run: Path

    @property
    def hall(self) -> Path:
        """Plan, status, lock, station files."""
        return self.var / "hall"

    @property
    def state(self) -> Path:
        """The hall server's: journal, broker files, secrets."""
        return self.var / "hall" / "state"

    @property
    def devices(self) -> Path:
        """Stable links to the simulated hardware."""
        return self.var / "dev"

    @property
    def calls(self) -> Path:
        """The last calls as WAV, on a box without a loudspeaker."""
        return self.var / "calls"

    def station_file(self, station: str) -> Path:
        """The TOML of a station."""
        return self.hall / "stations" / f"{station}.toml"
