"""PURE: pages laid over another one, which goes on behind them: idle warning, guide called, technician."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar

from kiosk.flows.effects import AskGuide, StartTimer, StopTimer
from kiosk.flows.events import (
    Back,
    CardFound,
    CardRead,
    Event,
    GuideComing,
    Refused,
    Stay,
    TimerFired,
    Touch,
    Unanswered,
)
from kiosk.flows.home import leave
from kiosk.flows.state import COUNTDOWN, COUNTDOWN_SECONDS, Screen, State, Step, only


class Asking(StrEnum):
    """How far the call for a guide is."""

    ASKING = "asking"
    COMING = "coming"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Aside(Screen):
    """A page over another; ``under`` still receives answers and facts."""

    under: Screen


@dataclass(frozen=True, slots=True)
class IdleWarning(Aside):
    """继续办理? and the seconds left."""

    name: ClassVar[str] = "idle_warning"
    left: int = COUNTDOWN_SECONDS


@dataclass(frozen=True, slots=True)
class GuideCalled(Aside):
    """A guide has been asked for."""

    name: ClassVar[str] = "guide_called"
    stage: Asking = Asking.ASKING
    attempt: int = 0
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Technician(Aside):
    """States of the devices, for the technician; nothing can be changed here."""

    name: ClassVar[str] = "technician"


def warn_idle(state: State) -> Step:
    """Nobody has touched anything for long: ask before everything is dropped."""
    seconds = int(state.seconds(COUNTDOWN_SECONDS))
    return state.show(IdleWarning(state.screen, seconds)), (StartTimer(COUNTDOWN, 1.0),)


def call_guide(state: State) -> Step:
    """呼叫人工 from any page; the page stays behind."""
    state, attempt = replace(state, notice=None).next_attempt()
    about = state.screen.name
    return state.show(GuideCalled(state.screen, attempt=attempt)), (AskGuide(attempt, about),)


def _step_idle(state: State, screen: IdleWarning, event: Event) -> Step:
    match event:
        case TimerFired(name) if name == COUNTDOWN:
            if screen.left <= 1:
                return leave(state.show(screen.under))
            return state.show(replace(screen, left=screen.left - 1)), (StartTimer(COUNTDOWN, 1.0),)
        case Touch() | CardFound() | CardRead():
            return state.show(screen.under), (StopTimer(COUNTDOWN),)
    return only(state)


def _step_guide_called(state: State, screen: GuideCalled, event: Event) -> Step:
    match event:
        case GuideComing(attempt) if attempt == screen.attempt:
            return only(state.show(replace(screen, stage=Asking.COMING)))
        case Refused(attempt, sentence) if attempt == screen.attempt:
            return only(state.show(replace(screen, stage=Asking.FAILED, sentence=sentence)))
        case Unanswered(attempt) if attempt == screen.attempt:
            return only(state.show(replace(screen, stage=Asking.FAILED)))
        case Back() | Stay():
            return only(state.show(screen.under))
    return only(state)


def _step_technician(state: State, screen: Technician, event: Event) -> Step:
    return only(state.show(screen.under) if isinstance(event, Back | Stay) else state)


STEPS: Mapping[type[Screen], Callable[[State, Any, Event], Step]] = {
    IdleWarning: _step_idle,
    GuideCalled: _step_guide_called,
    Technician: _step_technician,
}
