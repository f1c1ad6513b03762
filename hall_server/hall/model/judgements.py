"""PURE: poor ratings (差评) and what was done about each: 回访, 申诉, 整改, 办结."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FollowUp(StrEnum):
    """What is done about a poor rating. The rating itself never changes."""

    CONTACTED = "contacted"
    APPEALED = "appealed"
    REMEDIED = "remedied"
    CLOSED = "closed"


FOLLOW_UP_TEXT = {
    FollowUp.CONTACTED: "回访",
    FollowUp.APPEALED: "窗口申诉",
    FollowUp.REMEDIED: "整改",
    FollowUp.CLOSED: "办结",
}


@dataclass(frozen=True, slots=True)
class Followed:
    """One step, by whom, in whose words."""

    at_ms: int
    step: FollowUp
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class Poor:
    """A poor rating until it is closed, over the days; ``call`` names the service that it is about."""

    call: str
    number: str
    service: str
    window: str
    clerk: str
    grade: int
    tags: tuple[str, ...]
    words: str
    at_ms: int
    steps: tuple[Followed, ...] = ()

    @property
    def ticket(self) -> str:
        """The number that it was given with; perhaps of an earlier business day."""
        return self.call.rpartition(":")[0]

    def done(self, step: FollowUp) -> Followed | None:
        """The first such step."""
        return next((one for one in self.steps if one.step is step), None)
