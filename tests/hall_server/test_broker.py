"""Our own Mosquitto: closed to strangers, back after kill -9, gone with its server, clear about trouble."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.schema import ConfigError
from hall_server.broker import Broker, secret


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(directory=tmp_path / "broker", port=free_port(), users=["kiosk-1"])
    made.start()
    yield made
    made.stop()


def test_its_files_close_the_door_and_hide_the_secrets(broker: Broker, tmp_path: Path) -> None:
    text = (tmp_path / "broker" / "mosquitto.conf").read_text()
    for line in (
        "allow_anonymous false",
        "set_tcp_nodelay true",
        "persistence false",
        "max_packet_size 65536",
    ):
        assert line in text.splitlines()
    password = secret(broker.secret_file("kiosk-1"))
    assert password not in (tmp_path / "broker" / "passwords").read_text()
    assert broker.secret_file("kiosk-1").stat().st_mode & 0o777 == 0o600
    assert "hall-server" in (tmp_path / "broker" / "acl").read_text()


def test_it_is_back_after_kill_9(tmp_path: Path) -> None:
    back = threading.Event()
    made = Broker(directory=tmp_path, port=free_port(), users=[], on_restart=back.set)
    made.start()
    try:
        first = made.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert back.wait(10)
        assert made.pid != first
        assert made.restarts == 1
    finally:
        made.stop()


def test_a_taken_port_is_named_with_its_holder(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"broker.port = {port}: is taken by pid {os.getpid()}: "):
            Broker(directory=tmp_path, port=port, users=[]).start()


def test_it_dies_with_its_server(tmp_path: Path) -> None:
    port = free_port()
    code = (
        "import sys, pathlib\n"
        "from hall_server.broker import Broker\n"
        f"b = Broker(directory=pathlib.Path({str(tmp_path)!r}), port={port}, users=[])\n"
        "b.start(); print(b.pid, flush=True); sys.stdin.read()\n"
    )
    server = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdin is not None
    pid = int(server.stdout.readline())
    watch = os.pidfd_open(pid)
    server.kill()
    server.wait()
    server.stdin.close()
    server.stdout.close()
    ready, _, _ = select.select([watch], [], [], 10)
    os.close(watch)
    assert ready, "the broker outlived its server"
