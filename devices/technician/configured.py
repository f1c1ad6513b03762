"""The devices of a station's or a hall's TOML as drivers, not yet opened."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devices.counters import CounterBook
from devices.faults import DeviceMisconfigured
from devices.ports import Device, Kind
from devices.registry import build, build_table

WIRED = {"callboxes": ("callbox", "callbox"), "ledbars": ("ledbar", "ledbar"), "lights": ("guide_lights", "")}
"""Tables of a hall's file that are devices: the driver without a word, the windows' key with the address."""


class Unusable(Exception):
    """The configuration cannot be used; ``str()`` is the sentence."""


def configured(config: Path) -> dict[str, Device]:
    """The drivers of ``[devices.*]``, and those wired to a hall's box. Raises Unusable."""
    try:
        file = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"{config}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{config}: is not TOML: {error}") from error
    tables = file.get("devices", {})
    if not isinstance(tables, Mapping) or not (tables or any(name in file for name in WIRED)):
        raise Unusable(f"{config}: there is no [devices.*] table")
    found = {name: _built(config, name, table) for name, table in tables.items()}
    for name in WIRED:
        if isinstance(file.get(name), Mapping):
            found[name] = _wired(config, name, file)
    return found


def kept_counters(config: Path, name: str) -> CounterBook:
    """What the station's program has counted of a device, read from the cache that its file names."""
    station = tomllib.loads(config.read_text(encoding="utf-8")).get("station", {})
    cache = station.get("cache", "") if isinstance(station, Mapping) else ""
    book = CounterBook(name, config.parent / str(cache) / "counters" if cache else None)
    book.load()
    return book


def the(config: Path, kind: Kind) -> Device:
    """The first device of a kind. Raises Unusable."""
    for driver in configured(config).values():
        if driver.kind is kind:
            return driver
    raise Unusable(f"{config}: no device of kind {kind.value} in [devices.*]")


def all_of(config: Path, *kinds: Kind) -> list[Device]:
    """All devices of these kinds, one at least. Raises Unusable."""
    found = [driver for driver in configured(config).values() if driver.kind in kinds]
    if not found:
        wanted = " or ".join(kind.value for kind in kinds)
        raise Unusable(f"{config}: no device of kind {wanted} in [devices.*]")
    return found


def chosen(config: Path, name: str) -> dict[str, Device]:
    """All devices, or the one with this name. Raises Unusable."""
    drivers = configured(config)
    if not name:
        return drivers
    if name not in drivers:
        raise Unusable(f"{config}: no device {name}; there are: {', '.join(drivers)}")
    return {name: drivers[name]}


def _built(config: Path, name: str, table: Any) -> Device:
    if not isinstance(table, Mapping):
        raise Unusable(f"{config}: devices.{name}: wanted a table")
    try:
        return build_table(table, path=f"devices.{name}")
    except DeviceMisconfigured as error:
        raise Unusable(f"{config}: {error.fault.sentence}") from error


def _wired(config: Path, name: str, file: Mapping[str, Any]) -> Device:
    """As hall_server makes it: the windows of a hall's file say the addresses."""
    table, (driver, key) = file[name], WIRED[name]
    options = {"port": table.get("port", ""), **table.get("options", {})}
    addresses = sorted(window[key] for window in file.get("windows", ()) if key and window.get(key))
    if addresses:
        options.setdefault("addresses", addresses)
    try:
        return build(table.get("driver", driver), options, path=name)
    except DeviceMisconfigured as error:
        raise Unusable(f"{config}: {error.fault.sentence}") from error
