"""A second-generation ID card reader on a PTY: made-up people lie on it, and it misbehaves on demand."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from devices.protocols.sdt import (
    Command,
    Garbled,
    Said,
    build_base,
    build_reply,
    build_sam_id,
    take_request,
)
from devices.simulators.people import BY_WORD, Person, photo
from devices.simulators.pty_line import PtyLine

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
}
_ONCE = frozenset({"half_frame", "bit_flip", "card_moves"})
SAM_ID, OTHER_SAM_ID = "05.03-20181121-0000990001-0990000001", "05.03-20200909-0000990002-0990000002"
_MODULE_SECONDS = 0.003
"""How long the module itself thinks about a request; a card's answer over the air is in the read."""


class SdtReaderSimulator:
    """One reader; ``lay`` and ``remove`` move cards."""

    kind = "id_card_reader"

    def __init__(
        self, name: str, link: Path, *, baud: int = 115200, module_seconds: float = _MODULE_SECONDS
    ) -> None:
        self.name = name
        self._line = PtyLine(link, self._serve, baud=baud)
        self._module_seconds = module_seconds
        self._lock = threading.Lock()
        self._faults: set[str] = set()
        self._card: Person | None = None
        self._found = self._selected = self._read = False
        self._fresh = True
        self.requests = 0

    @property
    def address(self) -> str:
        """Path of the port's symlink."""
        return str(self._line.link)

    def start(self) -> None:
        """Plug it in."""
        self._line.plug()

    def stop(self) -> None:
        """Unplug it for good."""
        self._line.unplug()

    def faults(self) -> Mapping[str, str]:
        """What it can do wrong."""
        return FAULTS

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault; half_frame, bit_flip and card_moves clear themselves after one read."""
        if fault not in FAULTS:
            raise KeyError(fault)
        with self._lock:
            (self._faults.add if on else self._faults.discard)(fault)
        if fault == "unplugged":
            self._line.unplug() if on else self._line.plug()
        elif fault == "replaced":
            self._line.unplug()
            self._line.plug()

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

    def _serve(self, line: PtyLine) -> None:
        self._fresh = True
        buffer = bytearray()
        while True:
            buffer += line.read(256)
            try:
                while (command := take_request(buffer)) is not None:
                    self.requests += 1
                    line.pause(self._module_seconds)
                    line.write(self._disturb(command, self._answer(command)))
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
                Command.READ_NEWEST_ADDRESS: self._newest_address,
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
        if not (self._card and self._selected):
            return build_reply(Said.READ_FAILED)
        self._read = not self._faults & {"half_frame", "bit_flip"}
        self._found = self._selected = False
        return build_reply(Said.OK, build_base(self._card.text, photo()))

    def _newest_address(self) -> bytes:
        return build_reply(Said.NOTHING_STORED if self._card and self._read else Said.READ_FAILED)

    def _disturb(self, command: int, frame: bytes) -> bytes:
        with self._lock:
            if "mute" in self._faults:
                return b""
            if command == Command.READ_BASE and len(frame) > 100:
                if "half_frame" in self._faults:
                    frame = frame[:600]
                if "bit_flip" in self._faults:
                    frame = frame[:300] + bytes((frame[300] ^ 0x10,)) + frame[301:]
                self._faults -= _ONCE
            if "noise" in self._faults:
                frame = bytes(random.choices(range(256), k=4)) + b"\xaa\xaa\x00" + frame
            return frame
