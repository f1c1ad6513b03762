"""./banshi up, down and status: talk to the supervisor through its lock and its status file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from provisioning.hall.logs import tail
from provisioning.hall.record import Line, Lock, Status, read_status, var_folder

PROJECT = Path(__file__).resolve().parents[2]
VAR = var_folder(PROJECT)
FOLDER = VAR / "hall"
LOGS = VAR / "log"
LOOK_SECONDS = 0.1
STOP_SECONDS = 60.0
_COLUMNS = ("PROGRAM", "WHAT", "STATE", "PID", "SINCE", "RESTARTS", "WHERE")

_WAYS_IN = {
    "sample-entry": "Come in by this link, good once; ./banshi status has the next:\n  {pages}/enter/{code}",
    "setup-code": "No accounts yet: open {pages}/setup and give the one-time code {code}",
}

Say = Callable[[str], None]


def start_lock() -> Lock:
    """To be taken before anything is prepared: two starts at once would write one another's files."""
    return Lock(FOLDER, "start")


def wait_for_other_start(say: Say) -> int:
    """Another ``up`` is at work in this folder: wait for its end, then show what came of it."""
    say("Another ./banshi up is starting the hall; waiting for it …")
    while start_lock().holder() is not None:
        time.sleep(LOOK_SECONDS)
    return show_status(say)


def up(plan: Path, say: Say, starting: Lock, *, foreground: bool) -> int:
    """Start a prepared plan and wait until the hall is ready; in the foreground until it ends."""
    (FOLDER / "status.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "provisioning.hall.supervisor", str(plan)]
    with (LOGS / "supervisor.log").open("ab") as log:
        supervisor = subprocess.Popen(
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        status = _follow(supervisor, say)
        starting.free()
        if status is None or status.phase != "ready":
            return _say_failure(status, say)
        say_where(status, say)
        return _stay(supervisor, say) if foreground else 0
    except KeyboardInterrupt:
        say("\nStopping the hall …")
        supervisor.terminate()
        supervisor.wait(timeout=STOP_SECONDS)
        return 130


def _follow(supervisor: subprocess.Popen[bytes], say: Say) -> Status | None:
    """Say each program as it becomes ready, until the start is decided."""
    said: dict[str, str] = {}
    while True:
        ended = supervisor.poll() is not None
        status = read_status(FOLDER)
        for line in status.lines if status else ():
            if line.state != said.get(line.name) and line.state in ("ready", "late", "backing off"):
                say(f"  {_progress_word(line):<9} {line.title}")
            said[line.name] = line.state
        if ended or (status is not None and status.phase in ("ready", "stopped")):
            return status
        time.sleep(LOOK_SECONDS)


def _progress_word(line: Line) -> str:
    return {"ready": "ready", "late": "slow", "backing off": "again"}[line.state]


def _say_failure(status: Status | None, say: Say) -> int:
    sentence = status.sentence if status else "the supervisor ended at once"
    say(f"The hall did not start: {sentence}")
    for line in status.lines if status else ():
        if status and line.name == status.sentence.partition(" ")[0]:
            say(_indented(tail(Path(line.log), 12)))
    if not status:
        say(_indented(tail(LOGS / "supervisor.log")))
    return 1


def _stay(supervisor: subprocess.Popen[bytes], say: Say) -> int:
    say("Ctrl-C stops the hall.")
    return supervisor.wait()


def down(say: Say) -> int:
    """Stop the hall in order; nothing to do is fine."""
    pid = Lock(FOLDER).holder()
    if pid is None:
        say("No hall is running here.")
        return 0
    say("Stopping the hall …")
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    said: set[str] = set()
    while Lock(FOLDER).holder() is not None:
        _say_stopped(said, say)
        if time.monotonic() > deadline:
            say(f"The supervisor (pid {pid}) still stops after {STOP_SECONDS:g} s; see {LOGS}/supervisor.log")
            return 1
        time.sleep(LOOK_SECONDS)
    _say_stopped(said, say)
    say("The hall is stopped. Every number is kept: ./banshi up goes on where it was.")
    return 0


def _say_stopped(said: set[str], say: Say) -> None:
    status = read_status(FOLDER)
    for line in status.lines if status else ():
        if line.state == "stopped" and line.name not in said:
            said.add(line.name)
            say(f"  stopped   {line.title}")


def running() -> bool:
    """Does a supervisor hold this project's hall?"""
    return Lock(FOLDER).holder() is not None


def show_status(say: Say) -> int:
    """The table of programs and where to look; exit status 0 when all is well, 3 when no hall runs."""
    status = read_status(FOLDER)
    if not running():
        if status is not None and status.phase not in ("stopped", "failed"):
            say(f"No hall is running here: its supervisor (pid {status.pid}) vanished, its programs with it.")
        else:
            say("No hall is running here. Start it with: ./banshi up")
        return 3
    if status is None:
        say("The hall is just starting.")
        return 0
    for text in table([_COLUMNS, *(_row(line) for line in status.lines)]):
        say(text)
    say("")
    say_where(status, say)
    return 0 if all(line.state == "ready" for line in status.lines) else 1


def _row(line: Line) -> tuple[str, ...]:
    state = line.state
    if state == "ready" and line.look and not _answers(line.look):
        state = "ready, silent"
    if state == "backing off":
        state = f"backing off ({line.last_exit})"
    return (
        line.name,
        line.title,
        state,
        str(line.pid or "-"),
        time.strftime("%H:%M:%S", time.localtime(line.since)) if line.since else "-",
        str(line.restarts),
        line.look or os.path.relpath(line.log, PROJECT),
    )


def _answers(address: str) -> bool:
    port = int(address.rstrip("/").rpartition(":")[2])
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def say_where(status: Status, say: Say) -> None:
    """The closing words: what runs and where to look."""
    say(f"{_standing(status)} Look at:")
    width = max((cells(name) for name, _ in status.look), default=0)
    for name, address in status.look:
        say(f"  {name}{' ' * (width - cells(name))}  {address}")
    for note in status.notes:
        say(note)
    for sentence in way_in(dict(status.look).get("clerk's page", "")):
        say(sentence)
    say(f"Logs: {os.path.relpath(LOGS, PROJECT)}. More: ./banshi status. End: ./banshi down.")


def _standing(status: Status) -> str:
    """One sentence that never calls a hall ready of which a part is missing."""
    since = time.strftime("%H:%M:%S", time.localtime(status.since))
    missing = [line for line in status.lines if line.state != "ready"]
    if status.phase == "ready" and not missing:
        return f"The hall is ready: all {len(status.lines)} programs run, since {since}."
    if not missing:
        return f"The hall is {status.phase}, since {since}."
    names = "; ".join(
        f"{line.title} ({line.state}{f', {line.last_exit}' if line.last_exit else ''}; "
        f"see {os.path.relpath(line.log, PROJECT)})"
        for line in missing
    )
    word = "runs" if status.phase == "ready" else f"is {status.phase}"
    return f"The hall {word}, but it is not whole, since {since}. Not ready: {names}."


def way_in(pages: str) -> tuple[str, ...]:
    """How one comes in: the sample hall's one-time link, or the set-up code of a hall without accounts."""
    for name, sentence in _WAYS_IN.items():
        with suppress(OSError):
            code = (FOLDER / "state" / name).read_text("ascii").strip()
            return (sentence.format(pages=pages.rstrip("/"), code=code),)
    return ()


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows in columns; Chinese characters take two cells."""
    widths = [max(cells(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            f"{text}{' ' * (width - cells(text))}" for text, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
