"""Q6 as told by the running service: slips over the one door, surveys by the outlook's process, seconds old.

The anchor hall's days go through HallService on a real journal, business day after business day, in hall
time that stands still while a command runs. Ten days come first, of which the outlook learns at each close
as in any hall; then days never used for tuning. Each survey is told only AGE_SECONDS of hall time after it
was made, so people have come and gone since. Beside it the formulas of ``estimate`` for the same numbers.

    python -m tests.bench.estimate_served [--long]
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from contract.clock import HallClock
from contract.messages import WindowStatus
from hall_server.forecaster import Forecaster
from hall_server.hall import commands as c
from hall_server.hall.calling import ahead
from hall_server.hall.day import DAY_MS
from hall_server.hall.lookup import Answer
from hall_server.hall.model import Hall
from hall_server.hall.pictures import Look, slip
from hall_server.hall.waits import Newcomer, Waits
from hall_server.journal_writer import Journal
from hall_server.service import HallService
from tests.bench.anchor import ACCUMULATING, MIDNIGHT_MS, AnchorDay, Scenario, people_of, plan_of
from tests.bench.estimate import MEAN, UNSEEN, last_called, rmse, share
from tests.hall_server.running import Recorder

AGE_SECONDS = 3
LEARNT = range(1, 3), range(1, 11)
EVERY = 4, 3


@dataclass(frozen=True, slots=True)
class Row:
    """What one number was told at its issue, in minutes."""

    ticket: str
    place: Newcomer
    low: int
    high: float
    by_service: float
    by_hall: float
    les: float
    age_seconds: float


class Silent(Recorder):
    """Forgets what is published."""

    def publish(self, route: object, message: object, **ids: str) -> None:
        """Into nothing."""


@dataclass(slots=True)
class Served:
    """The hall as a running thing, beside the simulated one that must agree with it."""

    folder: Path
    now_ms: int = MIDNIGHT_MS
    waiting: list[Waits] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    untold: int = 0
    journal: Journal = field(init=False)
    service: HallService = field(init=False)
    forecaster: Forecaster = field(init=False)

    def __post_init__(self) -> None:
        path = self.folder / "journal.db"
        self.journal = Journal(path, on_failure=lambda error: print("journal failed:", error))
        self.journal.open()
        clock = HallClock(None, monotonic=lambda: self.now_ms, wall=lambda: self.now_ms)
        self.service = HallService(
            plan_of(ACCUMULATING), self.journal, clock=clock, publisher=Silent(), look=Look(boot="b")
        )
        self.forecaster = Forecaster(self.service, path)
        self.service.start()

    def stop(self) -> None:
        """In mirrored order."""
        self.forecaster.stop()
        self.service.stop()
        self.journal.close()

    def command(self, command: c.Command, now_ms: int, answer: Answer) -> None:
        """The same command over the one door must bring the same answer."""
        self.now_ms = now_ms
        told = self.service.submit(command).result()
        assert told == answer, (command, told, answer)

    def survey(self, now_ms: int) -> None:
        """One survey, told later."""
        self.now_ms = max(self.now_ms, now_ms)
        began = time.perf_counter()
        self.waiting.append(self.forecaster.ask(now_ms))
        self.took.append((time.perf_counter() - began) * 1000)

    def show(self, now_ms: int) -> None:
        """A survey has become AGE_SECONDS old: from now on it is the newest that the service has."""
        self.now_ms = max(self.now_ms, now_ms)
        self.forecaster.show(self.waiting.pop(0))
        self.service.settled().result()

    def issued(self, hall: Hall, ticket_id: str, now_ms: int) -> None:
        """What the slip says, and what the table says of this place."""
        if now_ms not in self.asked:
            return
        ticket, service = hall.tickets[ticket_id], self.service
        people = ahead(hall, ticket, now_ms)
        told = service.query(
            lambda own: slip(own, own.tickets[ticket_id], service.look, service.now_ms(), service.waits)
        ).result()
        place = service.waits.queues[ticket.service].at(ticket.rank_class, people)
        if told.wait_low is None or place is None:
            self.untold += 1
            return
        mean = hall.plan.services[ticket.service].mean_minutes
        open_ = sum(now.status is WindowStatus.OPEN for now in hall.windows.values())
        self.rows.append(
            Row(
                ticket=ticket_id,
                place=place,
                low=told.wait_low,
                high=math.inf if told.wait_high is None else told.wait_high,
                by_service=people * mean / len(hall.windows_for(ticket.service)),
                by_hall=sum(hall.waiting.values()) * MEAN / max(1, open_),
                les=last_called(hall, ticket.service),
                age_seconds=(now_ms - service.waits.at_ms) / 1000,
            )
        )


def run_day(served: Served, seed: int, number: int, hall: Hall | None, every: int) -> AnchorDay:
    """One business day through the service; ``every`` so many people are asked about, 0 = nobody."""
    midnight_ms = MIDNIGHT_MS + number * DAY_MS
    day = AnchorDay(
        seed,
        Scenario(),
        on_issue=served.issued,
        on_command=served.command,
        midnight_ms=midnight_ms,
        opened=hall,
    )
    if every:
        for person in people_of(seed, Scenario(), midnight_ms)[::every]:
            served.asked.add(person.at_ms)
            day.at(person.at_ms - AGE_SECONDS * 1000, served.survey)
            day.at(person.at_ms, served.show)
    day.run()
    return day


def told(learnt: range, unseen: range, every: int) -> tuple[Served, list[tuple[Row, float]]]:
    """Everything told on the unseen days, with the minutes that it really took."""
    pairs: list[tuple[Row, float]] = []
    with tempfile.TemporaryDirectory() as name:
        served = Served(Path(name))
        hall: Hall | None = None
        try:
            for number, seed in enumerate((*learnt, *unseen)):
                if number >= len(learnt):
                    served.forecaster.ask(served.now_ms, settled=True)
                day = run_day(served, seed, number, hall, every if number >= len(learnt) else 0)
                hall = day.hall
                pairs += [(row, day.waits[row.ticket].minutes) for row in served.rows]
                served.rows = []
        finally:
            served.stop()
    return served, pairs


def main() -> None:
    """Print what was told beside what came."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    long = parser.parse_args().long
    served, rows = told(LEARNT[long], UNSEEN[long], EVERY[long])
    took = sorted(served.took)
    print(
        f"{len(rows)} slips of {len(UNSEEN[long])} unseen days after {len(LEARNT[long])} days to learn from"
    )
    print(f"age of the survey at the slip: {_span([row.age_seconds for row, _ in rows])} s of hall time")
    print(f"one survey of everybody: p50 {took[len(took) // 2]:.0f}, p95 {took[len(took) * 19 // 20]:.0f} ms")
    errors = {
        "by service": rmse([(row.by_service, came) for row, came in rows]),
        "by hall": rmse([(row.by_hall, came) for row, came in rows]),
        "LES": rmse([(row.les, came) for row, came in rows]),
        "as told by the service": rmse([(row.place.mean, came) for row, came in rows]),
    }
    for name, error in errors.items():
        print(f"  RMSE {error:6.2f} min  {name}")
    covered = share([row.place.low <= came <= row.place.high for row, came in rows])
    waited = [(row, came) for row, came in rows if came > 0.5]
    among = share([row.place.low <= came <= row.place.high for row, came in waited])
    print(f"P10-P90 covers {covered:.1%} of all (bar 80 +- 4), {among:.1%} of those who waited")
    inside = share([row.low <= came <= row.high for row, came in rows])
    late = share([came > row.high + 5 for row, came in rows])
    ended = [row.high - row.low for row, _ in rows if row.high < math.inf]
    print(f"the slip's range covers {inside:.1%}, is {sum(ended) / len(ended):.1f} min wide")
    print(f"  without an end: {1 - len(ended) / len(rows):.1%}; nothing told: {served.untold}")
    print(f"  > 5 min longer than told: {late:.1%} (bar <= 10)")
    ours, formula = errors["as told by the service"], min(errors["by service"], errors["by hall"])
    print(f"LES: {ours / errors['LES']:.2f} x (bar <= 0.40)")
    print(f"Q6 as told: {ours / formula:.2f} x the better formula (bar <= 0.55)")


def _span(values: list[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f}"


if __name__ == "__main__":
    main()
