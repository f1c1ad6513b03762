"""The shipped kiosk as a process: real hall, real broker, real window, touches as X events."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import monotonic_ns

import pytest

from tests.kiosk.on_display import place, tap_until

pytestmark = pytest.mark.processes


def test_three_touches_to_paper_and_a_card_on_a_real_window(tmp_path: Path) -> None:
    with place(tmp_path) as hall:
        kiosk = hall.kiosk()
        kiosk.marks.wait("home")
        tap_until(hall.display, kiosk.marks, "zone", 280, 700)
        tap_until(hall.display, kiosk.marks, "service", 500, 640)
        before = monotonic_ns()
        hall.reader.lay("zhang")
        kiosk.marks.wait("number", after=before)
        assert hall.printer.wait_for(lambda: hall.printer.printed == 1, seconds=20)
        assert kiosk.stop() == 0
        assert "张秀兰" not in "\n".join(kiosk.log + hall.server.log)


def test_a_citizen_of_a_killed_hall_gets_paper_and_is_called_when_it_is_back(tmp_path: Path) -> None:
    with place(tmp_path) as hall:
        kiosk = hall.kiosk()
        kiosk.marks.wait("home")
        hall.server.wait_for("kiosk-1: 20 numbers to be issued alone", 30)
        hall.server.kill()
        kiosk.wait_for("the server is away")
        tap_until(hall.display, kiosk.marks, "zone", 280, 700)
        tap_until(hall.display, kiosk.marks, "service", 500, 640)
        before = monotonic_ns()
        hall.reader.lay("zhang")
        kiosk.marks.wait("number", after=before)
        assert hall.printer.wait_for(lambda: hall.printer.printed == 1, seconds=20)
        (tmp_path / "ticket.png").write_bytes(hall.printer.latest_picture())
        hall.server.start()
        hall.server.wait_for("1 numbers issued alone are home")
        with hall.server.http() as clerk:
            called = clerk.post("/api/windows/w01/next", json={"request": "w01-next-1"}).json()
        assert called["number"] == "A501", called


def test_a_killed_hall_without_numbers_for_this_kiosk_is_said(tmp_path: Path) -> None:
    with place(tmp_path) as hall:
        hall.server.stop()
        kiosk = hall.kiosk()
        kiosk.wait_for("first frame drawn")
        started = monotonic_ns()
        hall.server.start()
        kiosk.marks.wait("home", after=started)
        tap_until(hall.display, kiosk.marks, "zone", 280, 700)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('driver = "sdd"', "devices.reader"),
        ('driver = "sdt"\nspeed = 3', "speed"),
        ('driver = "escpos"', "wanted a driver for id_card_reader"),
        ('port = "/dev/none"\n\n[devices.readr]\ndriver = "sdt"', 'did you mean "reader"'),
    ],
)
def test_a_wrong_file_is_named_and_nothing_starts(tmp_path: Path, change: str, told: str) -> None:
    config = tmp_path / "kiosk.toml"
    (tmp_path / "secret").write_text("x")
    config.write_text(
        '[station]\nid = "kiosk-1"\nname = "x"\nhall = "demo"\nserver = "127.0.0.1:1"\n'
        f'secret_file = "secret"\ncache = "c"\n\n[devices.reader]\n{change}\nport = "/dev/none"\n'
    )
    ended = subprocess.run(
        [sys.executable, "-m", "kiosk", "--config", str(config)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert told in ended.stderr
    assert not (tmp_path / "c").exists()
