"""What screens and voices confirm of the hall's calls (回报): gathered in memory, for those who look now.

Nothing of it is journalled: that a call was made is the truth of the hall, whether a screen showed it is
news that is wanted within seconds and worthless tomorrow. The newest CALLS_KEPT calls are kept. A station
speaks for itself alone, by its topic, and only on calls that are meant for it; whatever else it says is
ignored. A repeat changes nothing; better news takes the place of worse.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from contract import messages as m
from contract import topics
from contract.bus import Bus
from contract.call_reports import LARGEST, better
from hall_server.call_story import AtPlace, CallTold, Failing, Stand, stand_of
from hall_server.hall_file import StationPart
from hall_server.stations import StationSeen

CALLS_KEPT = 1024
PLACES_SECONDS = 0.25
"""So old may be what is known of who is there: sixty screens that confirm a call at once cost one look."""
SCREEN_MS = 5_000
"""A screen confirms within a quarter of a second; after so long the clerk is told that it did not."""
VOICE_MS = 20_000
"""A voice says so after its first reading, behind those of others: bar V2 allows 10 s, one takes 7 s."""
SCREEN_FAILED_MS = 10_000
VOICE_FAILED_MS = 15_000
"""So long after a call's expiry a voice that works has said something; after its making, a screen."""
FAILS = 3
_NO_FAULT = frozenset({m.CallDrop.SUPERSEDED, m.CallDrop.SILENT})
_SHOWERS = frozenset({m.StationKind.BOARD, m.StationKind.SIGN})


@dataclass(frozen=True, slots=True)
class Place:
    """Something that brings calls to people: a station, or an LED bar (``ledbar:w03``) wired to this box.

    ``serves``: its board, or its window; ``zones`` of the board, none = all.
    """

    id: str
    name: str
    voice: bool
    serves: str
    zones: tuple[str, ...] = ()
    of_window: bool = False
    confirms: bool = True
    online: bool = True

    def takes(self, call: m.Call, boards: frozenset[str]) -> bool:
        """Whether a call, which goes to these boards, is meant for it."""
        if self.of_window:
            return self.serves == call.window
        return self.serves in boards and (not self.zones or call.zone in self.zones)


@dataclass(slots=True)
class _Known:
    """One call and what was heard of it; ``awake``: places that could be expected to confirm it."""

    call: m.Call
    boards: frozenset[str]
    awake: frozenset[str]
    heard: dict[str, m.CallReport] = field(default_factory=dict)


class Confirmations:
    """Of one hall; any thread may ask. ``bars`` maps windows with an LED bar to what the bar is called."""

    def __init__(
        self,
        *,
        now_ms: Callable[[], int] = lambda: 0,
        described: Callable[[], tuple[StationPart, ...]] = tuple,
        seen: Callable[[], Mapping[str, StationSeen]] = dict,
        bars: Mapping[str, str] | None = None,
        places_seconds: float = PLACES_SECONDS,
    ) -> None:
        self._now_ms, self._described, self._seen = now_ms, described, seen
        self._bars = dict(bars or {})
        self._places_seconds = places_seconds
        self._places: tuple[Place, ...] = ()
        self._place: dict[str, Place] = {}
        self._looked_at = float("-inf")
        self._lock = threading.Lock()
        self._fresh: deque[m.Call] = deque(maxlen=CALLS_KEPT)
        self._calls: OrderedDict[str, _Known] = OrderedDict()
        self._unjudged: dict[bool, deque[str]] = {False: deque(), True: deque()}
        self._failing: dict[str, Failing] = {}
        self._good_ms: dict[str, int] = {}
        self._marks: Counter[str] = Counter()
        self._listeners: list[Callable[[], None]] = []

    def describe(self, bars: Mapping[str, str]) -> None:
        """Other windows have an LED bar now."""
        self._bars = dict(bars)

    def join(self, bus: Bus) -> None:
        """Hear the stations; before the bus opens."""
        bus.on(topics.STATION_CALLS, lambda message, ids: self.reported(ids["station"], message.reports))

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call when something was confirmed, on the thread that heard it: the listener must only post."""
        self._listeners.append(listener)

    # ------------------------------------------------------------ what comes in

    def called(self, call: m.Call) -> None:
        """The hall made a call (one message for each board); on the writer's thread, costs nothing."""
        if call.kind is not m.CallKind.RETRACT:
            self._fresh.append(call)

    def reported(self, station: str, reports: tuple[m.CallReport, ...]) -> None:
        """A station says what became of calls."""
        now_ms, changed = self._now_ms(), False
        with self._lock:
            self._take_in(now_ms)
            place = self._place.get(station)
            for report in reports[:LARGEST] if place is not None else ():
                known = self._calls.get(report.call)
                if known is not None and place is not None and place.takes(known.call, known.boards):
                    changed = self._hear(known, place, report, now_ms) or changed
        if changed:
            for listener in self._listeners:
                listener()

    def shown_at_bar(self, window: str, call: str) -> None:
        """The LED bar of a window took this call's text."""
        self.reported(bar_id(window), (m.CallReport(call=call, fate=m.CallFate.SHOWN),))

    # ------------------------------------------------------------ what is asked

    def mark(self, window: str) -> int:
        """Another number whenever there is news of calls to this window; quick."""
        return self._marks[window]

    def of_ticket(self, ticket: str, calls: int, last: int) -> tuple[CallTold, ...]:
        """What is known of the last so many of a ticket's calls, oldest first; quick, on any thread."""
        now_ms = self._now_ms()
        with self._lock:
            self._take_in(now_ms)
            names = (f"{ticket}:{turn}" for turn in range(calls - last + 1, calls + 1))
            return tuple(self._told(self._calls[name], now_ms) for name in names if name in self._calls)

    def of_tickets(self, tickets: frozenset[str]) -> dict[tuple[str, int], CallTold]:
        """What is known of all calls of these tickets, oldest first, by ticket and instant of the call; goes
        through all that is kept."""
        now_ms = self._now_ms()
        with self._lock:
            self._take_in(now_ms)
            known = [each for each in self._calls.values() if each.call.ticket in tickets]
            told = [self._told(each, now_ms) for each in known]
        return {(each.ticket, each.at_ms): each for each in told}

    def failing(self) -> dict[str, Failing]:
        """Stations that did not bring the last FAILS calls or more to people, though they are there."""
        now_ms = self._now_ms()
        with self._lock:
            self._take_in(now_ms)
            return {name: each for name, each in self._failing.items() if each.count >= FAILS}

    # ------------------------------------------------------------ under the lock

    def _take_in(self, now_ms: int) -> None:
        """Who is there now, and the calls that came since, with who is there to bring them to people."""
        if time.monotonic() - self._looked_at >= self._places_seconds:
            self._places, self._looked_at = tuple(self._look()), time.monotonic()
            self._place = {place.id: place for place in self._places}
        places = self._places
        awake = (
            frozenset(place.id for place in places if place.online and place.confirms)
            if self._fresh
            else frozenset()
        )
        while self._fresh:
            call = self._fresh.popleft()
            known = self._calls.get(call.call)
            if known is not None:
                known.boards |= {call.board}
                continue
            self._calls[call.call] = _Known(call, frozenset({call.board}), awake)
            for waiting in self._unjudged.values():
                waiting.append(call.call)
        while len(self._calls) > CALLS_KEPT:
            self._calls.popitem(last=False)
        for voice, waiting in self._unjudged.items():
            self._judge(waiting, voice, now_ms)

    def _look(self) -> Iterator[Place]:
        seen, now = self._seen(), time.monotonic()
        for part in self._described():
            found = seen.get(part.id)
            voice = part.kind is m.StationKind.ANNOUNCER
            if found is None or found.info is None or not (voice or part.kind in _SHOWERS):
                continue
            yield Place(
                id=part.id,
                name=part.name or part.id,
                voice=voice,
                serves=found.info.serves,
                zones=found.info.zones,
                of_window=part.kind is m.StationKind.SIGN,
                confirms=found.info.confirms,
                online=found.online(now),
            )
        for window, name in self._bars.items():
            yield Place(bar_id(window), name, voice=False, serves=window, of_window=True)

    def _hear(self, known: _Known, place: Place, report: m.CallReport, now_ms: int) -> bool:
        """Whether this is news."""
        before = known.heard.get(place.id)
        if before is not None and not better(report.fate, before.fate):
            return False
        at_ms = min(max(report.at_ms or now_ms, known.call.at_ms), now_ms)
        known.heard[place.id] = m.CallReport(
            call=report.call, fate=report.fate, why=report.why, at_ms=max(at_ms, known.call.at_ms)
        )
        self._marks[known.call.window] += 1
        if report.fate is not m.CallFate.DROPPED:
            self._failing.pop(place.id, None)
            self._good_ms[place.id] = max(known.call.at_ms, self._good_ms.get(place.id, 0))
        elif report.why not in _NO_FAULT:
            self._fail(place, known.call.at_ms, report.why)
        return True

    def _told(self, known: _Known, now_ms: int) -> CallTold:
        call = known.call
        told = tuple(_at(known, place, now_ms) for place in self._places if place.takes(call, known.boards))
        awaited = [_limit(call, each.voice) for each in told if each.stand is Stand.AWAITED]
        return CallTold(
            call=call.call,
            ticket=call.ticket,
            number=call.number,
            window=call.window,
            at_ms=call.at_ms,
            places=told,
            due_ms=min(awaited, default=0),
        )

    def _judge(self, waiting: deque[str], voice: bool, now_ms: int) -> None:
        """Calls whose time to be confirmed is over: who was there and said nothing has failed once more."""
        while waiting:
            known = self._calls.get(waiting[0])
            if known is not None and now_ms < _failed_ms(known.call, voice):
                return
            waiting.popleft()
            for place in self._places if known is not None else ():
                if known is not None and place.voice is voice and self._owes(known, place):
                    self._fail(place, known.call.at_ms, m.CallDrop.NONE)

    def _owes(self, known: _Known, place: Place) -> bool:
        """Whether a place was there for a call, said nothing, and has not brought a later one to people."""
        silent = place.id in known.awake and place.id not in known.heard
        return (
            silent
            and known.call.at_ms > self._good_ms.get(place.id, 0)
            and place.takes(known.call, known.boards)
        )

    def _fail(self, place: Place, at_ms: int, why: m.CallDrop) -> None:
        before = self._failing.get(place.id) or Failing(0, at_ms, place.voice)
        self._failing[place.id] = replace(before, count=before.count + 1, why=why)


def bar_id(window: str) -> str:
    """How an LED bar is called among the stations."""
    return f"ledbar:{window}"


def _failed_ms(call: m.Call, voice: bool) -> int:
    """When places of one kind have failed a call."""
    return call.expires_ms + VOICE_FAILED_MS if voice else call.at_ms + SCREEN_FAILED_MS


def _limit(call: m.Call, voice: bool) -> int:
    return call.at_ms + (VOICE_MS if voice else SCREEN_MS)


def _at(known: _Known, place: Place, now_ms: int) -> AtPlace:
    heard = known.heard.get(place.id)
    if heard is not None:
        stand, at_ms, why = stand_of(heard.fate), heard.at_ms, heard.why
        return AtPlace(place.id, place.name, place.voice, stand, at_ms, why, place.online)
    if not place.confirms:
        stand = Stand.UNTOLD
    else:
        missed = not place.online or now_ms >= _limit(known.call, place.voice)
        stand = Stand.MISSED if missed else Stand.AWAITED
    return AtPlace(place.id, place.name, place.voice, stand, online=place.online)
