"""A bench of simulated devices from one file: makes and starts them, and does what the control page asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from contract.schema import ConfigError, Problem, check, load_toml
from devices.ports import CallBoxKey
from devices.signals import LedColour
from devices.simulators.call_box import CallBoxSimulator
from devices.simulators.camera_server import CameraSimulator
from devices.simulators.card_reader import CardReaderSimulator
from devices.simulators.desk_scene import SCENES
from devices.simulators.led_bars import LedBarSimulator, Make
from devices.simulators.modbus_units import GuideLightSimulator, ModbusCallBoxSimulator
from devices.simulators.page_printer import PagePrinterSimulator
from devices.simulators.people import PEOPLE
from devices.simulators.scanner import SAMPLES, ScannerSimulator
from devices.simulators.sdt_reader import SdtReaderSimulator
from devices.simulators.simulator import Simulator
from devices.simulators.smart_cards import CARD_BY_WORD, CARDS
from devices.simulators.ticket_printer import PrinterMake, TicketPrinterSimulator
from devices.vision.capture import decoded
from devices.vision.codes import read_codes

_S = TypeVar("_S", SdtReaderSimulator, CardReaderSimulator, CameraSimulator, ScannerSimulator)

LAST_TICKET = "@ticket"

Baud = Annotated[int, msgspec.Meta(ge=1200, le=921600)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Reader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second-generation ID card reader."""

    baud: Baud = 115200


class PagePrinter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An A4 printer behind a cupsd of its own, see devices/simulators/page_printer.py; wants root."""


class CardReader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A smart-card reader behind a pcscd of its own, its socket ``NAME.comm``; its two slots take cards on
    TCP ports of all addresses, see devices/simulators/pcsc_daemon.py."""


class Printer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An ESC/POS printer on a PTY, or on TCP with ``tcp_port``; ``rows_per_second`` 0 prints at once."""

    baud: Baud = 115200
    tcp_port: Port | None = None
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


def load_bench(path: Path) -> Bench:
    """Read and check a bench file. Raises contract.schema.ConfigError."""
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
    return Bench(file.bench, wanted or SAMPLE)


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


class Bench:
    """The simulators of one file, by name."""

    def __init__(self, place: BenchPlace, wanted: Mapping[str, Simulated] = SAMPLE) -> None:
        links = Path(place.links)
        self.control_port = place.control_port
        self.calls = Path(place.calls) if place.calls else links.parent / "calls"
        self.simulators: dict[str, Simulator] = {
            name: _made(name, one, links) for name, one in wanted.items()
        }
        self._undo = ExitStack()

    def start(self) -> None:
        """Start all; nothing is left running when one cannot start. Raises OSError."""
        with ExitStack() as undo:
            for simulator in self.simulators.values():
                undo.callback(simulator.stop)
                simulator.start()
            self._undo = undo.pop_all()

    def stop(self) -> None:
        """Stop all."""
        self._undo.close()

    def state(self) -> dict[str, Any]:
        """All that the control page shows, JSON-able."""
        return {
            "simulators": {name: _described(one) for name, one in self.simulators.items()},
            "people": [{"word": person.word, "label": person.label} for person in PEOPLE],
            "smart_cards": [{"word": card.word, "label": card.label} for card in CARDS],
            "keys": [key.value for key in CallBoxKey],
            "scenes": dict(SCENES),
            "codes": {LAST_TICKET: "最近打印的号票"} | {text: label for label, text in SAMPLES.values()},
            "calls": [path.name for path in self.call_files()],
        }

    def call_files(self) -> Sequence[Path]:
        """The last calls as WAV, newest first."""
        if not self.calls.is_dir():
            return ()
        return sorted(self.calls.glob("*.wav"), key=_age, reverse=True)[:12]

    def lay(self, person: str, *, reader: str = "") -> None:
        """Lay a card, or put a smart card in. Raises LookupError with a sentence."""
        if person in CARD_BY_WORD:
            self._the(CardReaderSimulator, reader).lay(person)
            return
        simulator = self._the(SdtReaderSimulator, reader)
        if person not in {known.word for known in PEOPLE}:
            raise LookupError(f"没有这个人：{person}（可选：{'、'.join(known.word for known in PEOPLE)}）")
        simulator.lay(person)

    def remove(self, *, reader: str = "") -> None:
        """Take the card away; without a name all cards. Raises LookupError."""
        readers = [
            each
            for each in self.simulators.values()
            if isinstance(each, SdtReaderSimulator | CardReaderSimulator) and reader in ("", each.name)
        ]
        if not readers:
            raise LookupError(f"没有这个设备：{reader or SdtReaderSimulator.kind}")
        for each in readers:
            each.remove()

    def press(self, address: int, key: str, *, line: str = "") -> None:
        """Press a key of the call box with this address. Raises LookupError."""
        simulator = self._call_boxes(line)
        if address not in simulator.addresses:
            raise LookupError(f"没有地址为 {address} 的呼叫器")
        if key not in set(CallBoxKey):
            raise LookupError(f"没有这个键：{key}（可选：{'、'.join(CallBoxKey)}）")
        simulator.press(address, CallBoxKey(key))

    def show(self, scene: str, *, camera: str = "") -> None:
        """Put something before a camera. Raises LookupError."""
        simulator = self._the(CameraSimulator, camera)
        if scene not in SCENES:
            raise LookupError(f"没有这个画面：{scene}（可选：{'、'.join(SCENES)}）")
        simulator.show(scene)

    def scan(self, text: str, *, scanner: str = "") -> None:
        """Hold a code before a scanner; LAST_TICKET is the paper that came out last. Raises LookupError."""
        code = self._last_printed() if text == LAST_TICKET else text
        if not code:
            raise LookupError("没有要扫的内容")
        self._the(ScannerSimulator, scanner).scan(code)

    def _last_printed(self) -> str:
        """The code on the last ticket of the first printer, read from its picture; '' without one."""
        for simulator in self.simulators.values():
            if isinstance(simulator, TicketPrinterSimulator) and (png := simulator.latest_picture()):
                found = read_codes(decoded(png))
                return found[0].text if found else ""
        return ""

    def set_fault(self, device: str, fault: str, on: bool) -> None:
        """Switch a fault. Raises LookupError."""
        simulator = self.simulators.get(device)
        if simulator is None:
            raise LookupError(f"没有这个设备：{device}（可选：{'、'.join(self.simulators)}）")
        if fault not in simulator.faults():
            raise LookupError(f"{device} 没有这种故障：{fault}（可选：{'、'.join(simulator.faults())}）")
        simulator.set_fault(fault, on)

    def clear(self, device: str) -> None:
        """Switch all faults of a device off. Raises LookupError."""
        simulator = self.simulators.get(device)
        if simulator is None:
            raise LookupError(f"没有这个设备：{device}")
        on = simulator.state()["faults"]
        assert isinstance(on, list)
        for fault in on:
            simulator.set_fault(fault, False)

    def picture(self, name: str) -> tuple[str, bytes]:
        """Media type and bytes of what a device shows: last ticket or camera picture. Raises LookupError."""
        simulator = self.simulators.get(name)
        if isinstance(simulator, TicketPrinterSimulator):
            return "image/png", simulator.latest_picture()
        if isinstance(simulator, CameraSimulator):
            return "image/jpeg", simulator.next_jpeg() or b""
        if isinstance(simulator, LedBarSimulator | GuideLightSimulator):
            return simulator.picture()
        raise LookupError(f"{name} 没有画面")

    def _call_boxes(self, name: str) -> CallBoxSimulator | ModbusCallBoxSimulator:
        for simulator in self.simulators.values():
            if isinstance(simulator, CallBoxSimulator | ModbusCallBoxSimulator) and name in (
                "",
                simulator.name,
            ):
                return simulator
        raise LookupError(f"没有这个设备：{name or CallBoxSimulator.kind}")

    def _the(self, kind: type[_S], name: str) -> _S:
        """The simulator of this kind and name; without a name the first one."""
        for simulator in self.simulators.values():
            if isinstance(simulator, kind) and name in ("", simulator.name):
                return simulator
        raise LookupError(f"没有这个设备：{name or kind.kind}")


def _made(name: str, wanted: Simulated, links: Path) -> Simulator:
    match wanted:
        case Reader():
            return SdtReaderSimulator(name, links / name, baud=wanted.baud)
        case CardReader():
            return CardReaderSimulator(name, links)
        case PagePrinter():
            return PagePrinterSimulator(name)
        case Printer():
            link = links / name if wanted.tcp_port is None else None
            make = PrinterMake(dots=wanted.dots, rows_per_second=wanted.rows_per_second)
            return TicketPrinterSimulator(
                name, link=link, tcp_port=wanted.tcp_port, baud=wanted.baud, make=make
            )
        case Camera():
            speed = wanted.frames_per_second
            return CameraSimulator(name, wanted.port, frames_per_second=speed, scene=wanted.scene)
        case Scanner():
            return ScannerSimulator(name, links / name, baud=wanted.baud)
        case LedBars():
            labels = {int(address): label for address, label in wanted.labels.items()}
            return LedBarSimulator(
                name,
                links / name,
                wanted.addresses,
                make=wanted.make,
                baud=wanted.baud,
                columns=wanted.columns,
                labels=labels,
            )
        case Lights():
            return GuideLightSimulator(
                name, links / name, wanted.positions, unit=wanted.unit, baud=wanted.baud
            )
        case CallBoxes(modbus=True):
            return ModbusCallBoxSimulator(name, links / name, wanted.addresses, baud=wanted.baud)
        case CallBoxes():
            spontaneous = wanted.spontaneous
            return CallBoxSimulator(
                name, links / name, wanted.addresses, baud=wanted.baud, spontaneous=spontaneous
            )


def _age(path: Path) -> tuple[float, str]:
    """When a file was written; one that was removed meanwhile is the oldest."""
    try:
        return path.stat().st_mtime, path.name
    except OSError:
        return 0.0, path.name


def _described(simulator: Simulator) -> dict[str, Any]:
    return {
        "kind": simulator.kind,
        "address": simulator.address,
        "faults": dict(simulator.faults()),
        "state": dict(simulator.state()),
    }
