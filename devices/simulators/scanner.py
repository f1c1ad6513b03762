"""A serial barcode scanner on a PTY: scans what it is told, and does what real ones do wrong."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from pathlib import Path

from devices.simulators.on_line import OnLine
from devices.simulators.pty_line import PtyLine

FAULTS = {
    "unplugged": "拔掉数据线",
    "partial": "只送出半个码",
    "glued": "同一个码连送两遍，中间没有停顿",
    "non_ascii": "送出乱码",
    "over_long": "送出一千个字符",
    "slow": "一个码分两段送，中间停 80 毫秒",
    "noise": "码前面有干扰字节和空行",
}
SAMPLES = {
    "ticket": ("别日的号票", "http://hall.invalid/t/20261121-A012.9F3C2A71"),
    "appointment": ("预约", "BANSHI:1:APPT:20261123-0007:9F3C2A71"),
    "strange": ("别处的码", "https://example.invalid/a?b=c"),
}
"""Codes for the control page; all of them inventions."""
_WAIT_SECONDS, _SLOW_SECONDS = 0.02, 0.08


class ScannerSimulator(OnLine):
    """A scanner at ``link``; ``scan`` is the trigger."""

    kind = "scanner"
    FAULTS = FAULTS

    def __init__(self, name: str, link: Path, *, baud: int = 9600, terminator: bytes = b"\r") -> None:
        super().__init__(name, PtyLine(link, self._serve, baud=baud))
        self._end = terminator
        self._wanted: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._scanned = 0

    def state(self) -> Mapping[str, object]:
        """The faults that are on, codes sent."""
        with self._lock:
            return {"faults": sorted(self._faults), "scanned": self._scanned}

    def scan(self, text: str) -> None:
        """Pull the trigger on a code."""
        self._wanted.put(text)

    def _serve(self, line: PtyLine) -> None:
        while True:
            line.read(64, _WAIT_SECONDS)
            while not self._wanted.empty():
                self._send(line, self._wanted.get().encode())

    def _send(self, line: PtyLine, code: bytes) -> None:
        with self._lock:
            faults = set(self._faults)
            self._scanned += 1
        if "non_ascii" in faults:
            code = bytes(byte ^ 0x80 for byte in code)
        if "over_long" in faults:
            code = (code * (1000 // len(code) + 1))[:1000]
        if "noise" in faults:
            line.write(b"\r\n\r")
        if "partial" in faults:
            line.write(code[: len(code) // 2])
        elif "slow" in faults:
            line.write(code[: len(code) // 2])
            line.pause(_SLOW_SECONDS)
            line.write(code[len(code) // 2 :] + self._end)
        else:
            line.write((code + self._end) * (2 if "glued" in faults else 1))
