"""LED bars on a PTY: of a published make, or with an Onbon card; they are seen as dots, and misbehave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from devices.protocols import onbon
from devices.protocols.framed import BadFrame, build_frame, take_body
from devices.protocols.makes import BARS, BarMake, build_parts, parse_parts
from devices.signals import LedColour
from devices.simulators.led_picture import bars_picture
from devices.simulators.on_line import OnLine
from devices.simulators.pty_line import PtyLine

Make = Literal["carpark", "bus", "lcd21", "onbon"]

_ALL = {
    "unplugged": "拔掉数据线",
    "blank": "所有条屏断电：黑屏，忘掉内容，恢复供电后也是空的",
    "echo": "转换器把主机自己发的数据也送回来",
}
_ANSWERING = {
    "mute": "所有条屏没有应答",
    "missing": "最后一块条屏没有应答",
    "wrong_sum": "应答第一次校验出错",
    "collision": "应答第一次与别的条屏撞在一起",
    "late": "应答晚 15 毫秒",
    "forgets": "收到的内容第一次没有显示出来",
}
_REFUSING = {"refuses": "控制卡拒绝内容"}


@dataclass(frozen=True, slots=True)
class _Says:
    """What a frame asks of a bar: its address, the text to show (None: only an answer), the answer."""

    address: int
    text: str | None
    colour: LedColour
    answer: Callable[[str, LedColour], bytes] | None


class LedBarSimulator(OnLine):
    """Bars at ``addresses``; a make without address has one bar that hears everything."""

    kind = "led_bar"

    def __init__(
        self,
        name: str,
        link: Path,
        addresses: tuple[int, ...],
        *,
        make: Make = "carpark",
        baud: int = 9600,
        columns: int = 16,
        labels: Mapping[int, str] | None = None,
    ) -> None:
        super().__init__(name, PtyLine(link, self._serve, baud=baud))
        self.addresses = addresses
        self._make, self._columns = make, columns
        self._labels = dict(labels or {})
        self._shown: dict[int, tuple[str, LedColour]] = dict.fromkeys(addresses, ("", LedColour.RED))
        self._spoiled: set[str] = set()

    def faults(self) -> Mapping[str, str]:
        """What it can do wrong: a make that never answers cannot answer wrongly."""
        answers = self._make == "onbon" or bool(BARS[self._make].ask)
        return _ALL | (_ANSWERING if answers else {}) | (_REFUSING if self._make == "onbon" else {})

    def _switched(self, fault: str, *, on: bool) -> None:
        self._spoiled.discard(fault)
        if fault == "blank" and on:
            self._shown = dict.fromkeys(self.addresses, ("", LedColour.RED))
        self._lock.notify_all()

    def state(self) -> Mapping[str, object]:
        """What each bar shows, the faults that are on."""
        with self._lock:
            bars = {
                str(address): {"text": text, "colour": colour.value}
                for address, (text, colour) in self._shown.items()
            }
            return {"bars": bars, "faults": sorted(self._faults)}

    def shown(self, address: int) -> tuple[str, LedColour]:
        """Text and colour of one bar."""
        with self._lock:
            return self._shown[address]

    def wait_for(self, address: int, text: str, timeout_seconds: float = 20.0) -> bool:
        """Does the bar come to show this text in time? For tests and scripts."""
        with self._lock:
            return self._lock.wait_for(lambda: self._shown[address][0] == text, timeout_seconds)

    def picture(self) -> tuple[str, bytes]:
        """PNG of all bars, dot by dot."""
        with self._lock:
            shown = dict(self._shown)
        rows = [(self._labels.get(a, f"{a} 号条屏"), text, colour) for a, (text, colour) in shown.items()]
        return "image/png", bars_picture(rows, self._columns)

    # ------------------------------------------------------------ the bars

    def _serve(self, line: PtyLine) -> None:
        buffer = bytearray()
        while True:
            data = line.read(512)
            if "echo" in self._faults:
                line.write(data, paced=False)
            buffer += data
            while (said := self._next(buffer)) is not None:
                self._hear(line, said)

    def _next(self, buffer: bytearray) -> _Says | None:
        """The next frame that means something to bars."""
        while True:
            try:
                frame = self._take(buffer)
            except BadFrame:
                continue
            if frame is None:
                return None
            if isinstance(frame, onbon.Packet):
                said = _onbon_says(frame, refuses="refuses" in self._faults)
            else:
                said = _template_says(BARS[self._make], frame)
            if said is not None:
                return said

    def _take(self, buffer: bytearray) -> onbon.Packet | bytes | None:
        return (
            onbon.take_packet(buffer) if self._make == "onbon" else take_body(buffer, BARS[self._make].frame)
        )

    def _hear(self, line: PtyLine, said: _Says) -> None:
        address = said.address or self.addresses[0]
        if address not in self._shown or self._is_off(address):
            return
        with self._lock:
            if said.text is not None and not self._first_time("forgets"):
                self._shown[address] = (said.text.rstrip(), said.colour)
                self._lock.notify_all()
            text, colour = self._shown[address]
        if said.answer is not None:
            if "late" in self._faults:
                line.pause(0.015)
            line.write(self._spoil(said.answer(text, colour)))

    def _is_off(self, address: int) -> bool:
        faults = self._faults
        missing = "missing" in faults and address == self.addresses[-1]
        return "mute" in faults or "blank" in faults or missing

    def _first_time(self, fault: str) -> bool:
        """Is the fault on, and was nothing spoiled by it yet?"""
        if fault not in self._faults or fault in self._spoiled:
            return False
        self._spoiled.add(fault)
        return True

    def _spoil(self, frame: bytes) -> bytes:
        with self._lock:
            if self._first_time("wrong_sum"):
                return frame[:-2] + bytes((frame[-2] ^ 0x01,)) + frame[-1:]
            if self._first_time("collision"):
                return bytes(mine & theirs for mine, theirs in zip(frame[2:], frame[::-1], strict=False))
        return frame


def _template_says(make: BarMake, body: bytes) -> _Says | None:
    asked = parse_parts(make, make.ask, body) if make.ask else None
    if asked is not None:
        address = asked[0]

        def told(text: str, colour: LedColour) -> bytes:
            return build_frame(
                make.frame, build_parts(make, make.told, address=address, colour=colour, text=text)
            )

        return _Says(address, None, LedColour.RED, told)
    shown = parse_parts(make, make.show, body)
    return None if shown is None else _Says(shown[0], shown[2], shown[1] or LedColour.RED, None)


def _onbon_says(packet: onbon.Packet, *, refuses: bool) -> _Says | None:
    command, error = (onbon.Command.REFUSED, 3) if refuses else (onbon.Command.ACKNOWLEDGED, 0)

    def answer(_text: str, _colour: LedColour) -> bytes:
        return onbon.build_packet(onbon.Packet(packet.sender, packet.to, command, error, b""))

    if packet.command == onbon.Command.PING:
        acknowledged = onbon.Packet(packet.sender, packet.to, onbon.Command.ACKNOWLEDGED, 0, b"")
        return _Says(packet.to, None, LedColour.RED, lambda *_: onbon.build_packet(acknowledged))
    if packet.command != onbon.Command.SHOW:
        return None
    text, colour, _ = onbon.parse_text(packet.data)
    return _Says(packet.to, None if refuses else text, colour or LedColour.RED, answer)
