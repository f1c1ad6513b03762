"""The kiosk: ``python -m kiosk --config STATION.toml``; ``python -m kiosk pictures --out DIR``.

``--check`` only looks whether the file can be used, ``--show-config`` prints what it says.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from contract.bus import Bus
from contract.joining import station_bus
from contract.messages import StationKind
from contract.schema import ConfigError, Problem, load_toml, masked
from contract.station import Station
from contract.station_file import station_info
from devices.faults import DeviceMisconfigured
from devices.ports import Device
from devices.registry import build_table
from kiosk.config import PLACES, KioskStation
from kiosk.scan_keys import KeySorter


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 after an orderly stop, 1 after repeated errors, 2 for an unusable configuration."""
    if arguments[:1] == ["pictures"]:
        from assets.ui import pictures

        return pictures.main("kiosk.screens", arguments[1:])
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        config = load_toml(options.config, KioskStation)
        if options.show_config:
            print(masked(config))
            return 0
        check_cache(config, options.config)
        drivers = build_drivers(config, options.config)
        bus = station_bus(config.station, options.config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    if options.check:
        print(f"{options.config}: can be used")
        return 0
    return _run(config, options.config, bus, drivers, timing=options.timing)


def check_cache(config: KioskStation, file: Path) -> None:
    """Raises ConfigError when nothing can be kept in the station's cache folder."""
    cache = file.parent / config.station.cache
    place = next(each for each in (cache, *cache.absolute().parents) if each.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        wanted = "wanted a folder that this user may write"
        raise ConfigError(str(file), [Problem("station.cache", f'"{cache}"', wanted)])


def build_drivers(config: KioskStation, file: Path) -> dict[str, Device]:
    """The drivers of the file, not opened. Raises ConfigError with everything that is wrong."""
    drivers: dict[str, Device] = {}
    problems: list[Problem] = []
    for name, table in config.devices.items():
        try:
            drivers[name] = _driver(name, table)
        except DeviceMisconfigured as error:
            problems.append(Problem(f"devices.{name}", "", error.fault.sentence, error.fault.action))
        except LookupError as error:
            problems.append(Problem(f"devices.{name}", "", *error.args))
    if problems:
        raise ConfigError(str(file), problems)
    return drivers


def _driver(name: str, table: Mapping[str, object]) -> Device:
    if name not in PLACES:
        near = get_close_matches(name, PLACES, 1, 0.5)
        hint = f'did you mean "{near[0]}"?' if near else "known here: " + ", ".join(PLACES)
        raise LookupError("a kiosk has no such device", hint)
    driver = build_table(table, path=f"devices.{name}")
    if driver.kind is not PLACES[name]:
        raise LookupError(f"wanted a driver for {PLACES[name].value}", f"this one is for {driver.kind.value}")
    return driver


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kiosk", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the station's TOML file")
    parser.add_argument("--check", action="store_true", help="look whether the file can be used, and end")
    parser.add_argument("--show-config", action="store_true", help="print what the file says, and end")
    parser.add_argument("--timing", type=Path, help="write monotonic ns and page of each flipped change here")
    return parser


def _run(
    config: KioskStation, file: Path, bus: Bus, drivers: Mapping[str, Device], *, timing: Path | None
) -> int:
    """Open the window first: it is what the citizen waits for; then wire, run, stop in mirrored order."""
    from assets.ui import window

    window.prepare(config.display, title=config.station.name)
    window.open_window(config.display)
    from kiosk.app import KioskApp
    from kiosk.flows.state import Facts
    from kiosk.session import Session

    station = Station(bus, station_info(StationKind.KIOSK, config.station))
    cache = file.parent / config.station.cache
    app: KioskApp
    known = Facts(station_name=config.station.name, place=config.station.place)
    session = Session(
        station,
        drivers,
        cache,
        lambda state: app.hear(state),
        facts=known,
        zones=config.kiosk.zones,
        broken=lambda: app.give_up(),
    )
    keys = next((each for each in drivers.values() if isinstance(each, KeySorter)), None)
    app = KioskApp(session.post, station.clock.now_ms, start=session.state, ready=station.ready, scanner=keys)
    if timing is not None:
        app.timings(timing)
    session.open()
    try:
        app.run()
    finally:
        session.close()
    return 1 if app.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
