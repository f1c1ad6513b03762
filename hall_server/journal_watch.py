"""Watches over the running hall's journal: the whole check in the background, and the anchor on the bus.

The check runs as a process of its own with the least priority, a while after the start, so that neither the
hall's thread nor its interpreter waits for it. The anchor is retained on the bus; what a broker elsewhere
remembers from before a restart is compared with the journal, and kept there when it does not agree.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from assets import PROJECT
from contract import topics
from contract.bus import Bus
from contract.messages import JournalAnchor
from hall_server.anchor import genuine
from hall_server.broker import die_with_parent
from hall_server.journal.rows import JournalReader
from hall_server.keeping import JOURNAL
from hall_server.records import JournalBroken

log = logging.getLogger(__name__)

CHECK_AFTER_SECONDS = 20.0
LISTEN_SECONDS = 2.0
LEAST_PRIORITY = ("nice", "-n", "19")


class JournalWatch:
    """``state`` is the hall's folder, ``key`` the journal's; findings go to ``on_alarm``, in Chinese.

    Once ``checked``, ``found`` is what the whole check said, ``well`` whether it held.
    """

    def __init__(
        self,
        state: Path,
        key: bytes,
        *,
        on_alarm: Callable[[str], None],
        check_after_seconds: float = CHECK_AFTER_SECONDS,
    ) -> None:
        self._state = state
        self._key = key
        self._on_alarm = on_alarm
        self._check_after = check_after_seconds
        self._bus: Bus | None = None
        self._wake = threading.Condition()
        self._newest: JournalAnchor | None = None
        self._heard: JournalAnchor | None = None
        self._shown: JournalAnchor | None = None
        self._linked_at: float | None = None
        self._stopping = False
        self._disputed = False
        self._child: subprocess.Popen[str] | None = None
        self._anchors = threading.Thread(target=self._tend_anchor, name="anchor-bus", daemon=True)
        self._checking = threading.Thread(target=self._check, name="journal-check", daemon=True)
        self.checked = threading.Event()
        self.found = ""
        self.well = True

    def anchored(self, anchor: JournalAnchor) -> None:
        """The journal has a new anchor; any thread."""
        with self._wake:
            self._newest = anchor
            self._wake.notify()

    def join(self, bus: Bus) -> None:
        """Retain anchors on this bus. Before it is opened."""
        self._bus = bus
        bus.on(topics.ANCHOR, lambda anchor, _: self._hear(anchor))
        bus.on_link(self._linked)

    def start(self) -> None:
        """Begin to watch."""
        self._anchors.start()
        self._checking.start()

    def stop(self) -> None:
        """End the check, wherever it is."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
            child = self._child
        if child is not None:
            child.terminate()
        for thread in (self._anchors, self._checking):
            if thread.is_alive():
                thread.join()

    # ------------------------------------------------------------ the anchor on the bus

    def _hear(self, anchor: JournalAnchor) -> None:
        with self._wake:
            if anchor != self._shown:
                self._heard = anchor
                self._wake.notify()

    def _linked(self, up: bool) -> None:
        with self._wake:
            self._linked_at = time.monotonic() if up else None
            self._wake.notify()

    def _tend_anchor(self) -> None:
        while True:
            with self._wake:
                if not self._something():
                    self._wake.wait(self._patience())
                if self._stopping:
                    return
                heard, self._heard = self._heard, None
                newest = self._newest if self._may_show() else None
            if heard is not None:
                self._compare(heard)
            elif newest is not None and self._bus is not None:
                self._shown = newest
                self._bus.publish(topics.ANCHOR, newest)

    def _something(self) -> bool:
        return self._stopping or self._heard is not None or self._may_show()

    def _patience(self) -> float | None:
        """How long to listen before the first word of ours."""
        if self._linked_at is None or self._newest == self._shown:
            return None
        return max(0.0, self._linked_at + LISTEN_SECONDS - time.monotonic())

    def _may_show(self) -> bool:
        return (
            self._newest != self._shown
            and not self._disputed
            and self._linked_at is not None
            and time.monotonic() >= self._linked_at + LISTEN_SECONDS
        )

    def _compare(self, anchor: JournalAnchor) -> None:
        if not genuine(anchor, self._key):
            log.error("the anchor on the bus was not made with this hall's key")
            self._on_alarm("总线上的账本锚点不是本大厅写入的，请检查是否有人冒充大厅服务")
            return
        try:
            with JournalReader(self._state / JOURNAL, self._key) as reader:
                reader.hold_to(anchor)
        except JournalBroken as broken:
            self._disputed = True
            log.error("the journal does not agree with the anchor that the bus remembers: %s", broken)
            self._on_alarm(f"账本与总线上保存的锚点不符：{broken.sentence}")

    # ------------------------------------------------------------ the whole check

    def _check(self) -> None:
        with self._wake:
            if self._wake.wait_for(lambda: self._stopping, self._check_after):
                return
            self._child = child = subprocess.Popen(
                [
                    *LEAST_PRIORITY,
                    sys.executable,
                    "-m",
                    "hall_server",
                    "verify",
                    "--state",
                    self._state.resolve(),
                ],
                cwd=PROJECT,
                preexec_fn=die_with_parent,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        told, found = child.communicate()
        if self._stopping:
            return
        if child.returncode == 0:
            self.found = (told.strip() or "?").splitlines()[-1]
            log.info("the journal was checked: %s", told.strip())
        else:
            self.well, self.found = False, (found.strip() or str(child.returncode)).splitlines()[-1]
            log.error("the check of the journal failed: %s", found.strip())
            self._on_alarm(f"账本校验失败：{(found.strip() or str(child.returncode)).splitlines()[-1]}")
        self.checked.set()
