"""The kiosk as a process on a virtual display, with the real hall, its broker and simulated hardware."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, monotonic_ns

from devices.simulators.camera_server import CameraSimulator
from devices.simulators.sdt_reader import SdtReaderSimulator
from devices.simulators.ticket_printer import TicketPrinterSimulator
from tests.hall.server_process import ServerProcess, write_hall

LIMIT_SECONDS = 30.0
RETRY_SECONDS = 1.2
HAND_SECONDS = 0.35
WIDTH, HEIGHT = 1080, 1920


class Marks:
    """Lines of a timing file as they come: (monotonic ns, page)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def all(self) -> list[tuple[int, str]]:
        """Everything flipped so far."""
        lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line.split("\t") for line in lines if line.endswith("\n")]
        return [(int(at), page.strip()) for at, page in whole]

    def seen(self, page: str, *, after: int, seconds: float) -> int:
        """When this page was first flipped after an instant (monotonic ns); 0 when not within the time."""
        deadline = monotonic() + seconds
        pause = threading.Event()
        while True:
            found = next((at for at, name in self.all() if name == page and at > after), 0)
            if found or monotonic() > deadline:
                return found
            pause.wait(0.005)

    def wait(self, page: str, *, after: int = 0) -> int:
        """When this page was first flipped after an instant; fails when it never is."""
        found = self.seen(page, after=after, seconds=LIMIT_SECONDS)
        assert found, f"{page} was not shown; seen {self.all()[-8:]}"
        return found


class Display:
    """One Xvfb of the kiosk's size."""

    def __init__(self) -> None:
        read, write = os.pipe()
        self._process = subprocess.Popen(
            [
                "Xvfb",
                "-displayfd",
                str(write),
                "-screen",
                "0",
                f"{WIDTH}x{HEIGHT}x24",
                "-nolisten",
                "tcp",
                "-noreset",
            ],
            pass_fds=(write,),
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as number:
            self.name = f":{number.readline().strip()}"

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()

    def xdo(self, *words: str) -> None:
        """Move and press as a finger would."""
        subprocess.run(["xdotool", *words], env={**os.environ, "DISPLAY": self.name}, check=True)

    def tap(self, x: float, y: float) -> int:
        """Tap at design pixels from the top left; the instant before the press (monotonic ns)."""
        self.xdo("mousemove", str(round(x)), str(round(y)))
        before = monotonic_ns()
        self.xdo("click", "1")
        return before

    def picture(self, path: Path) -> Path:
        """A screenshot."""
        environment = {**os.environ, "DISPLAY": self.name}
        subprocess.run(["import", "-window", "root", str(path)], env=environment, check=True)
        return path


class KioskProcess:
    """``python -m kiosk`` on a display."""

    def __init__(self, config: Path, display: Display, timing: Path) -> None:
        self.marks = Marks(timing)
        self.started = monotonic_ns()
        self.log: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kiosk", "--config", str(config), "--timing", str(timing)],
            env={**os.environ, "DISPLAY": display.name, "SDL_VIDEODRIVER": "x11"},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the kiosk."""
        return self._process.pid

    def resident_megabytes(self) -> float:
        """Resident memory now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def cpu_seconds(self) -> float:
        """Processor time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_for(self, text: str) -> None:
        """Until the log says this."""
        deadline, pause = monotonic() + LIMIT_SECONDS, threading.Event()
        while not any(text in line for line in self.log):
            assert monotonic() < deadline, f"the log never said {text!r}: {self.log[-10:]}"
            pause.wait(0.02)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        status = self._process.wait()
        self._reader.join()
        return status

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                self.log.append(line.rstrip())


def tap_until(display: Display, marks: Marks, page: str, x: float, y: float) -> tuple[int, int]:
    """Tap until this page is shown. A page ignores its first 0.3 s, a hand takes longer than that.

    The instants of the tap that worked and of the flip.
    """
    threading.Event().wait(HAND_SECONDS)
    for _ in range(int(LIMIT_SECONDS / RETRY_SECONDS)):
        tapped = display.tap(x, y)
        shown = marks.seen(page, after=tapped, seconds=RETRY_SECONDS)
        if shown:
            return tapped, shown
    raise AssertionError(f"{page} was not shown; seen {marks.all()[-8:]}")


class Place:
    """Hall, hardware and display; kiosks are started on it."""

    def __init__(self, folder: Path, *, reader_baud: int = 115200, printer_baud: int = 115200) -> None:
        self.folder = folder
        self.reader = SdtReaderSimulator("reader-1", folder / "dev-reader", baud=reader_baud)
        self.printer = TicketPrinterSimulator("printer-1", link=folder / "dev-printer", baud=printer_baud)
        self.camera = CameraSimulator("camera-1", 0)
        self.server = ServerProcess(write_hall(folder / "hall"), folder / "state")
        self.display = Display()
        self._printer_baud = printer_baud
        self._reader_baud = reader_baud
        self._kiosks: list[KioskProcess] = []

    def start(self) -> None:
        """Hardware and hall."""
        for simulator in (self.reader, self.printer, self.camera):
            simulator.start()
        self.server.start()

    def stop(self) -> None:
        """Everything, in mirrored order."""
        for kiosk in self._kiosks:
            kiosk.stop()
        self.server.stop()
        for simulator in (self.camera, self.printer, self.reader):
            simulator.stop()
        self.display.stop()

    def kiosk(self, *, name: str = "k") -> KioskProcess:
        """Start a kiosk; not waited for."""
        config = self.folder / f"{name}.toml"
        config.write_text(self._toml(name), encoding="utf-8")
        made = KioskProcess(config, self.display, self.folder / f"{name}.timing")
        self._kiosks.append(made)
        return made

    def _toml(self, name: str) -> str:
        secret = self.server.state / "broker" / "secrets" / "kiosk-1"
        return f"""
[station]
id = "kiosk-1"
name = "1号自助机"
hall = "demo"
server = "127.0.0.1:{self.server.broker_port}"
secret_file = "{secret}"
cache = "{name}-cache"
place = "大厅入口"

[display]
left = 0
top = 0

[devices.reader]
driver = "sdt"
port = "{self.reader.address}"
baud = {self._reader_baud}

[devices.printer]
driver = "escpos"
port = "{self.printer.address}"
baud = {self._printer_baud}

[devices.camera]
driver = "camera"
source = "{self.camera.address}"
"""


@contextmanager
def place(folder: Path, **options: int) -> Iterator[Place]:
    """A place in service; stopped at the end whatever happens."""
    made = Place(folder, **options)
    try:
        made.start()
        yield made
    finally:
        made.stop()
