"""A hall on the bare core, driven by hand: time stands still until the test moves it."""

from __future__ import annotations

from hall_server.hall import commands as c
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.decide import decide, turn_of_day
from hall_server.hall.events import Event
from hall_server.hall.evolve import evolve
from hall_server.hall.learning import DayFold
from hall_server.hall.model import Hall
from hall_server.hall.plan import Plan
from tests.hall_server.halls import small_plan

START = 1_767_574_800_000  # Monday 2026-01-05, 09:00 of the hall


class Floor:
    """``fold`` sees every event before it is applied; ``events`` keeps them all."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.hall = Hall(plan or small_plan())
        self.now = START
        self.fold = DayFold()
        self.events: list[Event] = []
        self.apply(*turn_of_day(self.hall, self.now))

    def apply(self, *events: Event) -> None:
        """As the service does."""
        for event in events:
            self.fold.add(self.hall, event)
            evolve(self.hall, event)
            self.events.append(event)

    def do(self, command: c.Command) -> str:
        """Carry out a command; the ticket of its answer."""
        decision = decide(self.hall, command, self.now)
        self.apply(*decision.events)
        return decision.answer.ticket

    def tick(self) -> None:
        """What the clock brings now."""
        self.apply(*turn_of_day(self.hall, self.now))
        self.do(c.Tick(request="", by="clock"))

    def issue(self, service: str, green: bool = False) -> str:
        """A number; the clock moves on by a tenth of a second."""
        reason = "disabled" if green else ""
        ticket = self.do(c.Issue(request="", by="t", service=service, green_reason=reason))
        self.now += 100
        return ticket

    def serve(self, window: str) -> str:
        """Call the next one, who comes at once."""
        ticket = self.do(c.CallNext(request="", by="t", window=window))
        self.do(c.Arrive(request="", by="t", window=window))
        return ticket

    def finish(self, window: str, after_minutes: float = 0) -> None:
        """The service ends."""
        self.now += round(after_minutes * MINUTE_MS)
        self.do(c.Finish(request="", by="t", window=window))

    def close(self, window: str) -> None:
        """The window closes."""
        self.do(c.CloseWindow(request="", by="t", window=window))
