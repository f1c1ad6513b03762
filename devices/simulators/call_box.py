"""A line of call boxes on a PTY: several addresses, keys pressed from outside, and a wire that misbehaves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import monotonic

from devices.ports import CallBoxKey
from devices.protocols.framed import BadFrame, build_frame, take_body
from devices.protocols.makes import LCD21, NO_KEY
from devices.simulators.on_line import OnLine
from devices.simulators.pty_line import PtyLine

FAULTS = {
    "unplugged": "拔掉数据线",
    "mute": "所有呼叫器没有应答",
    "missing": "最后一个呼叫器没有应答",
    "echo": "转换器把主机自己发的数据也送回来",
    "wrong_sum": "按键报文第一次校验和出错",
    "collision": "按键报文第一次与别的呼叫器撞在一起",
    "late": "应答晚 80 毫秒",
    "bounce": "按键抖动，一次按下报告三次",
}
_HELD_SECONDS = 0.25
"""How long a finger stays on a key: without an acknowledgement on the wire, all that a retry has."""
_CODES = {key: code for code, key in LCD21.keys.items()}


class CallBoxSimulator(OnLine):
    """Boxes at ``addresses``; ``spontaneous`` boxes speak when pressed, others when polled."""

    kind = "call_box"
    FAULTS = FAULTS

    def __init__(
        self,
        name: str,
        link: Path,
        addresses: tuple[int, ...],
        *,
        baud: int = 9600,
        spontaneous: bool = False,
    ) -> None:
        super().__init__(name, PtyLine(link, self._serve, baud=baud))
        self.addresses = addresses
        self._spontaneous = spontaneous
        self._waiting: dict[int, list[int]] = {address: [] for address in addresses}
        self._held: dict[int, tuple[int, float]] = {}
        self._displays = dict.fromkeys(addresses, "")
        self._spoiled: set[int] = set()
        self.polls = 0

    def state(self) -> Mapping[str, object]:
        """What each box shows, the faults that are on."""
        with self._lock:
            displays = {str(address): text for address, text in self._displays.items()}
            return {"displays": displays, "faults": sorted(self._faults)}

    def blank(self) -> None:
        """The boxes lose their power for an instant: their displays forget."""
        with self._lock:
            self._displays = dict.fromkeys(self.addresses, "")

    def press(self, address: int, key: CallBoxKey) -> None:
        """Press a key. Raises KeyError for an address without a box."""
        with self._lock:
            presses = 3 if "bounce" in self._faults else 1
            self._waiting[address].extend([_CODES[key]] * presses)
            self._spoiled.discard(address)

    # ------------------------------------------------------------ the boxes

    def _serve(self, line: PtyLine) -> None:
        buffer = bytearray()
        while True:
            data = line.read(256, 0.02 if self._spontaneous else None)
            if data and "echo" in self._faults:
                line.write(data, paced=False)
            buffer += data
            while (body := self._next_body(buffer)) is not None:
                self._hear(line, body)
            if self._spontaneous:
                for address in self.addresses:
                    self._speak(line, address, idle=False)

    def _next_body(self, buffer: bytearray) -> bytes | None:
        while True:
            try:
                return take_body(buffer, LCD21.frame)
            except BadFrame:
                continue

    def _hear(self, line: PtyLine, body: bytes) -> None:
        address, command = body[0], body[1]
        if address not in self._displays or self._is_dumb(address):
            return
        if command == LCD21.show:
            with self._lock:
                self._displays[address] = body[2:].decode("ascii", errors="replace").rstrip()
        elif command == LCD21.poll:
            self.polls += 1
            if "late" in self._faults:
                line.pause(0.08)
            self._speak(line, address, idle=True)

    def _is_dumb(self, address: int) -> bool:
        return "mute" in self._faults or ("missing" in self._faults and address == self.addresses[-1])

    def _speak(self, line: PtyLine, address: int, *, idle: bool) -> None:
        if self._is_dumb(address):
            return
        code = self._key_down(address)
        if code == NO_KEY and not idle:
            return
        frame = build_frame(LCD21.frame, bytes((address, LCD21.key, code)))
        line.write(self._spoil(address, frame) if code != NO_KEY else frame)

    def _key_down(self, address: int) -> int:
        """The key that is down: one not reported yet, or the last one while the finger is still on it."""
        with self._lock:
            if self._waiting[address]:
                code = self._waiting[address].pop(0)
                self._held[address] = (code, monotonic() + _HELD_SECONDS)
                return code
            code, until = self._held.get(address, (NO_KEY, 0.0))
            return code if monotonic() < until and not self._spontaneous else NO_KEY

    def _spoil(self, address: int, frame: bytes) -> bytes:
        with self._lock:
            if address in self._spoiled:
                return frame
            if "wrong_sum" in self._faults:
                self._spoiled.add(address)
                return frame[:-2] + bytes((frame[-2] ^ 0x01,)) + frame[-1:]
            if "collision" in self._faults:
                self._spoiled.add(address)
                other = build_frame(LCD21.frame, bytes((address ^ 0x0F, LCD21.key, NO_KEY)))
                return (
                    bytes(mine & theirs for mine, theirs in zip(frame[4:], other[2:], strict=False))
                    + frame[:3]
                )
            return frame
