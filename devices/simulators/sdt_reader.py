"""A second-generation ID card reader on a PTY: made-up people lie on it, and it misbehaves on demand."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from devices.protocols.sdt import (
    RATES,
    Command,
    Garbled,
    Said,
    build_base,
    build_base_and_prints,
    build_newest_address,
    build_reply,
    build_sam_id,
    take_request,
)
from devices.simulators.on_line import OnLine
from devices.simulators.people import BY_WORD, Person, photo
from devices.simulators.pty_line import PtyLine
from devices.simulators.usb_line import UsbLine
from devices.simulators.usb_wire import Shape

FAULTS = {
    "unplugged": "拔掉数据线",
    "mute": "没有应答",
    "noise": "每次应答前有杂波",
    "half_frame": "下一次读卡只发一半数据",
    "bit_flip": "下一次读卡有一位出错",
    "wrong_sam_id": "上电后第一次模块编号是错的",
    "unauthorised": "安全模块未授权（66）",
    "self_test": "自检失败（60）",
    "card_moves": "下一次选卡时证件被移动",
    "replaced": "换成了另一台读卡器",
    "other_rate": "模块波特率被改成 9600（仅串口）",
    "no_prints": "模块不支持读指纹",
}
_ONCE = frozenset({"half_frame", "bit_flip", "card_moves"})
SAM_ID, OTHER_SAM_ID = "05.03-20181121-0000990001-0990000001", "05.03-20200909-0000990002-0990000002"
_MODULE_SECONDS = 0.003
"""How long the module itself thinks about a request; a card's answer over the air is in the read."""


UsbStyle = Literal["split", "single"]
Line = PtyLine | UsbLine

_STRINGS = ("BANSHI", "SIM ID CARD READER", "SIM-0001")
_SHAPES: Mapping[UsbStyle, Shape] = {
    "split": Shape(vendor=0x0400, product=0xC35A, endpoints=(0x02, 0x06, 0x81, 0x85), strings=_STRINGS),
    "single": Shape(vendor=0x0483, product=0x5652, endpoints=(0x02, 0x81), strings=_STRINGS),
}
_RATE_OF: Mapping[int, int] = {command: rate for rate, command in RATES.items()}


class SdtReaderSimulator(OnLine):
    """One reader; ``lay`` and ``remove`` move cards."""

    kind = "id_card_reader"
    FAULTS = FAULTS

    def __init__(
        self,
        name: str,
        link: Path,
        *,
        baud: int = 115200,
        module_seconds: float = _MODULE_SECONDS,
        usb: UsbStyle | None = None,
    ) -> None:
        super().__init__(
            name,
            PtyLine(link, self._serve, baud=baud)
            if usb is None
            else UsbLine(link, _SHAPES[usb], self._serve),
        )
        self._rate = 0
        self._module_seconds = module_seconds
        self._card: Person | None = None
        self._found = self._selected = self._read = False
        self._fresh = True
        self.requests = 0

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault; half_frame, bit_flip and card_moves clear themselves after one read."""
        super().set_fault(fault, on)
        if fault == "other_rate":
            self._rate = 9600 if on else 0
        elif fault == "replaced":
            self.stop()
            self.start()

    def state(self) -> Mapping[str, object]:
        """The card that lies there, the faults that are on."""
        with self._lock:
            card = self._card
            return {
                "card": card.word if card else "",
                "label": card.label if card else "",
                "read": self._read,
                "faults": sorted(self._faults),
            }

    def lay(self, person: str) -> None:
        """Lay this person's card on the reader. Raises KeyError for nobody we know."""
        card = BY_WORD[person]
        with self._lock:
            self._card = card
            self._found = self._selected = self._read = False

    def remove(self) -> None:
        """Take the card away."""
        with self._lock:
            self._card = None
            self._found = self._selected = self._read = False

    # ------------------------------------------------------------ the module

    def _serve(self, line: Line) -> None:
        self._fresh = True
        buffer = bytearray()
        while True:
            data = line.read(256)
            if self._rate and isinstance(line, PtyLine) and line.host_rate != self._rate:
                continue
            buffer += data
            try:
                while (command := take_request(buffer)) is not None:
                    self.requests += 1
                    line.pause(self._module_seconds)
                    line.write(self._disturb(command, self._answer(command)))
                    if self._rate:
                        self._rate = _RATE_OF.get(command, self._rate)
            except Garbled:
                buffer.clear()
                line.write(build_reply(Said.BAD_CHECKSUM))

    def _answer(self, command: int) -> bytes:
        with self._lock:
            if "self_test" in self._faults:
                return build_reply(Said.SELF_TEST_FAILED)
            if "unauthorised" in self._faults:
                return build_reply(Said.NOT_AUTHORISED)
            answers: dict[int, Callable[[], bytes]] = {
                Command.RESET: self._ok,
                Command.STATUS: self._ok,
                Command.SAM_ID: self._sam_id,
                Command.FIND: self._find,
                Command.SELECT: self._select,
                Command.READ_BASE: self._read_base,
                Command.READ_BASE_AND_PRINTS: self._read_base_and_prints,
                Command.READ_NEWEST_ADDRESS: self._newest_address,
                **dict.fromkeys(_RATE_OF, self._ok),
            }
            answer = answers.get(command)
            return answer() if answer else build_reply(Said.BAD_COMMAND)

    def _ok(self) -> bytes:
        return build_reply(Said.OK)

    def _sam_id(self) -> bytes:
        wrong = self._fresh and "wrong_sam_id" in self._faults
        self._fresh = False
        if wrong:
            return build_reply(Said.OK, bytes.fromhex("0500 0300 FFFFFFFF 00000000 00000001"))
        return build_reply(Said.OK, build_sam_id(OTHER_SAM_ID if "replaced" in self._faults else SAM_ID))

    def _find(self) -> bytes:
        """A card that was read well is not found again before it left the field."""
        if self._card is None or self._read:
            return build_reply(Said.NOT_FOUND)
        self._found, self._selected = True, False
        return build_reply(Said.FOUND, bytes(4))

    def _select(self) -> bytes:
        if "card_moves" in self._faults:
            self._faults.discard("card_moves")
            self._found = False
        if not (self._card and self._found):
            return build_reply(Said.NOT_SELECTED)
        self._selected = True
        return build_reply(Said.OK, bytes(8))

    def _read_base(self) -> bytes:
        card = self._taken()
        if card is None:
            return build_reply(Said.READ_FAILED)
        return build_reply(Said.OK, build_base(card.text, photo()))

    def _read_base_and_prints(self) -> bytes:
        if "no_prints" in self._faults:
            return build_reply(Said.BAD_COMMAND)
        card = self._taken()
        if card is None:
            return build_reply(Said.READ_FAILED)
        return build_reply(Said.OK, build_base_and_prints(card.text, photo(), card.prints))

    def _taken(self) -> Person | None:
        """The card that is read now; a disturbed answer leaves it to be read again."""
        if not (self._card and self._selected):
            return None
        self._read = not self._faults & {"half_frame", "bit_flip"}
        self._found = self._selected = False
        return self._card

    def _newest_address(self) -> bytes:
        if not (self._card and self._read):
            return build_reply(Said.READ_FAILED)
        address = self._card.newest_address
        if not address:
            return build_reply(Said.NOTHING_STORED)
        return build_reply(Said.OK, build_newest_address(address))

    def _disturb(self, command: int, frame: bytes) -> bytes:
        with self._lock:
            if "mute" in self._faults:
                return b""
            if command in (Command.READ_BASE, Command.READ_BASE_AND_PRINTS) and len(frame) > 100:
                if "half_frame" in self._faults:
                    frame = frame[:600]
                if "bit_flip" in self._faults:
                    frame = frame[:300] + bytes((frame[300] ^ 0x10,)) + frame[301:]
                self._faults -= _ONCE
            if "noise" in self._faults:
                frame = bytes(random.choices(range(256), k=4)) + b"\xaa\xaa\x00" + frame
            return frame
