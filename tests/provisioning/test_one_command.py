"""The hall as a new user starts it: every program, real windows, a card, paper, a call, a voice."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from provisioning.hall.program import Plan, load_plan
from provisioning.hall.record import Lock, Status, read_status
from provisioning.hall.tables import CAMERA_PORT, CONTROL_PORT, SCREEN_PORT
from provisioning.hall.taken import taken_ports

T = TypeVar("T")
PROJECT = Path(__file__).resolve().parents[2]
CONTROL = f"http://127.0.0.1:{CONTROL_PORT}/api"
PORTS = {
    18830: "broker",
    18080: "pages",
    CONTROL_PORT: "devices",
    CAMERA_PORT: "camera",
    SCREEN_PORT: "screens",
}
FIRST_ZONE, SECOND_SERVICE = (280, 800), (540, 950)

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


class Hall:
    """A hall in a folder of its own, started by the project's command."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self._environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if name not in ("DISPLAY", "SDL_VIDEODRIVER")
            },
            "BANSHI_VAR": str(var),
            "BANSHI_ASSETS": os.environ.get("BANSHI_ASSETS", str(PROJECT / "var" / "assets")),
        }

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "provisioning", *words],
            cwd=PROJECT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    @property
    def plan(self) -> Plan:
        return load_plan(self.var / "hall" / "plan.json")

    def status(self) -> Status:
        status = read_status(self.var / "hall")
        assert status is not None
        return status

    def touch(self, place: tuple[int, int]) -> None:
        """Touch the kiosk and wait until it shows another page."""
        before = self.title()
        command = ["xdotool", "mousemove", str(place[0]), str(place[1]), "click", "1"]
        subprocess.run(command, env=self._kiosk_environment(), timeout=10, check=True)
        until(lambda: self.title() != before, f"another page after the touch at {place}")

    def title(self) -> bytes:
        """The kiosk's pixels where each page has its title."""
        env = self._kiosk_environment()
        code = (
            "import sys; from PIL import ImageGrab;"
            "sys.stdout.buffer.write(ImageGrab.grab((40, 210, 700, 340), xdisplay='').tobytes())"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, timeout=30, check=True
        )
        return done.stdout

    def _kiosk_environment(self) -> dict[str, str]:
        return next(program.env for program in self.plan.programs if program.name == "kiosk-1")

    def log(self, program: str) -> str:
        return (self.var / "log" / f"{program}.log").read_text("utf-8")


def ask(path: str, body: Mapping[str, object] | None = None) -> Any:
    """What the simulated devices answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{CONTROL}/{path}", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def tickets() -> int:
    """How many the simulated printer has printed."""
    return int(ask("state")["simulators"]["printer-1"]["state"]["tickets"])


def until(look: Callable[[], T | None], what: str, seconds: float = 60.0) -> T:
    """What ``look`` finds as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: did not come about"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    taken = taken_ports(PORTS)
    if taken:
        pytest.skip(f"a hall of this box is in the way: {taken[0].sentence()}")
    hall = Hall(tmp_path_factory.mktemp("hall") / "var")
    started = hall.command("up", "--display", "virtual", "--sound", "none")
    assert started.returncode == 0, started.stdout + started.stderr
    yield hall
    hall.command("down")


def test_everything_runs_and_says_where_to_look(hall: Hall) -> None:
    status = hall.command("status")
    assert status.returncode == 0, status.stdout
    assert {line.state for line in hall.status().lines} == {"ready"}
    for port in (18080, CONTROL_PORT, SCREEN_PORT):
        assert f"http://127.0.0.1:{port}/" in status.stdout


def test_the_one_time_link_comes_in_and_the_next_is_told(hall: Hall) -> None:
    links = []
    for _ in range(2):
        found = re.search(r"http://127\.0\.0\.1:18080/enter/\S+", hall.command("status").stdout)
        assert found is not None
        links.append(found[0])
        form = {"account": "shili-manager"}
        page = httpx.post(links[-1], data=form, follow_redirects=True, timeout=10, trust_env=False)
        assert "示例大厅管理员" in page.text
    assert links[0] != links[1]


def test_a_second_up_prints_the_status(hall: Hall) -> None:
    pids = [line.pid for line in hall.status().lines]
    again = hall.command("up")
    assert again.returncode == 0
    assert "runs already" in again.stdout
    assert [line.pid for line in hall.status().lines] == pids


def test_nothing_secret_lies_open(hall: Hall) -> None:
    assert (hall.var / "hall").stat().st_mode & 0o077 == 0
    assert (hall.var / "run").stat().st_mode & 0o077 == 0
    secrets = list((hall.var / "hall" / "state").rglob("secrets/*"))
    assert secrets
    assert all(path.stat().st_mode & 0o077 == 0 for path in secrets)


def test_a_citizen_takes_a_number_and_is_called(hall: Hall) -> None:
    """Zone, service, card; paper; next on the call box; board, sign and voice."""
    shown = re.compile("first frame drawn")
    until(lambda: all(shown.search(hall.log(name)) for name in ("kiosk-1", "board-1")), "first frames")
    until(lambda: "blobs" in hall.log("kiosk-1"), "the kiosk's catalogue")
    hall.touch(FIRST_ZONE)
    hall.touch(SECOND_SERVICE)
    ask("lay", {"person": ask("state")["people"][0]["word"]})
    until(lambda: tickets() == 1, "the paper ticket")
    number = until(lambda: re.search(r"(\w+): issued", hall.log("kiosk-1")), "the kiosk's line")[1]
    ask("remove", {})
    ask("press", {"address": 3, "key": "next"})
    until(lambda: ask("state")["simulators"]["callbox"]["state"]["displays"]["3"] == number, "the call box")
    until(lambda: list((hall.var / "calls").glob(f"*{number}.wav")), "the spoken call")


def test_a_killed_program_comes_back(hall: Hall) -> None:
    before = next(line for line in hall.status().lines if line.name == "board-1")
    os.kill(before.pid, signal.SIGKILL)

    def back() -> bool:
        line = next(line for line in hall.status().lines if line.name == "board-1")
        return line.state == "ready" and line.pid != before.pid

    until(back, "the board")
    after = next(line for line in hall.status().lines if line.name == "board-1")
    assert (after.restarts, after.last_exit) == (1, "killed by SIGKILL")


def test_down_leaves_nothing_running(hall: Hall) -> None:
    pids = [line.pid for line in hall.status().lines]
    down = hall.command("down")
    assert down.returncode == 0, down.stdout
    assert Lock(hall.var / "hall").holder() is None
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert taken_ports(PORTS) == ()
    assert hall.command("status").returncode == 3
