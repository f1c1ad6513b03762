"""The announcer's program: ``python -m queue_display announce --config STATION.toml``. Never imports kivy."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import structs

from contract.bus import Bus
from contract.joining import station_bus
from contract.messages import StationKind
from contract.schema import ConfigError, Problem, load_toml, masked
from contract.station import Station
from contract.station_file import StationSection, station_info
from devices.faults import DeviceMisconfigured
from devices.ports import Speaker
from devices.registry import build_table
from queue_display.voice import Announcer, AnnounceSection


class AnnounceStation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of an announcer; ``[devices.speaker]`` names the driver and its options."""

    station: StationSection
    devices: dict[str, dict[str, Any]]
    announce: AnnounceSection = AnnounceSection()


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 after an orderly stop, 2 for a configuration that cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m queue_display announce", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the station's TOML file")
    parser.add_argument("--show-config", action="store_true", help="print what the file says and end")
    parser.add_argument("--timing", type=Path, help="append the ns of each call's first sample to this file")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        config = load_toml(options.config, AnnounceStation)
        if options.show_config:
            sys.stdout.write(f"{masked(config)}\n")
            return 0
        program = build(config, options.config, station_bus(config.station, options.config), options.timing)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: program.stop())
    program.run()
    return 0


def build(config: AnnounceStation, file: Path, bus: Bus, timing: Path | None = None) -> Announcer:
    """The announcer that a file describes, not yet running. Raises ConfigError."""
    table = config.devices.get("speaker")
    if table is None or len(config.devices) > 1:
        raise ConfigError(str(file), [Problem("devices", "", 'wanted one table "devices.speaker"')])
    try:
        driver = cast("Speaker", build_table(table, path="devices.speaker"))
    except DeviceMisconfigured as error:
        fault = error.fault
        raise ConfigError(
            str(file), [Problem("devices.speaker", "", f"{fault.sentence}。{fault.action}")]
        ) from error
    section = config.announce
    if section.clips:
        section = structs.replace(section, clips=str(file.parent / section.clips))
    info = station_info(
        StationKind.ANNOUNCER, config.station, serves=section.board, zones=section.zones, confirms=True
    )
    return Announcer(Station(bus, info), driver, section, file.parent / config.station.cache, timing=timing)
