"""One program of the hall: what to run, after whom, and how one sees that it is ready."""

from __future__ import annotations

from pathlib import Path

import msgspec


class PortAnswers(msgspec.Struct, frozen=True, tag="port"):
    """Ready when something accepts a connection on loopback."""

    port: int


class PageAnswers(msgspec.Struct, frozen=True, tag="page"):
    """Ready when a GET on loopback is answered with 200: a port may be held long before anybody serves it."""

    port: int
    path: str


class PathsExist(msgspec.Struct, frozen=True, tag="paths"):
    """Ready when all these files, sockets or links are there."""

    paths: tuple[str, ...]


class LogSays(msgspec.Struct, frozen=True, tag="log"):
    """Ready when its log has a line in which this regular expression is found."""

    pattern: str


class WindowShown(msgspec.Struct, frozen=True, tag="window"):
    """Ready when it shows a window on its display."""


class DisplayAnswers(msgspec.Struct, frozen=True, tag="display"):
    """Ready when the X server of its environment answers."""


class Runs(msgspec.Struct, frozen=True, tag="runs"):
    """Ready when it has run for so long."""

    seconds: float


Ready = PortAnswers | PageAnswers | PathsExist | LogSays | WindowShown | DisplayAnswers | Runs


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A child of the supervisor.

    It is started when all of ``after`` are ready and stopped before them. ``ready`` conditions must
    all hold within ``ready_seconds``; an ``essential`` program that never gets there ends the start.
    """

    name: str
    title: str
    argv: tuple[str, ...]
    env: dict[str, str] = {}
    after: tuple[str, ...] = ()
    ready: tuple[Ready, ...] = ()
    ready_seconds: float = 30.0
    stop_seconds: float = 10.0
    essential: bool = True
    look: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All programs; ``folder`` holds lock and status, ``logs`` one log each; they run in ``project``."""

    programs: tuple[Program, ...]
    folder: str
    logs: str
    project: str
    look: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def load_plan(path: Path) -> Plan:
    """A plan as written by save_plan."""
    return msgspec.json.decode(path.read_bytes(), type=Plan)


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan, readable by its owner only: environments may name secrets' files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=1))
