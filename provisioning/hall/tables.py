"""PURE: the files that the one-command hall writes for its stations and its simulated devices, as TOML."""

from __future__ import annotations

import json

from provisioning.hall.facts import HallFacts, Paths, Station

SCREEN_PORT = 18081
CONTROL_PORT = 18900
CAMERA_PORT = 18910
PORT_LINKS = ("reader-1", "printer-1", "callbox", "ledbars", "lights-1")
SCREEN_WIDTH, SCREEN_HEIGHT = 3000, 1920

Table = dict[str, "str | int | float | bool | Table"]

# Where each window stands on the screen: left, top, width, height.
PLACES = {
    "kiosk": (0, 0, 1080, 1920),
    "board": (1080, 0, 1920, 1080),
    "sign": (1400, 1140, 1280, 720),
}


def station_table(
    station: Station, hall: HallFacts, paths: Paths, *, discover: bool, sound_backend: str
) -> Table:
    """The TOML of one station."""
    table: Table = {
        "station": {
            "id": station.id,
            "name": station.name,
            "hall": hall.id,
            "server": "discover" if discover else f"127.0.0.1:{hall.broker_port}",
            "secret_file": str(paths.state / "broker" / "secrets" / station.id),
            "cache": str(paths.var / "cache" / station.id),
            "place": station.place,
        }
    }
    if station.kind in PLACES:
        left, top, width, height = PLACES[station.kind]
        table["display"] = {"left": left, "top": top, "width": width, "height": height, "cursor": True}
    match station.kind:
        case "kiosk":
            table["devices"] = {
                "reader": {"driver": "sdt", "port": str(paths.devices / "reader-1")},
                "card": {"driver": "pcsc", "socket": str(paths.devices / "card-1.comm")},
                "lights": {
                    "driver": "guide_lights",
                    "port": str(paths.devices / "lights-1"),
                    "positions": {"card": {"green": 0}, "paper": {"green": 1, "red": 2}},
                },
                "printer": {
                    "driver": "escpos",
                    "port": str(paths.devices / "printer-1"),
                    "baud": 115200,
                },
                "camera": {
                    "driver": "camera",
                    "source": f"http://127.0.0.1:{CAMERA_PORT}/",
                    "still_source": f"http://127.0.0.1:{CAMERA_PORT}/still",
                },
                "scanner": {"driver": "scanner", "port": str(paths.devices / "scanner-1"), "baud": 9600},
            }
        case "board":
            table["board"] = {"board": hall.board}
        case "sign":
            table["sign"] = {"window": station.window}
        case "announcer":
            table["announce"] = {"board": hall.board}
            table["devices"] = {
                "speaker": {"driver": "speaker", "backend": sound_backend, "keep_dir": str(paths.calls)}
            }
    return table


def bench_table(paths: Paths) -> Table:
    """The bench of simulated devices of the sample hall."""
    return {
        "bench": {
            "links": str(paths.devices),
            "control_port": CONTROL_PORT,
            "calls": str(paths.calls),
        }
    }


def toml_text(table: Table) -> str:
    """A table of scalars and tables as TOML."""
    return "# Written by ./banshi up; changes are overwritten.\n" + "".join(_toml_table(table, ()))


def _toml_table(table: Table, path: tuple[str, ...]) -> list[str]:
    lines = [f"\n[{'.'.join(path)}]\n"] if path else []
    lines += [
        f"{key} = {_toml_value(value)}\n" for key, value in table.items() if not isinstance(value, dict)
    ]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += _toml_table(value, (*path, key))
    return lines


def _toml_value(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)
