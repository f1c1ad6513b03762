"""Sound as numbers: trimming, loudness after ITU-R BS.1770, limiting, resampling, the chime, WAV bytes.

Mono sound is float32 in −1…1. A clip is kept at 24 kHz mono (the voice model's rate, a quarter of the
bytes) and becomes the 48 kHz stereo of a Speaker only when it is loaded for playing.
"""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np
import numpy.typing as npt

from assets.speech.pack import CLIP_RATE

Mono = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex128]

STREAM_RATE = 48_000
STREAM_BYTES_PER_SECOND = STREAM_RATE * 2 * 2
TARGET_LUFS = -16.0
CEILING = 10 ** (-1.2 / 20)
_AUDIBLE = 0.008
_PAD_SECONDS = 0.025
_FADE_SECONDS = 0.005


def finish_clip(raw: Mono, rate: int = CLIP_RATE) -> Mono:
    """A synthesiser's output made fit to be joined: trimmed, faded at its edges, at −16 LUFS, limited."""
    clip = fade(trim(raw, rate), rate)
    for _ in range(3):
        loudness = lufs(clip, rate)
        if abs(loudness - TARGET_LUFS) < 0.1:
            break
        clip = limit(clip * np.float32(10 ** ((TARGET_LUFS - loudness) / 20)), rate)
    return clip


def trim(sound: Mono, rate: int) -> Mono:
    """Without the silence at both ends, except 25 ms; ValueError when there is nothing to hear."""
    loud = np.flatnonzero(np.abs(sound) > _AUDIBLE)
    if loud.size == 0:
        raise ValueError("nothing but silence")
    pad = int(_PAD_SECONDS * rate)
    return sound[max(0, int(loud[0]) - pad) : int(loud[-1]) + pad]


def fade(sound: Mono, rate: int) -> Mono:
    """With 5 ms of rise and fall, so that a cut edge does not click."""
    ramp = np.linspace(0, 1, int(_FADE_SECONDS * rate), dtype=np.float32)
    faded = sound.copy()
    faded[: ramp.size] *= ramp
    faded[-ramp.size :] *= ramp[::-1]
    return faded


def lufs(sound: Mono, rate: int) -> float:
    """Integrated loudness of one channel (BS.1770-4): K-weighting, 400 ms blocks, both gates.

    A sound shorter than one block is one block.
    """
    weighted = _k_weighted(sound, rate)
    block = min(int(0.4 * rate), weighted.size)
    starts = range(0, weighted.size - block + 1, max(1, block // 4))
    power = np.array([np.mean(weighted[at : at + block] ** 2) for at in starts]) + 1e-12
    level = -0.691 + 10 * np.log10(power)
    heard = level > -70
    if not heard.any():
        return -70.0
    gate = -0.691 + 10 * np.log10(np.mean(power[heard])) - 10
    return float(-0.691 + 10 * np.log10(np.mean(power[heard & (level > gate)])))


def limit(sound: Mono, rate: int, ceiling: float = CEILING) -> Mono:
    """Peaks brought under the ceiling by a gain that moves over 5 ms, never by clipping."""
    reach = int(0.005 * rate)
    wanted = np.minimum(1.0, ceiling / np.maximum(np.abs(sound), 1e-9))
    padded = np.pad(wanted, reach, mode="edge")
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    window = np.hanning(2 * reach + 3)[1:-1]
    gain = np.convolve(np.pad(lowest, reach, mode="edge"), window / window.sum(), mode="valid")
    return np.asarray(np.clip(sound * gain, -ceiling, ceiling), dtype=np.float32)


def chime(rate: int = STREAM_RATE) -> Mono:
    """Two struck notes, 830.6 then 659.3 Hz, 0.38 s apart: 1.23 s in all."""
    sound = np.zeros(int(1.23 * rate), dtype=np.float64)
    for start, pitch in ((0.0, 830.6), (0.38, 659.3)):
        at = np.arange(sound.size - int(start * rate)) / rate
        partials = ((1.0, 1.0, 5.0), (0.35, 2.0, 7.0), (0.12, 3.01, 10.0))
        note = sum(a * np.sin(2 * np.pi * pitch * k * at) * np.exp(-d * at) for a, k, d in partials)
        note *= np.minimum(1.0, at / 0.004)
        sound[int(start * rate) :] += note
    sound *= np.minimum(1.0, (sound.size - np.arange(sound.size)) / (0.05 * rate))
    return np.asarray(0.35 * sound / np.abs(sound).max(), dtype=np.float32)


def alert(rate: int = STREAM_RATE) -> Mono:
    """Before an urgent broadcast: 660 and 880 Hz in turn, three times: 1.5 s in all, as loud as speech."""
    at = np.arange(int(1.5 * rate)) / rate
    high = (at / 0.25).astype(np.int64) % 2
    phase = 2 * np.pi * np.cumsum(np.where(high, 880.0, 660.0)) / rate
    sound = np.sin(phase) + 0.3 * np.sin(2 * phase)
    sound *= np.minimum(1.0, np.minimum(at, 1.5 - at) / 0.02)
    return np.asarray(0.5 * sound / np.abs(sound).max(), dtype=np.float32)


def stream_bytes(sound: Mono, rate: int) -> bytes:
    """48 kHz stereo 16-bit little-endian of a mono sound at 24 or 48 kHz."""
    if rate == CLIP_RATE:
        sound = doubled(sound)
    elif rate != STREAM_RATE:
        raise ValueError(f"a sound of {rate} Hz, wanted {CLIP_RATE} or {STREAM_RATE}")
    return np.repeat(to_int16(sound), 2).tobytes()


def doubled(sound: Mono) -> Mono:
    """Twice the samples, by a 63-tap windowed sinc."""
    taps = np.arange(-31, 32)
    kernel = np.sinc(taps / 2) * np.blackman(65)[1:-1]
    spread = np.zeros(sound.size * 2)
    spread[::2] = sound
    return np.asarray(np.convolve(spread, kernel, mode="same"), dtype=np.float32)


def silence_bytes(seconds: float) -> bytes:
    """Silence in the stream's format."""
    return bytes(int(seconds * STREAM_RATE) * 4)


def to_int16(sound: Mono) -> npt.NDArray[np.int16]:
    """16-bit samples, rounded, never wrapping."""
    return np.asarray(np.clip(np.rint(sound * 32767), -32768, 32767), dtype="<i2")


def wav_bytes(samples: npt.NDArray[np.int16], rate: int, channels: int = 1) -> bytes:
    """A WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def read_wav(content: bytes) -> tuple[Mono, int]:
    """Samples and rate of a mono 16-bit WAV file; ValueError for any other."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            if file.getnchannels() != 1 or file.getsampwidth() != 2:
                raise ValueError("a clip is mono and 16-bit")
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
            return np.asarray(samples / 32767, dtype=np.float32), file.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a WAV file: {error}") from error


def _k_weighted(sound: Mono, rate: int) -> npt.NDArray[np.float64]:
    """The sound through BS.1770's two filters, applied on its spectrum (padded against wrap-around)."""
    size = sound.size + rate // 4
    spectrum = np.fft.rfft(sound, size)
    at = np.exp(-1j * 2 * np.pi * np.fft.rfftfreq(size, 1 / rate) / rate)
    return np.fft.irfft(spectrum * _shelf(at, rate) * _high_pass(at, rate), size)[: sound.size]


def _shelf(z: Spectrum, rate: int) -> Any:
    k, q, gain = np.tan(np.pi * 1681.974450955533 / rate), 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    side = gain**0.4996667741545416
    over = (gain + side * k / q + k * k) + 2 * (k * k - gain) * z + (gain - side * k / q + k * k) * z * z
    return over / ((1 + k / q + k * k) + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z * z)


def _high_pass(z: Spectrum, rate: int) -> Any:
    k, q = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    under = (1 + k / q + k * k) + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z * z
    return (1 - 2 * z + z * z) * (1 + k / q + k * k) / under
