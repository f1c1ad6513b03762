"""PURE: what the kiosk does next: step(state, event) -> (state, effects).

Every errand is one file under flows/ with its screens and their steps; here is what holds for all of
them: facts, the card on the reader, notices, type size and contrast, back and home, a guide called, and
the idle timer, which is an event like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from contract.errands import Errand, errands_of
from kiosk.flows import aside, home, number, reprint, take, welcome
from kiosk.flows import events as e
from kiosk.flows.effects import AskAlone, Effect, GiveUp, StartTimer, StopTimer, Wipe
from kiosk.flows.shelf import Shelf, shelve
from kiosk.flows.state import (
    IDLE,
    NOTICE,
    NOTICE_SECONDS,
    Facts,
    Screen,
    State,
    Step,
    only,
)

READING = "reading"
READING_SECONDS = 15.0
EXPIRED = "您的身份证已过有效期，可以继续取号，请尽快换领"

STEPS: Mapping[type[Screen], Callable[[State, Any, e.Event], Step]] = {
    **home.STEPS,
    **welcome.STEPS,
    **take.STEPS,
    **reprint.STEPS,
    **number.STEPS,
    **aside.STEPS,
}

TAKES_CARDS = (
    home.Home,
    welcome.Welcome,
    take.ZonePage,
    take.ServicePage,
    take.GuidePage,
    reprint.Reprint,
    reprint.Keypad,
)


def start(facts: Facts | None = None) -> State:
    """The kiosk before anything has been heard."""
    known = facts or Facts()
    return State(screen=home.resting(known), facts=known)


def step(state: State, event: e.Event, *, only_zones: tuple[str, ...] = ()) -> Step:
    """One event: the next state and what the session shall do, in this order."""
    now = replace(state, facts=learn(state.facts, event, only_zones))
    if isinstance(event, e.CatalogueArrived) and now.facts.shelf is not None:
        now = now.show(_repair(now.screen, now.facts.shelf))
    now = _notice_card(_clear_notice(now, event), event)
    now, effects = _decide(now, event)
    effects = (*_given_up(state, now, event, effects), *effects)
    if home.nobody_there(now):
        now = now.show(home.resting(now.facts))
    if now.reading and not reader_wanted(now):
        now = replace(now, reading=False)
    return now, (*effects, *_timers(state, now, event))


def reader_wanted(state: State) -> bool:
    """Whether a card laid on now would be used; otherwise it must not even be read."""
    top = state.screen
    if isinstance(top, number.Number):
        return top.stage is not number.Stage.PRINTING and state.facts.reader
    usable = isinstance(top, (*TAKES_CARDS, aside.IdleWarning, aside.GuideCalled, reprint.Offer))
    return usable and state.facts.reader


def busy(screen: Screen) -> bool:
    """The kiosk or the hall works for the citizen: he must not be hurried."""
    if isinstance(screen, aside.Aside):
        asking = isinstance(screen, aside.GuideCalled) and screen.stage is aside.Asking.ASKING
        return asking or busy(screen.under)
    printing = isinstance(screen, number.Number) and screen.stage is number.Stage.PRINTING
    looking = isinstance(screen, reprint.Reprint | reprint.Keypad) and bool(screen.looking)
    return printing or looking or isinstance(screen, take.Issuing)


def pending(screen: Screen) -> int:
    """The attempt to take a number that is under way or held on this page, or 0."""
    bottom = _bottom(screen)
    return bottom.attempt if isinstance(bottom, take.Issuing | take.Held) else 0


def _given_up(before: State, after: State, event: e.Event, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """The citizen left while his number was being issued: unless this very event settled it, take it back."""
    attempt = pending(before.screen)
    if not attempt or pending(after.screen) == attempt:
        return ()
    answered = isinstance(event, e.Issued | e.Refused) and event.attempt == attempt
    replaced = any(isinstance(each, AskAlone) and each.instead_of == attempt for each in effects)
    return () if answered or replaced else (GiveUp(attempt),)


# ---------------------------------------------------------------- facts


def learn(facts: Facts, event: e.Event, only_zones: tuple[str, ...] = ()) -> Facts:
    """What the hall and the box say, folded into the facts."""
    match event:
        case e.ServerGone():
            return replace(facts, server=False, judged=True)
        case e.ServerBack():
            return replace(facts, server=True, judged=True)
        case e.LoneChanged(ready, away):
            return replace(facts, ready=ready, away=away)
        case e.CatalogueArrived(catalogue):
            hall = facts.hall_name or catalogue.hall_name
            return replace(facts, shelf=shelve(catalogue, facts.zones or only_zones), hall_name=hall)
        case e.Branded(branding):
            return replace(facts, branding=branding)
        case e.QueueChanged(queue):
            return replace(facts, queues={**facts.queues, queue.service: queue})
        case e.DeviceChanged(kind):
            return replace(facts, devices={**facts.devices, kind: event})
        case e.DayChanged(day):
            return replace(facts, business_day=day)
        case e.TakenOutOfService(reason):
            return replace(facts, closed=reason)
        case e.Configured():
            return replace(
                facts,
                hall_name=event.hall_name or facts.hall_name,
                station_name=event.station_name or facts.station_name,
                elder_age=event.elder_age,
                idle_seconds=event.idle_seconds,
                identity=event.identity,
                zones=event.zones,
                errands=errands_of(event.errands),
            )
    return facts


def _repair(screen: Screen, shelf: Shelf) -> Screen:
    if isinstance(screen, aside.Aside):
        return replace(screen, under=_repair(screen.under, shelf))
    return take.repair(screen, shelf) or home.Home()


def _clear_notice(state: State, event: e.Event) -> State:
    life = isinstance(event, e.Touch | e.CardFound | e.CardRead)
    return replace(state, notice=None) if life or event == e.TimerFired(NOTICE) else state


def _notice_card(state: State, event: e.Event) -> State:
    match event:
        case e.CardFound():
            return replace(state, reading=True)
        case e.CardRead():
            return replace(state, reading=False, card=True)
        case e.CardRefused(sentence):
            state = replace(state, reading=False)
            return state.say(sentence) if isinstance(_bottom(state.screen), TAKES_CARDS) else state
        case e.ScanRefused(sentence):
            return state.say(sentence)
        case e.CardGone():
            return replace(state, card=False)
        case e.TimerFired(name) if name == READING:
            return replace(state, reading=False)
        case e.DeviceChanged() if not state.facts.reader:
            return replace(state, reading=False, card=False)
    return state


# ---------------------------------------------------------------- what holds on every page


def _decide(state: State, event: e.Event) -> Step:
    if isinstance(state.screen, aside.IdleWarning) and isinstance(event, e.GoHome):
        return home.leave(state)
    match event:
        case e.ToggleElder():
            return only(_mannered(state, elder=not state.manner.elder))
        case e.ToggleContrast():
            return only(_mannered(state, contrast=not state.manner.contrast))
        case e.CallForGuide() if not isinstance(state.screen, aside.Aside):
            return aside.call_guide(state) if Errand.HELP in state.facts.errands else only(state)
        case e.OpenTechnician() if not isinstance(state.screen, aside.Aside):
            return only(state.show(aside.Technician(state.screen)))
        case e.Failed():
            return home.leave(state)
        case e.CameHome(home=count, void=void):
            return _came_home(state, count, void)
        case e.TimerFired(name) if name == IDLE and _may_idle(state):
            return aside.warn_idle(state)
        case e.GoHome():
            return _go_home(state)
        case e.Back() if (parent := _parent(state)) is not None:
            return only(state.show(parent))
        case e.CardRead():
            return _card_read(state, event)
    return _dispatch(state, event)


def _came_home(state: State, count: int, void: int) -> Step:
    """Said on the pages where nobody's own business is shown."""
    if not isinstance(state.screen, home.Home):
        return only(state)
    said = f"离线号已并入，{void} 个未能排队" if void else f"离线取的 {count} 个号已并入队列"
    return only(state.say(said, good=not void))


def _dispatch(state: State, event: e.Event) -> Step:
    screen = state.screen
    after, effects = STEPS[type(screen)](state, screen, event)
    if isinstance(screen, aside.Aside) and after.screen is screen and not isinstance(event, e.Touch):
        return _behind(after, screen, event, effects)
    return after, effects


def _behind(state: State, screen: aside.Aside, event: e.Event, effects: tuple[Effect, ...]) -> Step:
    """The page behind goes on; when it becomes another kind of page it comes to the front."""
    after, more = _dispatch(state.show(screen.under), event)
    if type(after.screen) is type(screen.under):
        after = after.show(replace(screen, under=after.screen))
    return after, (*effects, *more)


def _mannered(state: State, *, elder: bool | None = None, contrast: bool | None = None) -> State:
    manner = state.manner
    manner = replace(manner, elder=elder) if elder is not None else manner
    return replace(state, manner=replace(manner, contrast=contrast) if contrast is not None else manner)


def _go_home(state: State) -> Step:
    screen = state.screen
    if isinstance(screen, home.CardLeft):
        return _dispatch(state, e.GoHome())
    if busy(screen) and not isinstance(screen, reprint.Reprint | reprint.Keypad):
        return only(state)
    finished = isinstance(_bottom(screen), number.Number | home.Home | home.Trouble | home.OutOfService)
    return home.leave(state) if finished else home.go_home(state)


def _parent(state: State) -> Screen | None:
    shelf = state.facts.shelf or Shelf()
    match state.screen:
        case take.ZonePage() | reprint.Reprint() | reprint.Offer() | welcome.Welcome():
            return home.Home(browsing=not state.facts.server and not state.facts.lonely)
        case take.ServicePage(service) | take.GuidePage(service, from_service=False):
            known = shelf.service.get(service)
            return take.ZonePage(known.zone) if known else home.Home()
        case take.GuidePage(service):
            return take.ServicePage(service)
        case reprint.Keypad():
            return reprint.Reprint()
        case take.Held(wish):
            return wish.origin
    return None


def _card_read(state: State, event: e.CardRead) -> Step:
    """A card is used by the page it was laid on; another person's card on a finished page starts anew."""
    screen = _bottom(state.screen)
    stop: tuple[Effect, ...] = (StopTimer(READING),)
    if isinstance(screen, TAKES_CARDS):
        after, effects = _dispatch(state.show(screen), event)
    elif _is_finished(screen) and not _same_person(state, event):
        bare, wiped = home.leave(replace(state, card=False))
        after, effects = welcome.greet(replace(bare, card=True), event.person)
        effects = (*wiped, *effects)
    else:
        return state, stop
    return (after.say(EXPIRED) if event.expired else after), (*stop, *effects)


def _is_finished(screen: Screen) -> bool:
    printed = isinstance(screen, number.Number) and screen.stage is not number.Stage.PRINTING
    return printed or isinstance(screen, reprint.Offer)


def _same_person(state: State, event: e.CardRead) -> bool:
    return state.person is not None and state.person.key == event.person.key


def _bottom(screen: Screen) -> Screen:
    return _bottom(screen.under) if isinstance(screen, aside.Aside) else screen


# ---------------------------------------------------------------- timers


def _may_idle(state: State) -> bool:
    """A citizen is there, nothing works for him, and no other timer watches the page."""
    screen = state.screen
    if home.nobody_there(state) or state.reading or busy(screen):
        return False
    printed = isinstance(screen, number.Number) and screen.stage is number.Stage.PRINTED
    return not (printed or isinstance(screen, aside.IdleWarning | home.CardLeft))


def _timers(before: State, after: State, event: e.Event) -> tuple[Effect, ...]:
    effects: list[Effect] = []
    life = isinstance(event, e.Touch | e.CardFound | e.CardRead | e.CardRefused)
    if _may_idle(after):
        changed = after.manner != before.manner or after.screen is not before.screen
        if life or changed or not _may_idle(before):
            effects.append(StartTimer(IDLE, after.seconds(after.facts.idle_seconds)))
    elif _may_idle(before):
        effects.append(StopTimer(IDLE))
    if after.notice is not None and after.notice is not before.notice:
        effects.append(StartTimer(NOTICE, after.seconds(NOTICE_SECONDS)))
    if after.reading and not before.reading:
        effects.append(StartTimer(READING, READING_SECONDS))
    return tuple(effects)


__all__ = ["READING", "STEPS", "TAKES_CARDS", "Wipe", "busy", "learn", "reader_wanted", "start", "step"]
