"""The supervisor with small real programs: order, crash, kill -9, stop, lock."""

from __future__ import annotations

import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from provisioning.hall.commands import say_where
from provisioning.hall.logs import rotate
from provisioning.hall.program import (
    LogSays,
    PageAnswers,
    PathsExist,
    Plan,
    PortAnswers,
    Program,
    Ready,
    save_plan,
)
from provisioning.hall.readiness import holds
from provisioning.hall.record import Line, Lock, Status, read_status

T = TypeVar("T")
PROJECT = Path(__file__).resolve().parents[2]

# Says when it starts and when it is told to end, in one common file.
STEADY = """
import signal, sys, threading
name, story = sys.argv[1], sys.argv[2]
def tell(word):
    with open(story, "a") as file:
        file.write(f"{name} {word}\\n")
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
tell("up")
print("ready to serve", flush=True)
over.wait()
tell("down")
"""


class Hall:
    """A plan, the process that supervises it, and what it wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.story = folder / "story"
        self.plan = folder / "plan.json"
        self.process: subprocess.Popen[str] | None = None

    def steady(
        self, name: str, *, after: tuple[str, ...] = (), ready: tuple[Ready, ...] = (LogSays("ready"),)
    ) -> Program:
        return self.program(name, STEADY, after=after, ready=ready)

    def program(
        self,
        name: str,
        code: str,
        *,
        after: tuple[str, ...] = (),
        ready: tuple[Ready, ...] = (),
        ready_seconds: float = 30.0,
        stop_seconds: float = 10.0,
        essential: bool = True,
    ) -> Program:
        return Program(
            name=name,
            title=name,
            argv=(sys.executable, "-S", "-c", code, name, str(self.story)),
            env=dict(os.environ),
            after=after,
            ready=ready,
            ready_seconds=ready_seconds,
            stop_seconds=stop_seconds,
            essential=essential,
        )

    def start(self, *programs: Program) -> None:
        plan = Plan(programs=programs, folder=str(self.folder), logs=str(self.folder), project=str(PROJECT))
        save_plan(plan, self.plan)
        self.process = self.supervise()

    def supervise(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "provisioning.hall.supervisor", str(self.plan)],
            cwd=PROJECT,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self, name: str) -> Line:
        status = read_status(self.folder)
        assert status is not None
        return next(line for line in status.lines if line.name == name)

    def reached(self, condition: Callable[[Status], bool]) -> Status:
        def look() -> Status | None:
            status = read_status(self.folder)
            return status if status is not None and condition(status) else None

        return until(look)

    def end(self) -> tuple[int, str]:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        _, words = self.process.communicate(timeout=30)
        return self.process.returncode, words


def until(look: Callable[[], T | None], seconds: float = 20.0) -> T:
    """What ``look`` finds as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "did not come about"
        time.sleep(0.01)
    return found


def is_alive(pid: int) -> bool:
    """Does this process run (a zombie does not)?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path)
    yield hall
    if hall.process is not None:
        hall.end()


def test_start_in_order_and_stop_in_mirrored_order(hall: Hall) -> None:
    hall.start(
        hall.steady("third", after=("second",)), hall.steady("second", after=("first",)), hall.steady("first")
    )
    hall.reached(lambda s: s.phase == "ready")
    returncode, _ = hall.end()
    assert returncode == 0
    ups = ["first up", "second up", "third up"]
    assert hall.story.read_text().splitlines() == [*ups, "third down", "second down", "first down"]
    status = read_status(hall.folder)
    assert status is not None
    assert (status.phase, {line.state for line in status.lines}) == ("stopped", {"stopped"})


def test_a_crash_is_restarted_and_counted(hall: Hall) -> None:
    hall.start(hall.steady("a"), hall.steady("b", after=("a",)))
    status = hall.reached(lambda s: s.phase == "ready")
    first = status.lines[0].pid
    os.kill(first, signal.SIGKILL)
    back = hall.reached(lambda s: s.lines[0].state == "ready" and s.lines[0].pid != first)
    assert (back.lines[0].restarts, back.lines[0].last_exit) == (1, "killed by SIGKILL")
    assert back.lines[1].restarts == 0


def test_children_die_with_a_killed_supervisor(hall: Hall) -> None:
    hall.start(hall.steady("a"), hall.steady("b"))
    pids = [line.pid for line in hall.reached(lambda s: s.phase == "ready").lines]
    assert hall.process is not None
    hall.process.kill()
    hall.process.wait(timeout=10)
    until(lambda: not any(map(is_alive, pids)))
    assert Lock(hall.folder).holder() is None


def test_an_essential_program_that_always_ends_fails_the_start(hall: Hall) -> None:
    hall.start(
        hall.steady("a"), hall.program("b", "raise SystemExit(2)", after=("a",), ready=(LogSays("x"),))
    )
    assert hall.process is not None
    assert hall.process.wait(timeout=30) == 1
    status = read_status(hall.folder)
    assert status is not None
    assert status.phase == "failed"
    assert "b ended 3 times (exit status 2)" in status.sentence
    assert hall.story.read_text().splitlines() == ["a up", "a down"]


READY_ONCE = """
import pathlib, sys, time
story = pathlib.Path(sys.argv[2])
if not story.exists():
    print("ready to serve", flush=True)
    while not story.exists():
        time.sleep(0.01)
raise SystemExit(2)
"""

READY_WHEN_THE_OTHER_IS_DOWN = """
import json, pathlib, sys, time
story = pathlib.Path(sys.argv[2])
story.write_text("b up")
status = story.with_name("status.json")
while not json.loads(status.read_text())["lines"][0]["restarts"]:
    time.sleep(0.01)
print("ready to serve", flush=True)
time.sleep(60)
"""


def test_a_hall_whose_server_was_ready_for_a_moment_is_not_ready(hall: Hall) -> None:
    hall.start(
        hall.program("a", READY_ONCE, ready=(LogSays("ready"),)),
        hall.program("b", READY_WHEN_THE_OTHER_IS_DOWN, after=("a",), ready=(LogSays("ready"),)),
    )
    assert hall.process is not None
    assert hall.process.wait(timeout=30) == 1
    status = read_status(hall.folder)
    assert status is not None
    assert "a ended 3 times (exit status 2)" in status.sentence


def test_a_port_that_is_held_is_not_a_page_that_answers(tmp_path: Path) -> None:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    def answers(path: str) -> bool:
        condition = PageAnswers(server.server_port, path)
        return holds(condition, pid=0, log=tmp_path, log_start=0, age=0.0, env={})

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        assert not answers("/health")
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        assert answers("/health")
        assert not answers("/other")
        server.shutdown()
        serving.join()


def test_the_closing_words_name_what_is_missing() -> None:
    def words(*states: str) -> str:
        lines = tuple(
            Line(f"p{n}", f"part {n}", state, 1, 0.0, 0, "exit status 1", f"{PROJECT}/var/log/p{n}.log")
            for n, state in enumerate(states)
        )
        said: list[str] = []
        say_where(Status("ready", 1, 0.0, lines=lines), said.append)
        return said[0]

    assert "The hall is ready: all 2 programs run" in words("ready", "ready")
    half = words("ready", "backing off")
    assert "is ready" not in half
    assert "part 1 (backing off, exit status 1; see var/log/p1.log)" in half


def test_the_hall_is_ready_without_an_optional_program(hall: Hall) -> None:
    broken = hall.program("b", "raise SystemExit(2)", essential=False, ready=(LogSays("x"),))
    behind = hall.program("c", "pass", after=("b",), essential=False, ready=(LogSays("never"),))
    hall.start(hall.steady("a"), broken, behind)
    hall.reached(lambda s: s.phase == "ready")
    assert hall.line("c").state == "waiting"


def test_not_ready_in_time_fails_the_start(hall: Hall) -> None:
    hall.start(
        hall.program("a", STEADY, ready=(PathsExist((str(hall.folder / "never"),)),), ready_seconds=0.3)
    )
    assert hall.process is not None
    assert hall.process.wait(timeout=30) == 1
    status = read_status(hall.folder)
    assert status is not None
    assert "a was not ready after 0.3 s" in status.sentence


def test_one_that_will_not_end_is_killed_with_its_children(hall: Hall) -> None:
    stubborn = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork()\n"
        "if child: print('child', child, 'ready', flush=True)\n"
        "while True: signal.pause()\n"
    )
    hall.start(hall.program("a", stubborn, ready=(LogSays("ready"),), stop_seconds=0.3))
    pid = hall.reached(lambda s: s.phase == "ready").lines[0].pid
    grandchild = int((hall.folder / "a.log").read_text().split()[1])
    assert is_alive(grandchild)
    returncode, words = hall.end()
    assert returncode == 0
    assert "a did not end in 0.3 s" in words
    until(lambda: not is_alive(pid) and not is_alive(grandchild))


def test_ready_is_when_the_port_answers(hall: Hall) -> None:
    code = (
        "import socket, sys\n"
        "s = socket.create_server(('127.0.0.1', 0))\n"
        "print(s.getsockname()[1], flush=True)\n"
        "while True: s.accept()\n"
    )
    hall.start(hall.program("a", code, ready=(LogSays(r"\d+"),)))
    hall.reached(lambda s: s.phase == "ready")
    port = int((hall.folder / "a.log").read_text())
    other = Hall(hall.folder / "other")
    other.folder.mkdir()
    other.start(other.steady("b", ready=(PortAnswers(port),)))
    other.reached(lambda s: s.phase == "ready")
    other.end()


def test_one_supervisor_per_folder(hall: Hall) -> None:
    hall.start(hall.steady("a"))
    hall.reached(lambda s: s.phase == "ready")
    assert hall.process is not None
    assert Lock(hall.folder).holder() == hall.process.pid
    second = hall.supervise()
    _, words = second.communicate(timeout=20)
    assert second.returncode == 3
    assert f"pid {hall.process.pid}" in words
    assert hall.line("a").restarts == 0


def test_a_program_that_is_not_there_is_said(hall: Hall) -> None:
    hall.start(Program(name="a", title="a", argv=("/no/such/program",), env={}))
    assert hall.process is not None
    assert hall.process.wait(timeout=30) == 1
    assert "No such file" in hall.line("a").last_exit


def test_logs_are_rotated_under_their_writer(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("ab", buffering=0) as writer:
        for round_ in range(5):
            writer.write(b"%d" % round_ * 101)
            rotate(log, limit=100, kept=3)
        writer.write(b"last")
    assert log.read_bytes() == b"last"
    assert [log.with_suffix(f".log.{n}").read_bytes()[:1] for n in (1, 2, 3)] == [b"4", b"3", b"2"]
    assert not log.with_suffix(".log.4").exists()
