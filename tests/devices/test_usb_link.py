"""Split USB endpoints: header and rest of one answer come together in their order, late ones never mix in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.drivers.sdt import SdtReader
from devices.links import UsbLink
from devices.protocols.sdt import Command, Said, build_frame, build_reply, build_request, take_request
from devices.simulators.usb_line import UsbLine
from devices.simulators.usb_wire import Shape

_HEAD = 7
_SPLIT = Shape(vendor=0x0400, product=0xC35A, endpoints=(0x02, 0x06, 0x81, 0x85))
_GO = build_request(Command.STATUS)


class Module:
    """Answers each request with the next of ``answers``, of which each may be several frames."""

    def __init__(self, path: Path) -> None:
        self.answers: list[tuple[bytes, ...]] = []
        self.answered = threading.Semaphore(0)
        self.line = UsbLine(path, _SPLIT, self._serve, head=_HEAD)
        self.line.plug()

    def _serve(self, line: UsbLine) -> None:
        came = bytearray()
        while True:
            came += line.read(256)
            while take_request(came) is not None:
                for frame in self.answers.pop(0) if self.answers else ():
                    line.write(frame)
                self.answered.release()

    def wait_answered(self) -> None:
        """The next request's whole answer lies on the endpoints."""
        assert self.answered.acquire(timeout=10.0)


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Module]:
    module = Module(tmp_path / "reader")
    yield module
    module.line.unplug()


@pytest.fixture
def link(module: Module) -> Iterator[UsbLink]:
    link = UsbLink(module.line.address, head=_HEAD)
    link.open()
    yield link
    link.close()


def _ask(module: Module, link: UsbLink, *, size: int) -> bytes:
    """Read only when all is there, as a busy machine does."""
    link.write(_GO, 5.0)
    module.wait_answered()
    got = b""
    while len(got) < size and (data := link.read(4096, 5.0)):
        got += data
    return got


def test_an_answer_that_ends_with_a_whole_packet_leaves_the_next_one_in_order(
    module: Module, link: UsbLink
) -> None:
    whole = bytes(range(_HEAD + 64))
    module.answers = [(whole,), (whole,)]
    assert [_ask(module, link, size=len(whole)) for _ in range(2)] == [whole, whole]


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_an_answer_after_silence_comes_head_first(module: Module, link: UsbLink, looks: int) -> None:
    """However long nothing came, and wherever the link listened: the rest is never given before its head."""
    whole = bytes(range(40))
    for _ in range(looks):
        assert link.read(4096, 0.001) == b""
    module.answers = [(whole,)]
    assert _ask(module, link, size=len(whole)) == whole


def test_dropping_ends_between_answers_and_never_inside_one(module: Module, link: UsbLink) -> None:
    """A head was taken when the answer was given up: its rest goes too, the next head is waited for."""
    old, new = bytes(40), bytes(range(100, 150))
    module.answers = [(old, old, old), (new,)]
    assert _ask(module, link, size=_HEAD) == old[:_HEAD]
    link.drop_input()
    assert _ask(module, link, size=len(new)) == new


def test_a_device_that_splits_nothing_is_heard_on_its_first_endpoint(module: Module, link: UsbLink) -> None:
    whole = bytes(range(200))
    link.write(_GO, 5.0)
    module.wait_answered()
    module.line.give({0x81: whole})
    got = b""
    while len(got) < len(whole) and (data := link.read(4096, 5.0)):
        got += data
    assert got == whole


def _said(reader: SdtReader, ask: Callable[[SdtReader], object], module: Module) -> object:
    answer = ask(reader)
    module.wait_answered()
    return answer


def test_a_late_answer_is_not_taken_for_the_next_ones(module: Module, link: UsbLink) -> None:
    """A second answer to the search, as after a fault: the heartbeat must not hear it."""
    not_found, found, well = (build_reply(said) for said in (Said.NOT_FOUND, Said.FOUND, Said.OK))
    module.answers = [(not_found, found), (well,)]
    reader = SdtReader(link)
    assert _said(reader, SdtReader.find, module) is False
    assert reader.heartbeat().ok
    assert reader.counts()["garbled"] == 0


def test_a_rest_without_its_head_costs_no_answer(module: Module, link: UsbLink) -> None:
    """What a cancelled transfer left on one endpoint only."""
    module.answers = [(build_reply(Said.NOT_FOUND),), (build_reply(Said.OK),)]
    reader = SdtReader(link)
    assert _said(reader, SdtReader.find, module) is False
    module.line.give({0x85: build_frame(bytes(40))[_HEAD:]})
    assert reader.heartbeat().ok
    assert reader.counts()["garbled"] == 0
