"""PURE: where every citizen begins and ends: home, the trouble that closes it, and the card left behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from contract.errands import Errand
from kiosk.flows.effects import Effect, StartTimer, StopTimer, Wipe
from kiosk.flows.events import BrowseGuides, CardGone, Event, GoHome, TimerFired
from kiosk.flows.state import LEAVE, Facts, Manner, Screen, State, Step, only

STARTING = "正在连接大厅，请稍候"
SERVER_GONE = "暂时连不上大厅服务器"
CARD_LEFT_SECONDS = 90.0
ALONE_TOO = frozenset({Errand.GUIDES, Errand.HELP})
"""A kiosk that offers no more than these needs no hall to be of use."""


@dataclass(frozen=True, slots=True)
class Home(Screen):
    """Zones to choose from; ``looking`` is the attempt that looks for tickets of the card just laid on."""

    name: ClassVar[str] = "home"
    looking: int = 0
    browsing: bool = False


@dataclass(frozen=True, slots=True)
class Trouble(Screen):
    """The hall server is away and nobody is in the middle of anything."""

    name: ClassVar[str] = "error"
    sentence: str = SERVER_GONE


@dataclass(frozen=True, slots=True)
class OutOfService(Screen):
    """The kiosk is closed, or has nothing to show yet."""

    name: ClassVar[str] = "out_of_service"
    reason: str = STARTING


@dataclass(frozen=True, slots=True)
class CardLeft(Screen):
    """The citizen is gone, his card still lies there."""

    name: ClassVar[str] = "card_left"


def resting(facts: Facts) -> Screen:
    """What the glass shows while nobody is there."""
    if facts.closed:
        return OutOfService(facts.closed)
    if facts.shelf is None or not facts.judged:
        return OutOfService(STARTING)
    return Home() if facts.server or facts.lonely or facts.errands <= ALONE_TOO else Trouble()


def leave(state: State) -> Step:
    """The session ends: nothing of the citizen stays in the state, and the session is told to wipe."""
    rest = resting(state.facts)
    bare = State(screen=rest, facts=state.facts, card=state.card, reading=state.reading)
    bare = replace(bare, attempts=state.attempts, session=state.session + 1)
    effects: tuple[Effect, ...] = (Wipe(), StopTimer(LEAVE))
    if state.card:
        return bare.show(CardLeft()), (*effects, StartTimer(LEAVE, CARD_LEFT_SECONDS))
    return bare, effects


def go_home(state: State) -> Step:
    """首页: back to the zones. The person stays known only while the card still lies there."""
    person = state.person if state.card else None
    home = resting(state.facts)
    if isinstance(home, Trouble) and Errand.GUIDES in state.facts.errands:
        home = Home(browsing=True)  # he was in the middle of something: let him go on reading
    wiped: tuple[Effect, ...] = () if person else (Wipe(),)
    session = state.session if person else state.session + 1
    after = replace(state, person=person, screen=home, notice=None, session=session)
    return after, (*wiped, StopTimer(LEAVE))


def nobody_there(state: State) -> bool:
    """No citizen has begun anything: the glass may follow the facts."""
    plain = state.person is None and state.manner == Manner() and not state.reading
    unused = isinstance(state.screen, Trouble | OutOfService) or state.screen == Home()
    return plain and unused


def _step_trouble(state: State, _screen: Trouble, event: Event) -> Step:
    guides = state.facts.shelf is not None and Errand.GUIDES in state.facts.errands
    if isinstance(event, BrowseGuides) and guides:
        return only(state.show(Home(browsing=True)))
    return only(state)


def _step_card_left(state: State, _screen: CardLeft, event: Event) -> Step:
    done = isinstance(event, CardGone | GoHome) or event == TimerFired(LEAVE)
    if not done and state.card:
        return only(state)
    return state.show(resting(state.facts)), (StopTimer(LEAVE),)


def _step_out_of_service(state: State, _screen: OutOfService, _event: Event) -> Step:
    return only(state)


STEPS: Mapping[type[Screen], Callable[[State, Any, Event], Step]] = {
    Trouble: _step_trouble,
    OutOfService: _step_out_of_service,
    CardLeft: _step_card_left,
}
