"""The announcer's program: chime first, clips as they come, nothing stale, honest health."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assets.speech.pack import ClipStore, encode_pack
from assets.speech.sound import read_wav, stream_bytes
from assets.speech.wording import call_parts
from contract import topics
from contract.messages import (
    BlobRef,
    CallDrop,
    CallFate,
    Presence,
    TicketStatus,
    WindowState,
    WindowStatus,
)
from devices.drivers import speaker as driver
from queue_display.voice import AnnounceSection
from tests.queue_display.voices import Hall, announcing, fill, served, tone
from tests.sinks import find, mono

PARTS = call_parts("A012", "3号窗口")
ONCE = AnnounceSection(readings=1)


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    monkeypatch.setattr("contract.station.HEALTH_SECONDS", 0.05)
    monkeypatch.setattr("queue_display.voice.TICK_SECONDS", 0.02)
    hall = Hall()
    hall.beat()
    yield hall
    hall.bus.close()


def sound(keep: Path) -> driver.Speaker:
    return driver.build(driver.Options(backend="null", keep_dir=str(keep)))


def kept(keep: Path) -> list[bytes]:
    """What was played, oldest first."""
    return [path.read_bytes()[44:] for path in sorted(keep.glob("*.wav"))]


def test_before_any_clip_a_call_is_chimed_and_the_hall_is_told(hall: Hall, tmp_path: Path) -> None:
    with announcing(hall, sound(tmp_path / "keep"), tmp_path / "cache", ONCE):
        health = hall.wait_showing("语音片段准备中，叫号先用提示音")
        assert health.devices[0].kind == "speaker"
        hall.call("c1")
        hall.wait_counter("chime_only")
        hall.wait_counter("finished")
        assert hall.wait_confirmed("c1") == (CallFate.CHIMED, CallDrop.NONE)
    assert len(kept(tmp_path / "keep")) == 1
    hall.wait_presence(Presence.DISCONNECTED)


def test_a_call_is_chime_letter_number_window(hall: Hall, tmp_path: Path) -> None:
    store = ClipStore(tmp_path / "pack")
    fill(store, *PARTS)
    section = AnnounceSection(readings=1, clips=str(tmp_path / "pack"))
    timing = tmp_path / "timing"
    with announcing(hall, sound(tmp_path / "keep"), tmp_path / "cache", section, timing):
        hall.wait_presence(Presence.READY)
        hall.call("c1")
        counters = hall.wait_counter("finished")
        assert hall.wait_confirmed("c1") == (CallFate.SPOKEN, CallDrop.NONE)
    assert counters["clips"] == 3
    played = mono(kept(tmp_path / "keep")[0])
    places = [find(mono(stream_bytes(*read_wav(tone(part)))), played) for part in PARTS]
    assert min(alike for _, alike in places) > 0.99
    letter, number, window = (at for at, _ in places)
    assert number - letter == pytest.approx(0.35, abs=0.005)
    assert window - number == pytest.approx(0.22, abs=0.005)
    assert letter == pytest.approx(1.23 + 0.15, abs=0.005)
    assert not np.abs(played[int((window + 0.11) * 48000) :]).any()
    handed, name, received = timing.read_text().splitlines()[0].split("\t")
    assert name == "c1"
    assert int(handed) > int(received)


def test_clips_come_from_the_hall_while_its_pack_grows_and_stay_in_the_cache(
    hall: Hall, tmp_path: Path
) -> None:
    store, web = ClipStore(tmp_path / "pack"), tmp_path / "web" / "blobs"
    web.mkdir(parents=True)

    def publish(http: str, wanted: int) -> None:
        manifest = tmp_path / "web" / "manifest"
        manifest.write_bytes(encode_pack(store.pack(wanted)))
        for clip in store.pack().clips:
            (web / clip.sha256).write_bytes((store.folder / clip.file).read_bytes())
        hall.beat(http, clips=ref_of(manifest, web))

    with served(tmp_path / "web") as http, announcing(hall, sound(tmp_path / "k"), tmp_path / "cache", ONCE):
        fill(store, *PARTS[:2])
        publish(http, 3)
        hall.wait_showing("语音片段准备中（2/3）")
        hall.call("c1")
        hall.wait_counter("chime_only")
        fill(store, PARTS[2])
        publish(http, 3)
        hall.wait_showing("语音就绪")
        hall.call("c2")
        counters = hall.wait_counter("finished", 2)
        assert counters["chime_only"] == 1
    hall.healths.clear()
    hall.beat()
    with announcing(hall, sound(tmp_path / "k"), tmp_path / "cache", ONCE):
        hall.wait_showing("语音就绪")


def ref_of(manifest: Path, web: Path) -> BlobRef:
    from contract.blobs import describe

    ref = describe(manifest, "/manifest")
    (web / ref.sha256).write_bytes(manifest.read_bytes())
    return describe(manifest, f"/blobs/{ref.sha256}")


def test_expired_and_answered_calls_stay_silent(hall: Hall, tmp_path: Path) -> None:
    section = AnnounceSection(readings=2)
    with announcing(hall, sound(tmp_path / "keep"), tmp_path / "cache", section):
        hall.wait_presence(Presence.READY)
        hall.call("c0", age_ms=50_000, expires_ms=45_000)
        hall.wait_counter("dropped_expired")
        hall.call("c1")
        hall.wait_counter("started")
        hall.call("c2")
        hall.bus.publish(
            topics.WINDOW,
            WindowState(
                window="w03",
                label="3号窗口",
                name="",
                zone="综合",
                status=WindowStatus.OPEN,
                seq=7,
                ticket_status=TicketStatus.SERVING,
                call="c2",
            ),
            window="w03",
        )
        counters = hall.wait_counter("dropped_arrived")
        counters = hall.wait_counter("finished")
        assert hall.wait_confirmed("c0") == (CallFate.DROPPED, CallDrop.STALE)
        assert hall.wait_confirmed("c2") == (CallFate.DROPPED, CallDrop.SUPERSEDED)
    assert counters["started"] == 1
    assert len(kept(tmp_path / "keep")) == 1


def test_a_hall_without_sound_raises_an_alert_and_goes_on(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/none")
    speaker = driver.build(driver.Options(backend="pulse"))
    with announcing(hall, speaker, tmp_path / "cache"):
        hall.wait_presence(Presence.ALERT)
        hall.call("c1")
        hall.wait_counter("queued")
        device = hall.healths[-1].devices[0]
        assert "打不开声音输出" in device.sentence
        assert device.action


def test_a_muted_loudspeaker_does_not_say_that_it_spoke(hall: Hall, tmp_path: Path) -> None:
    speaker = driver.build(driver.Options(backend="null", volume=0.0))
    with announcing(hall, speaker, tmp_path / "cache", ONCE):
        hall.wait_presence(Presence.READY)
        hall.call("c1")
        assert hall.wait_confirmed("c1") == (CallFate.DROPPED, CallDrop.MUTED)


def test_calls_of_other_zones_are_left_to_others(hall: Hall, tmp_path: Path) -> None:
    section = AnnounceSection(zones=("shuiwu",), readings=1)
    with announcing(hall, sound(tmp_path / "keep"), tmp_path / "cache", section):
        hall.wait_presence(Presence.READY)
        hall.call("c1", "A001")
        hall.call("c2", "C002", zone="shuiwu")
        counters = hall.wait_counter("finished")
        assert hall.wait_confirmed("c2") == (CallFate.CHIMED, CallDrop.NONE)
    assert [name for name, *_ in hall.confirmed] == ["c2"]
    assert counters["queued"] == 1
    assert [path.stem.split("-")[-1] for path in (tmp_path / "keep").iterdir()] == ["C002"]


def test_the_program_refuses_a_wrong_file_with_a_sentence_and_never_loads_kivy(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    file = tmp_path / "announcer.toml"
    file.write_text(
        '[station]\nid = "announcer-1"\nname = "广播"\nhall = "demo"\nserver = "127.0.0.1:1"\n'
        f'secret_file = "{tmp_path}/secret"\ncache = "{tmp_path}/cache"\n'
        '[devices.speaker]\ndriver = "speaker"\nbackend = "puls"\n'
    )
    code = (
        "import sys; from queue_display import announce; status = announce.main(sys.argv[1:]);"
        "assert not {'kivy', 'onnxruntime'} & set(sys.modules); sys.exit(status)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "--config", str(file)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2, ended.stderr
    assert "devices.speaker" in ended.stderr
    assert "puls" in ended.stderr
    assert "pulse" in ended.stderr
