"""What stands there and how it is: list, watch, probe."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from devices import probe as probing
from devices.faults import DeviceAbsent, DeviceError
from devices.health import Health
from devices.ports import Device, State
from devices.supervisor import Supervised
from devices.technician.configured import Unusable, configured, kept_counters
from devices.technician.telling import as_json, counted, failed, line_of, table_of, tell, wrong
from devices.terminal import complain, say


def list_devices(config: Path, *, json_wanted: bool) -> int:
    """Open each device of a configuration, say how it is, close it."""
    try:
        drivers = configured(config)
    except Unusable as error:
        return wrong(error)
    found = [
        (_looked_at(name, driver), kept_counters(config, name).all()) for name, driver in drivers.items()
    ]
    if json_wanted:
        say(json.dumps([as_json(*each) for each in found], ensure_ascii=False, indent=2))
    else:
        table_of(found)
    return 0 if all(health.usable for health, _ in found) else 1


def watch(config: Path, *, seconds: float, json_wanted: bool) -> int:
    """Supervise every device and tell each change, for so many seconds or until Ctrl-C, then the counters."""
    try:
        drivers = configured(config)
    except Unusable as error:
        return wrong(error)
    listener = _json_change if json_wanted else _print_change
    supervised = [Supervised(name, driver, listener) for name, driver in drivers.items()]
    for one in supervised:
        one.start()
    with suppress(KeyboardInterrupt):
        threading.Event().wait(seconds or None)
    for one in supervised:
        one.stop()
        _tell_counted(one, json_wanted=json_wanted)
    return 0 if all(one.health.usable for one in supervised) else 1


def probe(port: str, *, json_wanted: bool) -> int:
    """Say what is on a port, with the lines for the configuration."""
    try:
        found = probing.probe(
            port, trying=lambda _what: None if json_wanted else complain(f"正在试：{_what}")
        )
    except DeviceError as error:
        status = failed(error.fault, json_wanted=json_wanted)
        return 2 if error.fault.code == "bad_address" else status
    if json_wanted:
        tell(
            None if found is None else {"what": found.what, "options": found.options, "detail": found.detail}
        )
    elif found is None:
        say(f"{port}：没有认得的设备应答。检查电源、数据线和设备型号；条屏大多不应答，只能用 test 试。")
    else:
        say(f"{port}：{found.what}，{found.detail}\n{found.options}")
    return 0 if found else 1


def _looked_at(name: str, driver: Device) -> Health:
    try:
        driver.open()
        identity = driver.identify()
        status = driver.heartbeat()
    except DeviceError as error:
        state = State.ABSENT if isinstance(error, DeviceAbsent) else State.FAULTY
        return Health(name, driver.kind, state, ok=False, faults=(error.fault,))
    finally:
        driver.close()
    return Health(name, driver.kind, State.READY, ok=status.ok, faults=status.faults, identity=identity)


def _print_change(health: Health) -> None:
    say(f"{datetime.now().astimezone():%H:%M:%S} {line_of(health)}")


def _json_change(health: Health) -> None:
    _tell_json(health, {})


def _tell_json(health: Health, counters: Mapping[str, int]) -> None:
    tell({"at": datetime.now().astimezone().isoformat(timespec="milliseconds"), **as_json(health, counters)})


def _tell_counted(one: Supervised[Device], *, json_wanted: bool) -> None:
    if json_wanted:
        _tell_json(one.health, one.counters)
    elif words := counted(one.counters):
        say(f"{one.name:<12}  {words}")
