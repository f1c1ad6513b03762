"""The hall's reports as a running thing: closed days measured beside it, guide sheets told what was found.

A day that has closed is measured by a process of its own at the lowest priority, so that neither the thread
that owns the hall nor the pages wait for it; afterwards the advice for guide sheets is drawn up anew.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import msgspec

from contract.catalogue import Catalogue
from hall_server.hall.plan import Plan
from hall_server.keeping import JOURNAL
from hall_server.reports.advice import LOOK_BACK_DAYS, Advice, advise
from hall_server.reports.asked import Asked, Question
from hall_server.reports.days import Days
from hall_server.reports.elements import Elements
from hall_server.reports.press import Format, Order, Press

log = logging.getLogger(__name__)

DIRECTORY = "reports"


class ReportDesk:
    """``state``: where the journal lies; ``plan`` gives the description in force, whose name documents bear;
    ``catalogue`` gives the items in force. ``on_advice`` is called on the desk's own thread when the advice
    has changed."""

    def __init__(
        self,
        state: Path,
        plan: Callable[[], Plan],
        catalogue: Callable[[], Catalogue],
        *,
        on_advice: Callable[[], None] = lambda: None,
    ) -> None:
        self.days = Days(state / JOURNAL, state / DIRECTORY, plan())
        self.asked = Asked(self.days)
        self.press = Press()
        self._state = state
        self._plan = plan
        self._catalogue = catalogue
        self._on_advice = on_advice
        self._advice: Mapping[str, Advice] = {}
        self._day = ""
        self._wake = threading.Event()
        self._stopping = False
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)

    def start(self) -> None:
        """Measure what was closed while nobody looked, then follow the days."""
        self._wake.set()
        self._thread.start()

    def stop(self) -> None:
        """What is half measured is measured again next time."""
        self._stopping = True
        self._wake.set()
        self.press.stop()
        if self._child is not None:
            self._child.terminate()
        if self._thread.is_alive():
            self._thread.join()

    def day_is(self, day: str) -> None:
        """The business day that runs; cheap, from any thread."""
        if day != self._day:
            self._day = day
            self._wake.set()

    def file(
        self,
        format: Format,
        question: Question,
        made: str,
        *,
        running: bool = False,
        elements: Elements | None = None,
    ) -> IO[bytes]:
        """A report as a file, made by a process of its own; waits. Raises NotMade."""
        where = (str(self._state), str(self._state / DIRECTORY))
        return self.press.make(Order(*where, self._plan(), format, question, made, running, elements))

    def advice(self, item: str) -> Advice | None:
        """What the guide sheet of an item may say; None when the catalogue has no such item."""
        if all(known.code != item for known in self.catalogue.items):
            return None
        return self._advice.get(item) or Advice(item, 0, ())

    @property
    def catalogue(self) -> Catalogue:
        """The items in force."""
        return self._catalogue()

    def with_advice(self, catalogue: Catalogue) -> Catalogue:
        """The catalogue with what its guide sheets may say about endings without result."""
        told = {item: advice.sentence for item, advice in self._advice.items() if advice.sentence}
        if not told:
            return catalogue
        items = (msgspec.structs.replace(i, often_returned=told.get(i.code, "")) for i in catalogue.items)
        return msgspec.structs.replace(catalogue, items=tuple(items))

    # ------------------------------------------------------------ on the desk's thread

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait()
            self._wake.clear()
            if not self._stopping:
                try:
                    self._follow()
                except Exception:
                    log.exception("reports: closed days could not be measured; they will be when asked for")

    def _follow(self) -> None:
        if self.days.unkept():
            self._measure()
        if not self._stopping and self.draw_up():
            self._on_advice()

    def draw_up(self) -> bool:
        """Advice from the closed days as they are kept, or measured on the way; whether it has changed."""
        materials = {item.code: [m.name for m in item.materials] for item in self.catalogue.items}
        found = advise(self.days.closed(LOOK_BACK_DAYS), materials)
        changed = found != self._advice
        self._advice = found
        return changed

    def _measure(self) -> None:
        """In a process of its own; should it outlive us, no harm: its files are whole or not there."""
        words = [sys.executable, "-m", "hall_server.reports", "--fold", "--state", str(self._state)]
        self._child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if self._stopping:
            self._child.terminate()
        status = self._child.wait()
        if status and not self._stopping:
            log.error("reports: measuring closed days ended with status %d", status)
