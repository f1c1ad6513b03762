"""Second-generation ID card reader (SDT protocol), serial or USB: find, select, read, still there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from time import monotonic

import msgspec

from devices import link_faults
from devices.capabilities import IdCardReaderCapabilities, Media
from devices.cards import CardKind, IdCard
from devices.faults import DeviceError, DeviceLost, DeviceMisconfigured, DeviceRefused, Fault, Owner
from devices.links import Link, SerialLink, link_for
from devices.photo import Photo, PhotoDecoder
from devices.ports import Kind, Status
from devices.protocols.id_card import BadCard, UnknownCard, parse_text
from devices.protocols.sdt import (
    RATES,
    TEXT_BYTES,
    Command,
    Garbled,
    Reply,
    Said,
    build_request,
    parse_base,
    parse_base_and_prints,
    parse_newest_address,
    parse_sam_id,
    take_reply,
)

_SECONDS = {
    Command.STATUS: 0.8,
    Command.SAM_ID: 0.8,
    Command.FIND: 1.2,
    Command.SELECT: 1.0,
    Command.READ_BASE: 3.0,
    Command.READ_BASE_AND_PRINTS: 5.0,
    Command.READ_NEWEST_ADDRESS: 1.5,
}
_USUAL_SECONDS = 1.0
_OTHER_RATE_SECONDS = 0.2
_READS = frozenset((Command.READ_BASE, Command.READ_BASE_AND_PRINTS))
_HEAD_BYTES = 7
"""Of a frame on USB with split endpoints: preamble and length go first (DEVICES §1.5)."""
_REST_SECONDS = 0.4
"""A frame comes in one go: a pause this long inside one means that its rest is lost."""
_READ_TRIES = 3
_SAM_ID_TRIES = 5


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``port`` is a serial device, tcp://host:port or usb://0400:c35a; ``baud`` the wanted serial rate.

    With ``prints`` fingerprints are read too (opaque); hardly any errand needs them, so they stay off.
    ``photo_decoder`` is the program that wraps the vendor's decoder, see devices/photo.py; without one
    photos stay closed and everything else works.
    """

    port: str
    baud: int = 115200
    prints: bool = False
    photo_decoder: tuple[str, ...] = ()


def build(options: Options) -> SdtReader:
    """The driver, not yet opened."""
    link = link_for(options.port, baud=options.baud, head=_HEAD_BYTES)
    return SdtReader(link, prints=options.prints, photos=PhotoDecoder(options.photo_decoder))


class SdtReader:
    """An SDT reader behind a link."""

    kind = Kind.ID_CARD_READER

    def __init__(self, link: Link, *, prints: bool = False, photos: PhotoDecoder | None = None) -> None:
        self._link = link
        self._prints = prints
        self._photos = photos or PhotoDecoder()
        self._search_in = 0
        self._with_prints = True
        self._buffer = bytearray()
        self._counts = Counter(reads=0, garbled=0, refused=0, rate_set_back=0)

    @property
    def capabilities(self) -> IdCardReaderCapabilities:
        """All four published layouts."""
        return IdCardReaderCapabilities(
            cards=tuple(CardKind),
            newest_address=True,
            prints=self._prints,
            photo_decoder=self._photos.available,
        )

    def open(self) -> None:
        self._link.open()
        self._drop()

    def close(self) -> None:
        self._buffer.clear()
        self._photos.close()
        self._link.close()

    def identify(self) -> str:
        """The SAM id: asked until it comes the same twice, since some modules answer wrong after power-on."""
        self._wake_module()
        before = ""
        for _ in range(_SAM_ID_TRIES):
            found = self._sam_id()
            if found and found == before:
                return found
            before = found
        raise DeviceLost(_no_sam_id(self._link.name))

    def heartbeat(self) -> Status:
        self._check_module()
        return Status(True, details={word: str(count) for word, count in self._counts.items()})

    def presence(self) -> str:
        return self._link.presence()

    def find(self) -> bool:
        return self._ask_again(Command.FIND).said == Said.FOUND

    def read(self) -> IdCard:
        """A card that slides, or a frame that came broken, is read again from *find*."""
        problem: DeviceError = DeviceRefused(_MOVED)
        for turn in range(_READ_TRIES):
            try:
                if turn:
                    self._drop()
                    self._ask(Command.FIND)
                return self._read_once()
            except Garbled:
                self._counts["garbled"] += 1
                problem = DeviceLost(_garbled(self._link.name))
            except _Unread as unread:
                problem = DeviceRefused(unread.fault)
        self._counts["refused"] += isinstance(problem, DeviceRefused)
        raise problem

    def still_there(self) -> bool:
        return self._ask_again(Command.READ_NEWEST_ADDRESS).said in (Said.OK, Said.NOTHING_STORED)

    def newest_address(self) -> str:
        reply = self._ask_again(Command.READ_NEWEST_ADDRESS)
        return parse_newest_address(reply.data) if reply.said == Said.OK else ""

    def photo(self, card: IdCard) -> Photo:
        """The card's photo as the vendor's decoder shows it, or why there is none; within 3 s."""
        return self._photos.decode(card.photo)

    def media(self) -> Media:
        """Before any card was read nothing waits to be taken."""
        if not self._counts["reads"]:
            return Media.NONE
        return Media.PRESENT if self.still_there() else Media.NONE

    def counts(self) -> Mapping[str, int]:
        return dict(self._counts)

    def resume(self, counts: Mapping[str, int]) -> None:
        self._counts.update(counts)

    def _read_once(self) -> IdCard:
        _raise_unless(self._ask(Command.SELECT), Said.OK)
        text, photo, prints = self._read_blocks()
        try:
            card = replace(parse_text(text, photo), prints=prints)
        except UnknownCard as error:
            self._counts["refused"] += 1
            raise DeviceRefused(_UNKNOWN_CARD) from error
        except BadCard as error:
            raise _Unread(_UNREADABLE) from error
        self._counts["reads"] += 1
        return card

    def _read_blocks(self) -> tuple[bytes, bytes, bytes]:
        """Text, photo, fingerprints; a module that knows no fingerprints reads without them."""
        if self._prints and self._with_prints:
            reply = self._ask(Command.READ_BASE_AND_PRINTS)
            if reply.said != Said.BAD_COMMAND:
                _raise_unless(reply, Said.OK)
                return parse_base_and_prints(reply.data)
            self._with_prints = False
        reply = self._ask(Command.READ_BASE)
        _raise_unless(reply, Said.OK)
        return *parse_base(reply.data), b""

    def _wake_module(self) -> None:
        """A silent module on a serial port may have been left at another rate: it is set back from there."""
        try:
            self._check_module()
        except DeviceMisconfigured:
            raise
        except DeviceLost as lost:
            if lost.fault.code not in ("silent", "garbled") or not self._found_at_other_rate():
                raise
            self._check_module()

    def _found_at_other_rate(self) -> bool:
        """Looked for at the first silence and at every fifth: a dead reader shall not cost more time."""
        link = self._link
        if not isinstance(link, SerialLink) or link.rate not in RATES:
            return False
        self._search_in = (self._search_in or 5) - 1
        if self._search_in != 4:
            return False
        wanted = link.rate
        for rate in RATES:
            if rate != wanted and self._set_back(link, rate, wanted):
                return True
        link.set_rate(wanted)
        return False

    def _set_back(self, link: SerialLink, rate: int, wanted: int) -> bool:
        link.set_rate(rate)
        self._drop()
        try:
            self._ask(Command.STATUS, limit=_OTHER_RATE_SECONDS)
            self._ask(RATES[wanted])
        except (Garbled, DeviceLost):
            return False
        link.set_rate(wanted)
        self._counts["rate_set_back"] += 1
        return True

    def _check_module(self) -> None:
        said = self._ask_again(Command.STATUS).said
        if said != Said.OK:
            raise DeviceLost(_self_test(said))

    def _sam_id(self) -> str:
        try:
            reply = self._ask(Command.SAM_ID)
            return parse_sam_id(reply.data) if reply.said == Said.OK else ""
        except Garbled:
            self._counts["garbled"] += 1
            self._drop()
            return ""

    def _ask_again(self, command: Command) -> Reply:
        """Ask; once more when the answer came broken. For requests that change nothing in the module."""
        for _ in range(2):
            try:
                return self._ask(command)
            except Garbled:
                self._counts["garbled"] += 1
                self._drop()
        raise DeviceLost(_garbled(self._link.name))

    def _ask(self, command: Command, *, limit: float | None = None) -> Reply:
        """One request, its reply. Raises Garbled (half or wrong frame), DeviceLost (silent, broken).

        A reply does not say to what: one that came too late for an earlier request is dropped first, and
        one with a person in it that comes later still is no answer to anything but a read.
        """
        self._drop()
        limit = limit or _SECONDS.get(command, _USUAL_SECONDS)
        self._link.write(build_request(command), limit)
        deadline = monotonic() + limit
        while (reply := take_reply(self._buffer)) is None:
            left = deadline - monotonic()
            data = (
                self._link.read(4096, min(_REST_SECONDS, left) if self._buffer else left) if left > 0 else b""
            )
            if data:
                self._buffer += data
            elif self._buffer:
                raise Garbled("half a frame")
            else:
                raise DeviceLost(link_faults.silent(self._link.name))
        if len(reply.data) >= TEXT_BYTES and command not in _READS:
            raise Garbled("the late answer to a read")
        if reply.said == Said.NOT_AUTHORISED:
            raise DeviceMisconfigured(_UNAUTHORISED)
        if reply.said == Said.SELF_TEST_FAILED:
            raise DeviceLost(_self_test(reply.said))
        return reply

    def _drop(self) -> None:
        self._buffer.clear()
        self._link.drop_input()


class _Unread(Exception):
    """The card was not read, but may be on the next try."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def _raise_unless(reply: Reply, wanted: Said) -> None:
    said = reply.said
    if said == wanted:
        return
    if said in (Said.BAD_CHECKSUM, Said.BAD_LENGTH, Said.BAD_COMMAND, Said.UNKNOWN_ERROR):
        raise Garbled("the module did not understand")
    if said == Said.WRONG_KIND_OF_CARD:
        raise DeviceRefused(_UNKNOWN_CARD)
    raise _Unread(_MOVED if said in (Said.NOT_SELECTED, Said.READ_FAILED, Said.NOT_FOUND) else _UNREADABLE)


_MOVED = Fault("card_moved", "没有读到证件", "请把证件拿起，再平放到读卡区，不要移动", Owner.CITIZEN)
_UNREADABLE = Fault(
    "card_unreadable", "这张证件读不出来", "请换个方向重放一次，或不用证件取号", Owner.CITIZEN
)
_UNKNOWN_CARD = Fault("card_unknown", "暂不支持这种证件", "请使用居民身份证，或不用证件取号", Owner.CITIZEN)
_UNAUTHORISED = Fault(
    "module_unauthorised", "读卡器的安全模块未授权", "联系读卡器供应商授权或更换", Owner.TECHNICIAN
)


def _self_test(said: int) -> Fault:
    action = "断电重启读卡器；仍不行请更换"
    return Fault("self_test_failed", f"读卡器自检未通过（代码 {said:02X}）", action, Owner.TECHNICIAN)


def _garbled(name: str) -> Fault:
    action = "检查数据线是否松动、波特率是否一致"
    return Fault("garbled", f"读卡器数据出错（{name}）", action, Owner.TECHNICIAN)


def _no_sam_id(name: str) -> Fault:
    action = "把读卡器断电 2 秒后重新上电"
    return Fault("no_sam_id", f"读卡器没有给出稳定的模块编号（{name}）", action, Owner.TECHNICIAN)
