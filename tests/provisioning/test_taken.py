"""A port that another program holds: which and by whom."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from provisioning.hall.taken import taken_ports

LISTEN = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
server.accept()
"""


def test_the_program_that_has_our_port_is_named() -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", LISTEN], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        (taken,) = taken_ports({port: "clerk's page"})
        other.kill()
    assert (taken.port, taken.pid) == (port, other.pid)
    assert taken.sentence().startswith(
        f"port {port} (clerk's page) is taken by pid {other.pid}: {sys.executable}"
    )


def test_a_listener_on_every_address_is_seen_too() -> None:
    with socket.create_server(("", 0)) as other:
        port = other.getsockname()[1]
        (taken,) = taken_ports({port: "broker"})
    assert taken.pid == os.getpid()


def test_a_free_port_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    assert taken_ports({port: "broker"}) == ()
