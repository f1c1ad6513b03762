"""What a hall really hears: broker, announcer, sound server; calls and broadcasts captured and compared."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assets.speech.pack import ClipStore
from assets.speech.sound import read_wav, stream_bytes
from assets.speech.wording import call_parts
from contract.messages import BroadcastPart, CallFate
from contract.mqtt import MqttBus
from tests.mosquitto import MOSQUITTO, Mosquitto
from tests.queue_display.broadcast_hall import Told
from tests.queue_display.voices import tone
from tests.sinks import RATE, Recording, Samples, VirtualSink, eventually, find, missing, mono

pytestmark = pytest.mark.sound
WORDS, ALARM = ("各位群众，", "即将下班。"), "请撤离。"
LOUD = 0.003


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    if MOSQUITTO is None or shutil.which("mosquitto_passwd") is None:
        pytest.skip("not installed: mosquitto")
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker", ["hall-server", "announcer-1"])
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[VirtualSink]:
    if missing():
        pytest.skip(f"not installed: {missing()}")
    sink = VirtualSink(tmp_path)
    sink.start()
    yield sink
    sink.kill()


@pytest.fixture
def announcer(broker: Mosquitto, sink: VirtualSink, tmp_path: Path) -> Iterator[Path]:
    """The program, speaking clips of noise: a second a passage, three tenths a part of a call."""
    store = ClipStore(tmp_path / "pack")
    for number in ("A012", "A013"):
        for part in call_parts(number, "3号窗口"):
            store.add(part, "tone", tone(part, 0.3), seconds=0.3, lufs=-16)
    for text in (*WORDS, ALARM):
        store.add(text, "tone", tone(text, 1.0), seconds=1.0, lufs=-16)
    (tmp_path / "secret").write_text("announcer-1"[::-1])
    config, log = tmp_path / "announcer.toml", tmp_path / "log"
    config.write_text(
        '[station]\nid = "announcer-1"\nname = "大厅广播"\nhall = "demo"\nsecret_file = "secret"\n'
        f'server = "127.0.0.1:{broker.port}"\ncache = "cache"\n'
        '[announce]\nboard = "hall"\nreadings = 1\nclips = "pack"\n'
        '[devices.speaker]\ndriver = "speaker"\nbackend = "pulse"\n',
        "utf-8",
    )
    command = [sys.executable, "-m", "queue_display", "announce", "--config", str(config)]
    with log.open("wb") as out:
        program = subprocess.Popen(command, stderr=out, env={**os.environ, **sink.environment})
    yield log
    program.send_signal(signal.SIGTERM)
    assert program.wait(20) == 0
    assert b"Traceback" not in log.read_bytes()


def sounds(recording: Recording) -> bool:
    """Whether anything was heard in the last tenth of a second."""
    return bool((abs(recording.samples()[-RATE // 10 :]) > LOUD).any())


def noise(text: str, seconds: float) -> Samples:
    return mono(stream_bytes(*read_wav(tone(text, seconds))))


def call_noise(number: str) -> Samples:
    """A call by its number, the second of its clips."""
    return noise(call_parts(number, "3号窗口")[1], 0.3)


def test_a_hall_hears_calls_between_passages_and_nothing_but_the_alarm_while_it_lasts(
    announcer: Path, broker: Mosquitto, sink: VirtualSink
) -> None:
    hall = Told(MqttBus("demo", "hall-server", broker.address("hall-server")))
    with hall.beating(), sink.recording() as recording:
        hall.wait_showing("语音就绪")
        eventually(lambda: hall.healths[-1].devices[0].state == "ready")
        hall.broadcast("b1", tuple(BroadcastPart(text=text) for text in WORDS))
        eventually(lambda: sounds(recording))
        hall.call("c-1", "A012")
        assert hall.wait_report("b1").fate is CallFate.SPOKEN
        calm = recording.seconds()
        hall.call("c-2", "A013")
        eventually(lambda: sounds(recording))
        alarm = {"urgent": True, "times": 0, "every_ms": 100}
        hall.broadcast("b2", (BroadcastPart(text=ALARM),), **alarm)
        hall.wait_report("b2-1")
        hall.stop("b2")
        hall.wait_report("c-2")
        eventually(lambda: not sounds(recording))
        heard = recording.samples()
    hall.bus.close()
    before, after = heard[: int(calm * RATE)], heard[int(calm * RATE) :]
    first, call, second = (
        find(sound, before) for sound in (noise(WORDS[0], 1.0), call_noise("A012"), noise(WORDS[1], 1.0))
    )
    assert min(alike for _, alike in (first, call, second)) > 0.95
    assert first[0] + 1.0 < call[0]
    assert call[0] + 0.3 < second[0]
    alarm_at, alike = find(noise(ALARM, 1.0), after)
    again, whole = find(call_noise("A013"), after)
    assert min(alike, whole) > 0.95
    assert alarm_at + 1.0 < again, "the call that was broken off is said again, behind the alarm"
    assert np.abs(heard).max() < 0.99
    assert {report.call for report in hall.reports} >= {"c-1", "c-2", "b1-1", "b1", "b2-1", "b2"}
