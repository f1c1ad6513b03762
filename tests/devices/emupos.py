"""Runs emupos, an ESC/POS emulator by others, beside the tests, from a Python 3.13 of its own.

Looked for: ``$BANSHI_EMUPOS`` (its ``emupos`` command), ``emupos`` on the path, ``python3.13 -m emupos``.
Where it is, ``python -m tests.devices.emupos`` records what the replaying tests need elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx

from devices.drivers.escpos import EscposPrinter, Options
from devices.tickets import Align, Line, Proof, Qr, Ticket
from tests.devices.printer_bench import TICKET

PROFILE = """\
type: printer
name: test {dots}
dpi: 203
width_dots: {dots}
font_a: {{ width: 12, height: 24 }}
font_b: {{ width: 9, height: 17 }}
code_pages: {{ 0: PC437 }}
default_code_page: 0
drawer_sensor_open_level: high
serial: {{ baud: 9600, data_bits: 8, parity: none, stop_bits: 1 }}
"""

CONFIG = """\
schema: 1
api: {{ host: 127.0.0.1, port: {api} }}
devices:
  - id: wide
    type: printer
    profile: {folder}/wide.yaml
    connections: [{{ tcp: {{ port: {tcp} }} }}, {{ serial: {{ pty: true, link: wide }} }}]
    receipts_dir: {folder}/receipts
  - id: narrow
    type: printer
    profile: {folder}/narrow.yaml
    connections: [{{ tcp: {{ port: {narrow} }} }}]
    receipts_dir: {folder}/receipts
"""

START_SECONDS = 60.0


def command() -> list[str]:
    """How to run emupos here; empty when it is not there."""
    named = os.environ.get("BANSHI_EMUPOS") or shutil.which("emupos")
    if named:
        return [named]
    python = shutil.which("python3.13")
    if python is None:
        return []
    found = subprocess.run(
        [python, "-c", "import emupos.cli.app"], capture_output=True, timeout=60, check=False
    )
    return [python, "-m", "emupos"] if found.returncode == 0 else []


@dataclass(frozen=True, slots=True)
class Emupos:
    """A running emupos with an 80 mm printer ``wide`` (TCP and PTY) and a 58 mm one ``narrow`` (TCP)."""

    api: str
    wide: str
    wide_serial: str
    narrow: str

    def fault(self, name: str, on: bool, *, device: str = "wide") -> None:
        """paper-near-end, paper-out, cover-open, offline."""
        answer = httpx.request("PUT" if on else "DELETE", f"{self.api}/devices/{device}/faults/{name}")
        answer.raise_for_status()

    def receipts(self, *, device: str = "wide") -> list[str]:
        """Ids, oldest first."""
        found = httpx.get(f"{self.api}/devices/{device}/receipts").raise_for_status().json()
        return sorted(one["id"] for one in found)

    def picture(self, receipt: str, *, device: str = "wide") -> bytes:
        """PNG of a receipt."""
        return httpx.get(f"{self.api}/devices/{device}/receipts/{receipt}/image").raise_for_status().content

    def text(self, receipt: str, *, device: str = "wide") -> str:
        """Its text."""
        return httpx.get(f"{self.api}/devices/{device}/receipts/{receipt}/text").raise_for_status().text


@contextmanager
def running() -> Iterator[Emupos]:
    """Start it and stop it."""
    with tempfile.TemporaryDirectory(prefix="emupos-") as name:
        folder = Path(name)
        api, tcp, narrow = _free_ports(3)
        (folder / "wide.yaml").write_text(PROFILE.format(dots=576))
        (folder / "narrow.yaml").write_text(PROFILE.format(dots=384))
        (folder / "emupos.yaml").write_text(CONFIG.format(api=api, tcp=tcp, narrow=narrow, folder=folder))
        log = (folder / "log").open("wb")
        process = subprocess.Popen(
            [*command(), "run", "--config", str(folder / "emupos.yaml")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "TMPDIR": name, "NO_COLOR": "1"},
        )
        try:
            made = Emupos(
                f"http://127.0.0.1:{api}/api/v1",
                f"tcp://127.0.0.1:{tcp}",
                f"{name}/emupos/wide",
                f"tcp://127.0.0.1:{narrow}",
            )
            _await_start(process, made, folder / "log")
            yield made
        finally:
            process.terminate()
            process.wait(20)
            log.close()


def _await_start(process: subprocess.Popen[bytes], made: Emupos, log: Path) -> None:
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{made.api}/devices", timeout=2.0).is_success:
                return
        except httpx.TransportError:
            sleep(0.1)
    raise RuntimeError(f"emupos did not start: {log.read_text(errors='replace')}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


# ---------------------------------------------------------------- recording

RECORDED = Path(__file__).parent / "recorded"
FAULTS = ("paper-near-end", "paper-out", "cover-open", "offline")

DRAWN_TICKET: Ticket = (
    Line("示例县政务服务中心", align=Align.CENTER, bold=True),
    Line("不动产登记", 2, Align.CENTER),
    Line("取号姓名：王𠮷㐂䶮·买买提"),
    Line("办理事项：个体工商户设立登记、食品经营许可、社会保障卡申领与补换", hang=10),
    Qr("HALL-A012"),
    Line("扫码查看排队进度", align=Align.CENTER),
)
"""Without ASCII, whose ROM type emupos and we do not share."""

JOBS: tuple[tuple[str, str, dict[str, Any], Ticket], ...] = (
    ("picture-80mm", "wide", {"mode": "picture"}, TICKET),
    ("picture-58mm", "narrow", {"mode": "picture", "profile": "58mm"}, TICKET),
    ("drawn-80mm", "wide", {"mode": "text", "profile": "80mm-no-hanzi", "native_qr": False}, DRAWN_TICKET),
    ("native-qr", "wide", {"mode": "text"}, (Qr("https://hall.example/t/01JD2X3Y4Z5A6B7C8D9E0F1G2H"),)),
)


def print_job(emulator: Emupos, device: str, options: dict[str, Any], ticket: Ticket) -> tuple[bytes, bytes]:
    """Print with the shipped driver; the bytes of the ticket and emupos' picture of it."""
    driver = EscposPrinter(Options(port=emulator.wide if device == "wide" else emulator.narrow, **options))
    driver.open()
    try:
        driver.identify()
        before = emulator.receipts(device=device)
        assert driver.print(ticket) is Proof.CONFIRMED
    finally:
        driver.close()
    fresh = [one for one in emulator.receipts(device=device) if one not in before]
    assert len(fresh) == 1
    return driver.compose(ticket).data, emulator.picture(fresh[0], device=device)


def status_bytes(emulator: Emupos) -> dict[str, str]:
    """Fault -> answers to DLE EOT 1-4, in hexadecimal; '' is health."""
    host, port = emulator.wide.removeprefix("tcp://").split(":")
    found = {}
    with socket.create_connection((host, int(port)), 10.0) as wire:
        for fault in ("", *FAULTS):
            if fault:
                emulator.fault(fault, True)
            answers = []
            for query in (1, 2, 3, 4):
                wire.sendall(bytes((0x10, 0x04, query)))
                answers.append(wire.recv(1))
            found[fault] = b"".join(answers).hex(" ").upper()
            if fault:
                emulator.fault(fault, False)
    return found


def record() -> None:
    """Write tests/devices/recorded/."""
    RECORDED.mkdir(exist_ok=True)
    with running() as emulator:
        (RECORDED / "status.json").write_text(json.dumps(status_bytes(emulator), indent=1) + "\n")
        for name, device, options, ticket in JOBS:
            data, png = print_job(emulator, device, options, ticket)
            (RECORDED / f"{name}.escpos").write_bytes(data)
            (RECORDED / f"{name}.png").write_bytes(png)


if __name__ == "__main__":
    record()
