"""A smart-card reader outside the program: a pcscd of its own, two virtual slots, made-up cards in them."""

from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from devices.simulators.pcsc_daemon import PcscDaemon, missing
from devices.simulators.smart_cards import CARD_BY_WORD, Card

_log = logging.getLogger(__name__)

FAULTS = {
    "unplugged": "拔掉读卡器",
    "service_stopped": "智能卡服务（pcscd）停止",
    "pulled_mid": "下一次读卡读到一半卡被拔出",
    "second_card": "同时放着第二张卡",
    "garbage": "卡片回答乱码",
    "upside_down": "卡插反了（没有复位应答）",
}
_POWER_OFF, _POWER_ON, _RESET, _ATR = 0, 1, 2, 4
_CONNECT_SECONDS = 10.0
_PULL_AFTER = 4
_SWAP_SECONDS = 0.6
"""A hand takes longer than pcscd's look at the slot each 0.4 s: a quicker swap would go unseen for ever."""


class CardReaderSimulator:
    """One reader with two slots; ``lay`` puts a card into the first, second_card one into the other."""

    kind = "card_reader"

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._daemon = PcscDaemon(folder, name)
        self._lock = threading.RLock()
        self._faults: set[str] = set()
        self._word = ""
        self._ports = (0, 0)
        self._slots: list[_Inserted | None] = [None, None]
        self._empty_since = [0.0, 0.0]

    @property
    def address(self) -> str:
        """What the driver's option ``socket`` is: the private pcscd's socket."""
        return str(self._daemon.socket)

    @property
    def available(self) -> bool:
        """Can it run here? Without pcscd it stands on the bench as one that is not plugged in."""
        return not missing()

    @property
    def daemon_pid(self) -> int:
        """Process of the private pcscd, 0 without one; for tests that kill it."""
        return self._daemon.pid

    def start(self) -> None:
        """Start pcscd and the reader. Raises OSError."""
        if not self.available:
            _log.warning("%s: %s", self.name, missing())
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._ports = _free_pair()
        with self._lock:
            self._run_daemon()

    def stop(self) -> None:
        """End both; may be called twice."""
        with self._lock:
            self._take_out()
            self._daemon.stop()

    def faults(self) -> Mapping[str, str]:
        """What it can do wrong."""
        return FAULTS

    def set_fault(self, fault: str, on: bool) -> None:
        """Switch a fault; pulled_mid clears itself after one read."""
        if fault not in FAULTS:
            raise KeyError(fault)
        with self._lock:
            (self._faults.add if on else self._faults.discard)(fault)
            if fault in ("unplugged", "service_stopped"):
                self._run_daemon()
            elif fault == "second_card":
                self._put_in(1)
            elif fault in ("upside_down", "garbage"):
                self._put_in(0)

    def state(self) -> Mapping[str, object]:
        """The card that lies there, the faults that are on."""
        with self._lock:
            card = CARD_BY_WORD.get(self._word)
            faults = sorted(self._faults)
            label = card.label if card else ""
            return {"card": self._word, "label": label, "faults": faults, "available": self.available}

    def lay(self, card: str) -> None:
        """Put a card in. Raises KeyError for one that we do not have."""
        if card not in CARD_BY_WORD:
            raise KeyError(card)
        with self._lock:
            self._word = card
            self._put_in(0)

    def remove(self) -> None:
        """Take all cards out."""
        with self._lock:
            self._word = ""
            self._put_in()

    def pulled(self) -> None:
        """For a card in a slot, on its thread, which others wait for under the lock: it was pulled."""
        self._faults.discard("pulled_mid")
        self._word = ""

    @property
    def pulls(self) -> bool:
        """Is the card to be pulled in the middle of the next read?"""
        return "pulled_mid" in self._faults

    # ------------------------------------------------------------

    def _run_daemon(self) -> None:
        self._take_out()
        self._daemon.stop()
        if "service_stopped" in self._faults or not self.available:
            return
        self._daemon.start(0 if "unplugged" in self._faults else self._ports[0])
        self._put_in()

    def _take_out(self, *slots: int) -> None:
        for at in slots or range(len(self._slots)):
            inserted = self._slots[at]
            if inserted is not None:
                inserted.pull()
                self._empty_since[at] = monotonic()
            self._slots[at] = None

    def _put_in(self, *slots: int) -> None:
        """See that in these slots (all without any) is what should be there."""
        self._take_out(*slots)
        if self._faults & {"unplugged", "service_stopped"} or not self._daemon.pid:
            return
        wanted = {0: self._word, 1: "bank" if "second_card" in self._faults else ""}
        for at in slots or wanted:
            if wanted[at]:
                moods = frozenset(self._faults) if at == 0 else frozenset()
                self._slots[at] = _Inserted(self, at, CARD_BY_WORD[wanted[at]].make(), moods)

    def place(self, slot: int) -> tuple[int, float]:
        """For a card: the port of a slot, and from when on it may be there (monotonic seconds)."""
        return self._ports[slot], self._empty_since[slot] + _SWAP_SECONDS


class _Inserted:
    """One card in one slot: a connection to the virtual reader, from insertion to removal."""

    def __init__(self, reader: CardReaderSimulator, slot: int, card: Card, faults: frozenset[str]) -> None:
        self._reader, self._card, self._faults = reader, card, faults
        self._port, self._from = reader.place(slot)
        self._line: socket.socket | None = None
        self._out = threading.Event()
        self._asked = 0
        self._thread = threading.Thread(target=self._run, name=f"sim card {slot}", daemon=True)
        self._thread.start()

    def pull(self) -> None:
        """Take the card out."""
        self._out.set()
        line = self._line
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        line = self._connected()
        if line is None:
            return
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with line, suppress(OSError, EOFError):
            self._line = line
            while not self._out.is_set():
                message = _message(line)
                answer = self._answer(message)
                if answer is not None:
                    line.sendall(struct.pack(">H", len(answer)) + answer)

    def _connected(self) -> socket.socket | None:
        """The virtual reader listens some moments after pcscd was started."""
        self._out.wait(max(0.0, self._from - monotonic()))
        deadline = monotonic() + _CONNECT_SECONDS
        while monotonic() < deadline and not self._out.is_set():
            try:
                return socket.create_connection(("127.0.0.1", self._port), timeout=None)
            except OSError:
                self._out.wait(0.02)
        return None

    def _answer(self, message: bytes) -> bytes | None:
        if len(message) == 1:
            return self._control(message[0])
        self._asked += 1
        if self._reader.pulls and self._asked > _PULL_AFTER:
            self._reader.pulled()
            raise EOFError
        return b"\x12\x34\x56" if "garbage" in self._faults else self._card.answer(message)

    def _control(self, code: int) -> bytes | None:
        if code == _ATR:
            return b"\x00\x00" if "upside_down" in self._faults else self._card.atr
        if code in (_POWER_OFF, _POWER_ON, _RESET):
            self._card.reset()
        return None


def _message(line: socket.socket) -> bytes:
    (size,) = struct.unpack(">H", _exactly(line, 2))
    return _exactly(line, size)


def _exactly(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        piece = line.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def _free_pair() -> tuple[int, int]:
    """Two ports in a row that nobody has; the virtual reader takes both."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("", 0))
            port = first.getsockname()[1]
            with suppress(OSError, OverflowError):
                second.bind(("", port + 1))
                return port, port + 1
        sleep(0.01)
    raise OSError("no two free ports in a row")
