"""A vendor's library in its own process: it may hang, crash and lie; the caller gets an answer in time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.drivers import sdt
from devices.faults import Cause, DeviceLost, DeviceMisconfigured, DeviceRefused
from devices.photo import UNAVAILABLE, PhotoDecoder
from devices.simulators.sdt_reader import SdtReaderSimulator
from devices.vendor_process import VendorProcess

WLT = b"\x40" + bytes(1023)
LONG = 20.0

Make = Callable[..., VendorProcess]


def program(mood: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "devices.simulators.vendor_library", mood)


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[VendorProcess] = []

    def started(mood: str, limit_seconds: float = LONG) -> VendorProcess:
        made.append(VendorProcess("照片解码", program(mood), limit_seconds=limit_seconds))
        return made[-1]

    yield started
    for process in made:
        process.stop()


def test_a_good_library_answers_again_and_again_from_one_child(make: Make) -> None:
    process = make("good")
    assert not process.running, "nothing runs before it is asked"
    pictures = [process.call("decode", {"wlt": bytes((level,)) + WLT[1:]}) for level in (1, 2)]
    assert pictures[0] != pictures[1]
    assert process.starts == 1


def test_a_library_may_print_what_it_likes(make: Make) -> None:
    assert isinstance(make("chatty").call("decode", {"wlt": WLT}), bytes)


@pytest.mark.parametrize(
    ("mood", "code", "limit"),
    [("hang", "vendor_hung", 1.5), ("crash", "vendor_crashed", LONG), ("garbage", "vendor_garbage", LONG)],
)
def test_what_goes_wrong_in_it_is_a_loss_and_the_next_call_has_a_fresh_child(
    mood: str, code: str, limit: float, make: Make
) -> None:
    process = make(mood, limit)
    for turn in (1, 2):
        with pytest.raises(DeviceLost) as lost:
            process.call("decode", {"wlt": WLT})
        assert lost.value.fault.code == code
        assert lost.value.fault.cause is Cause.PROGRAM
        assert not process.running, "no child is left behind"
        assert process.starts == turn


def test_a_refusal_is_an_answer_and_the_child_stays(make: Make) -> None:
    process = make("refuse")
    for _ in range(2):
        with pytest.raises(DeviceRefused, match="licence"):
            process.call("decode", {"wlt": WLT})
    assert process.starts == 1
    with pytest.raises(DeviceRefused, match="no function"):
        process.call("encode", {})


def test_a_program_that_is_not_there_is_for_the_technician(tmp_path: Path) -> None:
    process = VendorProcess("照片解码", [str(tmp_path / "decoder")])
    with pytest.raises(DeviceMisconfigured) as wrong:
        process.call("decode", {"wlt": WLT})
    assert wrong.value.fault.code == "vendor_missing"


# ---------------------------------------------------------------- the photo


def test_without_a_decoder_the_photo_is_unavailable_and_nothing_runs() -> None:
    decoder = PhotoDecoder()
    assert not decoder.available
    photo = decoder.decode(WLT)
    assert (photo.bmp, photo.reason) == (b"", UNAVAILABLE)


def test_with_one_it_is_a_picture_whose_representation_shows_nothing() -> None:
    decoder = PhotoDecoder(program("good"))
    photo = decoder.decode(WLT)
    decoder.close()
    assert (len(photo.bmp), photo.bmp[:2], photo.reason) == (38_862, b"BM", "")
    assert repr(photo) == "Photo(38862 bytes)"
    assert decoder.decode(b"").reason == UNAVAILABLE


def test_a_reader_shows_the_photo_of_a_card_it_read(tmp_path: Path) -> None:
    simulator = SdtReaderSimulator("reader-1", tmp_path / "reader-1", module_seconds=0.0)
    simulator.start()
    simulator.lay("zhang")
    reader = sdt.build(sdt.Options(port=simulator.address, photo_decoder=program("good")))
    reader.open()
    assert reader.capabilities.photo_decoder
    assert reader.find()
    assert len(reader.photo(reader.read()).bmp) == 38_862
    reader.close()
    simulator.stop()


@pytest.mark.parametrize("mood", ["crash", "refuse", "short", "garbage"])
def test_a_decoder_that_fails_only_costs_the_photo(mood: str) -> None:
    decoder = PhotoDecoder(program(mood))
    photo = decoder.decode(WLT)
    decoder.close()
    assert photo.bmp == b""
    assert photo.reason.startswith(f"{UNAVAILABLE}：")
