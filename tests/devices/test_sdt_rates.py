"""A module that was left at another rate, reads with fingerprints, the frames of DEVICES §1.1 for both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.drivers.sdt import Options as SdtOptions
from devices.drivers.sdt import SdtReader, build
from devices.faults import DeviceLost
from devices.protocols.sdt import (
    RATES,
    Command,
    Garbled,
    Said,
    build_base_and_prints,
    build_newest_address,
    build_reply,
    build_request,
    parse_base_and_prints,
    parse_newest_address,
    take_reply,
)
from devices.simulators.sdt_reader import SAM_ID, SdtReaderSimulator


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SdtReaderSimulator]:
    simulator = SdtReaderSimulator("reader-1", tmp_path / "reader-1", module_seconds=0.0)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def reader(simulator: SdtReaderSimulator) -> Iterator[SdtReader]:
    driver = build(SdtOptions(port=simulator.address, prints=True))
    driver.open()
    yield driver
    driver.close()


def test_a_module_left_at_another_rate_is_found_and_set_back(
    simulator: SdtReaderSimulator, reader: SdtReader
) -> None:
    simulator.set_fault("other_rate", True)
    assert reader.identify() == SAM_ID
    assert reader.counts()["rate_set_back"] == 1
    reader.close()
    reader.open()
    assert reader.identify() == SAM_ID
    assert reader.counts()["rate_set_back"] == 1, "it was set back, not followed"


def test_a_dead_module_is_not_looked_for_each_time(simulator: SdtReaderSimulator, reader: SdtReader) -> None:
    simulator.set_fault("mute", True)
    asked = []
    for _ in range(3):
        before = simulator.requests
        with pytest.raises(DeviceLost) as lost:
            reader.identify()
        assert lost.value.fault.code == "silent"
        asked.append(simulator.requests - before)
    assert asked == [5, 1, 1]


def test_prints_come_only_when_the_card_has_them(simulator: SdtReaderSimulator, reader: SdtReader) -> None:
    for person, size in (("zhang", 1024), ("wang", 0)):
        simulator.lay(person)
        assert reader.find()
        card = reader.read()
        assert (len(card.photo), len(card.prints)) == (1024, size)


def test_frames_of_the_read_with_prints() -> None:
    assert build_request(Command.READ_BASE_AND_PRINTS)[5:] == bytes.fromhex("00 03 30 10 23")
    frame = build_reply(Said.OK, build_base_and_prints(bytes(256), bytes(1024), bytes(1024)))
    assert len(frame) == 2321
    assert frame[5:16] == bytes.fromhex("09 0A 00 00 90 01 00 04 00 04 00")
    reply = take_reply(bytearray(frame))
    assert reply is not None
    assert [len(part) for part in parse_base_and_prints(reply.data)] == [256, 1024, 1024]


@pytest.mark.parametrize("data", [b"", bytes(5), bytes(6), bytes.fromhex("0100 0400 0400") + bytes(2303)])
def test_a_read_with_prints_of_wrong_lengths_is_garbled(data: bytes) -> None:
    with pytest.raises(Garbled):
        parse_base_and_prints(data)


def test_rate_commands_are_those_of_the_modules_papers() -> None:
    frames = {rate: build_request(command)[5:].hex(" ") for rate, command in RATES.items()}
    assert frames == {
        115200: "00 03 60 00 63",
        57600: "00 03 60 01 62",
        38400: "00 03 60 02 61",
        19200: "00 03 60 03 60",
        9600: "00 03 60 04 67",
    }


@pytest.mark.parametrize("address", ["示例省示例县新城区学府路9号", "示" * 35])
def test_an_appended_address_comes_back(address: str) -> None:
    assert parse_newest_address(build_newest_address(address)) == address
