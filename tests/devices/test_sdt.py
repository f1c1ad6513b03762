"""The SDT driver against scripts of bytes, and against the simulated reader on a real PTY."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.cards import CardKind
from devices.drivers.sdt import SdtReader
from devices.faults import DeviceLost, DeviceMisconfigured, DeviceRefused, Owner
from devices.links import Expect, Give, ScriptedLink, SerialLink, Silence, Step
from devices.protocols.sdt import Command, Said, build_base, build_reply, build_request, build_sam_id
from devices.simulators.people import BY_WORD, photo
from devices.simulators.sdt_reader import SAM_ID, SdtReaderSimulator

BASE = build_reply(Said.OK, build_base(BY_WORD["wang"].text, photo()))


def asked(command: Command, answer: bytes, piece: int = 4096) -> list[Step]:
    return [Expect(build_request(command)), Give(answer, piece)]


def driven(*steps: list[Step]) -> tuple[SdtReader, ScriptedLink]:
    link = ScriptedLink([step for part in steps for step in part])
    driver = SdtReader(link)
    driver.open()
    return driver, link


# ---------------------------------------------------------------- scripts


def test_find_select_read_in_this_order() -> None:
    driver, link = driven(
        asked(Command.FIND, build_reply(Said.FOUND, bytes(4))),
        asked(Command.SELECT, build_reply(Said.OK, bytes(8))),
        asked(Command.READ_BASE, BASE, piece=61),
    )
    assert driver.find()
    assert driver.read().name == "王𠮷"
    assert link.finished


def test_a_half_frame_starts_again_from_find() -> None:
    driver, link = driven(
        asked(Command.SELECT, build_reply(Said.OK, bytes(8))),
        [*asked(Command.READ_BASE, BASE[:600]), Silence()],
        asked(Command.FIND, build_reply(Said.FOUND, bytes(4))),
        asked(Command.SELECT, build_reply(Said.OK, bytes(8))),
        asked(Command.READ_BASE, BASE),
    )
    assert driver.read().card_kind is CardKind.RESIDENT
    assert link.finished


def test_the_late_answer_to_a_read_answers_nothing_else() -> None:
    """It came behind the drop: the person in it must not be taken for a state, nor for the next card."""
    driver, link = driven(
        [*asked(Command.STATUS, BASE)],
        asked(Command.STATUS, build_reply(Said.OK)),
        asked(Command.SELECT, BASE),
        asked(Command.FIND, build_reply(Said.FOUND, bytes(4))),
        asked(Command.SELECT, build_reply(Said.OK, bytes(8))),
        asked(Command.READ_BASE, BASE),
    )
    assert driver.heartbeat().details["garbled"] == "1"
    driver.read()
    assert driver.counts()["garbled"] == 2
    assert link.finished


def test_three_broken_reads_are_a_fault_of_the_wire() -> None:
    broken = BASE[:300] + bytes((BASE[300] ^ 0x10,)) + BASE[301:]
    turn = [
        *asked(Command.SELECT, build_reply(Said.OK, bytes(8))),
        *asked(Command.READ_BASE, broken),
    ]
    again = asked(Command.FIND, build_reply(Said.FOUND, bytes(4)))
    driver, link = driven(turn, again, turn, again, turn)
    with pytest.raises(DeviceLost, match="garbled"):
        driver.read()
    assert link.finished


def test_a_card_that_was_lifted_is_the_citizens_to_lay_again() -> None:
    gone = [
        *asked(Command.FIND, build_reply(Said.NOT_FOUND)),
        *asked(Command.SELECT, build_reply(Said.NOT_SELECTED)),
    ]
    driver, _ = driven(asked(Command.SELECT, build_reply(Said.NOT_SELECTED)), gone, gone)
    with pytest.raises(DeviceRefused) as caught:
        driver.read()
    assert caught.value.fault.code == "card_moved"
    assert caught.value.fault.owner is Owner.CITIZEN


def test_a_reply_lost_after_the_module_read_it_still_ends_in_a_sentence() -> None:
    """The module will not find the same card again: the citizen must lift it."""
    gone = [
        *asked(Command.FIND, build_reply(Said.NOT_FOUND)),
        *asked(Command.SELECT, build_reply(Said.NOT_SELECTED)),
    ]
    driver, link = driven(
        asked(Command.SELECT, build_reply(Said.OK, bytes(8))),
        [*asked(Command.READ_BASE, BASE[:600]), Silence()],
        gone,
        gone,
    )
    with pytest.raises(DeviceRefused, match="card_moved"):
        driver.read()
    assert link.finished


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Said.WRONG_KIND_OF_CARD, "card_unknown"),
        (Said.CARD_REFUSED_READER, "card_unreadable"),
        (Said.READER_REFUSED_CARD, "card_unreadable"),
        (Said.DATA_CHECK_FAILED, "card_unreadable"),
        (Said.RANDOM_FAILED, "card_unreadable"),
        (Said.READ_FAILED, "card_moved"),
    ],
)
def test_what_the_module_says_of_a_card(said: Said, code: str) -> None:
    turn = [
        *asked(Command.SELECT, build_reply(Said.OK, bytes(8))),
        *asked(Command.READ_BASE, build_reply(said)),
    ]
    again = asked(Command.FIND, build_reply(Said.FOUND, bytes(4)))
    driver, _ = driven(turn, again, turn, again, turn)
    with pytest.raises(DeviceRefused, match=code):
        driver.read()


@pytest.mark.parametrize(
    ("said", "there"),
    [(Said.OK, True), (Said.NOTHING_STORED, True), (Said.READ_FAILED, False), (Said.NOT_FOUND, False)],
)
def test_a_card_still_lying_there(said: Said, there: bool) -> None:
    driver, _ = driven(asked(Command.READ_NEWEST_ADDRESS, build_reply(said)))
    assert driver.still_there() is there


def test_a_wrong_first_sam_id_is_asked_again() -> None:
    right = build_reply(Said.OK, build_sam_id(SAM_ID))
    wrong = build_reply(Said.OK, bytes.fromhex("0500 0300 FFFFFFFF 00000000 00000001"))
    driver, link = driven(
        asked(Command.STATUS, build_reply(Said.OK)),
        asked(Command.SAM_ID, wrong),
        asked(Command.SAM_ID, build_reply(Said.OK, bytes(16))),
        asked(Command.SAM_ID, right),
        asked(Command.SAM_ID, right),
    )
    assert driver.identify() == SAM_ID
    assert link.finished


def test_a_sam_id_that_never_settles_is_a_fault() -> None:
    answers = [build_sam_id(f"05.03-20180101-000000000{turn}-0000000001") for turn in range(5)]
    asks = [asked(Command.SAM_ID, build_reply(Said.OK, answer)) for answer in answers]
    driver, _ = driven(asked(Command.STATUS, build_reply(Said.OK)), *asks)
    with pytest.raises(DeviceLost, match="no_sam_id"):
        driver.identify()


@pytest.mark.parametrize(
    ("said", "error", "code"),
    [
        (Said.SELF_TEST_FAILED, DeviceLost, "self_test_failed"),
        (Said.NOT_AUTHORISED, DeviceMisconfigured, "module_unauthorised"),
    ],
)
def test_a_sick_module_is_a_fault_at_every_question(said: Said, error: type[Exception], code: str) -> None:
    for command, question in ((Command.STATUS, "heartbeat"), (Command.FIND, "find")):
        driver, _ = driven(asked(command, build_reply(said)))
        with pytest.raises(error, match=code):
            getattr(driver, question)()


def test_silence_is_a_loss_and_garbage_that_never_ends_is_too() -> None:
    driver, _ = driven([Expect(build_request(Command.FIND)), Silence()])
    with pytest.raises(DeviceLost, match="silent"):
        driver.find()
    rubbish: list[Step] = [Expect(build_request(Command.FIND)), Give(b"\x00\xaa" * 40, 7), Silence()]
    driver, _ = driven(rubbish, rubbish)
    with pytest.raises(DeviceLost, match="garbled"):
        driver.find()


# ---------------------------------------------------------------- the simulated reader


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SdtReaderSimulator]:
    reader = SdtReaderSimulator("reader-1", tmp_path / "reader-1", baud=921600, module_seconds=0.0)
    reader.start()
    yield reader
    reader.stop()


@pytest.fixture
def driver(simulator: SdtReaderSimulator) -> Iterator[SdtReader]:
    reader = SdtReader(SerialLink(simulator.address))
    reader.open()
    yield reader
    reader.close()


def test_reads_each_kind_and_refuses_the_strange_one(
    simulator: SdtReaderSimulator, driver: SdtReader
) -> None:
    kinds = {}
    for word in ("zhang", "chan", "smith", "ivanov"):
        simulator.lay(word)
        assert driver.find()
        card = driver.read()
        kinds[word] = card.card_kind
        assert card.photo == photo()
        simulator.remove()
        assert not driver.still_there()
    assert set(kinds.values()) == set(CardKind)
    simulator.lay("strange")
    assert driver.find()
    with pytest.raises(DeviceRefused, match="card_unknown"):
        driver.read()


def test_the_same_card_is_not_found_twice_until_it_left(
    simulator: SdtReaderSimulator, driver: SdtReader
) -> None:
    simulator.lay("li")
    assert driver.find()
    assert driver.read().name == "李㐂顺"
    assert not driver.find()
    assert driver.still_there()
    simulator.remove()
    simulator.lay("li")
    assert driver.find()


@pytest.mark.parametrize("fault", ["noise", "half_frame", "bit_flip", "card_moves"])
def test_a_disturbed_read_is_read_again(fault: str, simulator: SdtReaderSimulator, driver: SdtReader) -> None:
    simulator.lay("aynur")
    simulator.set_fault(fault, True)
    assert driver.find()
    assert driver.read().name == "阿依努尔·买买提"


def test_a_wrong_sam_id_after_power_on_is_not_believed(
    simulator: SdtReaderSimulator, driver: SdtReader
) -> None:
    simulator.set_fault("wrong_sam_id", True)
    assert driver.identify() == SAM_ID


@pytest.mark.parametrize(
    ("fault", "code"),
    [("mute", "silent"), ("self_test", "self_test_failed"), ("unauthorised", "module_unauthorised")],
)
def test_a_fault_is_named_and_heals(
    fault: str, code: str, simulator: SdtReaderSimulator, driver: SdtReader
) -> None:
    simulator.set_fault(fault, True)
    with pytest.raises((DeviceLost, DeviceMisconfigured), match=code):
        driver.heartbeat()
    simulator.set_fault(fault, False)
    driver.close()
    driver.open()
    assert driver.identify() == SAM_ID
    assert driver.heartbeat().ok


def test_unplugged_between_select_and_read(simulator: SdtReaderSimulator, driver: SdtReader) -> None:
    simulator.lay("zhang")
    assert driver.find()
    simulator.set_fault("unplugged", True)
    with pytest.raises(DeviceLost, match="unplugged"):
        driver.read()
    simulator.set_fault("unplugged", False)
    driver.close()
    driver.open()
    assert driver.find()
    assert driver.read().name == "张秀兰"


def test_no_personal_data_in_logs_or_errors(
    simulator: SdtReaderSimulator, driver: SdtReader, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    simulator.lay("strange")
    driver.find()
    with pytest.raises(DeviceRefused) as caught:
        driver.read()
    told = caplog.text + str(caught.value) + repr(caught.value.__cause__) + repr(driver)
    for secret in ("无名氏", "999999", "幸福路"):
        assert secret not in told
