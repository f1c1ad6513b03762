"""What a post carries: the request's id, what its sender saw, and the fields of each press."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hall_server.hall.model import Outcome
from hall_server.web.problems import Troubled

REQUEST = r"^[0-9A-Za-z_-]{8,64}$"
MOST_PAPERS = 60
_TEXT = Field(default="", max_length=200)
_NAME = Field(default="", max_length=64)
Window = Annotated[str, InPath(description="Identifier of the window, such as w03", max_length=64)]
PaperName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=REQUEST,
        description="In place of ``request`` in the body",
        default_factory=str,
    ),
]


class Asking(BaseModel):
    """What every post carries."""

    model_config = ConfigDict(extra="forbid")

    request: str | None = Field(
        default=None,
        description="ULID made before the first send; a repeat gets the first answer. May be sent as "
        "Idempotency-Key instead; one of both is needed",
        pattern=REQUEST,
        examples=["01JD9Q7Z4N8T1X5V2B6M3K0HSR"],
    )


class Press(Asking):
    """A press at a window."""

    seen: str | None = Field(
        default=None,
        max_length=64,
        description="Ticket id at the window that the sender saw ('' = none); refused as stale when it "
        "is another one by now. Leave out to act on whatever is there.",
    )


class FinishPress(Press):
    """The service ended; ``missing`` names the papers for want of which there is no result."""

    outcome: Outcome = Outcome.DONE
    note: str = _TEXT
    missing: list[PaperName] = Field(default_factory=list, max_length=MOST_PAPERS)


class PapersPress(Press):
    """All papers that the clerk has by now, by name."""

    papers: list[PaperName] = Field(max_length=MOST_PAPERS)


class ParkPress(Press):
    """Set the number aside."""

    minutes: int = Field(ge=1, le=1440)
    reason: str = _TEXT


class TransferPress(Press):
    """Send the person on: to a service ('' = the same), to one window or one clerk of it, and back again."""

    service: str = Field(max_length=64)
    to_window: str = _NAME
    to_clerk: str = _NAME
    come_back: bool = False
    note: str = _TEXT


class PausePress(Press):
    """Take nobody for a while."""

    reason: str = _TEXT


class ClosePress(Press):
    """Close the window; ``park`` sets the number that is there aside for 30 minutes."""

    park: bool = False


class TicketPress(Press):
    """About a number that is not at the window."""

    ticket: str = Field(max_length=64)


class CallTicketPress(TicketPress):
    """Call this number out of its order, for a reason."""

    reason: str = Field(min_length=1, max_length=200)


class EndingsPress(Asking):
    """Numbers whose end was read, by whoever stays responsible for them."""

    tickets: list[Annotated[str, StringConstraints(max_length=64)]] = Field(max_length=200)


class HelpPress(Asking):
    """A clerk rings the manager."""

    about: str = _TEXT


class GuidePress(Asking):
    """Call a guide to a window ('' = no certain place)."""

    window: str = _NAME
    about: str = _TEXT


class EndHelpPress(Asking):
    """Helped; what came of it. With a ``number`` of today its clerk reads the note when it is called."""

    note: str = _TEXT
    number: str = Field(default="", max_length=16, description="Number on the paper, such as A012; '' = none")


class Done(BaseModel):
    """Carried out and on disk; ``ticket`` and ``number`` are '' when none is concerned."""

    ok: bool = True
    ticket: str = ""
    number: str = ""


def request_of(press: Asking, key: str) -> str:
    """The request id, from the body or the header. Raises Troubled when there is none, or two."""
    if press.request and key and press.request != key:
        raise Troubled(422, "two_requests", "请求编号（request）与 Idempotency-Key 不一致")
    request = press.request or key
    if not request:
        raise Troubled(422, "no_request", "缺少请求编号：请在 request 或 Idempotency-Key 中给出")
    return request


def clean(text: str) -> str:
    """One line without control characters."""
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())
