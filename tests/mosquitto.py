"""A real Mosquitto as a child of the test run, configured as a hall configures it (DECISIONS 8)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from contract.aclfile import acl_text
from contract.mqtt import BrokerAddress
from tests.stopping import freeze

MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")

CONFIGURATION = """\
listener {port} 127.0.0.1
per_listener_settings false
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
set_tcp_nodelay true
max_packet_size 65536
max_inflight_messages 20
max_queued_messages 1000
persistence false
log_dest file {folder}/log
log_type all
"""


def free_port() -> int:
    """A loopback TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """One broker process; every user's password is its name reversed; ``extra`` goes into its file."""

    def __init__(self, folder: Path, users: Iterable[str], extra: str = "") -> None:
        assert MOSQUITTO, "mosquitto is not installed"
        self.folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        configuration = CONFIGURATION.format(port=self.port, folder=folder)
        configuration += extra
        if os.geteuid() == 0:
            configuration += "user root\n"
        (folder / "mosquitto.conf").write_text(configuration)
        (folder / "acl").write_text(acl_text())
        passwords = folder / "passwords"
        passwords.write_text("".join(f"{user}:{user[::-1]}\n" for user in users))
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, capture_output=True)
        for name in ("acl", "passwords", "mosquitto.conf"):
            (folder / name).chmod(0o600)

    def address(self, user: str, password: str | None = None) -> BrokerAddress:
        """How this user reaches the broker."""
        return BrokerAddress("127.0.0.1", self.port, user, user[::-1] if password is None else password)

    def start(self) -> None:
        """Start and wait until it accepts."""
        command = [MOSQUITTO or "", "-c", str(self.folder / "mosquitto.conf")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until, "the broker does not accept"
            time.sleep(0.01)

    def kill(self) -> None:
        """As a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """The process stands still; the kernel goes on accepting for it."""
        assert self._process is not None
        freeze(self._process)

    def thaw(self) -> None:
        """It goes on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """What the broker wrote."""
        return (self.folder / "log").read_text()
