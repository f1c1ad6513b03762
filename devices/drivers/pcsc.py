"""Smart cards through PC/SC (pcscd): 社保卡 and, masked, bank cards.

pyscard's monitors end for good when pcscd is restarted (DEVICES §2.4), so this driver asks by itself: each
``find`` looks at the slots, and whatever says that the service or the reader is gone is a DeviceLost, after
which the supervisor opens everything anew. Errors are known by their number, never by their text. Commands
and answers are never logged.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from smartcard import scard

from devices.capabilities import CardReaderCapabilities, Media
from devices.cards import SmartCard
from devices.faults import Cause, DeviceAbsent, DeviceLost, DeviceMisconfigured, DeviceRefused, Fault, Owner
from devices.ports import Kind, Status
from devices.protocols import bank_card, social_card
from devices.protocols.apdu import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOCKET = "PCSCLITE_CSOCK_NAME"
_SERVICE_GONE = frozenset(
    (
        scard.SCARD_E_NO_SERVICE,
        scard.SCARD_E_SERVICE_STOPPED,
        scard.SCARD_E_INVALID_HANDLE,
        scard.SCARD_F_COMM_ERROR,
        scard.SCARD_F_INTERNAL_ERROR,
        scard.SCARD_E_SYSTEM_CANCELLED,
    )
)
_READER_GONE = frozenset(
    (scard.SCARD_E_NO_READERS_AVAILABLE, scard.SCARD_E_UNKNOWN_READER, scard.SCARD_E_READER_UNAVAILABLE)
)
_CARD_GONE = frozenset(
    (
        scard.SCARD_E_NO_SMARTCARD,
        scard.SCARD_W_REMOVED_CARD,
        scard.SCARD_W_RESET_CARD,
        scard.SCARD_E_NOT_TRANSACTED,
        scard.SCARD_E_COMM_DATA_LOST,
    )
)
_CARD_DUMB = frozenset(
    (
        scard.SCARD_W_UNRESPONSIVE_CARD,
        scard.SCARD_W_UNPOWERED_CARD,
        scard.SCARD_W_UNSUPPORTED_CARD,
        scard.SCARD_E_PROTO_MISMATCH,
        scard.SCARD_E_CARD_UNSUPPORTED,
    )
)
_SLOT_NUMBERS = re.compile(r" [0-9A-F]{2} [0-9A-F]{2}$")
_SLOT_CHARACTERS = len(" 00")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``reader`` is the reader's name, or how it begins, without the two numbers at the end that pcscd gives.

    ``serial`` chooses among several of one name; without it two alike are refused, since their numbers swap.
    ``socket`` is another pcscd's socket than the system's; a process can use only one. ``applications`` are
    the cards that the hall takes.
    """

    reader: str = ""
    serial: str = ""
    socket: str = ""
    applications: tuple[Literal["social_security", "bank"], ...] = ("social_security", "bank")


def build(options: Options) -> PcscReader:
    """The driver, not yet opened."""
    return PcscReader(options)


@dataclass(frozen=True, slots=True)
class _Slot:
    """One slot at one moment; ``turn`` is counted by pcscd with every card that comes or goes."""

    name: str
    present: bool
    turn: int


class PcscReader:
    """A reader with one or several slots; a card is read once and must go before another is found."""

    kind = Kind.CARD_READER

    def __init__(self, options: Options) -> None:
        self._options = options
        self._context: Any = None
        self._names: tuple[str, ...] = ()
        self._serial = ""
        self._found: _Slot | None = None
        self._done: _Slot | None = None
        self._counts = Counter(reads=0, refused=0, moved=0)

    @property
    def capabilities(self) -> CardReaderCapabilities:
        """Contact and contactless alike."""
        return CardReaderCapabilities(applications=self._options.applications)

    def open(self) -> None:
        self.close()
        if self._options.socket:
            os.environ[_SOCKET] = self._options.socket
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if result == scard.SCARD_W_SECURITY_VIOLATION:
            # also what a service says that dies while it is greeted: asked again it says nothing at all
            result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        _check(result)
        self._context = context
        self._names = self._chosen()

    def close(self) -> None:
        context, self._context = self._context, None
        self._found = self._done = None
        self._names = ()
        if context is not None:
            scard.SCardReleaseContext(context)

    def identify(self) -> str:
        """The reader's name without its numbers, and its serial number where it tells one."""
        self._opened()
        self._serial = _serial(self._context, self._names[0])
        return " ".join(filter(None, (_plain(self._names[0]), self._serial)))

    def heartbeat(self) -> Status:
        slots = self._slots()
        details = {word: str(count) for word, count in self._counts.items()}
        details["cards"] = str(sum(slot.present for slot in slots))
        return Status(True, details=details)

    def counts(self) -> Mapping[str, int]:
        return dict(self._counts)

    def resume(self, counts: Mapping[str, int]) -> None:
        self._counts.update(counts)

    def media(self) -> Media:
        return Media.PRESENT if self.still_there() else Media.NONE

    def find(self) -> bool:
        """A card that was read or refused is not found again before it left. Raises DeviceRefused for two."""
        slots = [slot for slot in self._slots() if slot.present]
        fresh = [slot for slot in slots if slot != self._done]
        if len(slots) > 1 and fresh:
            if self._found is None:
                self._found = fresh[0]
                raise DeviceRefused(_TWO_CARDS)
            return False
        self._found = fresh[0] if fresh else None
        return self._found is not None

    def read(self, *, pin: str = "") -> SmartCard:
        slot = self._found
        if slot is None:
            raise DeviceRefused(_MOVED)
        try:
            with self._card(slot.name) as transmit:
                card = self._read(transmit, pin)
        except DeviceRefused as refused:
            self._counts["moved" if refused.fault is _MOVED else "refused"] += 1
            if refused.fault is not _MOVED:
                self._done = slot
            raise
        self._done, self._found = slot, None
        self._counts["reads"] += 1
        return card

    def still_there(self) -> bool:
        return self._done is not None and self._done in self._slots()

    # ------------------------------------------------------------ cards

    def _read(self, transmit: _Transmit, pin: str) -> SmartCard:
        wanted = self._options.applications
        try:
            if "social_security" in wanted:
                try:
                    return social_card.read(transmit, pin=pin)
                except social_card.NotSocialCard:
                    pass
            if "bank" in wanted:
                return bank_card.read(transmit)
        except social_card.PinWanted as error:
            raise DeviceRefused(_pin(error.tries, given=bool(pin))) from None
        except social_card.ReadingRefused as error:
            raise DeviceRefused(_closed(error.word)) from None
        except bank_card.NotBankCard:
            pass
        except BadAnswer:
            raise DeviceRefused(_UNREADABLE) from None
        raise DeviceRefused(_UNKNOWN_CARD)

    @contextmanager
    def _card(self, name: str) -> Iterator[_Transmit]:
        """A connection to the card in a slot; at its end the card forgets a PIN that it was told."""
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        result, handle, protocol = scard.SCardConnect(
            self._opened(), name, scard.SCARD_SHARE_SHARED, protocols
        )
        _check(result)
        try:
            yield _Transmit(handle, protocol)
        finally:
            scard.SCardDisconnect(handle, scard.SCARD_RESET_CARD)

    # ------------------------------------------------------------ slots

    def _slots(self) -> tuple[_Slot, ...]:
        asked = [(name, scard.SCARD_STATE_UNAWARE) for name in self._names]
        result, states = scard.SCardGetStatusChange(self._opened(), 0, asked)
        _check(result)
        found = []
        for name, state, _atr in states:
            if state & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
                raise DeviceAbsent(_no_reader(self._options.reader))
            found.append(_Slot(name, bool(state & scard.SCARD_STATE_PRESENT), state >> 16))
        return tuple(found)

    def _chosen(self) -> tuple[str, ...]:
        """The slots of one reader: by name, then by serial number. Raises DeviceAbsent, DeviceMisconfigured.

        Of the two numbers behind a name the first is the reader's, the second the slot's.
        """
        result, names = scard.SCardListReaders(self._context, [])
        _check(result)
        wanted, serial = self._options.reader, self._options.serial
        fitting = [name for name in names if _plain(name).startswith(wanted)]
        if serial:
            fitting = [name for name in fitting if _serial(self._context, name) == serial]
        if not fitting:
            raise DeviceAbsent(_no_reader(" ".join(filter(None, (wanted, serial)))))
        first = _plain(fitting[0])
        alike = tuple(name for name in fitting if _plain(name) == first)
        readers = {name[:-_SLOT_CHARACTERS] for name in alike}
        if len(readers) > 1 or len(set(alike)) < len(alike):
            raise DeviceMisconfigured(_two_alike(first))
        return alike

    def _opened(self) -> Any:
        if self._context is None:
            raise DeviceLost(_NO_SERVICE)
        return self._context


class _Transmit:
    """Commands to one card. Raises DeviceRefused when it was pulled, DeviceLost when the service is gone."""

    def __init__(self, handle: Any, protocol: int) -> None:
        self._handle = handle
        self._pci = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0

    def __call__(self, command: bytes) -> bytes:
        result, answer = scard.SCardTransmit(self._handle, self._pci, list(command))
        _check(result)
        if not answer:
            raise DeviceRefused(_MOVED)
        return bytes(answer)


def _serial(context: Any, name: str) -> str:
    """The reader's serial number, '' when it tells none."""
    result, handle, _ = scard.SCardConnect(context, name, scard.SCARD_SHARE_DIRECT, 0)
    if result != scard.SCARD_S_SUCCESS:
        return ""
    try:
        result, value = scard.SCardGetAttrib(handle, scard.SCARD_ATTR_VENDOR_IFD_SERIAL_NO)
    finally:
        scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)
    if result != scard.SCARD_S_SUCCESS:
        return ""
    return bytes(value).rstrip(b"\0").decode("ascii", errors="replace")


def _plain(name: str) -> str:
    """Without the numbers that pcscd adds; with two readers they can swap."""
    return _SLOT_NUMBERS.sub("", name)


def _check(result: int) -> None:
    """The one place for PC/SC's results."""
    if result == scard.SCARD_S_SUCCESS:
        return
    if result in _CARD_GONE:
        raise DeviceRefused(_MOVED)
    if result in _CARD_DUMB:
        raise DeviceRefused(_UNREADABLE)
    if result in _READER_GONE:
        raise DeviceAbsent(_no_reader(""))
    if result == scard.SCARD_E_SHARING_VIOLATION:
        raise DeviceRefused(_TAKEN)
    if result == scard.SCARD_W_SECURITY_VIOLATION or result == scard.SCARD_E_NO_ACCESS:
        raise DeviceMisconfigured(_FORBIDDEN)
    if result in _SERVICE_GONE:
        raise DeviceLost(_NO_SERVICE)
    raise DeviceLost(_failed(result))


_MOVED = Fault("card_moved", "没有读完卡片", "请把卡重新插好或放平，不要移动", Owner.CITIZEN, Cause.PERSON)
_UNREADABLE = Fault(
    "card_unreadable", "这张卡读不出来", "请看清插卡方向，芯片朝上再插一次", Owner.CITIZEN, Cause.PERSON
)
_UNKNOWN_CARD = Fault(
    "card_unknown", "暂不支持这种卡", "请使用社会保障卡或身份证", Owner.CITIZEN, Cause.PERSON
)
_TWO_CARDS = Fault("two_cards", "同时放了两张卡", "请只留下一张卡", Owner.CITIZEN, Cause.PERSON)
_TAKEN = Fault("card_taken", "卡片正被另一个程序使用", "稍候再试；仍不行请重启本机", Owner.TECHNICIAN)
_NO_SERVICE = Fault(
    "no_service",
    "智能卡服务（pcscd）没有运行",
    "无需处理，会自动重连；长时间不恢复请重启本机",
    Owner.TECHNICIAN,
)
_FORBIDDEN = Fault(
    "service_forbidden",
    "没有权限使用智能卡服务",
    "给运行本程序的用户授予 pcscd 权限（Debian 13 用 polkit 规则）",
    Owner.TECHNICIAN,
    Cause.SETUP,
)


def _no_reader(name: str) -> Fault:
    what = f"没有找到智能卡读卡器 {name}".rstrip()
    return Fault("no_reader", what, "插好读卡器；若已插好，核对配置里的 reader 和 serial", Owner.TECHNICIAN)


def _two_alike(name: str) -> Fault:
    action = "在配置里写上要用的那台的 serial（list 会显示）；没有编号的，只留一台"
    return Fault("two_readers", f"有两台同名的读卡器 {name}", action, Owner.TECHNICIAN, Cause.SETUP)


def _failed(result: int) -> Fault:
    code = result & 0xFFFFFFFF
    return Fault("reader_failed", f"智能卡读卡器出错（{code:08X}）", "拔下读卡器再插上", Owner.TECHNICIAN)


def _pin(tries: int, *, given: bool) -> Fault:
    if tries <= 0:
        return Fault(
            "pin_blocked",
            "这张卡的密码已锁定",
            "请到社保窗口解锁，或用身份证办理",
            Owner.CITIZEN,
            Cause.PERSON,
        )
    if given:
        sentence = f"密码不对，还可以输入 {tries} 次"
        return Fault("pin_wrong", sentence, "请重新输入，或用身份证办理", Owner.CITIZEN, Cause.PERSON)
    return Fault(
        "pin_wanted", "这张卡要先输入密码", "请输入卡片密码，或用身份证办理", Owner.CITIZEN, Cause.PERSON
    )


def _closed(word: int) -> Fault:
    sentence = f"这张卡不允许直接读取（{word:04X}）"
    return Fault("card_closed", sentence, "请用身份证办理，或到窗口办理", Owner.CITIZEN, Cause.PERSON)
