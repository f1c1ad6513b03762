"""The loudspeaker's driver on a virtual sink: what is heard, in which order, and back after a crash."""

from __future__ import annotations

import queue
import wave
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from devices.drivers import speaker as driver
from devices.faults import DeviceAbsent, DeviceLost, DeviceMisconfigured
from devices.health import Health
from devices.ports import State
from devices.registry import build
from devices.supervisor import Supervised
from tests.sinks import RATE, VirtualSink, eventually, find, missing, mono

SECOND = RATE * 4


def noise(seed: int, seconds: float = 0.3) -> bytes:
    """A sound like no other one."""
    level = np.random.default_rng(seed).normal(0, 4000, int(seconds * RATE))
    return np.repeat(level.clip(-32768, 32767).astype("<i2"), 2).tobytes()


@pytest.fixture
def sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualSink]:
    if missing():
        pytest.skip(f"not installed: {missing()}")
    sink = VirtualSink(tmp_path)
    for name, value in sink.environment.items():
        monkeypatch.setenv(name, value)
    sink.start()
    yield sink
    sink.kill()


@pytest.fixture
def silent() -> Iterator[driver.Speaker]:
    """A stream that plays into nothing."""
    speaker = driver.build(driver.Options(backend="null"))
    speaker.open()
    yield speaker
    speaker.close()


@pytest.mark.sound
def test_what_is_queued_is_heard_whole_and_in_order(sink: VirtualSink) -> None:
    speaker = driver.build(driver.Options(backend="pulse", latency_ms=400))
    speaker.open()
    sounds = [noise(seed) for seed in range(5)]
    ended: queue.SimpleQueue[tuple[int, bool]] = queue.SimpleQueue()

    def told(number: int, heard: bool) -> None:
        ended.put((number, heard))

    with sink.recording() as recording:
        for number, pcm in enumerate(sounds):
            speaker.play(pcm, done=partial(told, number))
        assert [ended.get(timeout=20) for _ in sounds] == [(number, True) for number in range(5)]
        until = recording.seconds() + 1.0
        eventually(lambda: recording.seconds() > until)
        heard = recording.samples()
    speaker.close()
    places = [find(mono(pcm), heard) for pcm in sounds]
    assert min(alike for _, alike in places) > 0.95
    starts = [at for at, _ in places]
    assert starts == pytest.approx([starts[0] + 0.3 * number for number in range(5)], abs=0.01)


@pytest.mark.sound
def test_a_killed_sound_server_is_noticed_and_the_speaker_comes_back(sink: VirtualSink) -> None:
    states: queue.SimpleQueue[Health] = queue.SimpleQueue()
    speaker = driver.build(driver.Options(backend="pulse"))
    supervised = Supervised("speaker", speaker, states.put, heartbeat_seconds=0.2)
    supervised.start()

    def wait_for(state: State) -> Health:
        while (health := states.get(timeout=30)).state is not state:
            pass
        return health

    wait_for(State.READY)
    ended: queue.SimpleQueue[bool] = queue.SimpleQueue()
    supervised.submit(lambda device: device.play(bytes(30 * SECOND), done=ended.put), 5).result(timeout=10)
    sink.kill()
    fault = wait_for(State.FAULTY).fault
    assert fault is not None
    assert fault.code == "audio_lost"
    assert ended.get(timeout=10) is False
    sink.start()
    wait_for(State.READY)
    supervised.submit(lambda device: device.play(noise(9), done=ended.put), 5).result(timeout=10)
    assert ended.get(timeout=10) is True
    supervised.stop()


def test_no_sound_system_is_an_absent_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/none")
    speaker = driver.build(driver.Options(backend="pulse"))
    with pytest.raises(DeviceAbsent, match="no_sound"):
        speaker.open()
    with pytest.raises(DeviceLost):
        speaker.play(b"")
    speaker.close()


def test_started_and_done_come_once_each_and_in_order(silent: driver.Speaker) -> None:
    told: queue.SimpleQueue[str] = queue.SimpleQueue()

    def ended(name: str, heard: bool) -> None:
        told.put(f"{name} {heard}")

    for name in "ab":
        silent.play(noise(1, 0.05), started=partial(told.put, f"{name} started"), done=partial(ended, name))
    assert [told.get(timeout=10) for _ in range(4)] == ["a started", "a True", "b started", "b True"]
    assert silent.queued_seconds() == 0
    assert silent.heartbeat().ok
    assert "Null" in silent.identify()


def test_silence_drops_what_is_queued(silent: driver.Speaker) -> None:
    told: queue.SimpleQueue[bool] = queue.SimpleQueue()
    for _ in range(3):
        silent.play(bytes(60 * SECOND), done=told.put)
    assert silent.queued_seconds() > 100
    silent.silence()
    assert [told.get(timeout=10) for _ in range(3)] == [False] * 3
    assert silent.queued_seconds() == 0


def test_closing_tells_that_the_rest_was_not_heard(silent: driver.Speaker) -> None:
    told: queue.SimpleQueue[bool] = queue.SimpleQueue()
    silent.play(bytes(60 * SECOND), done=told.put)
    silent.close()
    silent.close()
    assert told.get(timeout=10) is False
    with pytest.raises(DeviceLost, match="sound_closed"):
        silent.heartbeat()


def test_the_last_sounds_are_kept_as_files(tmp_path: Path) -> None:
    speaker = driver.build(driver.Options(backend="null", volume=0.5, keep_dir=str(tmp_path), keep_last=2))
    speaker.open()
    for name in ("A001", "A002", "A003/../x"):
        speaker.play(noise(3, 0.1), label=name)
    speaker.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [name.split("-", 2)[2] for name in names] == ["000002-A002.wav", "000003-A003x.wav"]
    with wave.open(str(tmp_path / names[0])) as kept:
        assert (kept.getframerate(), kept.getnchannels(), kept.getnframes()) == (RATE, 2, RATE // 10)


def test_options_that_make_no_sense_are_named() -> None:
    with pytest.raises(DeviceMisconfigured, match="oss"):
        build("speaker", {"backend": "oss"})
    with pytest.raises(DeviceMisconfigured, match="volume"):
        build("speaker", {"volume": 3.0})
    with pytest.raises(DeviceMisconfigured, match="keep_dirs"):
        build("speaker", {"keep_dirs": "x"})


def test_half_a_sample_is_refused(silent: driver.Speaker) -> None:
    with pytest.raises(ValueError, match="stereo"):
        silent.play(b"123")
