"""PURE: the number on the glass and its paper: printing, printed, unsure, failed, printed again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar

from contract.messages import Paper, TicketSlip
from devices.ports import Kind
from devices.tickets import Proof
from kiosk.flows.effects import Effect, PrintSlip, ReportPaper, StartTimer, StopTimer
from kiosk.flows.events import Event, PrintAgain, Printed, PrintRefused, TimerFired, Touch
from kiosk.flows.home import leave
from kiosk.flows.state import GUARD, LEAVE, Screen, State, Step, only

PRINT_GUARD_SECONDS = 40.0
LEAVE_SECONDS = 20.0
NO_PRINTER = "打印机暂时不能用"


class Stage(StrEnum):
    """How far the paper is."""

    PRINTING = "printing"
    PRINTED = "printed"
    UNSURE = "unsure"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Number(Screen):
    """One ticket, huge; it stays valid whatever its paper does."""

    name: ClassVar[str] = "number"
    slip: TicketSlip
    stage: Stage
    reprint: bool = False
    attempt: int = 0
    sentence: str = ""


def show_number(state: State, slip: TicketSlip, *, reprint: bool) -> Step:
    """Show a ticket and print it, or say that it cannot be printed here."""
    state = replace(state, notice=None)
    if not state.facts.printer:
        printer = state.facts.device(Kind.TICKET_PRINTER)
        why = printer.public if printer is not None else ""
        screen = Number(slip, Stage.FAILED, reprint, 0, why or NO_PRINTER)
        return state.show(screen), (ReportPaper(slip.ticket, Paper.FAILED, reprint),)
    state, attempt = state.next_attempt()
    effects: tuple[Effect, ...] = (
        PrintSlip(attempt, slip, reprint),
        ReportPaper(slip.ticket, Paper.SENT, reprint),
        StartTimer(GUARD, PRINT_GUARD_SECONDS),
    )
    return state.show(Number(slip, Stage.PRINTING, reprint, attempt)), effects


def _step_number(state: State, screen: Number, event: Event) -> Step:
    match event:
        case Printed(attempt, proof) if attempt == screen.attempt:
            return _settle(state, screen, proof)
        case PrintRefused(attempt, sentence) if attempt == screen.attempt:
            return _settle(state, screen, Proof.FAILED, sentence)
        case TimerFired(name) if name == GUARD and screen.stage is Stage.PRINTING:
            return _settle(state, screen, Proof.UNKNOWN)
        case TimerFired(name) if name == LEAVE and screen.stage is Stage.PRINTED:
            return leave(state)
        case PrintAgain() if screen.stage in (Stage.UNSURE, Stage.FAILED) and state.facts.printer:
            return show_number(state, screen.slip, reprint=screen.reprint or screen.stage is Stage.UNSURE)
        case Touch() if screen.stage is Stage.PRINTED:
            return state, (StartTimer(LEAVE, state.seconds(LEAVE_SECONDS)),)
    return only(state)


_STAGE = {Proof.CONFIRMED: Stage.PRINTED, Proof.UNKNOWN: Stage.UNSURE, Proof.FAILED: Stage.FAILED}
_PAPER = {Proof.CONFIRMED: Paper.CONFIRMED, Proof.UNKNOWN: Paper.UNKNOWN, Proof.FAILED: Paper.FAILED}


def _settle(state: State, screen: Number, proof: Proof, sentence: str = "") -> Step:
    if screen.stage is not Stage.PRINTING and proof is not Proof.CONFIRMED:
        return only(state)
    effects: list[Effect] = [
        ReportPaper(screen.slip.ticket, _PAPER[proof], screen.reprint),
        StopTimer(GUARD),
    ]
    if proof is Proof.CONFIRMED:
        effects.append(StartTimer(LEAVE, state.seconds(LEAVE_SECONDS)))
    return state.show(replace(screen, stage=_STAGE[proof], sentence=sentence)), tuple(effects)


STEPS: Mapping[type[Screen], Callable[[State, Any, Event], Step]] = {Number: _step_number}
