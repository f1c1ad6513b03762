"""The hall's outlook, a process of its own: follows the journal, surveys the waits, learns from closed days.

``python -m hall_server.outlook`` reads frames from standard input and answers on standard output (see
``forecaster.py``); it ends with its input. It holds a second hall that evolves by the journal's own events,
so neither the hall's thread nor its interpreter ever works or waits for a forecast. What it learns is
derived: lost with the process, and found again from the last days of the journal.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from hall_server.hall import events as e
from hall_server.hall.evolve import evolve
from hall_server.hall.forecast import survey
from hall_server.hall.habits import FIRST_DAY, UNTESTED, Habits, calibrated, habits_of
from hall_server.hall.learning import DayFold, DayLearnt, DayStudy, apply_known
from hall_server.hall.model import Hall
from hall_server.hall.plan import Plan
from hall_server.hall.waits import Waits, tabled
from hall_server.journal.rows import JournalReader
from hall_server.pipes import read_frame, write_frame
from hall_server.recovery import thaw_newest

log = logging.getLogger("hall_server.outlook")

DAYS_LEARNT = 10
SAMPLES = 32
BUDGET_SECONDS = 0.2
NICENESS = 10


class Setup(msgspec.Struct, frozen=True):
    """The first frame: whose outlook it is."""

    plan: Plan
    journal: str


class Ask(msgspec.Struct, frozen=True):
    """Survey the hall as the journal has it now; ``settled``: first learn all that there is to learn."""

    now_ms: int
    settled: bool = False


class Outlook:
    """One hall's outlook; everything on one thread."""

    def __init__(
        self, plan: Plan, journal: Path, *, samples: int = SAMPLES, budget_seconds: float = BUDGET_SECONDS
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._samples = samples
        self._budget = budget_seconds
        self._hall = Hall(plan)
        self._fold = DayFold()
        self._past = Hall(plan)
        self._closed: deque[str] = deque()
        self._learnt: deque[DayLearnt] = deque(maxlen=DAYS_LEARNT)
        self._habits = FIRST_DAY
        self._calibration = UNTESTED
        self._begun = False
        self._last_ms = 0

    @property
    def habits(self) -> Habits:
        """What the days gone by and today have taught so far."""
        return replace(self._habits, speeds=self._fold.speeds)

    def survey(self, now_ms: int) -> Waits:
        """The newest answer for everyone, as of ``now_ms`` or of the newest event if that came later: numbers
        may be issued between the question and its reading. Raises JournalBroken."""
        self._follow()
        now_ms = max(now_ms, self._last_ms)
        deadline = time.monotonic() + self._budget
        found = survey(
            self._hall,
            now_ms,
            habits=self.habits,
            calibration=self._calibration,
            samples=self._samples,
            seed=self._hall.seq,
            go_on=lambda: time.monotonic() < deadline,
        )
        return tabled(self._hall, found, now_ms, len(self._learnt))

    def learning(self) -> Iterator[None]:
        """Learn from the closed days not gone through yet, in small steps. Raises JournalBroken."""
        while self._closed:
            day = self._closed.popleft()
            with JournalReader(self._journal) as reader:
                events = [entry.event for entry in reader.events_of_day(day)]
            study = DayStudy(self._past, self._habits)
            try:
                yield from study.steps(events)
            except (LookupError, TypeError, ValueError, AttributeError):
                log.exception("business day %s teaches nothing: it does not fit the days before it", day)
                self._past = Hall(self._hall.plan)
                continue
            self._learnt.append(study.learnt(day))
            self._habits = habits_of(self._hall.plan, [one.taught for one in self._learnt])
            self._calibration = calibrated([probe for one in self._learnt for probe in one.probes])
            log.info("learnt from business day %s: %s", day, self._calibration)

    def _follow(self) -> None:
        with JournalReader(self._journal) as reader:
            if not self._begun:
                self._begin(reader)
            for record in reader.records(self._hall.seq):
                self._take(record.entry().event)

    def _begin(self, reader: JournalReader) -> None:
        """From the newest snapshot that this version can read; today's fold from the day's beginning."""
        self._begun = True
        if not thaw_newest(self._hall, reader, log.warning):
            self._hall.plan = reader.first_plan() or self._plan
            self._hall.reset()
        today = self._hall.day.label if self._hall.day else ""
        self._closed.extend([day for day in reader.days() if day < today][-DAYS_LEARNT:])
        scratch = Hall(self._plan)
        for entry in reader.events_of_day(today):
            if entry.seq > self._hall.seq:
                break
            self._fold.add(scratch, entry.event)
            apply_known(scratch, entry.event)

    def _take(self, event: e.Event) -> None:
        self._last_ms = event.at_ms
        self._fold.add(self._hall, event)
        evolve(self._hall, event)
        if isinstance(event, e.DayClosed):
            self._closed.append(event.day)
            while len(self._closed) > DAYS_LEARNT:
                self._closed.popleft()
        elif isinstance(event, e.DayOpened):
            self._fold = DayFold(self._habits)


def main() -> None:
    """Answer until the input ends; learn while nobody asks."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    os.nice(NICENESS)
    asked, answers = sys.stdin.fileno(), sys.stdout.fileno()
    first = read_frame(asked)
    if first is None:
        return
    setup = msgspec.msgpack.decode(first, type=Setup)
    outlook = Outlook(setup.plan, Path(setup.journal))
    learning: Iterator[None] = iter(())
    while True:
        if not select.select([asked], [], [], 0)[0]:
            try:
                next(learning)
                continue
            except StopIteration:
                pass
        frame = read_frame(asked)
        if frame is None:
            return
        ask = msgspec.msgpack.decode(frame, type=Ask)
        waits = outlook.survey(ask.now_ms)
        if ask.settled:
            for _ in learning:
                continue
            for _ in outlook.learning():
                continue
            waits = outlook.survey(ask.now_ms)
        write_frame(answers, msgspec.msgpack.encode(waits))
        learning = outlook.learning()


if __name__ == "__main__":
    main()
