"""The one table of topics: message type, address, direction, quality of service, retained or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Generic, TypeVar

import msgspec

from contract import messages as m

M = TypeVar("M", bound=m.Message)
Q = TypeVar("Q", bound=m.Request)
A = TypeVar("A", bound=m.Answer)

ROOT = "hall/1"
IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")

Identifier = Annotated[str, msgspec.Meta(pattern=rf"^{IDENTIFIER.pattern}$")]
"""Type of a level of a topic in a configuration: a-z, 0-9, -."""

ServerAddress = Annotated[
    str, msgspec.Meta(pattern=r"^(discover|[^\s:/]+:[0-9]{1,5}|\[[0-9a-fA-F:]+\]:[0-9]{1,5})$")
]
"""Type of ``host:port`` or ``discover`` in a configuration."""


class Direction(StrEnum):
    """Who may write: a station upward, the hall downward to one station, the hall to all."""

    UP = "up"
    DOWN = "down"
    PUB = "pub"


@dataclass(frozen=True, slots=True)
class Route(Generic[M]):
    """One row: ``template`` holds named levels such as ``{station}``; ``expiry_seconds`` None = never."""

    name: str
    template: str
    payload: type[M]
    direction: Direction
    qos: int
    retained: bool
    expiry_seconds: int | None = None

    def topic(self, hall: str, **ids: str) -> str:
        """The full topic; ValueError when an id is missing or is not a plain identifier."""
        for value in (hall, *ids.values()):
            if not IDENTIFIER.fullmatch(value):
                raise ValueError(f"{value!r} is not an identifier (a-z, 0-9, -; at most 32)")
        try:
            return f"{ROOT}/{hall}/" + self.template.format(**ids)
        except KeyError as missing:
            raise ValueError(f"topic {self.name} needs {missing}") from None

    def filter(self, hall: str, **ids: str) -> str:
        """A subscription filter; levels that are not named become ``+``."""
        levels = dict.fromkeys(re.findall(r"{(\w+)}", self.template), "+")
        return f"{ROOT}/{hall}/" + self.template.format(**{**levels, **ids})

    def match(self, topic: str) -> dict[str, str] | None:
        """Named levels of a concrete topic of this row (with ``hall``), or None when it is another row's."""
        pattern = ROOT + "/{hall}/" + self.template
        have, want = topic.split("/"), pattern.split("/")
        if len(have) != len(want):
            return None
        found: dict[str, str] = {}
        for level, name in zip(have, want, strict=True):
            if name.startswith("{"):
                found[name[1:-1]] = level
            elif name != level:
                return None
        return found


@dataclass(frozen=True, slots=True)
class RequestRoute(Generic[Q, A]):
    """A kind of request that a station may make, and the answer's type; the answer goes to ``down/rsp``."""

    kind: str
    request: type[Q]
    answer: type[A]
    expiry_seconds: int = 10

    @property
    def route(self) -> Route[Q]:
        """The row on which the request travels."""
        return Route(
            f"req_{self.kind}",
            f"st/{{station}}/up/req/{self.kind}",
            self.request,
            Direction.UP,
            1,
            False,
            self.expiry_seconds,
        )


STATION_STATE = Route("station_state", "st/{station}/up/state", m.StationState, Direction.UP, 1, True)
STATION_INFO = Route("station_info", "st/{station}/up/info", m.StationInfo, Direction.UP, 1, True)
STATION_HEALTH = Route(
    "station_health", "st/{station}/up/health", m.StationHealth, Direction.UP, 0, False, 10
)
STATION_RESULT = Route("station_result", "st/{station}/up/rsp", m.CommandResult, Direction.UP, 1, False, 60)
STATION_APPLIED = Route("station_applied", "st/{station}/up/applied", m.Applied, Direction.UP, 1, True)
STATION_CALLS = Route("station_calls", "st/{station}/up/calls", m.CallReports, Direction.UP, 1, False, 60)
STATION_CONFIG = Route("station_config", "st/{station}/down/cfg", m.StationConfig, Direction.DOWN, 1, True)
STATION_COMMAND = Route("station_command", "st/{station}/down/cmd", m.Command, Direction.DOWN, 1, False, 60)
STATION_BROADCAST = Route(
    "station_broadcast", "st/{station}/down/broadcast", m.Broadcast, Direction.DOWN, 1, False, 60
)
SERVER = Route("server", "pub/srv", m.ServerState, Direction.PUB, 1, True)
ANCHOR = Route("anchor", "pub/anchor", m.JournalAnchor, Direction.PUB, 1, True)
WINDOW = Route("window", "pub/win/{window}", m.WindowState, Direction.PUB, 1, True)
QUEUE = Route("queue", "pub/queue/{queue}", m.QueueState, Direction.PUB, 1, True)
BOARD_NOW = Route("board_now", "pub/board/{board}/now", m.BoardNow, Direction.PUB, 1, True)
BOARD_CALL = Route("board_call", "pub/board/{board}/call", m.Call, Direction.PUB, 1, False, 45)

ROUTES: tuple[Route[m.Message], ...] = (  # type: ignore[assignment]
    STATION_STATE,
    STATION_INFO,
    STATION_HEALTH,
    STATION_RESULT,
    STATION_APPLIED,
    STATION_CALLS,
    STATION_CONFIG,
    STATION_COMMAND,
    STATION_BROADCAST,
    SERVER,
    ANCHOR,
    WINDOW,
    QUEUE,
    BOARD_NOW,
    BOARD_CALL,
)

ISSUE = RequestRoute("issue", m.Issue, m.IssueAnswer)
FIND_TICKETS = RequestRoute("find", m.FindTickets, m.FindTicketsAnswer)
CHECK_IN = RequestRoute("check-in", m.CheckIn, m.CheckInAnswer)
REPORT_PAPER = RequestRoute("paper", m.ReportPaper, m.ReportPaperAnswer, 3600)
CALL_GUIDE = RequestRoute("guide", m.CallGuide, m.CallGuideAnswer)
CANCEL_ISSUE = RequestRoute("cancel-issue", m.CancelIssue, m.CancelIssueAnswer, 3600)
LEASE_NUMBERS = RequestRoute("lease", m.LeaseNumbers, m.LeaseNumbersAnswer)
RENEW_LEASES = RequestRoute("renew", m.RenewLeases, m.RenewLeasesAnswer)
MERGE_LEASE = RequestRoute("merge", m.MergeLease, m.MergeLeaseAnswer)

REQUESTS: tuple[RequestRoute[m.Request, m.Answer], ...] = (  # type: ignore[assignment]
    ISSUE,
    FIND_TICKETS,
    CHECK_IN,
    REPORT_PAPER,
    CALL_GUIDE,
    CANCEL_ISSUE,
    LEASE_NUMBERS,
    RENEW_LEASES,
    MERGE_LEASE,
)

RESPONSE_TEMPLATE = "st/{station}/down/rsp"


def response_topic(hall: str, station: str) -> str:
    """Where the answers to a station's requests arrive."""
    return f"{ROOT}/{hall}/" + RESPONSE_TEMPLATE.format(station=station)


def covers(filter_: str, topic: str) -> bool:
    """Whether a subscription filter (``+`` one level, ``#`` the rest) takes in a concrete topic."""
    have, want = topic.split("/"), filter_.split("/")
    for index, level in enumerate(want):
        if level == "#":
            return True
        if index >= len(have) or level not in ("+", have[index]):
            return False
    return len(have) == len(want)


@lru_cache(maxsize=4096)
def carries_state(topic: str) -> bool:
    """Whether a concrete topic belongs to a retained row: a newer payload makes an older one worthless."""
    return any(route.retained and route.match(topic) for route in ROUTES)
