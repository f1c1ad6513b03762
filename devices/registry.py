"""Driver name and options to a driver: one file under drivers/ is one driver, stating its own options.

A driver module has ``Options``, a frozen msgspec struct that forbids unknown fields, and
``build(options)`` that returns the driver without any I/O.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType
from typing import cast

import msgspec

from devices import drivers
from devices.ports import Device, DeviceMisconfigured, Fault, Owner


def driver_names() -> tuple[str, ...]:
    """Every driver that this installation has."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(drivers.__path__)))


def build(driver: str, options: Mapping[str, object], *, path: str = "device") -> Device:
    """The driver with these options, not yet opened. ``path`` is where they stand in the configuration.

    Raises DeviceMisconfigured with path, value, what was wanted and the nearest right word.
    """
    module = _module(driver, path)
    wanted: type[msgspec.Struct] = module.Options
    _check_names(wanted, options, path)
    try:
        converted = msgspec.convert(dict(options), wanted)
    except msgspec.ValidationError as error:
        raise DeviceMisconfigured(_bad_option(str(error), path)) from error
    return cast("Device", module.build(converted))


def build_table(table: Mapping[str, object], *, path: str = "device") -> Device:
    """The driver that a table of the configuration describes: key ``driver``, and the driver's options."""
    driver = table.get("driver")
    if not isinstance(driver, str):
        raise DeviceMisconfigured(_no_driver(path))
    return build(driver, {key: value for key, value in table.items() if key != "driver"}, path=path)


def _module(driver: str, path: str) -> ModuleType:
    names = driver_names()
    if driver not in names:
        raise DeviceMisconfigured(_unknown_driver(driver, names, path))
    return import_module(f"devices.drivers.{driver}")


def _check_names(wanted: type[msgspec.Struct], options: Mapping[str, object], path: str) -> None:
    fields = {field.encode_name: field for field in msgspec.structs.fields(wanted)}
    for name in options:
        if name not in fields:
            raise DeviceMisconfigured(_unknown_option(name, tuple(fields), path))
    for name, field in fields.items():
        if field.required and name not in options:
            raise DeviceMisconfigured(_missing_option(name, path))


def _suggestion(word: str, words: tuple[str, ...]) -> str:
    near = get_close_matches(word, words, n=1, cutoff=0.5)
    return f"是否想写 “{near[0]}”？" if near else ""


def _fault(sentence: str, action: str) -> Fault:
    return Fault("misconfigured", sentence, action, Owner.TECHNICIAN)


def _no_driver(path: str) -> Fault:
    return _fault(f"{path}：缺少 driver", f"可用：{'、'.join(driver_names())}")


def _unknown_driver(driver: str, names: tuple[str, ...], path: str) -> Fault:
    return _fault(
        f"{path}.driver = “{driver}”：没有这个驱动", f"{_suggestion(driver, names)}可用：{'、'.join(names)}"
    )


def _unknown_option(name: str, names: tuple[str, ...], path: str) -> Fault:
    return _fault(f"{path}.{name}：没有这个选项", f"{_suggestion(name, names)}可用：{'、'.join(names)}")


def _missing_option(name: str, path: str) -> Fault:
    return _fault(f"{path}：缺少 {name}", f"在 [{path}] 里写上 {name} = …")


def _bad_option(message: str, path: str) -> Fault:
    reason, _, place = message.partition(" - at `$")
    where = path + place.rstrip("`")
    return _fault(f"{where}：值不对（{reason}）", "按说明改正这个值")
