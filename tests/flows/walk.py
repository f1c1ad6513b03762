"""Flows as lists: events in, screens and effects out."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk import flow, samples
from kiosk.flows.effects import Effect, StartTimer, StopTimer
from kiosk.flows.events import Event
from kiosk.flows.state import State


@dataclass
class Walk:
    """A kiosk walked through events; ``did`` holds the effects of the last event, timers apart."""

    state: State = field(default_factory=samples.after)
    did: list[Effect] = field(default_factory=list)
    timers: dict[str, float] = field(default_factory=dict)

    def go(self, *events: Event) -> str:
        """Feed events; the name of the screen at the end."""
        for event in events:
            self.state, effects = flow.step(self.state, event)
            self.did = [each for each in effects if not isinstance(each, StartTimer | StopTimer)]
            for each in effects:
                if isinstance(each, StartTimer):
                    self.timers[each.name] = each.seconds
                elif isinstance(each, StopTimer):
                    self.timers.pop(each.name, None)
        return self.state.screen.name

    def screens(self, *events: Event) -> list[str]:
        """Feed events; the name of the screen after each."""
        return [self.go(event) for event in events]


def walk(**opening: bool) -> Walk:
    """A kiosk at rest after its opening."""
    return Walk(samples.after(**opening))
