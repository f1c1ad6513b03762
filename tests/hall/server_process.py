"""The real hall server as a process of its own, with its real broker, for whole-hall tests and benches."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import httpx

from contract.clock import wall_ms
from contract.mqtt import BrokerAddress, MqttBus
from hall_server.accounts.__main__ import hall_key
from hall_server.accounts.administration import CONSOLE, Tokens
from hall_server.accounts.book import Book
from hall_server.accounts.roles import Scope
from hall_server.broker import secret

DEMO = Path(__file__).parents[2] / "assets" / "halls" / "demo"
READY_SECONDS = 30


def free_port() -> int:
    """A loopback port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_hall(
    directory: Path,
    *,
    kiosks: int = 1,
    boards: int = 1,
    windows: int = 0,
    broker_port: int = 0,
    web_port: int = 0,
    callbox: str = "",
    announce: bool = False,
) -> Path:
    """The sample hall on ports of its own; more kiosks, boards and windows when asked. Returns the TOML."""
    text = (DEMO / "hall.toml").read_text(encoding="utf-8").split("[callboxes]")[0]
    text = text.replace('catalogue = "items.json"', f'catalogue = "{DEMO / "items.json"}"')
    stations = [("kiosk", i) for i in range(2, kiosks + 1)] + [("board", i) for i in range(2, boards + 1)]
    for kind, i in stations:
        text += f'\n[[stations]]\nid = "{kind}-{i}"\nkind = "{kind}"\n'
    for i in range(13, windows + 1):
        text += (
            f'\n[[windows]]\nid = "w{i:02d}"\nlabel = "{i}号窗口"\nzone = "zonghe"\n'
            f'services = ["shebao", "zonghe-shouli"]\nopen = true\n'
        )
    text += f"\n[broker]\nport = {broker_port or free_port()}\n\n[web]\nport = {web_port or free_port()}\n"
    text = text.replace("[voice]\n", "[voice]\nrender = false\n")
    text = text.replace("[hall]\n", f"[hall]\nannounce = {str(announce).lower()}\n")
    if callbox:
        text += f'\n[callboxes]\ndriver = "callbox"\nport = "{callbox}"\n'
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "hall.toml"
    path.write_text(text, encoding="utf-8")
    return path


class ServerProcess:
    """`python -m hall_server`; ``kill`` is kill -9, ``start`` again goes on with the same journal.

    ``program``: what is started instead, with the same options.
    """

    def __init__(self, config: Path, state: Path, *, program: Sequence[str] = ("-m", "hall_server")) -> None:
        self._program = tuple(program)
        self._config = config
        self.state = state
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self.log: list[str] = []
        self._said = threading.Condition()

    def token(self) -> str:
        """A new token with which a program may do everything that tokens can; the server may run or not."""
        book = Book(self.state, key=hall_key(self.state), now_ms=wall_ms)
        book.open()
        made = Tokens(book).make("对接测试", frozenset(Scope), CONSOLE, per_minute=1_000_000)
        book.close()
        return made

    def http(self, *, seconds: float = 10) -> httpx.Client:
        """A program that talks to the pages' server with a token of its own."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        base = f"http://127.0.0.1:{self.web_port}"
        return httpx.Client(base_url=base, timeout=seconds, trust_env=False, headers=headers)

    @property
    def broker_port(self) -> int:
        """Where its broker listens."""
        return self._port("[broker]")

    @property
    def web_port(self) -> int:
        """Where its pages are."""
        return self._port("[web]")

    def _port(self, table: str) -> int:
        after = self._config.read_text(encoding="utf-8").split(f"{table}\nport = ")[1]
        return int(after.split("\n")[0])

    def start(self) -> None:
        """Start and wait until it says ready."""
        ready = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, *self._program, "--config", str(self._config), "--state", str(self.state)],
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process, ready), daemon=True)
        self._reader.start()
        assert ready.wait(READY_SECONDS), "the server did not come up:\n" + "\n".join(self.log[-30:])
        assert self._process.poll() is None, "the server ended:\n" + "\n".join(self.log[-30:])

    def kill(self) -> None:
        """kill -9, at once."""
        assert self._process is not None
        self._process.kill()
        self._join()

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._join()
        return self._process.returncode

    @property
    def pid(self) -> int:
        """Of the server."""
        assert self._process is not None
        return self._process.pid

    def children(self) -> list[int]:
        """Its child processes (the broker, a renderer)."""
        found: list[int] = []
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            found += [int(pid) for pid in (task / "children").read_text().split()]
        return found

    def wait_for(self, text: str, seconds: float = READY_SECONDS) -> None:
        """Until the log says this."""
        with self._said:
            said = self._said.wait_for(lambda: any(text in line for line in self.log), seconds)
        assert said, f"the log never said {text!r}:\n" + "\n".join(self.log[-20:])

    def kill_broker(self) -> None:
        """kill -9 its Mosquitto."""
        for pid in self.children():
            if "mosquitto" in Path(f"/proc/{pid}/comm").read_text():
                os.kill(pid, signal.SIGKILL)

    def bus(self, station: str) -> MqttBus:
        """A bus as this station of the hall, not yet open."""
        password = secret(self.state / "broker" / "secrets" / station)
        return MqttBus("demo", station, BrokerAddress("127.0.0.1", self.broker_port, station, password))

    def _join(self) -> None:
        assert self._process is not None
        self._process.wait()
        if self._reader is not None:
            self._reader.join()

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                with self._said:
                    self.log.append(line.rstrip())
                    self._said.notify_all()
                if line.rstrip().endswith("hall_server: ready"):
                    ready.set()
        ready.set()


def open_all(buses: Iterable[MqttBus], seconds: float = 10) -> None:
    """Open the buses and wait until each is linked."""
    waits = []
    for bus in buses:
        linked = threading.Event()
        bus.on_link(lambda up, linked=linked: linked.set() if up else None)  # type: ignore[misc]
        bus.open()
        waits.append((bus.station, linked))
    for station, linked in waits:
        assert linked.wait(seconds), f"{station} was not linked in {seconds} s"
