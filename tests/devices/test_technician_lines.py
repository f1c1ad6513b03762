"""The technician's command line on lines of boxes, bars and lights; the self-test; scripts of the bench."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.__main__ import main
from devices.faults import Fault, Owner
from devices.health import Health
from devices.ports import Kind, State
from devices.signals import LedColour
from devices.simulators import script
from devices.simulators.bench import Bench
from devices.simulators.bench_file import BenchPlace, CallBoxes, LedBars, Lights, Printer, Reader, Simulated
from devices.simulators.control_server import ControlServer
from devices.simulators.script import ScriptError, parse
from devices.technician import telling

POSITIONS = {"card": {LedColour.GREEN: 0}, "paper": {LedColour.GREEN: 1, LedColour.RED: 2}}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    wanted: dict[str, Simulated] = {
        "reader-1": Reader(),
        "printer-1": Printer(rows_per_second=0),
        "boxes": CallBoxes(addresses=(1, 2), baud=115200, modbus=True),
        "bars": LedBars(addresses=(1, 3), make="onbon", baud=115200),
        "plain": LedBars(addresses=(2,), make="lcd21", baud=115200),
        "lights": Lights(positions=POSITIONS, baud=115200),
    }
    made = Bench(BenchPlace(links=str(tmp_path_factory.mktemp("lines"))), wanted)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def bench(running: Bench) -> Iterator[Bench]:
    yield running
    for name in running.simulators:
        running.clear(name)


@pytest.fixture(autouse=True)
def nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No person looks at bars and lights here, and few addresses are asked."""
    monkeypatch.setattr("devices.technician.selftest._LOOK_SECONDS", 0.02)
    monkeypatch.setattr("devices.probe._BOXES", range(1, 3))
    monkeypatch.setattr("devices.probe._BUS_ADDRESSES", range(1, 4))


@pytest.fixture
def config(bench: Bench, tmp_path: Path) -> Path:
    """A hall's file: what is wired to its box stands in tables of its own."""
    at = {name: json.dumps(one.address) for name, one in bench.simulators.items()}
    file = tmp_path / "hall.toml"
    file.write_text(
        f'[callboxes]\ndriver = "callbox_modbus"\nport = {at["boxes"]}\noptions = {{ baud = 115200 }}\n'
        f'[ledbars]\ndriver = "ledbar_onbon"\nport = {at["bars"]}\noptions = {{ baud = 115200 }}\n'
        f"[lights]\nport = {at['lights']}\n[lights.options]\nbaud = 115200\n"
        "positions = { card = { green = 0 }, paper = { green = 1, red = 2 } }\n"
        f'[devices.printer]\ndriver = "escpos"\nport = {at["printer-1"]}\nbaud = 115200\n'
        "[[windows]]\ncallbox = 1\nledbar = 1\n[[windows]]\ncallbox = 2\nledbar = 3\n"
    )
    return file


def test_what_is_wired_to_a_halls_box_is_listed(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--config", str(config), "--json"]) == 0
    found = {one["name"]: one["kind"] for one in json.loads(capsys.readouterr().out)}
    assert found == {
        "printer": "ticket_printer",
        "callboxes": "call_box",
        "ledbars": "led_bar",
        "lights": "guide_light",
    }


def test_every_command_of_every_device_is_tested(
    config: Path, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["test", "--config", str(config), "--json"]) == 0
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = {(one["device"], one["command"]): one for one in results}
    assert told["printer", "print"]["remark"] == "已确认出纸"
    assert told["ledbars", "show 3 yellow"]["remark"] == "条屏已确认"
    assert told["lights", "light paper red"]["remark"] == "已读回"
    assert told["callboxes", "poll"]["ok"] is None
    assert all(one["ok"] is not False for one in results)
    assert bench.simulators["bars"].state()["bars"] == {
        "1": {"text": "1号条屏 测试", "colour": "yellow"},
        "3": {"text": "3号条屏 测试", "colour": "yellow"},
    }


def test_a_test_says_what_does_not_work_and_who_must_act(
    config: Path, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.set_fault("bars", "refuses", True)
    assert main(["test", "--config", str(config), "--device", "ledbars"]) == 1
    told = capsys.readouterr().out
    assert "✗ 不行" in told
    assert "控制卡拒绝" not in told, "the simulator's words are not the driver's"
    assert "拒绝了内容" in told
    assert "运维人员" in told


def test_nothing_is_printed_when_it_shall_be_quiet(
    config: Path, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bench.simulators["printer-1"].state()["tickets"]
    assert main(["test", "--config", str(config), "--device", "printer", "--quiet"]) == 0
    assert "没有要求出纸" in capsys.readouterr().out
    assert bench.simulators["printer-1"].state()["tickets"] == before


def test_an_unknown_device_is_exit_status_2(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "--config", str(config), "--device", "prnter"]) == 2
    assert "there are: printer, callboxes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "driver", "place"),
    [
        ("boxes", "callbox_modbus", "addresses = [1, 2]"),
        ("lights", "guide_lights", "unit = 1"),
        ("bars", "ledbar_onbon", "addresses = [1, 3]"),
        ("plain", "ledbar", "addresses = [2]"),
    ],
)
def test_probe_knows_buses(
    name: str, driver: str, place: str, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", bench.simulators[name].address]) == 0
    told = capsys.readouterr().out
    assert f'driver = "{driver}"' in told
    assert place in told


def test_watch_tells_json_lines(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["watch", "--config", str(config), "--seconds", "1.0", "--json"])
    changes = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"ready", "identifying"} <= {change["state"] for change in changes}
    assert all(change["at"] for change in changes)
    assert {"ok", "unknown"} & {change["condition"] for change in changes}
    assert any(change["counters"] for change in changes)


def test_a_terminal_gets_a_table_with_colours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    fault = Fault("paper_out", "没有纸", "请装纸", Owner.STAFF)
    telling.table_of(
        [
            (Health("printer", Kind.TICKET_PRINTER, State.READY, ok=False, faults=(fault,)), {"tickets": 7}),
            (Health("bars", Kind.LED_BAR, State.READY, ok=None), {}),
        ]
    )
    told = capsys.readouterr().out
    assert "就绪" in told
    for words in (
        "设备",
        "不能用",
        "号票打印机",
        "没有纸；请装纸（大厅人员）",
        "状态未知",
        "好坏未知",
        "号票7",
    ):
        assert words in told.replace("\n", "").replace(" ", "") or words in told


# ---------------------------------------------------------------- scripts


def test_a_script_plays_on_a_running_bench(bench: Bench, tmp_path: Path) -> None:
    server = ControlServer(bench, 0)
    server.start()
    file = tmp_path / "morning.script"
    file.write_text(
        "# a citizen comes\nlay wang reader-1\nexpect reader-1 card wang\n"
        "repeat 2\n  fault printer-1 paper_out   # twice\n  wait 0.01\n  clear printer-1\nend\n"
        'expect printer-1 faults "[]" within 2\nremove\nexpect reader-1 card ""\n'
    )
    try:
        assert main(["control", "--port", str(server.port), "--script", str(file)]) == 0
        file.write_text("expect reader-1 card zhang within 0.1\n")
        assert main(["control", "--port", str(server.port), "--script", str(file)]) == 1
        file.write_text("fault reader-1 fire\n")
        assert main(["control", "--port", str(server.port), "--script", str(file)]) == 1
    finally:
        server.stop()


def test_a_simulation_ends_with_its_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench_file, play = tmp_path / "bench.toml", tmp_path / "play"
    bench_file.write_text(
        f"[bench]\nlinks = {json.dumps(str(tmp_path / 'dev'))}\ncontrol_port = 0\n"
        '[simulators.bars]\nsimulator = "led_bar"\n'
    )
    play.write_text('expect bars bars.1.text ""\nfault bars blank\n')
    assert main(["simulate", "--config", str(bench_file), "--script", str(play)]) == 0
    play.write_text("expect bars bars.1.text A001 within 0.05\n")
    assert main(["simulate", "--config", str(bench_file), "--script", str(play)]) == 1
    assert "第 1 行：bars 的 bars.1.text 是 ，应为 A001" in capsys.readouterr().err
    assert not (tmp_path / "dev" / "bars").is_symlink()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dance", "第 1 行：看不懂：dance"),
        ("\nwait soon", "第 2 行"),
        ("repeat 2\nlay wang", "没有 end"),
        ("lay wang\nend", "第 2 行：多出一个 end"),
        ("repeat 999999\nlay wang\nend", "重复太多次"),
        ('lay "wang', "引号不成对"),
        ("press x next", "看不懂"),
    ],
)
def test_a_wrong_script_is_told_with_its_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=words):
        parse(text)
    file = tmp_path / "wrong"
    file.write_text(text)
    assert main(["control", "--port", "1", "--script", str(file)]) == 2


def test_repeats_are_unrolled_in_order() -> None:
    steps = parse("repeat 2\nlay wang\nrepeat 2\nwait 0\nend\nend\nremove")
    assert [type(step).__name__ for step in steps] == ["Do", "Wait", "Wait", "Do", "Wait", "Wait", "Do"]
    assert isinstance(steps[-1], script.Do)
    assert steps[-1].path == "/api/remove"


@pytest.mark.parametrize(
    ("words", "demo", "ends", "said"),
    [
        (["--outcome", "unsure"], True, 0, "demo-0：unsure"),
        (["--outcome", "fail", "--real"], False, 0, "demo-0：fail"),
        (["--outcome", "pass", "--real"], False, 1, "让一张空白图通过了"),
        (["--fault", "crash"], True, 1, "没有给出结果"),
    ],
)
def test_a_face_verifier_must_answer_and_pass_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], demo: bool, ends: int, said: str
) -> None:
    file = tmp_path / "faces.toml"
    command = json.dumps([sys.executable, "-m", "devices.simulators.face_vendor", *words])
    file.write_text(
        f'[devices.face]\ndriver = "face_verifier"\ncommand = {command}\n'
        f"hints = true\ndemo = {json.dumps(demo)}\n"
    )
    assert main(["test", "--config", str(file)]) == ends
    told = capsys.readouterr().out
    assert said in told
    assert "capture_hint" in told
