"""The whole hall as processes on the real broker: calls, kill -9 of server and broker, discovery."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract import messages as m
from contract import topics
from contract.discovery import find_hall
from contract.mqtt import BrokerAddress, MqttBus
from hall_server.broker import Broker, secret
from tests.hall.server_process import ServerProcess, free_port, open_all, write_hall
from tests.sinks import eventually

pytestmark = pytest.mark.processes


class Listener:
    """What one station hears; ``wait`` blocks until something fits."""

    def __init__(self, bus: MqttBus, *routes: topics.Route[Any]) -> None:
        self.heard: list[Any] = []
        self._more = threading.Condition()
        for route in routes:
            bus.on(route, self._hear)

    def _hear(self, message: Any, _ids: dict[str, str]) -> None:
        with self._more:
            self.heard.append(message)
            self._more.notify_all()

    def wait(self, fits: Callable[[Any], bool], seconds: float = 15) -> Any:
        with self._more:
            assert self._more.wait_for(lambda: any(fits(x) for x in self.heard), seconds), self.heard[-5:]
            return next(x for x in reversed(self.heard) if fits(x))

    def forget(self) -> None:
        with self._more:
            self.heard.clear()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    made = ServerProcess(write_hall(tmp_path, kiosks=2), tmp_path / "state")
    made.start()
    yield made
    assert made.stop() == 0


@pytest.fixture
def stations(server: ServerProcess) -> Iterator[tuple[MqttBus, MqttBus]]:
    kiosk, board = server.bus("kiosk-1"), server.bus("board-1")
    yield kiosk, board
    kiosk.close()
    board.close()


def press(server: ServerProcess, window: str, action: str, **options: object) -> dict[str, Any]:
    """What the clerk's page posts."""
    with server.http() as http:
        answer = http.post(
            f"/api/windows/{window}/{action}",
            json={"request": f"{window}-{action}-{len(server.log)}", **options},
        )
    return dict(answer.json()) | {"status": answer.status_code}


def issue(bus: MqttBus, request: str, service: str = "shebao") -> m.IssueAnswer:
    return bus.request(topics.ISSUE, m.Issue(id=request, service=service), timeout_seconds=10).result()


SPEAKER = (
    '[announce]\nreadings = 1\n[devices.speaker]\ndriver = "speaker"\nbackend = "null"\nvolume = {volume}\n'
)


class Shower:
    """A shipped program that shows or speaks calls, started and known to the hall as ready."""

    def __init__(self, server: ServerProcess, folder: Path, program: str, station: str, more: str) -> None:
        config = folder / f"{station}.toml"
        config.write_text(
            f'[station]\nid = "{station}"\nname = "{station}"\nhall = "demo"\ncache = "{station}-cache"\n'
            f'secret_file = "{server.state}/broker/secrets/{station}"\n'
            f'server = "127.0.0.1:{server.broker_port}"\n{more}',
            "utf-8",
        )
        command = [sys.executable, "-m", "queue_display", program, "--config", str(config)]
        environment = {**os.environ, "SDL_VIDEODRIVER": "offscreen"}
        before = len(server.log)
        with (folder / f"{station}.log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, env=environment)
        eventually(lambda: any(f"station {station}: ready" in line for line in server.log[before:]))

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()


def confirmed(server: ServerProcess, number: str, fits: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    """How the last call at window 3 stands at each station, once it fits."""
    found: dict[str, str] = {}

    def told() -> bool:
        calls = http.get("/api/windows/w03/calls").json()
        assert {call["number"] for call in calls} <= {number}
        found.update({at["place"]: at["stand"] for call in calls[-1:] for at in call["places"]})
        return bool(found) and fits(found)

    with server.http() as http:
        eventually(told)
    return {station: stand for station, stand in found.items() if station in ("board-1", "announcer-1")}


def test_a_number_is_issued_called_and_seen(server: ServerProcess, stations: tuple[MqttBus, MqttBus]) -> None:
    kiosk, board = stations
    seen = Listener(board, topics.BOARD_NOW, topics.BOARD_CALL, topics.WINDOW)
    open_all(stations)
    slip = issue(kiosk, "r1").slip
    assert slip is not None
    assert (slip.number, slip.service, slip.ahead) == ("C001", "社保医保", 0)
    assert slip.qr.startswith("http://127.0.0.1:18080/t/")
    assert press(server, "w03", "next")["number"] == "C001"
    call = seen.wait(lambda x: isinstance(x, m.Call))
    assert (call.number, call.window_label, call.say[0].lang) == ("C001", "3号窗口", "zh")
    seen.wait(lambda x: isinstance(x, m.BoardNow) and [r.number for r in x.rows] == ["C001"])
    seen.wait(lambda x: isinstance(x, m.WindowState) and x.window == "w03" and x.number == "C001")
    nobody = press(server, "w04", "next")
    assert nobody["status"] == 409
    assert "暂无等待" in nobody["sentence"]


def test_the_clerk_is_told_what_the_shipped_screen_and_voice_confirm(
    server: ServerProcess, stations: tuple[MqttBus, MqttBus], tmp_path: Path
) -> None:
    """A board killed with -9 and a loudspeaker at volume 0 are seen by the next call."""
    kiosk, _ = stations
    open_all([kiosk])
    screen = Shower(server, tmp_path, "board", "board-1", "[display]\nleft = 0\ntop = 0\n")
    voice = Shower(server, tmp_path, "announce", "announcer-1", SPEAKER.format(volume=1.0))
    issue(kiosk, "r1")
    issue(kiosk, "r2")
    press(server, "w03", "next")
    first = confirmed(server, "C001", lambda at: not {"awaited", "missed"} & set(at.values()))
    assert first == {"board-1": "shown", "announcer-1": "chimed"}
    press(server, "w03", "arrive")
    press(server, "w03", "finish")
    screen.kill()
    voice.kill()
    voice = Shower(server, tmp_path, "announce", "announcer-1", SPEAKER.format(volume=0.0))
    server.wait_for("station board-1: lost")
    press(server, "w03", "next")
    second = confirmed(server, "C002", lambda at: at.get("announcer-1") == "dropped")
    assert second["board-1"] == "missed"
    voice.kill()


def test_a_kiosk_may_not_write_as_another(server: ServerProcess, stations: tuple[MqttBus, MqttBus]) -> None:
    kiosk, board = stations
    spy = Listener(board, topics.STATION_STATE)
    open_all(stations)
    kiosk.publish(
        topics.STATION_STATE,
        m.StationState(s=m.Presence.READY, boot="x", kind=m.StationKind.KIOSK),
        station="kiosk-2",
    )
    issue(kiosk, "r1")
    with server.http() as http:
        page = http.get("/api/hall").json()
    assert "kiosk-2" not in str(page.get("stations", ""))
    assert not spy.heard


def test_kill_9_of_the_server_forgets_nothing_and_repeats_no_call(
    server: ServerProcess, stations: tuple[MqttBus, MqttBus]
) -> None:
    kiosk, board = stations
    seen = Listener(board, topics.BOARD_NOW, topics.BOARD_CALL, topics.SERVER)
    open_all(stations)
    first = issue(kiosk, "r1").slip
    press(server, "w03", "next")
    seen.wait(lambda x: isinstance(x, m.Call))
    seen.forget()
    server.kill()
    server.start()
    now = seen.wait(lambda x: isinstance(x, m.BoardNow) and bool(x.rows))
    assert now.rows[0].number == "C001"
    assert issue(kiosk, "r1").slip == first or issue(kiosk, "r1").slip.ticket == first.ticket  # type: ignore[union-attr]
    second = issue(kiosk, "r2").slip
    assert second is not None
    assert second.number == "C002"
    assert not [x for x in seen.heard if isinstance(x, m.Call)], "no old call is repeated"


def test_a_broker_that_dies_comes_back_with_the_whole_truth(
    server: ServerProcess, stations: tuple[MqttBus, MqttBus]
) -> None:
    kiosk, board = stations
    seen = Listener(board, topics.BOARD_NOW, topics.WINDOW, topics.QUEUE, topics.BOARD_CALL)
    open_all(stations)
    issue(kiosk, "r1")
    issue(kiosk, "r2")
    press(server, "w03", "next")
    seen.wait(lambda x: isinstance(x, m.Call))
    seen.forget()
    server.kill_broker()
    seen.wait(lambda x: isinstance(x, m.BoardNow) and [r.number for r in x.rows] == ["C001"])
    seen.wait(lambda x: isinstance(x, m.QueueState) and x.service == "shebao" and x.waiting == 1)
    for window in ("w01", "w12"):
        seen.wait(lambda x, w=window: isinstance(x, m.WindowState) and x.window == w)  # type: ignore[misc]
    assert issue(kiosk, "r3").slip.number == "C003"  # type: ignore[union-attr]
    assert not [x for x in seen.heard if isinstance(x, m.Call)]


def test_a_broken_payload_is_refused_and_the_hall_goes_on(
    server: ServerProcess, stations: tuple[MqttBus, MqttBus]
) -> None:
    kiosk, _ = stations
    open_all(stations)
    broken = kiosk.request(topics.ISSUE, m.Issue(id="", service="x" * 40_000), timeout_seconds=10).result()
    assert broken.refusal is not None
    assert issue(kiosk, "r1").slip is not None


def test_a_hall_with_a_broker_of_its_own_by_address(tmp_path: Path) -> None:
    own = Broker(directory=tmp_path / "own", port=free_port(), users=["kiosk-1"])
    own.start()
    path = write_hall(tmp_path)
    text = path.read_text(encoding="utf-8")
    port = text.split("[broker]\nport = ")[1].split("\n")[0]
    secret_file = own.secret_file("hall-server")
    theirs = f'[broker]\naddress = "127.0.0.1:{own.port}"\nsecret_file = "{secret_file}"'
    path.write_text(text.replace(f"[broker]\nport = {port}", theirs), encoding="utf-8")
    server = ServerProcess(path, tmp_path / "state")
    server.start()
    kiosk = MqttBus(
        "demo",
        "kiosk-1",
        BrokerAddress("127.0.0.1", own.port, "kiosk-1", secret(own.secret_file("kiosk-1"))),
    )
    try:
        open_all([kiosk])
        assert issue(kiosk, "r1").slip is not None
        assert "mosquitto" not in [Path(f"/proc/{p}/comm").read_text().strip() for p in server.children()]
    finally:
        kiosk.close()
        assert server.stop() == 0
        own.stop()


def test_the_hall_is_found_by_zeroconf(tmp_path: Path) -> None:
    path = write_hall(tmp_path, announce=True)
    own = f"hall-{free_port()}"
    path.write_text(path.read_text(encoding="utf-8").replace('id = "demo"', f'id = "{own}"'), "utf-8")
    server = ServerProcess(path, tmp_path / "state")
    server.start()
    try:
        server.wait_for(f"announced as {own}")
        found = find_hall(own)
        assert (found.port, found.name) == (server.broker_port, "示例县政务服务中心")
    finally:
        assert server.stop() == 0


def test_wrong_configuration_names_path_value_and_the_likely_word(tmp_path: Path) -> None:
    path = write_hall(tmp_path)
    text = path.read_text(encoding="utf-8").replace("recalls_before_no_show", "recals_before_no_show")
    path.write_text(text.replace('zone = "shuiwu"', 'zone = "shuiwuu"'), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "hall_server", "--config", str(path), "--state", str(tmp_path / "s")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert "rules.recals_before_no_show" in ended.stderr
    assert "recalls_before_no_show" in ended.stderr
    assert not (tmp_path / "s").exists(), "nothing is half started"
    path.write_text(
        text.replace("recals_", "recalls_").replace('zone = "shuiwu"', 'zone = "shuiwuu"'), "utf-8"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "hall_server", "--config", str(path), "--state", str(tmp_path / "s")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert "services[banshui].zone = shuiwuu" in ended.stderr
    assert "did you mean 'shuiwu'" in ended.stderr
