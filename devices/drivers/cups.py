"""A4 printers through CUPS: certificates and copies, told done only when they are.

``lp`` hands a job over, ``ipptool`` asks the server how job and printer are (both Debian: cups-client,
cups-ipp-utils). A queue that is idle says nothing of the machine behind it unless that machine is asked by
IPP: then its state is known and *completed* means paper, else state is unknown and *completed* means sent.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

import msgspec

from devices.capabilities import ReportPrinterCapabilities
from devices.faults import Cause, DeviceAbsent, DeviceLost, DeviceMisconfigured, DeviceRefused, Fault, Owner
from devices.ports import Kind, Status
from devices.tickets import Proof

_PROGRAMS = ("lp", "cancel", "ipptool")
_TALKING = ("ipp", "ipps", "dnssd")
_ASK_SECONDS = 3
_LOOK_SECONDS = 0.2
_WITHDRAW_SECONDS = 3.0
_PRINTER = ("printer-state", "printer-state-reasons", "printer-is-accepting-jobs", "device-uri")
_JOB = ("job-state", "job-state-reasons")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``queue`` is the printer's name in CUPS, ``server`` where that listens; ``proof`` overrules what the
    device's address lets expect of *completed*."""

    queue: str
    server: str = "127.0.0.1:631"
    paper: str = "A4"
    proof: bool | None = None


def build(options: Options) -> CupsPrinter:
    """The driver, not yet opened."""
    return CupsPrinter(options)


class CupsPrinter:
    """One queue; see devices.ports.ReportPrinter."""

    kind = Kind.REPORT_PRINTER

    def __init__(self, options: Options) -> None:
        self._options = options
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._address = ""
        self._counts = Counter(jobs=0, done=0, withdrawn=0, failed=0)
        self._pause = threading.Event()

    @property
    def capabilities(self) -> ReportPrinterCapabilities:
        """What the options promise; an address that talks is known only after open."""
        proof = bool(self._options.proof)
        return ReportPrinterCapabilities(
            can_status=proof, can_identify=False, paper=(self._options.paper,), proof=proof
        )

    def open(self) -> None:
        self.close()
        absent = [program for program in _PROGRAMS if shutil.which(program) is None]
        if absent:
            raise DeviceMisconfigured(_no_cups(absent))
        self._folder = tempfile.TemporaryDirectory(prefix="banshi-cups-")
        try:
            self._address = self._printer()["device-uri"]
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()

    def identify(self) -> str:
        """A queue has no identity of its own."""
        self._printer()
        return ""

    def heartbeat(self) -> Status:
        printer = self._printer()
        faults = _faults(printer)
        details = {"state": printer["printer-state"], "reasons": printer["printer-state-reasons"]}
        if _stopping(printer, faults):
            return Status(False, faults, details)
        return Status(True if self._proves and not faults else None, faults, details)

    def counts(self) -> Mapping[str, int]:
        return dict(self._counts)

    def resume(self, counts: Mapping[str, int]) -> None:
        self._counts.update(counts)

    def print_pages(self, document: bytes, *, title: str, copies: int = 1, timeout_seconds: float) -> Proof:
        deadline = monotonic() + timeout_seconds
        printer = self._printer()
        stopping = _stopping(printer, _faults(printer))
        if stopping:
            raise DeviceRefused(stopping[0])
        job = self._submitted(document, title, copies)
        self._counts["jobs"] += 1
        while monotonic() < deadline:
            state = self._job_state(job)
            if state in _ENDED:
                return self._ended(state)
            self._pause.wait(_LOOK_SECONDS)
        return self._withdrawn(job)

    # ------------------------------------------------------------ jobs

    @property
    def _proves(self) -> bool:
        if self._options.proof is not None:
            return self._options.proof
        return self._address.partition(":")[0] in _TALKING

    def _submitted(self, document: bytes, title: str, copies: int) -> str:
        """The job's number. The document is on this disk only while CUPS takes it."""
        options = self._options
        with tempfile.NamedTemporaryFile(dir=self._opened()) as file:
            file.write(document)
            file.flush()
            words = ["-d", options.queue, "-n", str(copies), "-t", title, "-o", f"media={options.paper}"]
            said = self._run("lp", "-h", options.server, *words, file.name)
        number = said.partition("request id is ")[2].split(" ")[0].rpartition("-")[2]
        if not number.isdigit():
            raise DeviceRefused(_NOT_TAKEN)
        return number

    def _ended(self, state: str) -> Proof:
        if state != "completed":
            self._counts["failed"] += 1
            raise DeviceRefused(_NOT_PRINTED)
        self._counts["done"] += 1
        return Proof.CONFIRMED if self._proves else Proof.UNKNOWN

    def _withdrawn(self, job: str) -> Proof:
        """Nobody will stand there when it comes out later: the job is taken back, and that is looked at."""
        faults = _faults(self._printer())
        self._run("cancel", "-h", self._options.server, f"{self._options.queue}-{job}")
        deadline = monotonic() + _WITHDRAW_SECONDS
        while (state := self._job_state(job)) not in _ENDED and monotonic() < deadline:
            self._pause.wait(_LOOK_SECONDS)
        if state == "canceled":
            self._counts["withdrawn"] += 1
            raise DeviceRefused(faults[0] if faults else _TOO_LONG)
        return self._ended(state) if state in _ENDED else Proof.UNKNOWN

    # ------------------------------------------------------------ asking the server

    def _job_state(self, job: str) -> str:
        return self._asked("Get-Job-Attributes", "job-uri", f"jobs/{job}", _JOB).get("job-state", "")

    def _printer(self) -> dict[str, str]:
        path = f"printers/{self._options.queue}"
        found = self._asked("Get-Printer-Attributes", "printer-uri", path, _PRINTER)
        if not found:
            raise DeviceAbsent(_no_queue(self._options.queue))
        return found

    def _asked(self, operation: str, tag: str, path: str, names: tuple[str, ...]) -> dict[str, str]:
        """The attributes by name; {} when the server knows no such thing. Raises DeviceLost."""
        question = Path(self._opened(), f"{operation}.test")
        if not question.exists():
            question.write_text(_question(operation, tag, names), encoding="ascii")
        said = self._run(
            "ipptool", "-c", "-T", str(_ASK_SECONDS), f"ipp://{self._options.server}/{path}", str(question)
        )
        rows = list(csv.reader(io.StringIO(said)))
        if not rows:
            raise DeviceLost(_server_down(self._options.server))
        return dict(zip(rows[0], rows[1], strict=False)) if len(rows) > 1 else {}

    def _run(self, *words: str) -> str:
        try:
            done = subprocess.run(
                words,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                capture_output=True,
                text=True,
                timeout=_ASK_SECONDS + 2,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeviceLost(_server_down(self._options.server)) from error
        return done.stdout

    def _opened(self) -> str:
        if self._folder is None:
            raise DeviceLost(_server_down(self._options.server))
        return self._folder.name


def _question(operation: str, tag: str, names: tuple[str, ...]) -> str:
    shown = "".join(f"DISPLAY {name}\n" for name in names)
    return (
        f'{{\nNAME "{operation}"\nOPERATION {operation}\nGROUP operation-attributes-tag\n'
        "ATTR charset attributes-charset utf-8\nATTR naturalLanguage attributes-natural-language en\n"
        f"ATTR uri {tag} $uri\nATTR keyword requested-attributes {','.join(names)}\n{shown}}}\n"
    )


def _faults(printer: Mapping[str, str]) -> tuple[Fault, ...]:
    """Reasons of IPP (RFC 8011, PWG 5100.9) without their grades, the gravest first."""
    grades = ("-error", "-warning", "-report")
    reasons = set()
    for word in printer["printer-state-reasons"].split(","):
        reasons.add(next((word.removesuffix(grade) for grade in grades if word.endswith(grade)), word))
    found = [fault for words, fault in _REASONS if reasons & words]
    if printer["printer-state"] == "stopped" and not found:
        found.append(_PAUSED)
    if printer["printer-is-accepting-jobs"] == "false":
        found.append(_CLOSED)
    return tuple(found)


def _stopping(printer: Mapping[str, str], faults: tuple[Fault, ...]) -> list[Fault]:
    """With which of these nothing comes out now. What an idle queue says of paper is of its last job: CUPS
    hears of the printer only while it prints, so it is tried again and not believed."""
    codes = _QUEUE if printer["printer-state"] == "idle" else _STOPPING
    return [fault for fault in faults if fault.code in codes]


_STAFF, _TECHNICIAN = Owner.STAFF, Owner.TECHNICIAN
_ENDED = frozenset(("completed", "canceled", "aborted"))
_PAUSED = Fault("queue_paused", "打印队列已暂停", "在 CUPS 中恢复该打印机（cupsenable）", _TECHNICIAN)
_CLOSED = Fault("queue_closed", "打印队列不接受任务", "在 CUPS 中允许接受任务（cupsaccept）", _TECHNICIAN)
_REASONS: tuple[tuple[frozenset[str], Fault], ...] = (
    (frozenset(("media-jam",)), Fault("paper_jam", "A4 打印机卡纸", "打开后盖取出卡住的纸", _STAFF)),
    (
        frozenset(("cover-open", "door-open", "interlock-open")),
        Fault("cover_open", "A4 打印机的盖子没有关好", "关好盖子", _STAFF, Cause.PERSON),
    ),
    (
        frozenset(("media-empty", "media-needed", "input-tray-missing")),
        Fault("paper_out", "A4 打印机缺纸", "在纸盒里装入 A4 纸", _STAFF),
    ),
    (
        frozenset(("toner-empty", "marker-supply-empty")),
        Fault("toner_empty", "A4 打印机没有墨粉了", "更换墨粉盒", _STAFF),
    ),
    (
        frozenset(("connecting-to-device", "offline", "timed-out", "shutdown")),
        Fault("offline", "A4 打印机没有应答", "检查打印机电源和网线、数据线", _STAFF),
    ),
    (frozenset(("paused", "moving-to-paused")), _PAUSED),
    (
        frozenset(("toner-low", "marker-supply-low")),
        Fault("toner_low", "A4 打印机墨粉不多了", "准备新的墨粉盒", _STAFF),
    ),
    (frozenset(("media-low",)), Fault("paper_near_end", "A4 打印机的纸不多了", "装入 A4 纸", _STAFF)),
)
_STOPPING = frozenset(
    ("paper_jam", "cover_open", "paper_out", "toner_empty", "offline", "queue_paused", "queue_closed")
)
_QUEUE = frozenset(("queue_paused", "queue_closed"))
_NOT_TAKEN = Fault("job_refused", "打印系统没有接受这份文件", "稍候再试；反复出现请联系运维人员", _STAFF)
_NOT_PRINTED = Fault("job_failed", "这份文件没有打印出来", "查看打印机后重新打印", _STAFF)
_TOO_LONG = Fault("job_too_long", "打印机没有在规定时间内打完，任务已撤回", "查看打印机后重新打印", _STAFF)


def _no_cups(programs: list[str]) -> Fault:
    action = "安装 Debian 软件包 cups、cups-client、cups-ipp-utils"
    return Fault("no_cups", f"本机没有 {'、'.join(programs)} 程序", action, _TECHNICIAN, Cause.SETUP)


def _no_queue(name: str) -> Fault:
    action = "核对配置里的 queue，或在 CUPS 中添加该打印机"
    return Fault("no_queue", f"CUPS 中没有打印机 {name}", action, _TECHNICIAN, Cause.SETUP)


def _server_down(server: str) -> Fault:
    return Fault("cups_down", f"打印服务没有应答（{server}）", "启动 cups 服务；会自动重连", _TECHNICIAN)
