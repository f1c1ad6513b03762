"""The announcer as a program on a real broker: born, speaks, says what it lacks, goes in order."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.messages import CallDrop, CallFate
from contract.mqtt import MqttBus
from tests.mosquitto import MOSQUITTO, Mosquitto
from tests.queue_display.voices import Hall
from tests.sinks import eventually

pytestmark = pytest.mark.processes


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    if MOSQUITTO is None or shutil.which("mosquitto_passwd") is None:
        pytest.skip("not installed: mosquitto")
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Mosquitto(folder, ["hall-server", "announcer-1"])
    broker.start()
    yield broker
    broker.kill()


def test_the_program_speaks_a_call_of_the_hall_and_ends_in_order(broker: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("announcer-1"[::-1])
    config = tmp_path / "announcer.toml"
    config.write_text(
        '[station]\nid = "announcer-1"\nname = "大厅广播"\nhall = "demo"\nsecret_file = "secret"\n'
        f'server = "127.0.0.1:{broker.port}"\ncache = "cache"\n'
        '[announce]\nboard = "hall"\nreadings = 1\n'
        f'[devices.speaker]\ndriver = "speaker"\nbackend = "null"\nkeep_dir = "{tmp_path}/keep"\n',
        "utf-8",
    )
    hall = Hall(MqttBus("demo", "hall-server", broker.address("hall-server")))
    command = [sys.executable, "-m", "queue_display", "announce", "--config", str(config)]
    with (tmp_path / "log").open("wb") as log:
        program = subprocess.Popen(command, stderr=log, env=dict(os.environ))
    try:
        hall.beat()
        health = hall.wait_showing("叫号先用提示音")
        assert health.devices[0].name == "speaker"
        hall.call("c1")
        eventually(lambda: b"A012 (chime, reading 1) finished" in (tmp_path / "log").read_bytes())
        assert hall.wait_confirmed("c1") == (CallFate.CHIMED, CallDrop.NONE)
    finally:
        program.send_signal(signal.SIGTERM)
        status = program.wait(20)
        hall.bus.close()
    assert status == 0
    assert len(list((tmp_path / "keep").glob("*-A012.wav"))) == 1
    assert b"Traceback" not in (tmp_path / "log").read_bytes()
