"""Driver name and options to a driver: a file or folder under drivers/ is one driver with its options.

A driver module has ``Options``, a frozen msgspec struct that forbids unknown fields, and
``build(options)`` that returns the driver without any I/O.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import cast

import msgspec

from contract.schema import ConfigError, Problem, check
from devices import drivers
from devices.faults import DeviceMisconfigured, Fault, Owner
from devices.ports import Device


def driver_names() -> tuple[str, ...]:
    """Every driver that this installation has."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(drivers.__path__)))


def build(driver: str, options: Mapping[str, object], *, path: str = "device") -> Device:
    """The driver with these options, not yet opened. ``path`` is where they stand in the configuration.

    Raises DeviceMisconfigured: every mistake with its path, the value, what was wanted, "did you mean".
    """
    try:
        module = import_module(f"devices.drivers.{_known(driver, path)}")
        kind: type[msgspec.Struct] = module.Options
        checked = check(dict(options), kind, source="", at=path)
    except ConfigError as error:
        raise DeviceMisconfigured(_misconfigured(error)) from error
    return cast("Device", module.build(checked))


def build_table(table: Mapping[str, object], *, path: str = "device") -> Device:
    """The driver that a table of the configuration describes: key ``driver``, and the driver's options.

    Raises DeviceMisconfigured.
    """
    options = dict(table)
    driver = options.pop("driver", "")
    return build(driver if isinstance(driver, str) else "", options, path=path)


def _known(driver: str, path: str) -> str:
    names = driver_names()
    if driver in names:
        return driver
    near = get_close_matches(driver, names, 1)
    hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(names)}"
    wanted = "there is no such driver" if driver else "is missing; wanted the name of a driver"
    raise ConfigError("", [Problem(f"{path}.driver", f'"{driver}"' if driver else "", wanted, hint)])


def _misconfigured(error: ConfigError) -> Fault:
    sentence = "; ".join(problem.sentence("").removeprefix(": ") for problem in error.problems)
    return Fault("misconfigured", sentence, "改正配置文件中的这一项", Owner.TECHNICIAN)
