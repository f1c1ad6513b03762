"""Links: deadlines, and every way in which a port can fail, on real PTYs and sockets."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices import link_faults
from devices.faults import DeviceAbsent, DeviceError, DeviceLost, DeviceMisconfigured
from devices.link_faults import open_error
from devices.links import Expect, Give, ScriptedLink, SerialLink, Silence, TcpLink, Unplug, link_for
from devices.simulators.pty_line import PtyLine
from tests.devices.waiting import until


def _echo(line: PtyLine) -> None:
    while True:
        line.write(line.read(256))


def _deaf(line: PtyLine) -> None:
    line.pause(3600)


@pytest.fixture
def echoing(tmp_path: Path) -> Iterator[PtyLine]:
    line = PtyLine(tmp_path / "port", _echo)
    line.plug()
    yield line
    line.unplug()


@pytest.mark.timeout(30)
def test_reads_what_is_there_and_nothing_at_the_deadline(echoing: PtyLine) -> None:
    """Three of ten bytes are given as soon as they are there: who waited out the hour would fail."""
    link = link_for(str(echoing.link))
    link.open()
    link.write(b"hello", 1.0)
    got = b""
    while len(got) < 5:
        got += link.read(100, 3600.0)
    assert got == b"hello"
    assert link.read(100, 0.01) == b""
    link.close()


def test_drops_input_on_demand_and_on_open(echoing: PtyLine) -> None:
    link = SerialLink(str(echoing.link))
    link.open()
    link.write(b"old", 1.0)
    assert link.read(1, 5.0) == b"o"
    link.drop_input()
    link.write(b"N", 1.0)
    assert link.read(1, 5.0) in (b"l", b"d", b"N")
    link.close()


def test_an_unplugged_port_is_lost_for_every_operation(echoing: PtyLine) -> None:
    link = SerialLink(str(echoing.link))
    link.open()
    failed: list[DeviceError] = []

    def read() -> None:
        try:
            link.read(100, 20.0)
        except DeviceError as error:
            failed.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    echoing.unplug()
    reader.join(20.0)
    assert [error.fault.code for error in failed] == ["unplugged"]
    with pytest.raises(DeviceLost):
        link.write(b"x", 1.0)
    with pytest.raises(DeviceLost):
        link.drop_input()
    link.close()
    link.close()
    with pytest.raises(DeviceLost):
        link.read(1, 0.0)
    with pytest.raises(DeviceAbsent, match="port_missing"):
        link.open()
    echoing.plug()
    link.open()
    link.write(b"x", 1.0)
    assert link.read(1, 5.0) == b"x"
    link.close()


def test_bytes_that_came_before_the_unplug_are_not_lost(tmp_path: Path) -> None:
    def say_once(line: PtyLine) -> None:
        line.read(1)
        line.write(b"last words")
        line.pause(3600)

    line = PtyLine(tmp_path / "port", say_once)
    line.plug()
    link = SerialLink(str(line.link))
    link.open()
    got: list[bytes | str] = []

    def read_twice() -> None:
        for _ in range(2):
            try:
                got.append(link.read(100, 20.0))
            except DeviceLost as lost:
                got.append(lost.fault.code)

    link.write(b"?", 1.0)
    reader = threading.Thread(target=read_twice)
    reader.start()
    until(lambda: bool(got))
    line.unplug()
    reader.join(20.0)
    link.close()
    assert got == [b"last words", "unplugged"]


def test_a_device_that_takes_no_bytes_is_stalled_at_the_deadline(tmp_path: Path) -> None:
    line = PtyLine(tmp_path / "port", _deaf)
    line.plug()
    link = SerialLink(str(line.link))
    link.open()
    with pytest.raises(DeviceLost, match="stalled"):
        link.write(bytes(200_000), 0.05)
    link.close()
    line.unplug()


def test_a_taken_port_names_the_program_that_holds_it(echoing: PtyLine) -> None:
    holder = "import serial, sys; s = serial.Serial(sys.argv[1], exclusive=True); print('held'); input()"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", holder, str(echoing.link)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        link = SerialLink(str(echoing.link))
        with pytest.raises(DeviceLost, match="port_taken") as caught:
            link.open()
        other.communicate("\n")
    assert f"进程号 {other.pid}" in caught.value.fault.sentence
    assert "python" in caught.value.fault.sentence
    link.open()
    link.close()


@pytest.mark.parametrize(
    ("port", "code", "kind"),
    [
        ("{tmp}/nothing", "port_missing", DeviceAbsent),
        ("{tmp}/file", "not_serial", DeviceMisconfigured),
        ("{tmp}", "not_serial", DeviceMisconfigured),
        ("tcp://127.0.0.1:1", "unreachable", DeviceAbsent),
        ("tcp://127.0.0.1", "bad_address", DeviceMisconfigured),
        ("http://127.0.0.1:1", "bad_address", DeviceMisconfigured),
    ],
)
def test_a_port_that_cannot_be_opened_says_why(
    port: str, code: str, kind: type[DeviceError], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a port")
    with pytest.raises(kind) as caught:
        link_for(port.format(tmp=tmp_path)).open()
    assert caught.value.fault.code == code
    assert caught.value.fault.action


def test_no_permission_is_told_apart() -> None:
    error = open_error("/dev/ttyS0", PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    assert isinstance(error, DeviceMisconfigured)
    assert error.fault.code == "port_forbidden"


@pytest.mark.parametrize(
    ("port", "word"), [("/dev/ttyUSB0", "dialout"), ("/dev/video0", "video"), ("usb://0400:c35a", "udev")]
)
def test_who_may_not_open_a_port_is_told_by_which_right(port: str, word: str) -> None:
    assert word in open_error(port, PermissionError(errno.EACCES, os.strerror(errno.EACCES))).fault.action


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
def test_a_port_of_somebody_else_is_forbidden_not_absent(echoing: PtyLine) -> None:
    os.chmod(os.path.realpath(echoing.link), 0o600)
    program = (
        "import os, sys\nfrom devices.faults import DeviceError\nfrom devices.links import link_for\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n    link_for(sys.argv[1]).open()\n"
        "except DeviceError as error:\n    print(type(error).__name__, error.fault.code)"
    )
    node = os.path.realpath(echoing.link)
    done = subprocess.run([sys.executable, "-c", program, node], capture_output=True, text=True, check=True)
    assert done.stdout == "DeviceMisconfigured port_forbidden\n", done.stderr


def test_a_program_that_takes_the_answers_without_a_lock_is_named(
    echoing: PtyLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ModemManager does. Its other arguments stay out of the sentence: they may hold passwords."""
    monkeypatch.setattr(link_faults, "_REAL_PORTS", "/dev/pts/")
    assert link_faults.silent(str(echoing.link)).code == "silent"
    holder = "import sys; port = open(sys.argv[2], 'rb', 0); print('held'); input()"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", holder, "--password=secret", str(echoing.link)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        fault = link_faults.silent(str(echoing.link))
        other.communicate("\n")
    assert fault.code == "port_shared"
    assert f"进程号 {other.pid}" in fault.sentence
    assert "secret" not in fault.sentence


def test_an_impossible_baud_rate_is_refused(echoing: PtyLine) -> None:
    with pytest.raises(DeviceMisconfigured, match="bad_baud"):
        SerialLink(str(echoing.link), baud=115201).open()


def test_tcp_carries_bytes_and_notices_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = TcpLink(f"127.0.0.1:{server.getsockname()[1]}")
        link.open()
        peer, _ = server.accept()
        with peer:
            link.write(b"ping", 1.0)
            assert peer.recv(4) == b"ping"
            peer.sendall(b"pong")
            assert link.read(4, 5.0) == b"pong"
        with pytest.raises(DeviceLost, match="unplugged"):
            link.read(1, 5.0)
        link.close()


def test_a_script_plays_reads_writes_and_unplugs() -> None:
    link = ScriptedLink([Expect(b"ab"), Give(b"xyz", piece=2), Silence(), Unplug()])
    link.open()
    link.write(b"ab", 1.0)
    assert [link.read(10, 1.0) for _ in range(3)] == [b"xy", b"z", b""]
    with pytest.raises(DeviceLost):
        link.read(1, 1.0)
    link.open()
    assert link.finished
