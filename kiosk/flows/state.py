"""PURE: what a kiosk knows and shows at one moment, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from contract.branding import Branding
from contract.errands import EVERYTHING, Errand
from contract.messages import Person, QueueState
from devices.ports import Kind
from kiosk.flows.effects import Effect
from kiosk.flows.events import DeviceChanged
from kiosk.flows.shelf import Shelf

IDLE, COUNTDOWN, NOTICE, GUARD, LEAVE, RETRY = "idle", "countdown", "notice", "guard", "leave", "retry"

AS_WE_COME = Branding()
COUNTDOWN_SECONDS = 20
NOTICE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Screen:
    """What is on the glass; every kind of screen belongs to one errand, which steps it."""

    name: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class Manner:
    """How this citizen wants to be shown things; forgotten when he leaves."""

    elder: bool = False
    contrast: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence over the screen for a moment; ``good`` False means something did not work."""

    text: str
    good: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the hall and the box have said; it outlives every citizen and holds nothing of any.

    ``judged`` is False until it is known whether the server is there. ``ready`` are the numbers that this
    kiosk can issue alone, by service; ``away`` how many of its own the hall does not have yet. ``zones`` are
    those that the hall lets it offer, before what its own file says; ``branding`` is how the hall looks.
    """

    hall_name: str = ""
    station_name: str = ""
    place: str = ""
    branding: Branding = AS_WE_COME
    shelf: Shelf | None = None
    queues: Mapping[str, QueueState] = field(default_factory=dict)
    server: bool = False
    judged: bool = False
    identity: bool = False
    business_day: str = ""
    devices: Mapping[str, DeviceChanged] = field(default_factory=dict)
    elder_age: int = 60
    idle_seconds: int = 60
    zones: tuple[str, ...] = ()
    errands: frozenset[Errand] = EVERYTHING
    closed: str = ""
    ready: Mapping[str, int] = field(default_factory=dict)
    away: int = 0

    @property
    def lonely(self) -> bool:
        """The hall is away, and numbers can be taken here all the same."""
        return not self.server and any(self.ready.values()) and Errand.TAKE in self.errands

    @property
    def papers(self) -> bool:
        """Tickets are printed again here, or appointments checked in."""
        return bool(self.errands & {Errand.REPRINT, Errand.CHECK_IN})

    @property
    def opens_zones(self) -> bool:
        """There is something to see in a zone."""
        return bool(self.errands & {Errand.TAKE, Errand.GUIDES})

    def device(self, kind: Kind) -> DeviceChanged | None:
        """The device of this kind, or None when the station has none."""
        return self.devices.get(kind.value)

    @property
    def reader(self) -> bool:
        """Cards can be used: something is done with them here, the reader is ready, the hall gave its key."""
        found = self.device(Kind.ID_CARD_READER)
        used = self.papers or Errand.TAKE in self.errands
        return used and found is not None and found.ready and self.identity

    @property
    def scanner(self) -> bool:
        """Codes can be read."""
        found = self.device(Kind.SCANNER)
        return found is not None and found.ready

    @property
    def printer(self) -> bool:
        """Tickets can be printed."""
        found = self.device(Kind.TICKET_PRINTER)
        return found is not None and found.ready

    def waiting_in(self, zone: str) -> int:
        """People waiting in all services of a zone."""
        if self.shelf is None:
            return 0
        names = (service.id for service in self.shelf.services.get(zone, ()))
        return sum(self.queues[name].waiting for name in names if name in self.queues)

    def takes(self, service: str) -> bool:
        """Whether numbers of this service are given now; a queue not heard of yet is taken as open."""
        if Errand.TAKE not in self.errands:
            return False
        if self.lonely and not self.ready.get(service):
            return False
        queue = self.queues.get(service)
        return queue is None or queue.open


@dataclass(frozen=True, slots=True)
class State:
    """The whole kiosk; ``reading`` while a card is read, ``card`` while one lies on the reader.

    ``session`` rises when a citizen is gone: whatever was drawn for him must be dropped.
    """

    screen: Screen
    facts: Facts = field(default_factory=Facts)
    manner: Manner = field(default_factory=Manner)
    person: Person | None = None
    card: bool = False
    reading: bool = False
    notice: Notice | None = None
    attempts: int = 0
    session: int = 0

    def show(self, screen: Screen) -> State:
        """The same kiosk with another screen."""
        return replace(self, screen=screen)

    def say(self, text: str, *, good: bool = False) -> State:
        """The same kiosk with a sentence over its screen."""
        return replace(self, notice=Notice(text, good))

    def next_attempt(self) -> tuple[State, int]:
        """A fresh number to join an effect to its answer."""
        return replace(self, attempts=self.attempts + 1), self.attempts + 1

    def seconds(self, seconds: float) -> float:
        """A span of time for this citizen: elder mode doubles it."""
        return seconds * 2 if self.manner.elder else seconds


Step = tuple[State, tuple[Effect, ...]]


def only(state: State) -> Step:
    """A step without effects."""
    return state, ()
