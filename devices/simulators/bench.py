"""A bench of simulated devices from one file: makes and starts them, and does what the control page asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from devices.ports import CallBoxKey
from devices.simulators.bench_file import (
    SAMPLE,
    BenchPlace,
    CallBoxes,
    Camera,
    CardReader,
    LedBars,
    Lights,
    PagePrinter,
    Printer,
    Reader,
    Scanner,
    Simulated,
    read_bench,
)
from devices.simulators.call_box import CallBoxSimulator
from devices.simulators.camera_server import CameraSimulator
from devices.simulators.card_reader import CardReaderSimulator
from devices.simulators.desk_scene import SCENES
from devices.simulators.led_bars import LedBarSimulator
from devices.simulators.modbus_units import GuideLightSimulator, ModbusCallBoxSimulator
from devices.simulators.page_printer import PagePrinterSimulator
from devices.simulators.people import PEOPLE
from devices.simulators.printer_model import PrinterMake
from devices.simulators.scanner import SAMPLES, ScannerSimulator
from devices.simulators.sdt_reader import SdtReaderSimulator
from devices.simulators.simulator import Simulator
from devices.simulators.smart_cards import CARD_BY_WORD, CARDS
from devices.simulators.ticket_printer import TicketPrinterSimulator
from devices.vision.codes import read_codes

_S = TypeVar("_S", SdtReaderSimulator, CardReaderSimulator, CameraSimulator, ScannerSimulator)

LAST_TICKET = "@ticket"


def load_bench(path: Path) -> Bench:
    """Read and check a bench file. Raises contract.schema.ConfigError."""
    return Bench(*read_bench(path))


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
                found = read_codes(np.asarray(Image.open(BytesIO(png)).convert("RGB"), np.uint8))
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
            return SdtReaderSimulator(name, links / name, baud=wanted.baud, usb=wanted.usb)
        case CardReader():
            return CardReaderSimulator(name, links)
        case PagePrinter():
            return PagePrinterSimulator(name)
        case Printer():
            link = links / name if wanted.tcp_port is None else None
            make = PrinterMake(dots=wanted.dots, rows_per_second=wanted.rows_per_second)
            return TicketPrinterSimulator(
                name, link=link, tcp_port=wanted.tcp_port, baud=wanted.baud, make=make, usb=wanted.usb
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
