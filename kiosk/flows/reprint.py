"""PURE: 补打和预约签到: lay the card, type or scan; print again and marked, or the number promised."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from contract.errands import Errand
from contract.messages import Person, TicketSlip
from kiosk.flows.effects import AskCheckIn, AskFind, Effect
from kiosk.flows.events import (
    CardRead,
    Confirm,
    Event,
    Found,
    Issued,
    KeyPressed,
    OpenKeypad,
    Refused,
    ReprintTicket,
    Scanned,
    Unanswered,
)
from kiosk.flows.number import show_number
from kiosk.flows.state import Screen, State, Step, only

NUMBER_LENGTH = 8
BOOKING_DIGITS = 8
NO_CHECK_IN = "网络中断，暂时不能签到，请直接取号或到导办台"
NONE_FOUND = "没有查到您今天的有效号票"
NO_SUCH_NUMBER = "没有查到这个号码，请核对后再试"
NONE_ALONE = "网络中断，只能补打本机离线期间取的号"
NO_ANSWER = "暂时连不上大厅服务器，请稍后再试"
NONE_PROMISED = "没有查到您今天的预约"
HAS_TICKET = "您已有 {number} 号，仍然有效；本机不补打号票"
NO_REPRINT_HERE = "本机不补打号票，请输入 8 位预约码，或使用其他自助机"
NO_CHECK_IN_HERE = "本机不办预约签到，请使用其他自助机，或到导办台"
NOT_A_TICKET = "这个码不是本大厅的号票"
NOT_TODAY = "这张号票不是今天的"

_CODE = re.compile(r"https?://[^/]+/t/([0-9]{8})-([A-Z]{0,2}[0-9]{1,5})[.][0-9A-Za-z_.-]+")
"""What a ticket's code says (hall_server/hall/pictures.py): address, business day, number, seals."""
_BOOKING = re.compile(r"https?://[^/]+/b/([0-9]{8})[.][0-9a-f]{16}")
"""What the code of an appointment says: address, booking code, seal."""


@dataclass(frozen=True, slots=True)
class Reprint(Screen):
    """Asks for the card; ``looking`` is the attempt that looks for its tickets."""

    name: ClassVar[str] = "reprint"
    looking: int = 0


@dataclass(frozen=True, slots=True)
class Keypad(Screen):
    """The number as typed so far."""

    name: ClassVar[str] = "keypad"
    text: str = ""
    looking: int = 0


@dataclass(frozen=True, slots=True)
class Offer(Screen):
    """Tickets that can be printed again; ``existing``: a new one of the same service was wanted."""

    name: ClassVar[str] = "offer"
    slips: tuple[TicketSlip, ...]
    existing: bool = False


def open_reprint(state: State) -> Step:
    """Begin the errand: a person who is known already need not lay the card again."""
    if not state.facts.papers:
        return only(state)
    if state.person is not None:
        return _look_for(state, state.person)
    return only(state.show(Reprint()))


def reprint_chosen(state: State, slips: tuple[TicketSlip, ...], ticket: str) -> Step:
    """Print the chosen one of these again; nothing when it is not among them."""
    for slip in slips:
        if slip.ticket == ticket:
            return show_number(state, slip, reprint=True)
    return only(state)


def _look_for(state: State, person: Person) -> Step:
    state, attempt = replace(state, person=person).next_attempt()
    return state.show(Reprint(attempt)), (AskFind(attempt, person_key=person.key),)


def _step_reprint(state: State, screen: Reprint, event: Event) -> Step:
    match event:
        case CardRead(person):
            return _look_for(state, person)
        case OpenKeypad():
            return only(state.show(Keypad()))
        case Scanned(text) if not screen.looking:
            return _scanned(state, text)
        case Found(attempt, slips, promised) if attempt == screen.looking:
            return _found(state, slips, promised)
        case Issued(attempt, slip, existing) if attempt == screen.looking and screen.looking:
            return show_number(state, slip, reprint=existing)
        case Refused(attempt, sentence) if attempt == screen.looking:
            return only(state.show(Reprint()).say(sentence))
        case Unanswered(attempt) if attempt == screen.looking:
            return only(state.show(Reprint()).say(NO_ANSWER))
    return only(state)


def _found(state: State, slips: tuple[TicketSlip, ...], promised: tuple[str, ...]) -> Step:
    """What the card's person has: an appointment to check in, one ticket, several, none, as is done here."""
    errands = state.facts.errands
    if promised and Errand.CHECK_IN in errands and (not slips or Errand.REPRINT not in errands):
        state, attempt = state.next_attempt()
        return state.show(Reprint(attempt)), (AskCheckIn(attempt, promised[0]),)
    if Errand.REPRINT not in errands:
        said = HAS_TICKET.format(number=slips[0].number) if slips else NONE_PROMISED
        return only(state.show(Reprint()).say(said))
    if not slips:
        return only(state.show(Reprint()).say(NONE_FOUND if state.facts.server else NONE_ALONE))
    if len(slips) == 1:
        return show_number(state, slips[0], reprint=True)
    return only(state.show(Offer(slips)))


def _step_keypad(state: State, screen: Keypad, event: Event) -> Step:
    match event:
        case CardRead(person):
            return _look_for(state, person)
        case KeyPressed(key) if not screen.looking:
            return only(state.show(replace(screen, text=_typed(screen.text, key))))
        case Scanned(text) if not screen.looking:
            return _scanned(state, text)
        case Confirm() if screen.text and not screen.looking:
            return _ask_for(state, screen.text)
        case Issued(attempt, slip, existing) if attempt == screen.looking and screen.looking:
            return show_number(state, slip, reprint=existing)
        case Found(attempt, slips) if attempt == screen.looking and screen.looking:
            if slips:
                return only(state.show(Offer(slips)))
            said = NO_SUCH_NUMBER if state.facts.server else NONE_ALONE
            return only(state.show(Keypad(screen.text)).say(said))
        case Refused(attempt, sentence) if attempt == screen.looking and screen.looking:
            return only(state.show(Keypad(screen.text)).say(sentence))
        case Unanswered(attempt) if attempt == screen.looking and screen.looking:
            return only(state.show(Keypad(screen.text)).say(NO_ANSWER))
    return only(state)


def scanner_wanted(screen: Screen) -> bool:
    """Whether a code held before the scanner would be used on this page."""
    return isinstance(screen, Reprint | Keypad) and not screen.looking


def _scanned(state: State, text: str) -> Step:
    """A ticket's code is as good as its number typed, if it is one of today."""
    booked = _BOOKING.fullmatch(text)
    if booked is not None:
        return _ask_for(state, booked[1])
    match = _CODE.fullmatch(text)
    if match is None:
        return only(state.say(NOT_A_TICKET))
    day, number = match.groups()
    if day != state.facts.business_day.replace("-", ""):
        return only(state.say(NOT_TODAY))
    return _ask_for(state, number)


def _ask_for(state: State, text: str) -> Step:
    """Eight digits are a booking code, everything else is the number of a ticket."""
    booked = len(text) == BOOKING_DIGITS and text.isdigit()
    if (Errand.CHECK_IN if booked else Errand.REPRINT) not in state.facts.errands:
        return only(state.show(Keypad(text)).say(NO_CHECK_IN_HERE if booked else NO_REPRINT_HERE))
    if booked and not state.facts.server:
        return only(state.show(Keypad(text)).say(NO_CHECK_IN))
    state, attempt = state.next_attempt()
    ask: Effect = AskCheckIn(attempt, text) if booked else AskFind(attempt, number=text)
    return state.show(Keypad(text, attempt)), (ask,)


def _typed(text: str, key: str) -> str:
    if key == "clear":
        return ""
    if key == "delete":
        return text[:-1]
    if len(key) == 1 and key.isascii() and key.isalnum() and len(text) < NUMBER_LENGTH:
        return text + key.upper()
    return text


def _step_offer(state: State, screen: Offer, event: Event) -> Step:
    if isinstance(event, ReprintTicket):
        return reprint_chosen(state, screen.slips, event.ticket)
    return only(state)


STEPS: Mapping[type[Screen], Callable[[State, Any, Event], Step]] = {
    Reprint: _step_reprint,
    Keypad: _step_keypad,
    Offer: _step_offer,
}
