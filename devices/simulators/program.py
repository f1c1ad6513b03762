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
from devices.simulators.bench import load_bench
from devices.simulators.control_client import ControlError, ask
from devices.simulators.control_server import ControlServer
from devices.terminal import complain, say

_log = logging.getLogger(__name__)


def simulate(config: Path) -> int:
    """Run the bench until SIGTERM or SIGINT. 0, or 2 when it cannot be used."""
    stop = threading.Event()
    with ExitStack() as undo:
        try:
            bench = load_bench(config)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            control = ControlServer(bench, bench.control_port)
            undo.callback(bench.stop)
            bench.start()
            undo.callback(control.stop)
            control.start()
        except ConfigError as error:
            complain(error)
            return 2
        except OSError as error:
            complain(f"{config}: 模拟设备不能启动：{error}")
            return 2
        for simulator in bench.simulators.values():
            _log.info("%s at %s", simulator.name, simulator.address)
        _log.info("control page %s", control.address)
        stop.wait()
    return 0


def control(words: Sequence[str], port: int) -> int:
    """One command to a running bench; 0, 1 when it was refused, 2 for a command that does not exist."""
    match words:
        case ["lay", person]:
            return _told(port, "/api/lay", {"person": person})
        case ["remove"]:
            return _told(port, "/api/remove", {})
        case ["fault", device, fault]:
            return _told(port, "/api/fault", {"device": device, "fault": fault, "on": True})
        case ["clear", device, fault]:
            return _told(port, "/api/fault", {"device": device, "fault": fault, "on": False})
        case ["clear", device]:
            return _told(port, "/api/clear", {"device": device})
        case ["press", address, key] if address.isdigit():
            return _told(port, "/api/press", {"address": int(address), "key": key})
        case ["show", camera, scene]:
            return _told(port, "/api/show", {"camera": camera, "scene": scene})
        case ["scan", text]:
            return _told(port, "/api/scan", {"text": text})
        case ["state"]:
            return _told(port, "/api/state", None)
        case ["people"]:
            return _people(port)
        case _:
            wanted = "lay 人 | remove | fault 设备 故障 | clear 设备 [故障] | press 地址 键"
            wanted += " | show 摄像头 画面 | scan 内容 | state | people"
            complain(f"看不懂：{' '.join(words)}；可用：{wanted}")
            return 2


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
    for person in state["people"]:
        say(f"{person['word']:10} {person['label']}")
    return 0
