"""An A4 printer behind a cupsd of its own: private folders and port, a back end that misbehaves.

cupsd must be started by root and runs its back ends as user ``lp``; ``missing`` says why it cannot be.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

QUEUE = "a4"
FAULTS = {
    "unplugged": "打印服务（cupsd）停止",
    "paper_out": "缺纸：任务停在原处，装纸后继续",
    "jam": "卡纸",
    "offline": "打印机没有应答",
    "paused": "队列被暂停",
    "aborts": "打印程序出错，任务中止",
    "slow": "一直打不完",
}
_WORDS = {"paper_out": "media-empty-error", "jam": "media-jam-error", "offline": "connecting-to-device"}
_START_SECONDS = 15.0
_BACKEND = """#!/bin/sh
# job user title copies options [file]
[ $# -lt 5 ] && exit 0
folder="${DEVICE_URI#simpaper:}"
while :; do
  [ -e "$folder/faults/aborts" ] && exit 1
  said=
  for fault in paper_out:media-empty-error jam:media-jam-error offline:connecting-to-device; do
    [ -e "$folder/faults/${fault%%:*}" ] && said="$said,${fault#*:}"
  done
  echo "STATE: ${said#,}" >&2
  [ -z "$said" ] && [ ! -e "$folder/faults/slow" ] && break
  sleep 0.1
done
if [ $# -ge 6 ]; then cat "$6"; else cat; fi > "$folder/paper/$1" || exit 1
exit 0
"""


def missing() -> str:
    """Why no private cupsd can run here, '' when one can."""
    absent = [word for word in ("cupsd", "lpadmin", "cupsdisable", "ipptool") if shutil.which(word) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (Debian: cups-daemon, cups-client, cups-ipp-utils)"
    return "" if os.geteuid() == 0 else "cupsd wants to be started by root"


class PagePrinterSimulator:
    """One queue; what was printed lies in ``papers``."""

    kind = "report_printer"

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.RLock()
        self._faults: set[str] = set()
        self._child: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._port = 0

    @property
    def address(self) -> str:
        """What the driver's option ``server`` is."""
        return f"127.0.0.1:{self._port}"

    @property
    def papers(self) -> tuple[bytes, ...]:
        """What came out, oldest first."""
        if self._folder is None:
            return ()
        files = sorted((self._folder / "paper").iterdir(), key=lambda file: int(file.name))
        return tuple(file.read_bytes() for file in files)

    def start(self) -> None:
        """Start cupsd and make the queue. Raises OSError."""
        with self._lock:
            if self._child is not None:
                return
            if self._folder is None:
                self._folder = _folder()
                self._port = self._port or _free_port()
                _write_configuration(self._folder, self._port)
            self._run(self._folder)
            self._tell("lpadmin", "-p", QUEUE, "-E", "-v", f"simpaper:{self._folder}")
            self._tell("cupsenable", QUEUE)

    def stop(self) -> None:
        """End it; may be called twice."""
        with self._lock:
            self._kill()
            folder, self._folder = self._folder, None
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def faults(self) -> Mapping[str, str]:
        """What it can do wrong."""
        return FAULTS

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault."""
        if fault not in FAULTS:
            raise KeyError(fault)
        with self._lock:
            (self._faults.add if on else self._faults.discard)(fault)
            if self._folder is None:
                return
            if fault == "unplugged":
                self._kill() if on else self._run(self._folder)
            elif fault == "paused":
                self._tell("cupsdisable" if on else "cupsenable", QUEUE)
            else:
                mark = self._folder / "faults" / fault
                mark.touch() if on else mark.unlink(missing_ok=True)
                if not on and fault in _WORDS:
                    self._tell("cupsenable", QUEUE)

    def state(self) -> Mapping[str, object]:
        """The faults that are on, how many papers came out."""
        with self._lock:
            return {"faults": sorted(self._faults), "printed": len(self.papers)}

    def _run(self, folder: Path) -> None:
        files = ("-c", str(folder / "cupsd.conf"), "-s", str(folder / "cups-files.conf"))
        self._child = subprocess.Popen(
            ["cupsd", "-f", *files],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = monotonic() + _START_SECONDS
        while monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1.0):
                return
            sleep(0.05)
        raise OSError("cupsd does not start")

    def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.terminate()
            try:
                child.wait(5.0)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _tell(self, program: str, *words: str) -> None:
        if self._child is not None:
            subprocess.run(
                [program, "-h", self.address, *words], capture_output=True, check=False, timeout=20
            )


def _folder() -> Path:
    """Where user ``lp`` can read, and write what is printed."""
    folder = Path(tempfile.mkdtemp(prefix="banshi-cups-"))
    folder.chmod(0o755)
    for name in ("spool", "cache", "state", "log", "faults", "paper", "bin/backend"):
        (folder / name).mkdir(parents=True)
    (folder / "paper").chmod(0o777)
    for name in ("daemon", "filter"):
        (folder / "bin" / name).symlink_to(f"/usr/lib/cups/{name}")
    backend = folder / "bin" / "backend" / "simpaper"
    backend.write_text(_BACKEND, encoding="ascii")
    backend.chmod(0o755)
    return folder


def _write_configuration(folder: Path, port: int) -> None:
    (folder / "cupsd.conf").write_text(
        f"Listen 127.0.0.1:{port}\nLogLevel error\nBrowsing No\nDefaultAuthType None\nWebInterface No\n"
        "ErrorPolicy abort-job\n<Location />\nOrder allow,deny\nAllow all\n</Location>\n"
        "<Policy default>\n<Limit All>\nOrder deny,allow\n</Limit>\n</Policy>\n",
        encoding="ascii",
    )
    (folder / "cups-files.conf").write_text(
        f"ServerRoot {folder}\nRequestRoot {folder}/spool\nCacheDir {folder}/cache\nStateDir {folder}/state\n"
        f"ServerBin {folder}/bin\nAccessLog {folder}/log/access\nErrorLog {folder}/log/error\n"
        f"PageLog {folder}/log/page\nUser lp\nGroup lp\nSystemGroup root\n",
        encoding="ascii",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
