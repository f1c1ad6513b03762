"""As much of a bank IC (PBOC/EMV) as a hall may know: its masked number and when it ends.

Nothing else that the card says is kept, and nobody may log these commands and answers.
"""

from __future__ import annotations

from devices.cards import BankCard
from devices.protocols.apdu import BadAnswer, Sw, Transmit, exchange, find, read_record, select_name

DIRECTORIES = (b"1PAY.SYS.DDF01", b"2PAY.SYS.DDF01")
APPLICATIONS = tuple(bytes.fromhex(f"A0000003330101{kind}") for kind in ("01", "02", "03", "06"))
"""Debit, credit, quasi-credit, e-cash of UnionPay."""

_PAN, _TRACK_2, _UNTIL, _PDOL, _AFL, _AID = 0x5A, 0x57, 0x5F24, 0x9F38, 0x94, 0x4F


_LONGEST_OPTIONS = 0xFF - 2
"""Bytes that GET PROCESSING OPTIONS can carry behind tag and length."""


class NotBankCard(Exception):
    """No application of a bank is on the card."""


def read(transmit: Transmit) -> BankCard:
    """Raises NotBankCard, BadAnswer."""
    control = _chosen(transmit)
    pdol = find(control, _PDOL) or b""
    if (wanted := _pdol_size(pdol)) > _LONGEST_OPTIONS:
        raise BadAnswer("wants to be told too much")
    zeros = bytes(wanted)
    options = b"\x83" + bytes((len(zeros),)) + zeros
    data, word = exchange(transmit, b"\x80\xa8\x00\x00" + bytes((len(options),)) + options)
    if word != Sw.OK:
        raise BadAnswer(f"{word:04X}")
    locator = data[4:] if data[:1] == b"\x80" else find(data, _AFL) or b""
    number = until = ""
    for record in _records(transmit, locator):
        number = number or _number(record)
        until = until or _until(record)
        if number and until:
            break
    if not number:
        raise BadAnswer("no number")
    return BankCard(mask(number), f"20{until}" if until else "")


def mask(number: str) -> str:
    """622848*********1234."""
    if len(number) < 13:
        return "*" * len(number)
    return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"


def _chosen(transmit: Transmit) -> bytes:
    """What the card tells when its application is chosen: by the card's own directory, else by name."""
    for name in (*_listed(transmit), *APPLICATIONS):
        data, word = exchange(transmit, select_name(name))
        if word == Sw.OK:
            return data
    raise NotBankCard


def _listed(transmit: Transmit) -> list[bytes]:
    for directory in DIRECTORIES:
        data, word = exchange(transmit, select_name(directory))
        if word != Sw.OK:
            continue
        direct = find(data, _AID)
        if direct is not None:
            return _name(direct)
        place = find(data, 0x88) or b"\x01"
        entry, word = exchange(transmit, read_record(1, (place[0] & 0x1F) << 3 | 4))
        aid = find(entry, _AID) if word == Sw.OK else None
        return _name(aid or b"")
    return []


def _name(aid: bytes) -> list[bytes]:
    """The name of an application has 5 to 16 bytes; another one is no name."""
    return [aid] if 5 <= len(aid) <= 16 else []


def _records(transmit: Transmit, locator: bytes) -> list[bytes]:
    found = []
    for at in range(0, len(locator) - 3, 4):
        file, first, last = locator[at] & 0xF8, locator[at + 1], locator[at + 2]
        for number in range(first, min(last, first + 15) + 1):
            data, word = exchange(transmit, read_record(number, file | 4))
            if word == Sw.OK:
                found.append(data)
    return found


def _number(record: bytes) -> str:
    number = (find(record, _PAN) or b"").hex().rstrip("f")
    if not number:
        number = (find(record, _TRACK_2) or b"").hex().partition("d")[0]
    return number if number.isdigit() else ""


def _until(record: bytes) -> str:
    """YYMM: of its own, or behind the number on track 2; '' for what is no month."""
    until = (find(record, _UNTIL) or b"").hex()[:4]
    until = until or (find(record, _TRACK_2) or b"").hex().partition("d")[2][:4]
    return until if len(until) == 4 and until.isdecimal() and 1 <= int(until[2:]) <= 12 else ""


def _pdol_size(pdol: bytes) -> int:
    """How many bytes the card wants to be told: a list of tags and lengths without values."""
    total = at = 0
    while at < len(pdol):
        at += 2 if pdol[at] & 0x1F == 0x1F else 1
        total += pdol[at] if at < len(pdol) else 0
        at += 1
    return total
