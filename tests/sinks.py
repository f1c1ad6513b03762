"""A hall's loudspeaker that is no hardware: PulseAudio's null sink, captured and compared."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import numpy.typing as npt

RATE = 48_000
WANTED = ("pulseaudio", "parec")
_PAREC = ("parec", "-d", "hall.monitor", "--format=s16le", "--channels=2", "--latency-msec=20")
Samples = npt.NDArray[np.float64]


def missing() -> str:
    """Programs that are not installed here, or ''."""
    return ", ".join(name for name in WANTED if shutil.which(name) is None)


def eventually(holds: Callable[[], bool], *, seconds: float = 30.0) -> None:
    """Wait for something outside this process; AssertionError when it never comes."""
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline, "it did not happen in time"
        sleep(0.02)


class VirtualSink:
    """A private sound server with one null sink ``hall``; programs reach it by ``environment``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "pulse.sock"
        self.environment = {
            "PULSE_SERVER": f"unix:{self.socket}",
            "XDG_RUNTIME_DIR": str(folder),
            "HOME": str(folder),
        }
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the sound server and wait until it takes connections."""
        self.socket.unlink(missing_ok=True)
        self._server = subprocess.Popen(
            [
                "pulseaudio",
                "-n",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--disallow-exit",
                "-L",
                f"module-native-protocol-unix auth-anonymous=1 socket={self.socket}",
                "-L",
                f"module-null-sink sink_name=hall rate={RATE}",
            ],
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self.socket.exists)

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    @contextmanager
    def recording(self) -> Iterator[Recording]:
        """Capture what the sink plays."""
        path = self.folder / "heard.raw"
        with path.open("wb") as out:
            process = subprocess.Popen(
                [*_PAREC, f"--rate={RATE}"],
                env={**os.environ, **self.environment},
                stdout=out,
                stderr=subprocess.DEVNULL,
            )
            recording = Recording(path)
            try:
                eventually(lambda: recording.seconds() > 0)
                yield recording
            finally:
                process.terminate()
                process.wait()


class Recording:
    """What was heard so far."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def seconds(self) -> float:
        """Length so far."""
        return self._path.stat().st_size / 4 / RATE

    def samples(self) -> Samples:
        """The left channel, −1…1."""
        content = self._path.read_bytes()
        return mono(content[: len(content) // 4 * 4])


def mono(pcm: bytes) -> Samples:
    """Left channel of a stereo stream."""
    return np.frombuffer(pcm, dtype="<i2")[::2] / 32768


def find(sound: Samples, heard: Samples) -> tuple[float, float]:
    """Where a sound lies in what was heard (seconds) and how alike it is there (correlation 0–1)."""
    size = 1 << (heard.size + sound.size).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sound, size))
    score = np.fft.irfft(product, size)[: max(1, heard.size - sound.size + 1)]
    energy = np.cumsum(np.concatenate([[0.0], heard**2]))
    window = energy[sound.size :] - energy[: -sound.size]
    alike = score / np.sqrt(np.maximum(window[: score.size], 1e-6) * np.sum(sound**2))
    best = int(alike.argmax())
    return best / RATE, float(alike[best])
