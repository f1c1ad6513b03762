"""Made-up smart cards as state machines: 社保卡 of three versions and moods, a bank card, a foreign one.

A card answers one command APDU after the other, with the detours of real cards (61xx, 6Cxx). The names
and numbers are those of devices/simulators/people.py: a person's 社保卡 has the same citizen's number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from devices.protocols.bank_card import DIRECTORIES
from devices.protocols.social_card import ENVIRONMENT
from devices.simulators.people import with_check_digit

ATR = bytes.fromhex("3B6D000000814D220086") + bytes(5)
PIN = "123456"
_OK, _NO_FILE, _NO_RECORD = b"\x90\x00", b"\x6a\x82", b"\x6a\x83"
_NOT_ALLOWED, _BLOCKED, _NO_COMMAND = b"\x69\x82", b"\x69\x83", b"\x6d\x00"
_TRIES = 3

Records = Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class CardKind:
    """One card to be put in: ``word`` names it on the control page, ``make`` gives a fresh one."""

    word: str
    label: str
    make: Callable[[], Card]


class Card:
    """What every card does; ``answer`` is a whole answer with its status word."""

    atr = ATR

    def __init__(self) -> None:
        self._pending = b""

    def reset(self) -> None:
        """Power off and on."""
        self._pending = b""

    def answer(self, command: bytes) -> bytes:
        """The answer to one command."""
        if len(command) < 4:
            return b"\x67\x00"
        if command[1] == 0xC0:
            data, self._pending = self._pending, b""
            return data + _OK
        return self.obey(command)

    def obey(self, command: bytes) -> bytes:  # noqa: ARG002 - the simplest card knows nothing
        """Everything but GET RESPONSE."""
        return b"\x6e\x00"

    def later(self, data: bytes) -> bytes:
        """61xx: the data are to be fetched."""
        self._pending = data
        return bytes((0x61, len(data)))


@dataclass(frozen=True, slots=True)
class SocialMake:
    """How a 社保卡 behaves: its records of both files in their order, what it wants before it tells them."""

    public: Records
    holder: Records
    by_tag: bool = True
    pin: bool = False
    closed: bool = False
    select_p1: int = 0x02
    wrong_length: bool = True


class SocialSecurityCard(Card):
    """Files EF05 and EF06 below the environment."""

    def __init__(self, make: SocialMake) -> None:
        super().__init__()
        self._make = make
        self._tries = _TRIES
        self.reset()

    def reset(self) -> None:
        """Forget the PIN and what was chosen."""
        super().reset()
        self._chosen = self._verified = False
        self._file: Records | None = None

    def obey(self, command: bytes) -> bytes:
        if command[:2] == b"\x00\xa4":
            return self._select(command)
        if command[:2] == b"\x00\x20":
            return self._verify(command)
        if command[:2] == b"\x00\xb2":
            return self._read(command)
        return _NO_COMMAND

    def _select(self, command: bytes) -> bytes:
        p1, body = command[2], command[5 : 5 + command[4]] if len(command) > 4 else b""
        if p1 == 0x04:
            self._chosen = body == ENVIRONMENT
            return self.later(b"\x6f\x11\x84\x0f" + ENVIRONMENT) if self._chosen else _NO_FILE
        files = {b"\xef\x05": self._make.public, b"\xef\x06": self._make.holder}
        if not self._chosen or p1 != self._make.select_p1 or body not in files:
            return _NO_FILE
        self._file = files[body]
        return _OK

    def _verify(self, command: bytes) -> bytes:
        if not self._make.pin:
            return b"\x6a\x88"
        if not self._tries:
            return _BLOCKED
        if len(command) > 5:
            self._verified = command[5 : 5 + command[4]] == bytes.fromhex(PIN)
            self._tries = _TRIES if self._verified else self._tries - 1
            if self._verified:
                return _OK
        return bytes((0x63, 0xC0 | self._tries))

    def _read(self, command: bytes) -> bytes:
        make = self._make
        number, p2 = command[2], command[3]
        file = {0x2C: make.public, 0x34: make.holder}.get(p2, self._file)
        if file is None:
            return _NO_FILE
        if file is make.holder and (make.closed or (make.pin and not self._verified)):
            return _NOT_ALLOWED
        if p2 == 0x00:
            record = self._tagged(file, number) if make.by_tag else None
            if not make.by_tag:
                return b"\x6a\x86"
        else:
            tags = tuple(file)
            record = self._tagged(file, tags[number - 1]) if 1 <= number <= len(tags) else None
        if record is None:
            return _NO_RECORD
        wanted = command[4] if len(command) > 4 else 0
        if make.wrong_length and wanted != len(record):
            return bytes((0x6C, len(record)))
        return record + _OK

    def _tagged(self, file: Records, tag: int) -> bytes | None:
        value = file.get(tag)
        return None if value is None else bytes((tag, len(value))) + value


@dataclass
class BankMake:
    """An application of UnionPay with one record."""

    number: str
    until: str = "311231"
    directory: bool = True
    pdol: bytes = bytes.fromhex("9F6604 9F0206".replace(" ", ""))
    asked: list[bytes] = field(default_factory=list)


class BankIcCard(Card):
    """Directory, application, one record; track 2 instead of the number when ``directory`` is off."""

    def __init__(self, make: BankMake) -> None:
        super().__init__()
        self._make = make
        self._chosen = False

    def reset(self) -> None:
        super().reset()
        self._chosen = False

    def obey(self, command: bytes) -> bytes:
        make = self._make
        body = command[5 : 5 + command[4]] if len(command) > 5 else b""
        application = bytes.fromhex("A000000333010101")
        if command[:2] == b"\x00\xa4" and command[2] == 0x04:
            if body == DIRECTORIES[0] and make.directory:
                self._chosen = False
                return _tlv(0x6F, _tlv(0x84, body) + _tlv(0xA5, _tlv(0x88, b"\x01"))) + _OK
            self._chosen = body == application
            if not self._chosen:
                return _NO_FILE
            return self.later(_tlv(0x6F, _tlv(0x84, body) + _tlv(0xA5, _tlv(0x9F38, make.pdol))))
        if command[:4] == b"\x00\xb2\x01\x0c" and not self._chosen and make.directory:
            return _tlv(0x70, _tlv(0x61, _tlv(0x4F, application))) + _OK
        if command[:2] == b"\x80\xa8" and self._chosen:
            if len(body) != 2 + 10:
                return b"\x67\x00"
            return _tlv(0x77, _tlv(0x82, b"\x7c\x00") + _tlv(0x94, bytes((0x08, 1, 1, 0)))) + _OK
        if command[:4] == b"\x00\xb2\x01\x0c" and self._chosen:
            return self._record()
        return _NO_COMMAND

    def _record(self) -> bytes:
        digits = self._make.number
        if self._make.directory:
            packed = bytes.fromhex(digits + "F" * (len(digits) % 2))
            return _tlv(0x70, _tlv(0x5A, packed) + _tlv(0x5F24, bytes.fromhex(self._make.until))) + _OK
        track = f"{digits}D{self._make.until[:4]}220"
        return _tlv(0x70, _tlv(0x57, bytes.fromhex(track + "F" * (len(track) % 2)))) + _OK


def _tlv(tag: int, value: bytes) -> bytes:
    size = bytes((len(value),)) if len(value) < 0x80 else bytes((0x81, len(value)))
    return tag.to_bytes((tag.bit_length() + 7) // 8, "big") + size + value


def _cn(digits: str, size: int) -> bytes:
    return bytes.fromhex(digits.ljust(size * 2, "F"))


def social_make(name: str, seventeen: str, *, version: str = "2.00", nation: str = "01") -> SocialMake:
    """An ordinary card of this version; a name of more than 30 bytes goes on in the extension."""
    coded = name.encode("gb18030")
    public = {
        0x01: _cn("999999" + "0156" * 6 + "01", 16),
        0x02: b"3",
        0x03: version.encode(),
        0x04: _cn("999999000000000000000001", 12),
        0x05: _cn("20210601", 4),
        0x06: _cn("20310601", 4),
        0x07: b"Z99990" + version[:1].encode() + b"01",
    }
    number = with_check_digit(seventeen)
    holder = {0x08: number.encode(), 0x09: coded[:30].ljust(30, b"\0")}
    if version != "1.00":
        holder[0x4E] = coded[30:50].ljust(20, b"\0")
    holder |= {
        0x0A: b"1" if int(seventeen[16]) % 2 else b"2",
        0x0B: _cn(nation, 1),
        0x0C: _cn("999999", 3),
        0x0D: _cn(seventeen[6:14], 4),
    }
    return SocialMake(public, holder, select_p1=0x00 if version == "1.00" else 0x02)


def _social(name: str, seventeen: str, version: str = "2.00", nation: str = "01") -> Callable[[], Card]:
    return lambda: SocialSecurityCard(social_make(name, seventeen, version=version, nation=nation))


def _moody(name: str, seventeen: str, **mood: bool) -> Callable[[], Card]:
    made = social_make(name, seventeen)
    return lambda: SocialSecurityCard(SocialMake(made.public, made.holder, **mood))


LONG_NAME = "阿卜杜热合曼·买买提吐尔逊艾力"
CARDS = (
    CardKind("ss-zhang", "社保卡：张秀兰（第二代）", _social("张秀兰", "99999919680312482")),
    CardKind("ss-wang", "社保卡：王𠮷（第三代，生僻字）", _social("王𠮷", "99999919910705333", "3.00")),
    CardKind("ss-zhao", "社保卡：赵德福（第一代，83 岁）", _social("赵德福", "99999919430101071", "1.00")),
    CardKind(
        "ss-long", f"社保卡：{LONG_NAME}（姓名扩展）", _social(LONG_NAME, "99999919820505217", nation="05")
    ),
    CardKind("ss-number", "社保卡：只能按记录号读", _moody("周明", "99999919750606158", by_tag=False)),
    CardKind("ss-pin", f"社保卡：要密码（{PIN}）", _moody("孙红", "99999919890808246", pin=True)),
    CardKind("ss-closed", "社保卡：拒绝直接读取", _moody("吴强", "99999919770909199", closed=True)),
    CardKind("bank", "银行卡（只显示脱敏卡号）", lambda: BankIcCard(BankMake("6299990000000001234"))),
    CardKind(
        "bank-bare",
        "银行卡：没有目录、只有二磁道",
        lambda: BankIcCard(BankMake("6299990000000005678", directory=False)),
    ),
    CardKind("foreign", "别的芯片卡（应被礼貌拒绝）", Card),
)
CARD_BY_WORD = {card.word: card for card in CARDS}
