"""The screens and the voice of a paged hall, as the hall knows them: they are there, and confirm calls."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from contract import messages as m
from hall_server.confirmations import Confirmations
from hall_server.hall_file import StationPart
from hall_server.house import House
from hall_server.stations import StationSeen
from tests.hall_server.web.hall import PagedHall

BOARD = StationPart(id="board-1", kind=m.StationKind.BOARD, name="综合屏", place="大厅中央")
SIGN = StationPart(id="sign-1", kind=m.StationKind.SIGN, name="1号窗口屏")
VOICE = StationPart(id="announcer-1", kind=m.StationKind.ANNOUNCER, name="大厅广播")
SERVES = {"board-1": "hall", "sign-1": "w01", "announcer-1": "hall"}


@dataclass
class Screens:
    """Put before ``hall.start()``; ``away``: stations that the hall lost, ``former``: of an older version."""

    hall: PagedHall
    parts: tuple[StationPart, ...] = (BOARD, SIGN, VOICE)
    away: set[str] = field(default_factory=set)
    former: set[str] = field(default_factory=set)
    calls: Confirmations = field(init=False)

    def __post_init__(self) -> None:
        self.calls = Confirmations(
            now_ms=self.hall.clock.now_ms,
            described=lambda: self.parts,
            seen=self.seen,
            places_seconds=0.0,
        )
        self.hall.house = House(described=lambda: self.parts, seen=self.seen, calls=self.calls)

    def seen(self) -> dict[str, StationSeen]:
        """As the stations' desk would have it."""
        return {part.id: self._seen(part) for part in self.parts}

    def say(
        self,
        station: str,
        call: str,
        fate: m.CallFate = m.CallFate.SHOWN,
        why: m.CallDrop = m.CallDrop.NONE,
    ) -> None:
        """The station confirms a call."""
        self.calls.reported(station, (m.CallReport(call=call, fate=fate, why=why),))

    def _seen(self, part: StationPart) -> StationSeen:
        presence = m.Presence.LOST if part.id in self.away else m.Presence.READY
        info = m.StationInfo(
            kind=part.kind,
            software="test",
            serves=SERVES.get(part.id, "hall"),
            confirms=part.id not in self.former,
        )
        state = m.StationState(s=presence, boot="b", kind=part.kind)
        return StationSeen(state=state, info=info, heard=time.monotonic())
