"""The announcer speaks broadcasts: sounds fetched beside the calls, urgent ones at once, each told of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.speech.pack import Clip, ClipStore, encode_pack
from assets.speech.sound import STREAM_RATE, alert, chime, read_wav, stream_bytes
from assets.speech.wording import call_parts
from contract.blobs import describe
from contract.messages import (
    BlobRef,
    BroadcastPart,
    CallDrop,
    CallFate,
    Presence,
)
from devices.drivers import speaker as driver
from queue_display.voice import AnnounceSection
from tests.queue_display.broadcast_hall import Told
from tests.queue_display.voices import announcing, fill, served, tone
from tests.sinks import eventually, find, mono

PARTS = call_parts("A012", "3号窗口")
WORDS = ("各位群众，", "即将下班。")
ONCE = AnnounceSection(readings=1)


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    monkeypatch.setattr("contract.station.HEALTH_SECONDS", 0.05)
    monkeypatch.setattr("queue_display.voice.TICK_SECONDS", 0.02)
    monkeypatch.setattr("queue_display.broadcasts.RETRY_SECONDS", 0.05)
    hall = Told()
    hall.beat()
    yield hall
    hall.bus.close()


def sound(keep: Path) -> driver.Speaker:
    return driver.build(driver.Options(backend="null", keep_dir=str(keep)))


def kept(keep: Path) -> list[tuple[str, bytes]]:
    """What was played, oldest first: what it was, and the sound."""
    paths = sorted(keep.glob("*.wav"), key=lambda path: path.name.split("-")[2])
    return [(path.stem.split("-")[3], path.read_bytes()[44:]) for path in paths]


def in_pack(folder: Path, *texts: str) -> tuple[BroadcastPart, ...]:
    """Passages that the station has as clips of its own."""
    fill(ClipStore(folder), *texts)
    return tuple(BroadcastPart(text=text) for text in texts)


def put(web: Path, words: str) -> BlobRef:
    """A sound as the hall serves it."""
    (web / "blobs").mkdir(parents=True, exist_ok=True)
    (web / "new").write_bytes(tone(words))
    ref = describe(web / "new", "/")
    (web / "new").rename(web / "blobs" / ref.sha256)
    return describe(web / "blobs" / ref.sha256, f"/blobs/{ref.sha256}")


def alike(text: str, played: bytes) -> float:
    return find(mono(stream_bytes(*read_wav(tone(text)))), mono(played))[1]


def test_a_broadcast_is_chimed_spoken_by_passages_and_told(hall: Told, tmp_path: Path) -> None:
    parts = in_pack(tmp_path / "pack", *WORDS)
    section = AnnounceSection(readings=1, clips=str(tmp_path / "pack"))
    with announcing(hall, sound(tmp_path / "keep"), tmp_path / "cache", section):
        hall.wait_presence(Presence.READY)
        hall.broadcast("b7", parts, times=2)
        assert hall.wait_report("b7").fate is CallFate.SPOKEN
    assert [report.call for report in hall.reports] == ["b7-1", "b7-2", "b7"]
    played = kept(tmp_path / "keep")
    assert [name for name, _ in played] == ["broadcast1", "broadcast2"] * 2
    for (_, pcm), text in zip(played, WORDS * 2, strict=True):
        assert alike(text, pcm) > 0.99
    assert find(mono(stream_bytes(chime(), STREAM_RATE)), mono(played[0][1]))[1] > 0.9
    assert len(played[1][1]) < len(played[0][1]) - STREAM_RATE


def test_while_the_sounds_of_a_broadcast_are_not_there_calls_are_spoken_and_it_follows(
    hall: Told, tmp_path: Path
) -> None:
    fill(ClipStore(tmp_path / "pack"), *PARTS)
    section = AnnounceSection(readings=1, clips=str(tmp_path / "pack"))
    web = tmp_path / "web"
    ref = put(web, WORDS[0])
    held = (web / "blobs" / ref.sha256).rename(tmp_path / "held")
    with (
        served(web) as http,
        announcing(hall, sound(tmp_path / "keep"), tmp_path / "cache", section),
    ):
        hall.beat(http)
        hall.wait_presence(Presence.READY)
        hall.broadcast("b7", (BroadcastPart(text="passing:1", sound=ref),))
        for number in ("A012", "A013"):
            hall.call(f"c-{number}", number)
        hall.wait_counter("finished", 2)
        held.rename(web / "blobs" / ref.sha256)
        hall.wait_report("b7")
        eventually(lambda: not list((tmp_path / "cache" / "blobs").glob("say-*")))
    assert [name for name, _ in kept(tmp_path / "keep")] == ["A012", "A013", "broadcast1"]
    assert alike(WORDS[0], kept(tmp_path / "keep")[-1][1]) > 0.99


def test_an_urgent_broadcast_breaks_off_what_is_spoken_repeats_and_ends_at_the_stop(
    hall: Told, tmp_path: Path
) -> None:
    ordinary, urgent = in_pack(tmp_path / "pack", "长长的话。"), in_pack(tmp_path / "pack", "请撤离。")
    store = ClipStore(tmp_path / "pack")
    store.refresh()
    store.add("长长的话。", "tone", tone("长长的话。", 30.0), seconds=30.0, lufs=-16)
    section = AnnounceSection(readings=1, clips=str(tmp_path / "pack"))
    with announcing(hall, sound(tmp_path / "keep"), tmp_path / "cache", section):
        hall.wait_presence(Presence.READY)
        hall.broadcast("b1", ordinary)
        eventually(lambda: bool(kept(tmp_path / "keep")))
        hall.broadcast("b2", urgent, urgent=True, times=0, every_ms=10)
        hall.wait_report("b2-1")
        hall.wait_showing("紧急广播中")
        hall.call("c1")
        hall.wait_report("b2-2")
        hall.stop("b2")
        assert hall.wait_report("b2").fate is CallFate.SPOKEN
        hall.wait_showing("语音就绪")
        hall.wait_counter("finished")
        hall.stop("b1")
        report = hall.wait_report("b1")
        assert (report.fate, report.why) == (CallFate.DROPPED, CallDrop.STOPPED)
    names = [name for name, _ in kept(tmp_path / "keep")]
    assert names[0] == "broadcast1"
    assert names.index("A012") > 2, "no call is spoken while the urgent one goes on"
    assert find(mono(stream_bytes(alert(), STREAM_RATE)), mono(kept(tmp_path / "keep")[1][1]))[1] > 0.9


def test_a_muted_loudspeaker_tells_that_nobody_heard_it(hall: Told, tmp_path: Path) -> None:
    parts = in_pack(tmp_path / "pack", *WORDS)
    section = AnnounceSection(readings=1, clips=str(tmp_path / "pack"))
    mute = driver.build(driver.Options(backend="null", volume=0.0))
    with announcing(hall, mute, tmp_path / "cache", section):
        hall.wait_presence(Presence.READY)
        hall.broadcast("b7", parts)
        assert hall.wait_report("b7").why is CallDrop.MUTED


def test_a_clip_of_the_halls_pack_needs_no_second_fetch(hall: Told, tmp_path: Path) -> None:
    store, web = ClipStore(tmp_path / "pack"), tmp_path / "web"
    fill(store, WORDS[0])
    (clip,) = store.pack().clips
    ref = publish(web, store, clip)
    with (
        served(web) as http,
        announcing(hall, sound(tmp_path / "keep"), tmp_path / "cache", ONCE),
    ):
        hall.beat(http, clips=ref)
        hall.wait_showing("语音就绪")
        (web / "blobs" / clip.sha256).unlink()
        sound_of = BlobRef(path=f"/blobs/{clip.sha256}", sha256=clip.sha256, size=clip.size)
        hall.broadcast("b7", (BroadcastPart(text=clip.text, sound=sound_of),))
        hall.wait_report("b7")


def publish(web: Path, store: ClipStore, clip: Clip) -> BlobRef:
    """The hall's pack, and its one clip, over HTTP."""
    (web / "blobs").mkdir(parents=True, exist_ok=True)
    (web / "blobs" / clip.sha256).write_bytes((store.folder / clip.file).read_bytes())
    (web / "manifest").write_bytes(encode_pack(store.pack()))
    ref = describe(web / "manifest", "/manifest")
    (web / "blobs" / ref.sha256).write_bytes((web / "manifest").read_bytes())
    return describe(web / "manifest", f"/blobs/{ref.sha256}")
