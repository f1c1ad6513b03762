"""Face verification by a vendor's program beside ours: one JSON object a line, over its standard streams.

The vendor's library, its licence and its crashes stay in that program; a hang ends with the time limit.
Images go over the pipe as base64 and are dropped when the answer is there. ``hello``, ``hint`` and
``verify`` are all that is asked (docs/devices.md).
"""

from __future__ import annotations

import base64
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Annotated

import msgspec

from devices.child import Child
from devices.faults import DeviceAbsent, DeviceError, DeviceLost, DeviceMisconfigured, Fault, Owner
from devices.ports import Kind, Status
from devices.verification import Liveness, Outcome, Verification, VerifierCapabilities

_log = logging.getLogger(__name__)
_HELLO_SECONDS, _HINT_SECONDS = 10.0, 1.0
_LONGEST_ANSWER = 65_536


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``command`` starts the vendor's program; ``demo`` accepts one that says it is only a demonstration."""

    command: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    demo: bool = False
    liveness: bool = False
    hints: bool = False


class Answer(msgspec.Struct, frozen=True):
    """A line from the vendor's program; unknown fields are ignored."""

    id: int
    model_id: str = ""
    demo: bool = False
    outcome: Outcome = Outcome.UNAVAILABLE
    score: float | None = None
    threshold: float | None = None
    liveness: Liveness = Liveness.UNKNOWN
    hint: str = ""
    error: str = ""


def build(options: Options) -> VendorVerifier:
    """The driver, not yet opened."""
    return VendorVerifier(options)


class VendorVerifier:
    """One vendor's program; started by ``open``, ended by ``close`` or by its own failure to answer."""

    kind = Kind.FACE_VERIFIER

    def __init__(self, options: Options) -> None:
        self._options = options
        self._program: Child | None = None
        self._buffer = bytearray()
        self._asked = 0
        self._model = ""
        self._counts = Counter(verified=0, unavailable=0)

    @property
    def capabilities(self) -> VerifierCapabilities:
        """As the configuration says: known before the program runs."""
        wanted = self._options
        return VerifierCapabilities(liveness=wanted.liveness, hints=wanted.hints, demo=wanted.demo)

    def open(self) -> None:
        self.close()
        try:
            self._program = Child(self._options.command)
        except OSError as error:
            raise DeviceAbsent(_absent(self._options.command[0])) from error
        self._buffer.clear()
        hello = self._ask({"op": "hello"}, _HELLO_SECONDS)
        if hello.demo and not self._options.demo:
            self.close()
            raise DeviceMisconfigured(_DEMO)
        self._model = hello.model_id

    def close(self) -> None:
        program, self._program = self._program, None
        if program is not None:
            program.end()

    def identify(self) -> str:
        """The model: another one is another verifier."""
        self._running()
        return self._model

    def heartbeat(self) -> Status:
        hello = self._ask({"op": "hello"}, 1.0)
        return Status(True, details={"model_id": hello.model_id})

    def counts(self) -> Mapping[str, int]:
        return dict(self._counts)

    def resume(self, counts: Mapping[str, int]) -> None:
        self._counts.update(counts)

    def capture_hint(self, frame: bytes) -> str:
        if not self._options.hints:
            return ""
        return self._ask({"op": "hint", "frame": _packed(frame)}, _HINT_SECONDS).hint

    def verify(self, photo: bytes, frames: Sequence[bytes], *, timeout_seconds: float = 10.0) -> Verification:
        asked = {"op": "verify", "photo": _packed(photo), "frames": [_packed(frame) for frame in frames]}
        try:
            answer = self._ask(asked, timeout_seconds)
        except DeviceError as error:
            _log.warning("face verification was not possible: %s", error.fault.code)
            self._counts["unavailable"] += 1
            return Verification(Outcome.UNAVAILABLE, self._model)
        self._counts["verified"] += 1
        return _judged(answer, self._model)

    def _ask(self, question: Mapping[str, object], timeout_seconds: float) -> Answer:
        """One question, its answer. A program that did not answer in time is ended: it might answer later."""
        program = self._running()
        self._asked += 1
        deadline = monotonic() + timeout_seconds
        try:
            program.write(msgspec.json.encode({"id": self._asked, **question}) + b"\n", deadline)
            while True:
                answer = msgspec.json.decode(self._line(program, deadline), type=Answer)
                if answer.id == self._asked:
                    break
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            self.close()
            raise DeviceLost(_LOST) from error
        if answer.error:
            raise DeviceLost(_LOST)
        return answer

    def _line(self, program: Child, deadline: float) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _LONGEST_ANSWER:
                raise ValueError("an answer without end")
            self._buffer += program.read(8192, deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _running(self) -> Child:
        if self._program is None:
            raise DeviceLost(_LOST)
        return self._program


def _judged(answer: Answer, model: str) -> Verification:
    """The vendor's word, but a pass that lies below its own threshold is none."""
    outcome = answer.outcome
    below = answer.score is not None and answer.threshold is not None and answer.score < answer.threshold
    if outcome is Outcome.PASS and below:
        outcome = Outcome.UNSURE
    return Verification(outcome, answer.model_id or model, answer.score, answer.threshold, answer.liveness)


def _packed(image: bytes) -> str:
    return base64.b64encode(image).decode("ascii")


def _absent(command: str) -> Fault:
    action = "检查人脸核验程序是否已安装，核对配置里的 command"
    return Fault("verifier_absent", f"启动不了人脸核验程序（{command}）", action, Owner.TECHNICIAN)


_LOST = Fault("verifier_lost", "人脸核验程序没有回答", "会自动重新启动；请改用人工核验", Owner.STAFF)
_DEMO = Fault(
    "verifier_demo",
    "人脸核验程序只是演示，不能用于核验身份",
    "安装正式的核验程序；仅演示时在配置里写 demo = true",
    Owner.TECHNICIAN,
)
