"""The file of a bench: which simulated devices there are, and the options of each."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import msgspec

from contract.schema import ConfigError, Problem, check, load_toml
from devices.signals import LedColour
from devices.simulators.led_bars import Make
from devices.simulators.sdt_reader import UsbStyle

Baud = Annotated[int, msgspec.Meta(ge=1200, le=921600)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Reader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second-generation ID card reader on a PTY, or on USB with one pair of endpoints or a split one."""

    baud: Baud = 115200
    usb: UsbStyle | None = None


class PagePrinter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An A4 printer behind a cupsd of its own, see devices/simulators/page_printer.py; wants root."""


class CardReader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A smart-card reader behind a pcscd of its own, its socket ``NAME.comm``; its two slots take cards on
    TCP ports of 127.0.0.1, see devices/simulators/pcsc_daemon.py."""


class Printer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An ESC/POS printer on a PTY, on USB with ``usb``, or on TCP with ``tcp_port``; ``rows_per_second`` 0
    prints at once."""

    baud: Baud = 115200
    tcp_port: Port | None = None
    usb: bool = False
    dots: int = 576
    rows_per_second: int = 1200


class Camera(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document or face camera as MJPEG over HTTP; ``scene`` is what lies or stands before it."""

    port: Port = 18910
    frames_per_second: float = 8.0
    scene: str = "form"


class Scanner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A barcode scanner on a serial line."""

    baud: Baud = 9600


class CallBoxes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of call boxes; ``modbus`` makes them Modbus RTU units."""

    addresses: tuple[Annotated[int, msgspec.Meta(ge=1, le=255)], ...]
    baud: Baud = 9600
    spontaneous: bool = False
    modbus: bool = False


class LedBars(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of LED bars; ``labels`` say what stands above each picture, by address."""

    addresses: tuple[Annotated[int, msgspec.Meta(ge=1, le=255)], ...] = (1,)
    make: Make = "carpark"
    baud: Baud = 9600
    columns: Annotated[int, msgspec.Meta(ge=2, le=32)] = 16
    labels: dict[Annotated[str, msgspec.Meta(pattern="^[0-9]+$")], str] = {}


class Lights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Guide lights on one Modbus unit; ``positions`` as the driver's options have them."""

    positions: Annotated[
        dict[str, Annotated[dict[LedColour, int], msgspec.Meta(min_length=1)]], msgspec.Meta(min_length=1)
    ]
    unit: Annotated[int, msgspec.Meta(ge=1, le=247)] = 1
    baud: Baud = 9600


class BenchPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``links`` is the folder of the ports' links, ``calls`` that of the last calls as WAV files."""

    links: str = "var/dev"
    control_port: Port = 18900
    calls: str = ""


Simulated = Reader | CardReader | PagePrinter | Printer | Camera | Scanner | CallBoxes | LedBars | Lights

KINDS: Mapping[str, type[Simulated]] = {
    "sdt_reader": Reader,
    "smart_card": CardReader,
    "page_printer": PagePrinter,
    "ticket_printer": Printer,
    "camera_server": Camera,
    "scanner": Scanner,
    "call_box": CallBoxes,
    "led_bar": LedBars,
    "guide_light": Lights,
}

SAMPLE: Mapping[str, Simulated] = {
    "reader-1": Reader(),
    "card-1": CardReader(),
    "printer-1": Printer(),
    "camera-1": Camera(),
    "scanner-1": Scanner(),
    "callbox": CallBoxes(addresses=tuple(range(1, 13))),
    "ledbars": LedBars(addresses=(1, 3), make="onbon", baud=57600, labels={"1": "1号窗口", "3": "3号窗口"}),
    "lights-1": Lights(
        positions={"card": {LedColour.GREEN: 0}, "paper": {LedColour.GREEN: 1, LedColour.RED: 2}}
    ),
}
"""What a file without simulators gets: the devices of the sample hall."""


class BenchFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """BENCH.toml: ``[bench]`` and ``[simulators.NAME]`` with ``simulator = "…"`` and that one's options.

    A name is also the name of its port's link.
    """

    bench: BenchPlace = BenchPlace()
    simulators: dict[str, dict[str, Any]] = {}


def read_bench(path: Path) -> tuple[BenchPlace, Mapping[str, Simulated]]:
    """Place and devices of a bench file, checked. Raises contract.schema.ConfigError."""
    file = load_toml(path, BenchFile)
    problems: list[Problem] = []
    wanted: dict[str, Simulated] = {}
    for name, table in file.simulators.items():
        try:
            wanted[name] = _checked(table, source=str(path), at=f"simulators.{name}")
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(str(path), problems)
    return file.bench, wanted or SAMPLE


def _checked(table: dict[str, Any], *, source: str, at: str) -> Simulated:
    options = dict(table)
    word = str(options.pop("simulator", ""))
    if word not in KINDS:
        near = get_close_matches(word, KINDS, 1)
        hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(KINDS)}"
        raise ConfigError(
            source, [Problem(f"{at}.simulator", f'"{word}"', "there is no such simulator", hint)]
        )
    return check(options, KINDS[word], source=source, at=at)
