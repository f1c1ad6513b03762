"""Is the person before the kiosk the one on the card? Asked of an outside verifier; never decided here.

No model that packages carry may decide identity (VISION §1.3). What a verifier cannot say for certain goes
to a clerk. An audit record says what was decided and by which model; images are in no record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from devices.capabilities import Capabilities
from devices.ports import Device


class Outcome(StrEnum):
    """What a verifier says; UNAVAILABLE when it could not be asked."""

    PASS = "pass"
    FAIL = "fail"
    UNSURE = "unsure"
    UNAVAILABLE = "unavailable"


class Liveness(StrEnum):
    """Was it a living person before the camera?"""

    LIVE = "live"
    SPOOF = "spoof"
    UNKNOWN = "unknown"


class Band(StrEnum):
    """How far a score lay from its threshold: all that is kept of a score."""

    FAR_ABOVE = "far_above"
    ABOVE = "above"
    BELOW = "below"
    FAR_BELOW = "far_below"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierCapabilities(Capabilities):
    """``liveness`` whether it can tell a living person; ``hints`` whether it guides the capture."""

    liveness: bool = False
    hints: bool = False
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """An answer. ``score`` and ``threshold`` are the model's own units, higher is more alike."""

    outcome: Outcome
    model_id: str = ""
    score: float | None = None
    threshold: float | None = None
    liveness: Liveness = Liveness.UNKNOWN

    @property
    def to_clerk(self) -> bool:
        """A person must look: everything but a pass of somebody not found to be a picture."""
        return self.outcome is not Outcome.PASS or self.liveness is Liveness.SPOOF

    @property
    def band(self) -> Band:
        """The score, roughly."""
        if self.score is None or not self.threshold:
            return Band.NONE
        ratio = self.score / self.threshold
        if ratio >= 1.0:
            return Band.FAR_ABOVE if ratio >= 1.15 else Band.ABOVE
        return Band.BELOW if ratio >= 0.85 else Band.FAR_BELOW

    def audit(self) -> dict[str, str]:
        """What may be kept of it; the business number and the hall's time are added by who keeps it."""
        return {
            "outcome": self.outcome.value,
            "model_id": self.model_id,
            "threshold": "" if self.threshold is None else f"{self.threshold:g}",
            "band": self.band.value,
            "liveness": self.liveness.value,
        }


class FaceVerifier(Device, Protocol):
    """A vendor's module, or the hall's backend, that compares a face with a card's photo."""

    def capture_hint(self, frame: bytes) -> str:
        """What the person should do, in Chinese, for this JPEG; '' when it is good or hints are not given.
        Raises DeviceLost."""

    def verify(self, photo: bytes, frames: Sequence[bytes], *, timeout_seconds: float = 10.0) -> Verification:
        """Compare the card's photo with JPEGs of one person. Never raises: UNAVAILABLE when it could not.

        Nothing of the images is kept on either side of this call.
        """
