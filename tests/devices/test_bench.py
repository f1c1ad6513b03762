"""The bench of simulated devices: its file, its control page, and the program as a whole."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.schema import ConfigError
from devices.ports import CallBoxKey, KeyPress
from devices.registry import build
from devices.simulators.bench import Bench, load_bench
from devices.simulators.bench_file import BenchPlace, CallBoxes, Camera, Printer, Reader, Scanner, Simulated
from devices.simulators.control_client import ControlError, ask
from devices.simulators.control_server import ControlServer
from devices.simulators.simulator import ShowsPaper, Simulator
from devices.tickets import Feed, Line, Qr

DEMO = Path("assets/halls/demo/bench.toml")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    wanted: dict[str, Simulated] = {
        "reader-1": Reader(baud=921600),
        "printer-1": Printer(baud=921600, rows_per_second=0),
        "callbox": CallBoxes(addresses=(1, 2), baud=115200),
        "camera-1": Camera(port=0),
    }
    made = Bench(BenchPlace(links=str(folder / "dev"), calls=str(folder / "calls")), wanted)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def bench(running: Bench) -> Iterator[Bench]:
    yield running
    running.remove()
    for name in running.simulators:
        running.clear(name)


@pytest.fixture
def port(bench: Bench) -> Iterator[int]:
    server = ControlServer(bench, 0)
    server.start()
    yield int(server.address.rstrip("/").rpartition(":")[2])
    server.stop()


def test_the_sample_halls_bench_has_every_device() -> None:
    bench = load_bench(DEMO)
    assert list(bench.simulators) == [
        "reader-1",
        "card-1",
        "printer-1",
        "camera-1",
        "scanner-1",
        "callbox",
        "ledbars",
        "lights-1",
    ]
    state = bench.state()["simulators"]["callbox"]["state"]
    assert list(state["displays"]) == [str(address) for address in range(1, 13)]


def test_a_wrong_bench_file_is_told_whole(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(
        '[simulators.a]\nsimulator = "sdt_reade"\n'
        '[simulators.b]\nsimulator = "camera_server"\nprt = 1\n'
        '[simulators.c]\nsimulator = "call_box"\naddresses = [0]\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_bench(file)
    for words in ('did you mean "sdt_reader"', 'did you mean "port"', "simulators.c.addresses"):
        assert words in str(caught.value)


def test_every_simulator_can_be_told_the_same_things(bench: Bench) -> None:
    one: Simulator
    for name, one in bench.simulators.items():
        assert one.name == name
        assert one.address
        for fault in one.faults():
            one.set_fault(fault, True)
            assert fault in str(one.state()["faults"])
            one.set_fault(fault, False)
        assert one.state()["faults"] == []
        with pytest.raises(KeyError):
            one.set_fault("no such fault", True)
    paper: ShowsPaper = bench.simulators["printer-1"]  # type: ignore[assignment]
    assert paper.latest_picture() == b""


def test_unplugging_removes_the_link_and_replugging_brings_it_back(bench: Bench) -> None:
    for name in ("reader-1", "printer-1", "callbox"):
        link = Path(bench.simulators[name].address)
        assert link.is_symlink()
        bench.set_fault(name, "unplugged", True)
        assert not link.is_symlink()
        bench.set_fault(name, "unplugged", False)
        assert link.is_symlink()


def test_cards_faults_and_keys_by_the_control_page(bench: Bench, port: int) -> None:
    assert ask(port, "/api/lay", {"person": "wang"})["simulators"]["reader-1"]["state"]["card"] == "wang"
    assert ask(port, "/api/remove", {})["simulators"]["reader-1"]["state"]["card"] == ""
    state = ask(port, "/api/fault", {"device": "printer-1", "fault": "paper_out", "on": True})
    assert state["simulators"]["printer-1"]["state"]["faults"] == ["paper_out"]
    state = ask(port, "/api/clear", {"device": "printer-1"})
    assert state["simulators"]["printer-1"]["state"]["faults"] == []
    line: Any = build("callbox", {"port": bench.simulators["callbox"].address, "addresses": [1, 2]})
    line.open()
    ask(port, "/api/press", {"address": 2, "key": "next"})
    assert line.poll(timeout_seconds=10.0) == KeyPress(2, CallBoxKey.NEXT)
    line.close()


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/api/lay", {"person": "nobody"}, "没有这个人：nobody"),
        ("/api/lay", {}, "内容不对"),
        ("/api/lay", {"person": "wang", "reader": "printer-1"}, "没有这个设备"),
        ("/api/fault", {"device": "reader-1", "fault": "fire"}, "没有这种故障：fire"),
        ("/api/fault", {"device": "x", "fault": "mute"}, "没有这个设备：x"),
        ("/api/press", {"address": 9, "key": "next"}, "没有地址为 9 的呼叫器"),
        ("/api/press", {"address": 1, "key": "fly"}, "没有这个键：fly"),
        ("/api/show", {"scene": "a ghost"}, "没有这个画面：a ghost"),
        ("/api/scan", {"text": ""}, "没有要扫的内容"),
        ("/api/fly", {}, "没有这个地址"),
    ],
)
def test_a_wrong_command_is_answered_with_a_sentence(
    path: str, body: dict[str, object], words: str, port: int
) -> None:
    with pytest.raises(ControlError, match=words):
        ask(port, path, body)


def _get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers.get_content_type(), response.read()
    finally:
        connection.close()


def test_the_page_the_pictures_and_the_sounds(bench: Bench, port: int) -> None:
    status, kind, page = _get(port, "/")
    assert (status, kind) == (200, "text/html")
    assert "模拟设备" in page.decode()
    assert _get(port, "/picture/camera-1")[1:][0] == "image/jpeg"
    assert _get(port, "/picture/printer-1")[0] == 404
    bench.calls.mkdir()
    (bench.calls / "A012.wav").write_bytes(b"RIFF")
    (bench.calls.parent / "secret.wav").write_bytes(b"no")
    assert ask(port, "/api/state")["calls"] == ["A012.wav"]
    assert _get(port, "/calls/A012.wav") == (200, "audio/wav", b"RIFF")
    assert _get(port, "/calls/../secret.wav")[0] == 404
    assert _get(port, "/calls/..%2Fsecret.wav")[0] == 404


def test_only_this_machine_and_only_json_moves_anything(bench: Bench, port: int) -> None:
    assert _get(port, "/api/state", {"Host": "evil.example"})[0] == 403
    assert _get(port, "/api/state", {"Host": f"localhost:{port}"})[0] == 200
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/api/lay", '{"person": "wang"}', {"Content-Type": "text/plain"})
    assert connection.getresponse().status == 415
    connection.close()
    assert bench.simulators["reader-1"].state()["card"] == ""


def test_the_last_ticket_that_was_printed_can_be_scanned(tmp_path: Path) -> None:
    wanted: dict[str, Simulated] = {"printer-1": Printer(rows_per_second=0), "scanner-1": Scanner()}
    bench = Bench(BenchPlace(links=str(tmp_path / "dev")), wanted)
    bench.start()
    with pytest.raises(LookupError, match="没有要扫的内容"):
        bench.scan("@ticket")
    printer: Any = build("escpos", {"port": bench.simulators["printer-1"].address})
    printer.open()
    printer.print((Line("A012", scale=3), Qr("http://hall.invalid/t/20261123-A012.9F3C", size=6), Feed(2)))
    printer.close()
    scanner: Any = build("scanner", {"port": bench.simulators["scanner-1"].address})
    scanner.open()
    bench.scan("@ticket")
    assert scanner.poll(timeout_seconds=10.0).text == "http://hall.invalid/t/20261123-A012.9F3C"
    scanner.close()
    bench.stop()


def test_nothing_is_left_running_when_one_device_cannot_start(tmp_path: Path) -> None:
    with_camera = Camera(port=0)
    first = Bench(BenchPlace(links=str(tmp_path / "a")), {"camera-1": with_camera})
    first.start()
    taken = int(first.simulators["camera-1"].address.rstrip("/").rpartition(":")[2])
    second = Bench(
        BenchPlace(links=str(tmp_path / "b")), {"reader-1": Reader(), "camera-1": Camera(port=taken)}
    )
    with pytest.raises(OSError, match="in use"):
        second.start()
    assert not Path(second.simulators["reader-1"].address).is_symlink()
    first.stop()


def test_the_program_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(
        f"[bench]\nlinks = {json.dumps(str(tmp_path / 'dev'))}\ncontrol_port = 0\n"
        '[simulators.reader-1]\nsimulator = "sdt_reader"\n'
    )
    command = [sys.executable, "-m", "devices", "simulate", "--config", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        assert program.stderr is not None
        address = next(line for line in program.stderr if "control page" in line).split()[-1]
        state = ask(int(address.rstrip("/").rpartition(":")[2]), "/api/state")
        assert list(state["simulators"]) == ["reader-1"]
        link = tmp_path / "dev" / "reader-1"
        assert link.is_symlink()
        program.send_signal(signal.SIGTERM)
        assert program.wait(20) == 0
    assert not link.is_symlink()
