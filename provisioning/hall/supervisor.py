"""Keep the programs of a plan running: ordered start, back-off restart, ordered stop, in one thread.

Run as ``python -m provisioning.hall.supervisor PLAN.json``. It knows nothing of halls.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provisioning.hall import life as lives
from provisioning.hall.life import Life, State
from provisioning.hall.logs import rotate
from provisioning.hall.processes import ask_to_end, how_it_ended, kill_group, launch
from provisioning.hall.program import Plan, Program, WindowShown, load_plan
from provisioning.hall.readiness import holds
from provisioning.hall.record import Line, Lock, Status, write_status

LOOK_SECONDS = 0.1
WINDOW_LOOK_SECONDS = 0.5
LATE_LOOK_SECONDS = 2.0
CRASHES_ALLOWED = 3
ROTATE_SECONDS = 60.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Child:
    """A program, its life, and what belongs to its present run."""

    program: Program
    log: Path
    life: Life = field(default_factory=Life)
    process: subprocess.Popen[bytes] | None = None
    pidfd: int = -1
    log_start: int = 0
    since_epoch: float = 0.0
    was_ready: bool = False
    next_look: float = 0.0


class Supervisor:
    """Runs a plan until it is told to stop. Use from the main thread of a process with one thread."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._folder = Path(plan.folder)
        self._children = {p.name: _Child(p, Path(plan.logs) / f"{p.name}.log") for p in plan.programs}
        self._selector = selectors.DefaultSelector()
        self._phase = "starting"
        self._sentence = ""
        self._since = time.time()
        self._rotated = time.monotonic()

    def run(self) -> int:
        """Start all, keep them running, stop all on SIGTERM or SIGINT. Status 1 when the start failed."""
        Path(self._plan.logs).mkdir(parents=True, exist_ok=True)
        hear, tell = socket.socketpair()
        for end in (hear, tell):
            end.setblocking(False)
        signal.set_wakeup_fd(tell.fileno())
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._selector.register(hear, selectors.EVENT_READ)
        self._record()
        while not self._ended():
            self._advance(time.monotonic())
            for key, _ in self._selector.select(self._pause(time.monotonic())):
                if key.fileobj is hear:
                    hear.recv(64)
                else:
                    self._reap(key.data)
        signal.set_wakeup_fd(-1)
        hear.close()
        tell.close()
        failed = self._phase == "failed"
        self._phase = "failed" if failed else "stopped"
        self._record()
        return 1 if failed else 0

    # ------------------------------------------------------------ the loop's parts

    def _on_signal(self, number: int, _frame: object) -> None:
        if self._phase in ("starting", "ready"):
            self._phase = "stopping"
            self._sentence = f"asked to stop ({signal.Signals(number).name})"

    def _stopping(self) -> bool:
        return self._phase in ("stopping", "failed")

    def _ended(self) -> bool:
        return self._stopping() and all(c.life.state is State.STOPPED for c in self._children.values())

    def _advance(self, now: float) -> None:
        """Do all that is due."""
        before = [(c.life, c.was_ready) for c in self._children.values()], self._phase
        for child in self._children.values():
            if self._stopping():
                self._advance_stop(child, now)
            else:
                self._advance_start(child, now)
        if self._phase == "starting" and all(self._settled(c) for c in self._children.values()):
            self._phase = "ready"
        if now - self._rotated > ROTATE_SECONDS:
            self._rotated = now
            for child in self._children.values():
                rotate(child.log)
        if before != ([(c.life, c.was_ready) for c in self._children.values()], self._phase):
            self._record()

    def _advance_start(self, child: _Child, now: float) -> None:
        others = tuple(self._children[name].life for name in child.program.after)
        if lives.may_start(child.life, now, before=others):
            self._start(child, now)
        elif child.life.state in (State.STARTING, State.LATE):
            if self._is_ready(child, now):
                child.life = lives.became_ready(child.life, now)
                child.was_ready = True
                _log.info("%s is ready", child.program.name)
            elif child.life.due is not None and now >= child.life.due:
                child.life = lives.became_late(child.life, now)
                _log.warning("%s is not ready after %g s", child.program.name, child.program.ready_seconds)
                self._give_up_on(child, f"was not ready after {child.program.ready_seconds:g} s")
        elif child.life.state is State.BACKING_OFF and child.life.restarts >= CRASHES_ALLOWED:
            self._give_up_on(child, f"ended {child.life.restarts} times ({child.life.last_exit})")

    def _settled(self, child: _Child) -> bool:
        """An essential one stands; another was ready once, or nobody need wait for it any more."""
        if child.program.essential:
            return child.life.state is State.READY
        return (
            child.was_ready
            or child.life.state is State.LATE
            or child.life.restarts >= CRASHES_ALLOWED
            or any(
                self._settled(other) and not other.was_ready
                for other in map(self._children.__getitem__, child.program.after)
            )
        )

    def _give_up_on(self, child: _Child, why: str) -> None:
        """During the first start an essential program that cannot ends it all; later nobody is given up."""
        if self._phase == "starting" and child.program.essential:
            self._phase = "failed"
            self._sentence = f"{child.program.name} {why}; see {child.log}"
            _log.error("%s", self._sentence)

    def _advance_stop(self, child: _Child, now: float) -> None:
        if child.life.state is State.STOPPING:
            if child.life.due is not None and now >= child.life.due:
                _log.warning("%s did not end in %g s: killed", child.program.name, child.program.stop_seconds)
                kill_group(child.life.pid)
                child.life = lives.asked_to_stop(child.life, now, stop_seconds=child.program.stop_seconds)
            return
        behind = tuple(c.life for c in self._children.values() if child.program.name in c.program.after)
        if lives.may_stop(child.life, behind=behind):
            pid = child.life.pid
            child.life = lives.asked_to_stop(child.life, now, stop_seconds=child.program.stop_seconds)
            if pid:
                ask_to_end(pid)

    def _start(self, child: _Child, now: float) -> None:
        rotate(child.log)
        child.next_look = now
        child.log_start = child.log.stat().st_size if child.log.exists() else 0
        child.since_epoch = time.time()
        try:
            process = launch(
                child.program.argv,
                env=child.program.env,
                folder=Path(self._plan.project),
                log=child.log,
            )
        except OSError as error:
            _log.error("%s cannot be started: %s", child.program.name, error)
            child.life = lives.exited(child.life, now, how=f"not started: {error.strerror}")
            return
        child.process = process
        child.pidfd = os.pidfd_open(process.pid)
        self._selector.register(child.pidfd, selectors.EVENT_READ, child)
        child.life = lives.started(
            child.life, now, pid=process.pid, ready_seconds=child.program.ready_seconds
        )
        _log.info("%s started, pid %d", child.program.name, process.pid)

    def _reap(self, child: _Child) -> None:
        if child.process is None:
            return
        self._selector.unregister(child.pidfd)
        os.close(child.pidfd)
        returncode = child.process.wait()
        kill_group(child.process.pid)
        child.process = None
        how = how_it_ended(returncode)
        child.life = lives.exited(child.life, time.monotonic(), how=how)
        child.since_epoch = time.time()
        level = logging.INFO if self._stopping() else logging.WARNING
        _log.log(level, "%s ended: %s", child.program.name, how)
        self._record()

    def _is_ready(self, child: _Child, now: float) -> bool:
        if now < child.next_look:
            return False
        child.next_look = now + _look_seconds(child)
        return all(
            holds(
                condition,
                pid=child.life.pid,
                log=child.log,
                log_start=child.log_start,
                age=now - child.life.since,
                env=child.program.env,
            )
            for condition in child.program.ready
        )

    def _pause(self, now: float) -> float:
        """How long nothing needs to be looked at."""
        if self._stopping():
            return LOOK_SECONDS
        pause = ROTATE_SECONDS
        for child in self._children.values():
            if child.life.state in (State.STARTING, State.LATE):
                pause = min(pause, child.next_look - now)
            elif child.life.state in (State.WAITING, State.BACKING_OFF):
                pause = min(pause, LOOK_SECONDS)
        return max(0.0, pause)

    def _record(self) -> None:
        write_status(
            self._folder,
            Status(
                phase=self._phase,
                pid=os.getpid(),
                since=self._since,
                sentence=self._sentence,
                lines=tuple(self._line(child) for child in self._children.values()),
                look=self._plan.look,
                notes=self._plan.notes,
            ),
        )

    def _line(self, child: _Child) -> Line:
        return Line(
            name=child.program.name,
            title=child.program.title,
            state=child.life.state.value,
            pid=child.life.pid,
            since=child.since_epoch,
            restarts=child.life.restarts,
            last_exit=child.life.last_exit,
            log=str(child.log),
            look=child.program.look,
        )


def _look_seconds(child: _Child) -> float:
    if child.life.state is State.LATE:
        return LATE_LOOK_SECONDS
    if any(isinstance(condition, WindowShown) for condition in child.program.ready):
        return WINDOW_LOOK_SECONDS
    return LOOK_SECONDS


def main(words: Sequence[str]) -> int:
    """Run the plan named; exit status 3 when another supervisor holds its folder."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    plan = load_plan(Path(words[0]))
    lock = Lock(Path(plan.folder))
    if not lock.take():
        _log.error("another supervisor (pid %s) runs this hall", lock.holder())
        return 3
    try:
        return Supervisor(plan).run()
    finally:
        lock.free()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
