"""Levels, lengths and spectra of what is played."""

import numpy as np
import pytest

from assets.speech import sound
from assets.speech.pack import CLIP_RATE
from assets.speech.sound import STREAM_RATE, Mono


def tone(seconds: float, hertz: float, level: float, rate: int = CLIP_RATE) -> Mono:
    at = np.arange(int(seconds * rate)) / rate
    return np.asarray(level * np.sin(2 * np.pi * hertz * at), dtype=np.float32)


@pytest.mark.parametrize("rate", [CLIP_RATE, STREAM_RATE])
def test_loudness_of_the_standards_test_tone(rate: int) -> None:
    assert sound.lufs(tone(3, 997, 1.0, rate), rate) == pytest.approx(-3.01, abs=0.05)
    assert sound.lufs(tone(3, 997, 0.1, rate), rate) == pytest.approx(-23.01, abs=0.05)


def test_silence_around_a_sound_does_not_change_its_loudness() -> None:
    loud = tone(2, 997, 0.1)
    padded = np.concatenate([np.zeros(CLIP_RATE, np.float32), loud, np.zeros(CLIP_RATE, np.float32)])
    assert sound.lufs(padded, CLIP_RATE) == pytest.approx(sound.lufs(loud, CLIP_RATE), abs=0.8)
    assert sound.lufs(np.zeros(CLIP_RATE, np.float32), CLIP_RATE) == -70


def test_a_finished_clip_is_trimmed_levelled_and_under_the_ceiling() -> None:
    raw = np.concatenate([np.zeros(9000, np.float32), tone(1, 300, 0.05), np.zeros(20000, np.float32)])
    raw[9500] = 0.4
    clip = sound.finish_clip(raw)
    assert clip.size / CLIP_RATE == pytest.approx(1.05, abs=0.01)
    assert sound.lufs(clip, CLIP_RATE) == pytest.approx(sound.TARGET_LUFS, abs=1)
    assert np.abs(clip).max() <= sound.CEILING
    assert clip[0] == clip[-1] == 0


def test_the_limiter_bends_and_does_not_clip() -> None:
    limited = sound.limit(tone(1, 200, 2.0), CLIP_RATE)
    assert np.abs(limited).max() <= sound.CEILING
    assert np.count_nonzero(np.abs(limited) == np.float32(sound.CEILING)) < limited.size / 20


def test_nothing_but_silence_is_refused() -> None:
    with pytest.raises(ValueError, match="silence"):
        sound.finish_clip(np.zeros(CLIP_RATE, np.float32))


def test_doubling_keeps_a_tone_and_adds_no_image() -> None:
    twice = sound.doubled(tone(0.5, 1000, 0.5))
    middle = twice[2000:-2000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
    pitch = np.fft.rfftfreq(middle.size, 1 / STREAM_RATE)
    assert pitch[spectrum.argmax()] == pytest.approx(1000, abs=3)
    assert spectrum[pitch > 12_500].max() < spectrum.max() / 1000
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.01)


def test_the_stream_is_48_khz_stereo_16_bit() -> None:
    pcm = sound.stream_bytes(tone(0.5, 440, 0.5), CLIP_RATE)
    assert len(pcm) == sound.STREAM_BYTES_PER_SECOND // 2
    left, right = np.frombuffer(pcm, dtype="<i2").reshape(-1, 2).T
    assert (left == right).all()
    assert sound.stream_bytes(tone(0.1, 440, 0.5, STREAM_RATE), STREAM_RATE)
    with pytest.raises(ValueError, match="44100"):
        sound.stream_bytes(tone(0.1, 440, 0.5), 44_100)


def test_the_chime_is_two_falling_notes_below_the_voice() -> None:
    chime = sound.chime()
    assert chime.size / STREAM_RATE == pytest.approx(1.23, abs=0.001)
    assert -24 < sound.lufs(chime, STREAM_RATE) < sound.TARGET_LUFS
    first, second = (
        np.abs(np.fft.rfft(chime[start : start + 12000] * np.hanning(12000))).argmax() * STREAM_RATE / 12000
        for start in (1000, 40000)
    )
    assert first == pytest.approx(830.6, abs=5)
    assert second == pytest.approx(659.3, abs=5)


def test_a_wav_file_comes_back_and_another_is_refused() -> None:
    content = sound.wav_bytes(sound.to_int16(tone(0.1, 440, 0.5)), CLIP_RATE)
    back, rate = sound.read_wav(content)
    assert rate == CLIP_RATE
    assert np.allclose(back, tone(0.1, 440, 0.5), atol=1e-4)
    for broken in (content[:30], b"", b"RIFF", sound.wav_bytes(np.zeros(8, np.int16), CLIP_RATE, 2)):
        with pytest.raises(ValueError, match=r"WAV|mono"):
            sound.read_wav(broken)
