"""Text to a clip, by the Kokoro-82M model on onnxruntime: the only file that loads either.

Slow (about a second a clip) and large (0.5 GB): never on the path of a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assets import fetched
from assets.speech.pack import CLIP_RATE, VOICES
from assets.speech.phonemes import language, phonemes, tokens
from assets.speech.sound import Mono, finish_clip
from assets.speech.voice_model import VoiceMissing, voice_model

if TYPE_CHECKING:
    import onnxruntime

_SPEED = {"zh": 0.9, "en": 0.95}
_LONGEST = 510


class Synthesiser:
    """Speaks single clips; the model is loaded with the first."""

    def __init__(self, voices: dict[str, str] | None = None, *, threads: int = 1) -> None:
        self.voices = {**VOICES, **(voices or {})}
        self._threads = threads
        self._session: onnxruntime.InferenceSession | None = None
        self._styles: dict[str, Mono] = {}

    def clip(self, text: str) -> Mono:
        """The finished 24 kHz clip of a text.

        Raises Unpronounceable, VoiceMissing, assets.AssetMissing (a voice was not fetched).
        """
        lang = language(text)
        return finish_clip(self._speak(tokens(phonemes(text)), self.voices[lang], _SPEED[lang]), CLIP_RATE)

    def voice(self, text: str) -> str:
        """Which voice speaks this text."""
        return self.voices[language(text)]

    def _speak(self, numbers: list[int], voice: str, speed: float) -> Mono:
        numbers = numbers[:_LONGEST]
        style = self._style(voice)[len(numbers) - 1]
        feed = {
            "tokens": np.array([[0, *numbers, 0]], dtype=np.int64),
            "style": style[np.newaxis, :],
            "speed": np.array([speed], dtype=np.float32),
        }
        return np.asarray(self._loaded().run(None, feed)[0], dtype=np.float32).reshape(-1)

    def _style(self, voice: str) -> Mono:
        if voice not in self._styles:
            self._styles[voice] = np.fromfile(fetched("voices", f"{voice}.bin"), dtype="<f4").reshape(-1, 256)
        return self._styles[voice]

    def _loaded(self) -> onnxruntime.InferenceSession:
        if self._session is None:
            self._session = _session(self._threads)
        return self._session


def _session(threads: int) -> onnxruntime.InferenceSession:
    try:
        import onnxruntime
    except ImportError as error:
        raise VoiceMissing("onnxruntime is not installed; install the extra 'speech'") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(voice_model()), options, providers=["CPUExecutionProvider"])
