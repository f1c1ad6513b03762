"""What a station's file says of the station itself, and what the station says of itself at birth."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import msgspec

from contract import topics
from contract.messages import StationInfo, StationKind


class StationSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[station]`` of every station's TOML file. ``server`` is ``host:port`` or ``discover``;
    relative paths count from the folder of the file."""

    id: topics.Identifier
    name: str
    hall: topics.Identifier
    server: topics.ServerAddress
    secret_file: str
    cache: str
    place: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""


def station_info(
    kind: StationKind,
    section: StationSection,
    *,
    serves: str = "",
    zones: tuple[str, ...] = (),
    confirms: bool = False,
) -> StationInfo:
    """What a station says of itself at birth; ``serves`` names its board, window or zone."""
    return StationInfo(
        kind=kind,
        software=software_version(),
        place=section.place,
        serves=serves,
        zones=zones,
        confirms=confirms,
    )


def software_version() -> str:
    """Version of the installed project, or ``dev`` in a working tree."""
    try:
        return version("banshi")
    except PackageNotFoundError:
        return "dev"
