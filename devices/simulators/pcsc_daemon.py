"""A pcscd of its own: private socket, private list of readers, nothing of the system's service is touched.

pcscd takes a socket that was opened for it, as systemd does it; so this program opens one at the wanted
path and becomes pcscd: ``python -m devices.simulators.pcsc_daemon SOCKET CONFIG_FOLDER``. The virtual
reader of Debian's package vsmartcard-vpcd would listen for cards on all addresses of the machine and has no
option against it (its other way, to connect itself, aborts pcscd whenever a slot is empty): so a few lines
of C (loopback_bind.c) are compiled once and preloaded, which hold it to 127.0.0.1.
"""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

_log = logging.getLogger(__name__)

PROGRAM = Path("/usr/sbin/pcscd")
LIBRARY = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_LOOPBACK = Path(__file__).with_name("loopback_bind.c")
_COMPILERS = ("cc", "gcc")
_FIRST_FD = 3
_PR_SET_PDEATHSIG = 1
_START_SECONDS = _STOP_SECONDS = 5.0


def missing() -> str:
    """Why no private pcscd can run here, '' when one can."""
    absent = [str(path) for path in (PROGRAM, LIBRARY) if not path.exists()]
    return f"not installed: {', '.join(absent)} (Debian: pcscd, vsmartcard-vpcd)" if absent else ""


class PcscDaemon:
    """pcscd as a child; ``port`` 0 means that it has no reader."""

    def __init__(self, folder: Path, name: str) -> None:
        self.socket = folder / f"{name}.comm"
        self._folder = folder
        self._config = folder / f"{name}.conf.d"
        self._name = name
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running daemon, 0 without one."""
        return self._child.pid if self._child is not None else 0

    def start(self, port: int) -> None:
        """Run with a reader whose two slots take cards on ``port`` and the next one. Raises OSError."""
        if reason := missing():
            raise OSError(reason)
        self._config.mkdir(parents=True, exist_ok=True)
        reader = (
            f'FRIENDLYNAME "Banshi Simulated {self._name}"\nDEVICENAME /dev/null:0x{port:04X}\n'
            f"LIBPATH {LIBRARY}\nCHANNELID 0x{port:04X}\n"
        )
        (self._config / "reader").write_text(reader if port else "# no reader\n", encoding="utf-8")
        self.socket.unlink(missing_ok=True)
        held = _compiled(self._folder)
        command = [sys.executable, "-m", __name__, str(self.socket), str(self._config), str(held or "")]
        self._child = _kept(command, self._folder / f"{self._name}.log")
        self._await_socket(self._child)

    def _await_socket(self, child: subprocess.Popen[bytes]) -> None:
        """The moment from which clients are heard. Raises OSError when the program ended before."""
        end = monotonic() + _START_SECONDS
        while not self.socket.exists():
            if child.poll() is not None or monotonic() > end:
                raise OSError(f"pcscd does not start: see {self._folder / self._name}.log")
            sleep(0.01)

    def stop(self) -> None:
        """End it at once, as a crash does; may be called twice."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait(_STOP_SECONDS)
        self.socket.unlink(missing_ok=True)


def _kept(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """A child that ends with this program. What it asks the kernel for is to end with the *thread* that began
    it: so that thread waits for it, and is not one that serves a request of the control page."""
    begun: Future[subprocess.Popen[bytes]] = Future()

    def keep() -> None:
        try:
            with log.open("wb") as errors:
                child = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
                )
        except OSError as error:
            begun.set_exception(error)
            return
        begun.set_result(child)
        child.wait()

    threading.Thread(target=keep, name="sim pcscd", daemon=True).start()
    return begun.result()


def _compiled(folder: Path) -> Path | None:
    """The library that holds pcscd to 127.0.0.1, made in this folder; None without a compiler."""
    made = folder / "loopback_bind.so"
    if made.exists() and made.stat().st_mtime > _LOOPBACK.stat().st_mtime:
        return made
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), "cc")
    command = [compiler, "-shared", "-fPIC", "-O", "-o", f"{made}.new", str(_LOOPBACK), "-ldl"]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = error.stderr if isinstance(error, subprocess.CalledProcessError) else error
        _log.warning("the simulated card reader listens on all addresses, use a firewall: %s", reason)
        return None
    Path(f"{made}.new").replace(made)
    return made


def main(path: str, config: str, preloaded: str = "") -> None:
    """Open the socket and become pcscd."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    fresh = f"{path}.new"
    with suppress(FileNotFoundError):
        os.unlink(fresh)
    listener.bind(fresh)
    os.chmod(fresh, 0o660)
    listener.listen(16)
    os.rename(fresh, path)
    os.dup2(listener.fileno(), _FIRST_FD)
    os.set_inheritable(_FIRST_FD, True)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    if preloaded:
        os.environ["LD_PRELOAD"] = preloaded
    os.execv(PROGRAM, [str(PROGRAM), "--foreground", "--config", config])


if __name__ == "__main__":
    main(*sys.argv[1:4])
