"""Registry: a driver is one file with its own options, and a wrong word is answered with the right one."""

from __future__ import annotations

from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from devices import drivers
from devices.faults import DeviceMisconfigured
from devices.ports import Kind, Pluggable
from devices.registry import build, build_table, driver_names


def test_every_file_or_folder_under_drivers_is_a_driver() -> None:
    place = Path(drivers.__path__[0])
    files = {path.stem for path in place.glob("*.py")} - {"__init__"}
    files |= {path.parent.name for path in place.glob("*/__init__.py")}
    assert set(driver_names()) == files
    assert {"sdt", "camera", "callbox"} <= files


@pytest.mark.parametrize("name", driver_names())
def test_every_driver_states_strict_options_and_a_kind(name: str) -> None:
    module = __import__(f"devices.drivers.{name}", fromlist=["Options", "build"])
    assert issubclass(module.Options, msgspec.Struct)
    config = module.Options.__struct_config__
    assert config.frozen
    assert config.forbid_unknown_fields
    assert get_type_hints(module.build)["options"] is module.Options


def test_builds_without_touching_the_port() -> None:
    driver = build_table({"driver": "sdt", "port": "/nowhere"}, path="devices.reader")
    assert driver.kind is Kind.ID_CARD_READER


@pytest.mark.parametrize(
    ("driver", "options"),
    [
        ("sdt", {"port": "{port}"}),
        ("escpos", {"port": "{port}"}),
        ("callbox", {"port": "{port}", "addresses": [1]}),
        ("camera", {"source": "{port}"}),
    ],
)
def test_plugging_in_can_be_seen_without_opening(
    driver: str, options: dict[str, object], tmp_path: Path
) -> None:
    port = tmp_path / "port"
    filled = {name: str(port) if value == "{port}" else value for name, value in options.items()}
    device = build(driver, filled)
    assert isinstance(device, Pluggable)
    assert device.presence() == ""
    port.touch()
    first = device.presence()
    assert first
    assert device.presence() == first
    port.unlink()
    (tmp_path / "other").touch()
    (tmp_path / "other").rename(port)
    assert device.presence() not in ("", first)


@pytest.mark.parametrize(
    ("driver", "options", "words"),
    [
        ("sdtt", {}, ["devices.x.driver", '"sdtt"', 'did you mean "sdt"']),
        ("", {}, ["devices.x.driver", "is missing"]),
        ("sdt", {"prot": "/dev/a"}, ["devices.x.prot", 'did you mean "port"', "devices.x.port"]),
        ("sdt", {"port": "/dev/a", "baud": "fast"}, ["devices.x.baud", "fast"]),
        ("callbox", {"port": "/dev/a", "addresses": [0]}, ["devices.x.addresses"]),
        ("callbox", {"port": "/dev/a", "addresses": []}, ["devices.x", ">= 1"]),
        ("callbox", {"port": "/dev/a", "addresses": [1], "make": "lcd2"}, ["devices.x.make", "lcd21"]),
        ("callbox", {"port": "/dev/a", "addresses": [1], "keys": {"0G": "next"}}, ["devices.x", "keys"]),
    ],
)
def test_a_mistake_is_told_with_path_and_value(
    driver: str, options: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(DeviceMisconfigured) as caught:
        build(driver, options, path="devices.x")
    for word in words:
        assert word in caught.value.fault.sentence
