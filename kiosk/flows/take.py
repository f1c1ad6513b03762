"""PURE: take a number: zone → service → guide sheet (lay the card or 无证取号) → issuing → number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from contract.errands import Errand
from contract.messages import Person
from kiosk.flows.effects import AskAlone, AskIssue, Effect, StartTimer, StopTimer
from kiosk.flows.events import (
    CardRead,
    ChooseItem,
    ChooseOption,
    ChooseService,
    ChooseZone,
    Event,
    Issued,
    Refused,
    ServerBack,
    ServerGone,
    Take,
    TimerFired,
    Unanswered,
)
from kiosk.flows.home import SERVER_GONE, Home
from kiosk.flows.number import show_number
from kiosk.flows.reprint import Offer
from kiosk.flows.shelf import Answers, Shelf, no_answers, situation_labels
from kiosk.flows.state import GUARD, RETRY, Screen, State, Step, only

TRIES = 2
RETRY_SECONDS = 5.0
ASK_GUARD_SECONDS = 15.0
CLOSED_NOW = "该业务现在不取号"
NOT_HERE = "本机不取号，请使用其他自助机，或到导办台"
NONE_READY = "网络中断，本机没有这项业务的预留号，请到导办台取号"
HAS_ONE = "您已有 {number} 号，仍然有效，排队位置不变"
NOT_KEPT = "本机暂时不能离线取号，请到导办台取号"


@dataclass(frozen=True, slots=True)
class ZonePage(Screen):
    """Services of a zone with their items."""

    name: ClassVar[str] = "zone"
    zone: str


@dataclass(frozen=True, slots=True)
class ServicePage(Screen):
    """A service without a chosen item; a number can be taken here as well."""

    name: ClassVar[str] = "service"
    service: str


@dataclass(frozen=True, slots=True)
class GuidePage(Screen):
    """The guide sheet (一次性告知单) of an item, and the place where the card is laid."""

    name: ClassVar[str] = "guide"
    service: str
    item: str
    answers: Answers = ()
    from_service: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What the citizen wants a number for; ``origin`` is the page to return to."""

    service: str
    origin: Screen
    items: tuple[str, ...] = ()
    situation: tuple[str, ...] = ()
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Issuing(Screen):
    """The hall is asked, or this kiosk's own numbers (``alone``); ``tries`` counts the sendings of this one
    request."""

    name: ClassVar[str] = "issuing"
    wish: Wish
    attempt: int
    tries: int = 1
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Held(Screen):
    """The hall does not answer: the same request goes out again when it is back."""

    name: ClassVar[str] = "error"
    wish: Wish
    attempt: int
    sentence: str = SERVER_GONE


def open_zone(state: State, zone: str) -> Step:
    """Show a zone; nothing when this kiosk does not have it."""
    shelf = state.facts.shelf
    known = shelf is not None and zone in shelf.zone and state.facts.opens_zones
    return only(state.show(ZonePage(zone)) if known else state)


def open_service(state: State, service: str) -> Step:
    """Show a service; with a single item its guide sheet at once."""
    shelf = state.facts.shelf
    if shelf is None or service not in shelf.service:
        return only(state)
    items = shelf.items_of(service) if Errand.GUIDES in state.facts.errands else ()
    if len(items) == 1:
        return open_item(state, items[0].code, from_service=False)
    return only(state.show(ServicePage(service)))


def open_item(state: State, code: str, *, from_service: bool) -> Step:
    """Show the guide sheet of an item with all its questions open."""
    shelf = state.facts.shelf
    item = shelf.item.get(code) if shelf else None
    if item is None or Errand.GUIDES not in state.facts.errands:
        return only(state)
    return only(state.show(GuidePage(item.service, code, no_answers(item), from_service)))


def take_number(state: State, wish: Wish) -> Step:
    """Ask the hall for a number; when it is away issue one here, or wait; refuse when none are given."""
    facts = state.facts
    if not facts.takes(wish.service):
        queue = facts.queues.get(wish.service)
        closed = queue.closed_reason if queue is not None and not queue.open else ""
        if Errand.TAKE not in facts.errands:
            closed = NOT_HERE
        return only(state.say(closed or (NONE_READY if facts.lonely else CLOSED_NOW)))
    state, attempt = replace(state, notice=None).next_attempt()
    if not facts.server:
        return _alone(state, wish, attempt, instead_of=0) if facts.lonely else _hold(state, wish, attempt)
    return state.show(Issuing(wish, attempt)), _ask(wish, attempt)


def _ask(wish: Wish, attempt: int) -> tuple[Effect, ...]:
    ask = AskIssue(attempt, wish.service, wish.items, wish.situation, wish.person)
    return ask, StartTimer(GUARD, ASK_GUARD_SECONDS)


def _alone(state: State, wish: Wish, attempt: int, *, instead_of: int) -> Step:
    ask = AskAlone(attempt, wish.service, wish.items, wish.situation, wish.person, instead_of)
    return state.show(Issuing(wish, attempt, alone=True)), (ask, StartTimer(GUARD, ASK_GUARD_SECONDS))


def _silence(state: State, wish: Wish, attempt: int) -> Step:
    """The hall does not answer this attempt: a number of our own, where there is one, else wait for it."""
    if not state.facts.ready.get(wish.service):
        return _hold(state, wish, attempt)
    state, own = state.next_attempt()
    return _alone(state, wish, own, instead_of=attempt)


def _hold(state: State, wish: Wish, attempt: int) -> Step:
    return state.show(Held(wish, attempt)), (StartTimer(RETRY, RETRY_SECONDS),)


def likely(shelf: Shelf) -> tuple[Screen, ...]:
    """Pages that the next citizen will probably open first; they hold nothing of anybody."""
    return tuple(ZonePage(zone.id) for zone in shelf.zones[:1])


def repair(screen: Screen, shelf: Shelf) -> Screen | None:
    """The same page under a new catalogue; None when what it shows is no longer offered."""
    match screen:
        case ZonePage(zone):
            return screen if zone in shelf.zone else None
        case ServicePage(service):
            return screen if service in shelf.service else None
        case GuidePage():
            item = shelf.item.get(screen.item)
            if item is None or item.service != screen.service:
                return None
            fits = len(item.situations) == len(screen.answers)
            return screen if fits else replace(screen, answers=no_answers(item))
        case Issuing(wish) | Held(wish):
            origin = repair(wish.origin, shelf)
            return replace(screen, wish=replace(wish, origin=origin or Home()))
    return screen


def _step_zone(state: State, _screen: ZonePage, event: Event) -> Step:
    match event:
        case ChooseZone(zone):
            return open_zone(state, zone)
        case ChooseService(service):
            return open_service(state, service)
        case ChooseItem(item):
            return open_item(state, item, from_service=False)
        case CardRead(person):
            return only(replace(state, person=person))
    return only(state)


def _step_service(state: State, screen: ServicePage, event: Event) -> Step:
    match event:
        case ChooseItem(item):
            return open_item(state, item, from_service=True)
        case Take():
            return take_number(state, Wish(screen.service, screen, person=state.person))
        case CardRead(person):
            return take_number(replace(state, person=person), Wish(screen.service, screen, person=person))
    return only(state)


def _step_guide(state: State, screen: GuidePage, event: Event) -> Step:
    match event:
        case ChooseOption(question, option):
            return only(state.show(_answer(state, screen, question, option)))
        case Take():
            return take_number(state, _wish(state, screen))
        case CardRead(person):
            state = replace(state, person=person)
            return take_number(state, _wish(state, screen))
    return only(state)


def _answer(state: State, screen: GuidePage, question: int, option: int) -> GuidePage:
    shelf = state.facts.shelf
    asked = shelf.item[screen.item].situations if shelf and screen.item in shelf.item else ()
    if not (0 <= question < len(asked) and 0 <= option < len(asked[question].options)):
        return screen
    answers = list(screen.answers)
    answers[question] = None if answers[question] == option else option
    return replace(screen, answers=tuple(answers))


def _wish(state: State, screen: GuidePage) -> Wish:
    shelf = state.facts.shelf
    item = shelf.item.get(screen.item) if shelf else None
    situation = situation_labels(item, screen.answers) if item else ()
    return Wish(screen.service, screen, (screen.item,), situation, state.person)


def _step_issuing(state: State, screen: Issuing, event: Event) -> Step:
    match event:
        case Issued(attempt) if attempt == screen.attempt:
            return _issued(state, screen, event)
        case Refused(attempt, sentence) if attempt == screen.attempt:
            return only(state.show(screen.wish.origin).say(sentence))
        case Unanswered(attempt) if attempt == screen.attempt:
            if screen.alone:
                return only(state.show(screen.wish.origin).say(NOT_KEPT))
            if state.facts.server and screen.tries < TRIES:
                again = replace(screen, tries=screen.tries + 1)
                return state.show(again), _ask(screen.wish, attempt)
            return _silence(state, screen.wish, attempt)
        case ServerGone() if not screen.alone:
            return _silence(state, screen.wish, screen.attempt)
        case TimerFired(name) if name == GUARD:
            if screen.alone:
                return only(state.show(screen.wish.origin).say(NOT_KEPT))
            return _silence(state, screen.wish, screen.attempt)
    return only(state)


def _issued(state: State, screen: Issuing | Held, event: Issued) -> Step:
    if event.existing and Errand.REPRINT not in state.facts.errands:
        origin = screen.wish.origin
        return only(state.show(origin).say(HAS_ONE.format(number=event.slip.number), good=True))
    if event.existing:
        return only(state.show(Offer((event.slip,), existing=True)))
    return show_number(state, event.slip, reprint=False)


def _step_held(state: State, screen: Held, event: Event) -> Step:
    match event:
        case Issued(attempt) if attempt == screen.attempt:
            following, effects = _issued(state, screen, event)
            stop: Effect = StopTimer(RETRY)
            return following, (stop, *effects)
        case ServerBack():
            return _resume(state, screen)
        case TimerFired(name) if name == RETRY:
            if state.facts.server:
                return _resume(state, screen)
            return state, (StartTimer(RETRY, RETRY_SECONDS),)
    return only(state)


def _resume(state: State, screen: Held) -> Step:
    ask = _ask(screen.wish, screen.attempt)
    return state.show(Issuing(screen.wish, screen.attempt)), (StopTimer(RETRY), *ask)


STEPS: Mapping[type[Screen], Callable[[State, Any, Event], Step]] = {
    ZonePage: _step_zone,
    ServicePage: _step_service,
    GuidePage: _step_guide,
    Issuing: _step_issuing,
    Held: _step_held,
}
