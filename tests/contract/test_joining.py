"""From a station's file to its broker, with sentences for whoever wrote it wrongly."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from contract import joining
from contract.catalogue import Catalogue, Item, Material, Service, Zone, read_catalogue
from contract.discovery import FoundHall, HallNotFound
from contract.mqtt import BrokerAddress, BrokerNotFound
from contract.schema import BrokenPayload, ConfigError, encode, load_toml, masked
from contract.station_file import StationSection


class StationFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    station: StationSection


def station_file(
    folder: Path, server: str = "127.0.0.1:18830", secret: str = "geheim\n", **changes: str
) -> Path:
    values = {
        "id": "kiosk-1",
        "name": "1号自助机",
        "hall": "demo",
        "server": server,
        "secret_file": "secret",
        "cache": "cache",
        **changes,
    }
    (folder / "secret").write_text(secret)
    file = folder / "kiosk.toml"
    file.write_text("[station]\n" + "".join(f'{key} = "{value}"\n' for key, value in values.items()))
    return file


def located(file: Path) -> BrokerAddress:
    return joining.locate_broker(load_toml(file, StationFile).station, file)()


@pytest.mark.parametrize(
    ("server", "host", "port"),
    [
        ("127.0.0.1:18830", "127.0.0.1", 18830),
        ("hall.local:1", "hall.local", 1),
        ("[fe80::1]:18830", "fe80::1", 18830),
    ],
)
def test_the_file_says_where_and_who(tmp_path: Path, server: str, host: str, port: int) -> None:
    address = located(station_file(tmp_path, server))
    assert address == BrokerAddress(host, port, "kiosk-1", "geheim")
    assert address.password == "geheim"


def test_tls_files_are_found_beside_the_file(tmp_path: Path) -> None:
    address = located(station_file(tmp_path, ca_file="ca.pem", cert_file="/etc/own.pem", key_file="key.pem"))
    assert (address.ca_file, address.cert_file) == (tmp_path / "ca.pem", Path("/etc/own.pem"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"server": "127.0.0.1"}, 'station.server = "127.0.0.1": wanted a text that matches'),
        ({"id": "Kiosk 1"}, 'station.id = "Kiosk 1"'),
        ({"id": "kiosk-1/#"}, "station.id"),
        ({"hall": ""}, 'station.hall = ""'),
        ({"sevrer": "x:1"}, 'did you mean "server"?'),
    ],
)
def test_a_wrong_file_is_said(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_toml(station_file(tmp_path, **changes), StationFile)
    assert said in str(caught.value)


@pytest.mark.parametrize(("secret", "said"), [("", "is empty"), ("\n\n", "is empty")])
def test_an_empty_secret_is_said(tmp_path: Path, secret: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        located(station_file(tmp_path, secret=secret))


def test_a_missing_secret_is_said_with_its_path(tmp_path: Path) -> None:
    file = station_file(tmp_path)
    (tmp_path / "secret").unlink()
    with pytest.raises(ConfigError, match=r"station\.secret_file = .*/secret.* cannot be read"):
        located(file)


def test_discover_searches_first_and_then_at_every_fourth_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def find(hall: str) -> FoundHall:
        asked.append(hall)
        if len(asked) == 1:
            raise HallNotFound("no hall was found on this network")
        return FoundHall("demo", "示例", f"192.0.2.{len(asked)}", 18830)

    monkeypatch.setattr(joining, "find_hall", find)
    file = station_file(tmp_path, "discover")
    locate = joining.locate_broker(load_toml(file, StationFile).station, file)
    with pytest.raises(BrokerNotFound, match="no hall was found"):
        locate()
    hosts = [locate().host for _ in range(6)]
    assert hosts == ["192.0.2.2"] * 4 + ["192.0.2.3"] * 2
    assert set(asked) == {"demo"}


def test_the_effective_file_shows_no_password(tmp_path: Path) -> None:
    shown = masked(load_toml(station_file(tmp_path), StationFile))
    assert "1号自助机" in shown
    assert "geheim" not in shown


def test_a_catalogue_larger_than_a_message_is_read_and_a_broken_one_said() -> None:
    material = Material(name="居民身份证", needed=True, copies=1)
    items = tuple(
        Item(
            code=f"i{n}", name="换领", department="公安局", zone="police", service="s1", materials=(material,)
        )
        for n in range(2000)
    )
    catalogue = Catalogue(
        hall_name="示例县政务服务中心",
        zones=(Zone(id="police", name="公安", icon="shield-account"),),
        services=(Service(id="s1", name="户籍", zone="police", prefix="C", items=("i0",)),),
        items=items,
    )
    document = encode(catalogue)
    assert len(document) > 100_000
    assert read_catalogue(document) == catalogue
    with pytest.raises(BrokenPayload, match="Catalogue"):
        read_catalogue(document[:-1])
