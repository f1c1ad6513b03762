"""PURE: the home screen at work: zones, and a card laid on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from contract.errands import Errand
from contract.messages import Person, TicketSlip
from kiosk.flows.effects import AskFind
from kiosk.flows.events import (
    CardRead,
    ChooseZone,
    Event,
    Found,
    OpenReprint,
    Refused,
    ReprintTicket,
    ServerBack,
    TakeService,
    Unanswered,
)
from kiosk.flows.home import Home
from kiosk.flows.reprint import open_reprint, reprint_chosen
from kiosk.flows.state import Screen, State, Step, only
from kiosk.flows.take import Wish, open_zone, take_number


@dataclass(frozen=True, slots=True)
class Welcome(Screen):
    """What this person can do with one touch: 补打 his open tickets, or take the only number there is."""

    name: ClassVar[str] = "welcome"
    slips: tuple[TicketSlip, ...] = ()
    service: str = ""


def greet(state: State, person: Person) -> Step:
    """A card was laid on at home: look for the person's open tickets."""
    state = replace(state, person=person)
    if not state.facts.server and not state.facts.lonely:
        return only(state.show(Home(browsing=True)))
    if Errand.REPRINT not in state.facts.errands:
        return only(state.show(_choices(state, ())))
    state, attempt = state.next_attempt()
    return state.show(Home(looking=attempt)), (AskFind(attempt, person_key=person.key),)


def _step_home(state: State, screen: Home, event: Event) -> Step:
    match event:
        case ChooseZone(zone):
            return open_zone(state, zone)
        case OpenReprint():
            return open_reprint(state)
        case CardRead(person):
            return greet(state, person)
        case Found(attempt, slips) if screen.looking and attempt == screen.looking:
            return only(state.show(_choices(state, slips)))
        case Refused(attempt) | Unanswered(attempt) if screen.looking and attempt == screen.looking:
            return only(state.show(Home()))
        case ServerBack() if screen.browsing:
            return only(state.show(Home()))
    return only(state)


def _choices(state: State, slips: tuple[TicketSlip, ...]) -> Screen:
    offered = state.facts.shelf.offered if state.facts.shelf else ()
    service = offered[0] if len(offered) == 1 and state.facts.takes(offered[0]) else ""
    return Welcome(slips, service) if slips or service else Home()


def _step_welcome(state: State, screen: Welcome, event: Event) -> Step:
    match event:
        case ReprintTicket(ticket):
            return reprint_chosen(state, screen.slips, ticket)
        case TakeService(service) if service and service == screen.service:
            return take_number(state, Wish(service, screen, person=state.person))
        case CardRead(person):
            return greet(state, person)
    return only(state)


STEPS: Mapping[type[Screen], Callable[[State, Any, Event], Step]] = {
    Home: _step_home,
    Welcome: _step_welcome,
}
