"""Look whether a program is ready; every look is short and harmless."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from provisioning.hall.program import (
    DisplayAnswers,
    LogSays,
    PageAnswers,
    PathsExist,
    PortAnswers,
    Ready,
    Runs,
    WindowShown,
)

_LOOK_SECONDS = 2.0
_PAGE_SECONDS = 0.5


def holds(
    condition: Ready, *, pid: int, log: Path, log_start: int, age: float, env: Mapping[str, str]
) -> bool:
    """Does one condition hold now? ``log_start`` is where this run's log begins, ``age`` its seconds."""
    match condition:
        case PortAnswers(port):
            return port_answers(port)
        case PageAnswers(port, path):
            return page_answers(port, path)
        case PathsExist(paths):
            return all(os.path.exists(path) for path in paths)
        case LogSays(pattern):
            return _log_has(log, log_start, pattern)
        case WindowShown():
            return _shows_window(pid, env)
        case DisplayAnswers():
            return _ends_well(("xdpyinfo",), env) is not None
        case Runs(seconds):
            return age >= seconds


def port_answers(port: int) -> bool:
    """Does somebody accept on this loopback port?"""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(_LOOK_SECONDS)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def page_answers(port: int, path: str) -> bool:
    """Does a page on loopback answer with 200?"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PAGE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _log_has(log: Path, start: int, pattern: str) -> bool:
    try:
        with log.open("rb") as stream:
            stream.seek(start)
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return False
    return re.search(pattern, text) is not None


def _shows_window(pid: int, env: Mapping[str, str]) -> bool:
    found = _ends_well(("xdotool", "search", "--onlyvisible", "--pid", str(pid)), env)
    return found is not None and found.strip() != b""


def _ends_well(command: tuple[str, ...], env: Mapping[str, str]) -> bytes | None:
    """What a short command prints, None when it fails."""
    try:
        done = subprocess.run(command, env=dict(env), capture_output=True, timeout=_LOOK_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
