"""The files of a 社保卡 (人社信息函〔2012〕37号, LD/T 32.5-2015) as commands and back.

Records are read by tag and never by number: cards of version 2 put the name's extension in record 3, so
that numbers give the wrong sex and birthday (DEVICES §2.1).
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.cards import Sex, SocialCard
from devices.protocols.apdu import BadAnswer, Sw, Transmit, exchange, read_record, select_name

ENVIRONMENT = b"sx1.sh." + "社会保障".encode("gbk")
PUBLIC_FILE, HOLDER_FILE = 0xEF05, 0xEF06
_SFI = {PUBLIC_FILE: 0x2C, HOLDER_FILE: 0x34}
_TAGS = {
    PUBLIC_FILE: (0x01, 0x02, 0x03, 0x05, 0x06, 0x07),
    HOLDER_FILE: (0x08, 0x09, 0x4E, 0x0A, 0x0B, 0x0D),
}
_NEEDED = frozenset((0x01, 0x08, 0x09))
_RECORDS = range(1, 9)
_FOREIGN = frozenset((Sw.NO_FILE, Sw.NO_COMMAND, Sw.NO_CLASS, Sw.NO_RECORD, Sw.WRONG_P1P2))
_SEXES = {"1": Sex.MALE, "2": Sex.FEMALE, "9": Sex.UNSTATED}


class NotSocialCard(Exception):
    """Another kind of card: it does not know the environment."""


class PinWanted(Exception):
    """The holder's PIN is wanted first; ``tries`` are left, 0 when it is blocked."""

    def __init__(self, tries: int) -> None:
        super().__init__(f"{tries} tries left")
        self.tries = tries


class ReadingRefused(Exception):
    """The card gives its data only to a reader with keys (PSAM); ``word`` is what it said."""

    def __init__(self, word: int) -> None:
        super().__init__(f"{word:04X}")
        self.word = word


def read(transmit: Transmit, *, pin: str = "") -> SocialCard:
    """The whole card. Raises NotSocialCard, PinWanted, ReadingRefused, BadAnswer."""
    _, word = exchange(transmit, select_name(ENVIRONMENT))
    if word in _FOREIGN or word == Sw.CONDITIONS:
        raise NotSocialCard
    _must(word)
    if pin:
        _verify(transmit, pin)
    fields = {**_file(transmit, PUBLIC_FILE), **_file(transmit, HOLDER_FILE)}
    if not fields.keys() >= _NEEDED:
        raise BadAnswer("records are missing")
    return parse(fields)


def parse(fields: Mapping[int, bytes]) -> SocialCard:
    """The card from its records by tag. Raises BadAnswer."""
    name = _padded(fields[0x09]) + _padded(fields.get(0x4E, b""))
    try:
        shown = name.decode("gb18030").strip()
        number = _padded(fields[0x08]).decode("ascii").upper()
    except UnicodeDecodeError as error:
        raise BadAnswer("a name or number that is none") from error
    return SocialCard(
        version=_text(fields.get(0x03, b"")),
        region=_digits(fields[0x01])[:6],
        card_number=_text(fields.get(0x07, b"")),
        number=number,
        name=shown,
        sex=_SEXES.get(_sign(fields.get(0x0A, b"")), Sex.UNKNOWN),
        nation=_digits(fields.get(0x0B, b"")),
        born=_date(fields.get(0x0D, b"")),
        issued=_date(fields.get(0x05, b"")),
        valid_until=_date(fields.get(0x06, b"")),
    )


def _file(transmit: Transmit, file: int) -> dict[int, bytes]:
    """All records of a file by tag; from a card that cannot be asked by tag they come by number."""
    if not _select(transmit, file):
        raise NotSocialCard
    found: dict[int, bytes] = {}
    for tag in _TAGS[file]:
        data, word = exchange(transmit, read_record(tag, 0x00))
        if word == Sw.OK:
            found.update([_record(data)])
        elif word == Sw.NOT_ALLOWED:
            raise _refused(transmit)
        elif word not in _FOREIGN:
            raise ReadingRefused(word)
    return found or _by_number(transmit, file)


def _by_number(transmit: Transmit, file: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for number in _RECORDS:
        data, word = exchange(transmit, read_record(number, _SFI[file]))
        if word == Sw.NOT_ALLOWED:
            raise _refused(transmit)
        if word != Sw.OK:
            break
        found.update([_record(data)])
    return found


def _select(transmit: Transmit, file: int) -> bool:
    """Some cards want P1 02, some 00."""
    for p1 in (0x02, 0x00):
        _, word = exchange(transmit, bytes((0x00, 0xA4, p1, 0x00, 0x02)) + file.to_bytes(2, "big"))
        if word == Sw.OK:
            return True
        if word == Sw.NOT_ALLOWED:
            raise _refused(transmit)
    return False


def _verify(transmit: Transmit, pin: str) -> None:
    digits = bytes.fromhex(pin.ljust(6, "F")) if pin.isascii() and pin.isdigit() and len(pin) <= 6 else b""
    if not digits:
        raise PinWanted(_tries(transmit))
    _, word = exchange(transmit, b"\x00\x20\x00\x00" + bytes((len(digits),)) + digits)
    if word >> 4 == 0x63C:
        raise PinWanted(word & 0x0F)
    if word == Sw.BLOCKED:
        raise PinWanted(0)
    _must(word)


def _refused(transmit: Transmit) -> PinWanted | ReadingRefused:
    """6982 can mean a PIN or a reader's keys: a card that counts tries has a PIN."""
    tries = _tries(transmit)
    return ReadingRefused(Sw.NOT_ALLOWED) if tries < 0 else PinWanted(tries)


def _tries(transmit: Transmit) -> int:
    """VERIFY without data asks for the tries that are left and costs none; -1 when there is no PIN."""
    _, word = exchange(transmit, b"\x00\x20\x00\x00")
    if word >> 4 == 0x63C:
        return word & 0x0F
    return 0 if word == Sw.BLOCKED else -1


def _must(word: int) -> None:
    if word == Sw.NOT_ALLOWED:
        raise ReadingRefused(word)
    if word != Sw.OK:
        raise BadAnswer(f"{word:04X}")


def _record(data: bytes) -> tuple[int, bytes]:
    if len(data) < 2 or len(data) < 2 + data[1]:
        raise BadAnswer("a record is cut off")
    return data[0], data[2 : 2 + data[1]]


def _padded(value: bytes) -> bytes:
    return value.rstrip(b"\0").rstrip(b" ")


def _text(value: bytes) -> str:
    return _padded(value).decode("ascii", errors="replace")


def _digits(value: bytes) -> str:
    """cn: two digits a byte from the left, padded with F."""
    return value.hex().rstrip("f")


def _date(value: bytes) -> str:
    digits = _digits(value)
    return digits if len(digits) == 8 and digits.isdigit() and digits.strip("0") else ""


def _sign(value: bytes) -> str:
    """One character, or one number in a byte."""
    if not value:
        return ""
    return chr(value[0]) if value[0] >= 0x30 else str(value[0])
