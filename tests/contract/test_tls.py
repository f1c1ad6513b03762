"""The bus over TLS with certificates on both sides, as the LAN listener will have it after pairing."""

from __future__ import annotations

import gc
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from contract import messages as m
from contract import topics as t
from contract.mqtt import BrokerAddress, MqttBus
from tests.contract.test_bus import window_state
from tests.contract.test_mqtt import heard_log, linked
from tests.contract.wire import Box
from tests.mosquitto import MOSQUITTO, Mosquitto

LISTENER = """\
cafile {folder}/ca.pem
certfile {folder}/broker.pem
keyfile {folder}/broker.key
require_certificate true
use_identity_as_username true
"""


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    """A certificate authority of our own: ``name``.pem and ``name``.key."""
    openssl(
        folder,
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"),
        *("-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem"),
    )


def certificate(folder: Path, name: str) -> None:
    """A certificate for ``name`` at 127.0.0.1, signed by ``ca``."""
    openssl(
        folder,
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"),
        *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
    )
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl(
        folder,
        *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
        *("-days", "1", "-extfile", "san", "-out", f"{name}.pem"),
    )


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def broker(tmp_path: Path, closing: ExitStack) -> Mosquitto:
    if not MOSQUITTO or not shutil.which("openssl"):
        pytest.skip("mosquitto or openssl is not installed: apt-get install mosquitto openssl")
    for name in ("ca", "rogue"):
        authority(tmp_path, name)
    for name in ("broker", "hall-server", "board-1"):
        certificate(tmp_path, name)
    broker = Mosquitto(tmp_path, ["unused"], LISTENER.format(folder=tmp_path))
    broker.start()
    closing.callback(broker.kill)
    return broker


def address(broker: Mosquitto, user: str, ca: str = "ca") -> BrokerAddress:
    folder = broker.folder
    own = (folder / f"{user}.pem", folder / f"{user}.key")
    return BrokerAddress("127.0.0.1", broker.port, user, "", folder / f"{ca}.pem", *own)


def test_certificates_on_both_sides_carry_the_hall(broker: Mosquitto, closing: ExitStack) -> None:
    server, _ = linked(closing, "hall-server", address(broker, "hall-server"))
    server.publish(t.WINDOW, window_state(5), window="w01")
    board, _ = linked(closing, "board-1", address(broker, "board-1"))
    seen: Box[m.WindowState] = Box()
    board.on(t.WINDOW, seen.put)
    assert seen.first().seq == 5
    assert board.nodelay()


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_of_a_foreign_authority_is_not_trusted(broker: Mosquitto, closing: ExitStack) -> None:
    said: Box[str] = Box()
    closing.enter_context(heard_log("contract.mqtt", said))
    bus = MqttBus("demo", "board-1", address(broker, "board-1", ca="rogue"))
    bus.open()
    closing.callback(bus.close)
    assert "certificate verify failed" in said.first()
    bus.close()
    gc.collect()
