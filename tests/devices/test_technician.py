"""The technician's command line against simulated devices: what it says, and its exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.__main__ import main
from devices.simulators.bench import Bench
from devices.simulators.bench_file import BenchPlace, CallBoxes, Camera, Printer, Reader, Simulated
from devices.simulators.ticket_printer import TicketPrinterSimulator
from tests.devices.cards import fresh_reader


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    wanted: dict[str, Simulated] = {
        "reader-1": Reader(),
        "printer-1": Printer(rows_per_second=0),
        "callbox": CallBoxes(addresses=(1, 2), baud=115200),
        "camera-1": Camera(port=0, frames_per_second=30),
    }
    made = Bench(BenchPlace(links=str(tmp_path_factory.mktemp("technician"))), wanted)
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
def config(bench: Bench, tmp_path: Path) -> Path:
    address = {name: json.dumps(one.address) for name, one in bench.simulators.items()}
    file = tmp_path / "station.toml"
    file.write_text(
        '[station]\nid = "kiosk-1"\n'
        f'[devices.reader]\ndriver = "sdt"\nport = {address["reader-1"]}\n'
        f'[devices.printer]\ndriver = "escpos"\nport = {address["printer-1"]}\nbaud = 115200\n'
        f'[devices.camera]\ndriver = "camera"\nsource = {address["camera-1"]}\n'
    )
    return file


def test_list_says_how_each_device_is(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--config", str(config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["reader", "printer", "camera"]
    assert all(line.split()[2:4] == ["就绪", "正常"] for line in lines)


def test_list_tells_what_the_station_has_counted(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(config.read_text().replace("[station]", '[station]\ncache = "kept"'))
    counters = config.parent / "kept" / "counters"
    counters.mkdir(parents=True)
    (counters / "printer.json").write_text('{"tickets": 1204, "cuts": 0, "faults.paper_out": 3}')
    assert main(["list", "--config", str(config)]) == 0
    printer = capsys.readouterr().out.splitlines()[1]
    assert printer.endswith("号票 1204")
    assert main(["list", "--config", str(config), "--json"]) == 0
    told = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert told["printer"]["counters"] == {"tickets": 1204, "cuts": 0, "faults.paper_out": 3}
    assert (told["printer"]["condition"], told["reader"]["counters"]) == ("ok", {})


def test_list_names_what_is_wrong_and_who_must_act(
    bench: Bench, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.set_fault("reader-1", "unplugged", True)
    bench.set_fault("printer-1", "paper_out", True)
    assert main(["list", "--config", str(config), "--json"]) == 1
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["reader"]["state"] == "absent"
    assert found["reader"]["faults"][0]["code"] == "port_missing"
    assert found["printer"]["ok"] is False
    assert found["printer"]["faults"][0]["owner"] == "staff"
    assert found["camera"]["state"] == "ready"
    assert main(["list", "--config", str(config)]) == 1
    assert "未连接" in capsys.readouterr().out


def test_a_card_is_shown_masked(bench: Bench, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench.lay("wang")
    assert main(["read-card", "--config", str(config)]) == 0
    told = capsys.readouterr()
    assert told.out == "居民身份证  王*  999999********333X\n"
    assert "𠮷" not in told.out + told.err


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("smith", ["外国人永久居留证（2017 版）", "史*", "GBR990********0199"]),
        ("ss-wang", ["社会保障卡（3.00）", "王*", "999999********333X"]),
        ("bank", ["银行卡", "629999*********1234"]),
    ],
)
def test_cards_of_every_reader_are_shown_masked(
    word: str, shown: list[str], bench: Bench, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    smart = fresh_reader()
    config.write_text(
        f'{config.read_text()}[devices.card]\ndriver = "pcsc"\nsocket = {json.dumps(smart.address)}\n'
    )
    (bench if word == "smith" else smart).lay(word)
    assert main(["read-card", "--config", str(config), "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out).values()) == shown


@pytest.mark.parametrize("words", [["--json"], []])
def test_a_device_that_cannot_work_fails_its_test(
    words: list[str], bench: Bench, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.lay("wang")
    assert main(["test", "--config", str(config), "--device", "reader", "--json"]) == 0
    done = {one["command"]: one for one in map(json.loads, capsys.readouterr().out.splitlines())}
    assert done["read"]["ok"] is True
    assert done["newest_address"]["ok"] is True
    assert "王" not in str(done)
    bench.set_fault("printer-1", "paper_out", True)
    assert main(["test", "--config", str(config), "--device", "printer", "--quiet", *words]) == 1
    told = capsys.readouterr().out.splitlines()
    bad = [line.split()[1] for line in told if "✗" in line]
    assert bad == ([] if words else ["heartbeat", "status"])


def test_a_bug_is_told_without_what_it_says(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slip(*_arguments: object) -> None:
        raise ValueError("999999198001010017")

    monkeypatch.setattr("devices.drivers.sdt.SdtReader.find", slip)
    assert main(["read-card", "--config", str(config)]) == 1
    told = capsys.readouterr()
    assert "ValueError" in told.err
    assert "999999" not in told.out + told.err


def test_no_card_and_a_strange_card(bench: Bench, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read-card", "--config", str(config), "--seconds", "0.05"]) == 1
    assert "没有放上证件" in capsys.readouterr().err
    bench.lay("strange")
    assert main(["read-card", "--config", str(config), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["fault"] == "card_unknown"


def test_a_test_ticket_comes_out_or_says_why_not(
    bench: Bench, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["print-test", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "已确认出纸\n"
    assert bench.picture("printer-1")[1].startswith(b"\x89PNG")
    bench.set_fault("printer-1", "paper_out", True)
    assert main(["print-test", "--config", str(config)]) == 1
    assert "纸" in capsys.readouterr().err


def test_a_snapshot_is_a_jpeg(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "picture.jpg"
    assert main(["snapshot", "--config", str(config), str(file)]) == 0
    assert file.read_bytes().startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("name", "driver"), [("reader-1", "sdt"), ("printer-1", "escpos"), ("callbox", "callbox")]
)
def test_probe_knows_each_device_and_gives_the_lines_for_it(
    name: str, driver: str, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", bench.simulators[name].address]) == 0
    assert f'driver = "{driver}"' in capsys.readouterr().out


def test_probe_prints_nothing_on_a_printer(bench: Bench) -> None:
    printer = bench.simulators["printer-1"]
    assert isinstance(printer, TicketPrinterSimulator)
    tickets = printer.state()["tickets"]
    assert main(["probe", printer.address]) == 0
    assert printer.wait_for(lambda: printer.state()["buffered_bytes"] == 0)
    assert (printer.state()["tickets"], printer.unknown_commands) == (tickets, ())


def test_probe_of_silence_and_of_no_port(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "/nowhere/at/all"]) == 1
    assert "没有找到端口" in capsys.readouterr().err
    assert main(["probe", "http://127.0.0.1"]) == 2


def test_watch_ends_by_itself_and_tells_changes(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--config", str(config), "--seconds", "1.5"]) == 0
    out = capsys.readouterr().out
    assert "正在识别  正在启动" in out
    assert "就绪  正常" in out
    assert out.splitlines()[-1].startswith("camera")
    assert "画面" in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no [devices.*] table"),
        ("[devices.reader]\n", "devices.reader.driver"),
        ('[devices.reader]\ndriver = "sdtt"\n', 'did you mean "sdt"'),
        ('[devices.reader]\ndriver = "sdt"\nprot = "x"\n', 'did you mean "port"'),
        ("[devices\n", "is not TOML"),
        ('[devices]\nreader = "sdt"\n', "devices.reader: wanted a table"),
    ],
)
def test_a_wrong_configuration_is_exit_status_2(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    for command in ("list", "watch", "read-card", "print-test"):
        assert main([command, "--config", str(file)]) == 2
        told = capsys.readouterr().err
        assert str(file) in told
        assert words in told


def test_a_station_without_a_reader_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "board.toml"
    file.write_text('[devices.printer]\ndriver = "escpos"\nport = "/nowhere"\n')
    assert main(["read-card", "--config", str(file)]) == 2
    assert "id_card_reader" in capsys.readouterr().err


def test_control_without_a_bench_and_with_a_wrong_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["control", "--port", "1", "state"]) == 1
    assert "先运行 python -m devices simulate" in capsys.readouterr().err
    assert main(["control", "--port", "1", "dance"]) == 2
    assert "看不懂：dance" in capsys.readouterr().err


def test_simulate_with_a_wrong_file_is_exit_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.toml"
    file.write_text("[bench]\nlink = 1\n")
    assert main(["simulate", "--config", str(file)]) == 2
    assert 'did you mean "links"' in capsys.readouterr().err
