"""``python -m devices simulate`` and ``control``: a bench as a program, and the commands that move it."""

from __future__ import annotations

import json
import logging
import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from contract.schema import ConfigError
from devices.simulators import script
from devices.simulators.bench import load_bench
from devices.simulators.control_client import ControlError, ask
from devices.simulators.control_server import ControlServer
from devices.terminal import complain, say

_log = logging.getLogger(__name__)


def simulate(config: Path, script_file: Path | None = None) -> int:
    """Run the bench until SIGTERM or SIGINT, or until a script is done. 0, or 2 when it cannot be used.

    With a script: as ``control_script``.
    """
    stop = threading.Event()
    with ExitStack() as undo:
        try:
            bench = load_bench(config)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            server = ControlServer(bench, bench.control_port)
            undo.callback(bench.stop)
            bench.start()
            undo.callback(server.stop)
            server.start()
        except ConfigError as error:
            complain(error)
            return 2
        except OSError as error:
            complain(f"{config}: 模拟设备不能启动：{error}")
            return 2
        for simulator in bench.simulators.values():
            _log.info("%s at %s", simulator.name, simulator.address)
        _log.info("control page %s", server.address)
        if script_file is not None:
            return _played(script_file, server.port, stop)
        stop.wait()
    return 0


def control(words: Sequence[str], port: int) -> int:
    """One command to a running bench; 0, 1 when it was refused, 2 for a command that does not exist."""
    match words:
        case ["state"]:
            return _told(port, "/api/state", None)
        case ["people"]:
            return _people(port)
    request = script.request_of(list(words))
    if request is None:
        complain(f"看不懂：{' '.join(words)}；可用：{script.WORDS} | state | people")
        return 2
    return _told(port, *request)


def control_script(file: Path, port: int) -> int:
    """A script to a running bench: 0, 1 when a step was refused or did not come true, 2 for a wrong file."""
    return _played(file, port, threading.Event())


def _played(file: Path, port: int, stop: threading.Event) -> int:
    try:
        steps = script.parse(file.read_text(encoding="utf-8"))
    except (script.ScriptError, OSError, UnicodeDecodeError) as error:
        complain(f"{file}：{error}")
        return 2
    try:
        script.run(steps, lambda path, body: ask(port, path, body), stopping=stop)
    except (script.ScriptError, ControlError) as error:
        complain(f"{file}：{error}")
        return 1
    return 0


def _told(port: int, path: str, body: dict[str, object] | None) -> int:
    try:
        state = ask(port, path, body)
    except ControlError as error:
        complain(error)
        return 1
    if body is None:
        say(json.dumps(state, ensure_ascii=False, indent=2))
    return 0


def _people(port: int) -> int:
    try:
        state = ask(port, "/api/state")
    except ControlError as error:
        complain(error)
        return 1
    for person in (*state["people"], *state["smart_cards"]):
        say(f"{person['word']:10} {person['label']}")
    return 0
