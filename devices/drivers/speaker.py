"""One loudspeaker on miniaudio: a single 48 kHz stereo stream that never stops, silence between sounds.

Why never: a receiver behind HDMI mutes the first seconds after each start, and an idle sound server
takes a second to wake (VOICE.md §6). When the sound server dies no error comes; only the callback stops
being called, so its age is the heartbeat. Left to itself miniaudio lets PulseAudio hold one period only;
libpulse takes the wanted latency from its environment (docs/decisions/0007-voice.md).
"""

from __future__ import annotations

import logging
import os
import re
import threading
import wave
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from time import monotonic
from typing import Any

import miniaudio
import msgspec
import numpy as np

from devices.capabilities import SpeakerCapabilities
from devices.faults import DeviceAbsent, DeviceLost, DeviceMisconfigured, Fault, Owner
from devices.ports import Kind, Status

_log = logging.getLogger(__name__)

RATE = 48_000
FRAME_BYTES = 4
PERIOD_MS = 20
DEAD_SECONDS = 1.0
_OPENING_SECONDS = 5.0
_FLOWING_FRAMES = RATE // 4
_LATENCY = "PULSE_LATENCY_MSEC"
_LATENCY_GIVEN = os.environ.get(_LATENCY, "")
_CHINA = timezone(timedelta(hours=8))
_BACKENDS = {
    "pulse": [miniaudio.Backend.PULSEAUDIO],
    "alsa": [miniaudio.Backend.ALSA],
    "auto": [miniaudio.Backend.PULSEAUDIO, miniaudio.Backend.ALSA],
    "null": [miniaudio.Backend.NULL],
}


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``backend`` pulse (also PipeWire), alsa, auto, or null (plays into nothing, at the right pace).

    ``device`` is part of the output's name, empty = the default one; ``volume`` 0–1. ``latency_ms`` is how
    much sound the sound system holds: less is heard sooner, more survives a busier machine. With
    ``keep_dir`` the last ``keep_last`` sounds lie there as WAV files, for a machine without loudspeaker.
    """

    backend: str = "auto"
    device: str = ""
    volume: float = 1.0
    latency_ms: int = 100
    keep_dir: str = ""
    keep_last: int = 20


def build(options: Options) -> Speaker:
    """The driver, not yet opened. Raises DeviceMisconfigured."""
    if options.backend not in _BACKENDS:
        raise DeviceMisconfigured(_no_backend(options.backend))
    if not 0 <= options.volume <= 1:
        raise DeviceMisconfigured(_bad_volume(options.volume))
    return Speaker(options)


@dataclass(slots=True, eq=False)
class _Sound:
    pcm: memoryview
    started: Callable[[], None] | None
    done: Callable[[bool], None] | None
    at: int = 0


class Speaker:
    """See devices.ports.Speaker; ``play`` may be called from any thread."""

    kind = Kind.SPEAKER

    def __init__(self, options: Options) -> None:
        self._options = options
        self._device: miniaudio.PlaybackDevice | None = None
        self._lock = threading.Lock()
        self._queue: deque[_Sound] = deque()
        self._queued_bytes = 0
        self._taken_at = 0.0
        self._flowing = threading.Event()
        self._kept = 0

    @property
    def capabilities(self) -> SpeakerCapabilities:
        """One stereo stream."""
        return SpeakerCapabilities(rate=RATE, muted=self._options.volume == 0)

    def open(self) -> None:
        """Start the stream and wait until it flows (an idle null sink sleeps 2 s over its first samples).

        Raises DeviceAbsent when there is no such output, DeviceLost when it stays mute.
        """
        self.close()
        os.environ[_LATENCY] = _LATENCY_GIVEN or str(self._options.latency_ms)
        backends = _BACKENDS[self._options.backend]
        name = self._options.device or self._options.backend
        self._flowing.clear()
        try:
            device = miniaudio.PlaybackDevice(
                nchannels=2,
                sample_rate=RATE,
                buffersize_msec=PERIOD_MS,
                callback_periods=max(2, self._options.latency_ms // PERIOD_MS),
                device_id=self._find(backends),
                backends=backends,
                app_name="banshi",
            )
            device.start(self._stream())
        except miniaudio.MiniaudioError as error:
            raise DeviceAbsent(_absent(name)) from error
        self._device = device
        if not self._flowing.wait(_OPENING_SECONDS):
            raise DeviceLost(_MUTE)

    def close(self) -> None:
        """Stop; what was queued is lost."""
        device, self._device = self._device, None
        if device is not None:
            with suppress(miniaudio.MiniaudioError):
                device.close()
            miniaudio.lib.ma_context_uninit(device._context)
        self.silence()

    def identify(self) -> str:
        """Sound system and output."""
        device = self._opened()
        return f"{device.backend}: {self._options.device or 'default'}"

    def heartbeat(self) -> Status:
        """DeviceLost when the sound system has taken no samples for a second."""
        self._opened()
        if self.heartbeat_age() > DEAD_SECONDS:
            raise DeviceLost(_MUTE)
        return Status(ok=True)

    def heartbeat_age(self) -> float:
        """Seconds since samples were last taken."""
        return monotonic() - self._taken_at

    def play(
        self,
        pcm: bytes,
        *,
        done: Callable[[bool], None] | None = None,
        started: Callable[[], None] | None = None,
        label: str = "",
    ) -> None:
        """See the port; ``started`` is called on the audio thread as the first samples are handed over."""
        self._opened()
        if self.heartbeat_age() > DEAD_SECONDS:
            raise DeviceLost(_MUTE)
        if len(pcm) % FRAME_BYTES:
            raise ValueError("the sound does not end with a whole stereo sample")
        sound = _Sound(memoryview(self._at_volume(pcm)), started, done)
        with self._lock:
            self._queue.append(sound)
            self._queued_bytes += len(pcm)
        self._keep(pcm, label)

    def silence(self) -> None:
        """Drop what is queued or playing."""
        with self._lock:
            dropped = tuple(self._queue)
            self._queue.clear()
            self._queued_bytes = 0
        for sound in dropped:
            if sound.done is not None:
                sound.done(False)

    def queued_seconds(self) -> float:
        """How much is still to be handed over."""
        return self._queued_bytes / FRAME_BYTES / RATE

    # ------------------------------------------------------------ audio thread

    def _stream(self) -> Generator[bytes, int, None]:
        """What miniaudio asks for samples: it sends how many frames it wants."""
        stream = self._samples()
        next(stream)
        return stream

    def _samples(self) -> Generator[bytes, int, None]:
        frames = yield b""
        taken = 0
        while True:
            self._taken_at = monotonic()
            taken += frames
            if taken > _FLOWING_FRAMES:
                self._flowing.set()
            frames = yield self._take(frames * FRAME_BYTES)

    def _take(self, wanted: int) -> bytes:
        block = bytearray(wanted)
        told: list[Callable[[], None]] = []
        filled = 0
        with self._lock:
            while filled < wanted and self._queue:
                sound = self._queue[0]
                if sound.at == 0 and sound.started is not None:
                    told.append(sound.started)
                piece = sound.pcm[sound.at : sound.at + wanted - filled]
                block[filled : filled + len(piece)] = piece
                filled += len(piece)
                sound.at += len(piece)
                self._queued_bytes -= len(piece)
                if sound.at >= len(sound.pcm):
                    self._queue.popleft()
                    if sound.done is not None:
                        told.append(_finished(sound.done))
        for tell in told:
            _tell(tell)
        return bytes(block)

    # ------------------------------------------------------------ below

    def _opened(self) -> miniaudio.PlaybackDevice:
        if self._device is None:
            raise DeviceLost(_CLOSED)
        return self._device

    def _find(self, backends: list[miniaudio.Backend]) -> Any:
        if not self._options.device:
            return None
        found = miniaudio.Devices(backends).get_playbacks()
        for output in found:
            if self._options.device in output["name"]:
                return output["id"]
        names = "、".join(str(output["name"]) for output in found) or "无"
        raise DeviceAbsent(_no_output(self._options.device, names))

    def _at_volume(self, pcm: bytes) -> bytes:
        if self._options.volume == 1.0:
            return pcm
        return (np.frombuffer(pcm, dtype="<i2") * self._options.volume).astype("<i2").tobytes()

    def _keep(self, pcm: bytes, label: str) -> None:
        if not self._options.keep_dir:
            return
        self._kept += 1
        folder = Path(self._options.keep_dir)
        stamp = datetime.now(_CHINA).strftime("%Y%m%d-%H%M%S")
        name = f"{stamp}-{self._kept:06d}-{re.sub(r'[^A-Za-z0-9]', '', label) or 'sound'}.wav"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with wave.open(str(folder / name), "wb") as file:
                file.setparams((2, 2, RATE, 0, "NONE", ""))
                file.writeframes(pcm)
            for old in sorted(folder.glob("*.wav"))[: -self._options.keep_last]:
                old.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("speaker: cannot keep a sound in %s: %s", folder, error)


def _finished(done: Callable[[bool], None]) -> Callable[[], None]:
    return lambda: done(True)


def _tell(callback: Callable[[], None]) -> None:
    """A listener's fault must not end the stream."""
    try:
        callback()
    except Exception:  # noqa: BLE001 - the audio thread's top
        _log.exception("speaker: a listener failed")


_CLOSED = Fault("sound_closed", "扬声器未打开", "等待自动恢复", Owner.NOBODY)
_MUTE = Fault(
    "audio_lost",
    "声音系统没有反应，语音叫号暂停",
    "会自动恢复；若不恢复，检查声卡和功放，重启本机",
    Owner.TECHNICIAN,
)


def _absent(name: str) -> Fault:
    action = "接好声卡或功放；没有声卡时把 backend 设为 null"
    return Fault("no_sound", f"打不开声音输出（{name}）", action, Owner.TECHNICIAN)


def _no_output(name: str, names: str) -> Fault:
    return Fault("no_output", f"没有名为“{name}”的声音输出", f"现有：{names}", Owner.TECHNICIAN)


def _no_backend(name: str) -> Fault:
    return Fault(
        "misconfigured",
        f"backend = “{name}”：没有这种声音系统",
        f"可用：{'、'.join(_BACKENDS)}",
        Owner.TECHNICIAN,
    )


def _bad_volume(volume: float) -> Fault:
    return Fault("misconfigured", f"volume = {volume}：应在 0 和 1 之间", "改正这个值", Owner.TECHNICIAN)
