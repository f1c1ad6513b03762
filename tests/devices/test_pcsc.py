"""社保卡 and bank cards through a real pcscd, libpcsclite and pyscard; the cards are made up."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from devices.capabilities import Media
from devices.cards import BankCard, Sex, SmartCard, SocialCard
from devices.drivers.pcsc import Options, PcscReader, build
from devices.faults import DeviceAbsent, DeviceLost, DeviceRefused
from devices.health import Health
from devices.ports import State
from devices.simulators.card_reader import CardReaderSimulator, _free_pair
from devices.simulators.pcsc_daemon import LIBRARY, PcscDaemon
from devices.simulators.smart_cards import LONG_NAME, PIN
from devices.supervisor import Supervised
from tests.devices.cards import fresh_reader
from tests.devices.support import LIMIT_SECONDS, Heard, outcome, state_is
from tests.devices.waiting import until


@pytest.fixture
def simulator() -> CardReaderSimulator:
    return fresh_reader()


@pytest.fixture
def reader(simulator: CardReaderSimulator) -> Iterator[PcscReader]:
    driver = build(Options(socket=simulator.address))
    driver.open()
    until(lambda: driver.heartbeat().details["cards"] == "0")
    yield driver
    driver.close()


def put_in(simulator: CardReaderSimulator, reader: PcscReader, card: str) -> None:
    simulator.lay(card)
    until(reader.find)


def read(simulator: CardReaderSimulator, reader: PcscReader, card: str) -> SmartCard:
    put_in(simulator, reader, card)
    return reader.read()


# ---------------------------------------------------------------- what is on the cards


def test_a_card_of_version_2_is_read_by_tag(simulator: CardReaderSimulator, reader: PcscReader) -> None:
    card = read(simulator, reader, "ss-zhang")
    assert isinstance(card, SocialCard)
    assert (card.version, card.region, card.name) == ("2.00", "999999", "张秀兰")
    assert (card.number, card.born) == ("999999196803124820", "19680312")
    assert (card.sex, card.nation) == (Sex.FEMALE, "01"), "record 3 is the name's extension, not the sex"
    assert (card.issued, card.valid_until, card.card_number) == ("20210601", "20310601", "Z99990201")
    assert repr(card) == "SocialCard(2.00, …)"


@pytest.mark.parametrize(
    ("word", "version", "name"),
    [
        ("ss-zhao", "1.00", "赵德福"),
        ("ss-wang", "3.00", "王𠮷"),
        ("ss-long", "2.00", LONG_NAME),
        ("ss-number", "2.00", "周明"),
    ],
)
def test_other_versions_rare_and_long_names_and_cards_without_tags(
    word: str, version: str, name: str, simulator: CardReaderSimulator, reader: PcscReader
) -> None:
    card = read(simulator, reader, word)
    assert isinstance(card, SocialCard)
    assert (card.version, card.name) == (version, name)


@pytest.mark.parametrize(
    ("word", "masked"), [("bank", "629999*********1234"), ("bank-bare", "629999*********5678")]
)
def test_of_a_bank_card_only_the_masked_number_is_kept(
    word: str,
    masked: str,
    simulator: CardReaderSimulator,
    reader: PcscReader,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    assert read(simulator, reader, word) == BankCard(masked, "203112")
    assert "6299990000" not in caplog.text
    assert "A000000333" not in caplog.text.upper()


@pytest.mark.parametrize(
    ("word", "code"),
    [("ss-pin", "pin_wanted"), ("ss-closed", "card_closed"), ("foreign", "card_unknown")],
)
def test_what_cannot_be_read_is_refused_politely_and_once(
    word: str, code: str, simulator: CardReaderSimulator, reader: PcscReader
) -> None:
    with pytest.raises(DeviceRefused) as refused:
        read(simulator, reader, word)
    assert refused.value.fault.code == code
    assert not reader.find(), "it is not read again and again"
    assert reader.media() is Media.PRESENT, "it waits to be taken"


def test_a_pin_opens_the_card_and_is_forgotten_afterwards(
    simulator: CardReaderSimulator, reader: PcscReader
) -> None:
    put_in(simulator, reader, "ss-pin")
    with pytest.raises(DeviceRefused) as wrong:
        reader.read(pin="000000")
    assert wrong.value.fault.code == "pin_wrong"
    assert "2 次" in wrong.value.fault.sentence
    card = reader.read(pin=PIN)
    assert isinstance(card, SocialCard)
    assert card.name == "孙红"
    second = build(Options(socket=simulator.address))
    second.open()
    until(second.find)
    with pytest.raises(DeviceRefused) as forgotten:
        second.read()
    assert forgotten.value.fault.code == "pin_wanted", "the card does not stay open for the next one"
    second.close()


def test_a_hall_without_bank_cards_refuses_them(simulator: CardReaderSimulator) -> None:
    driver = build(Options(socket=simulator.address, applications=("social_security",)))
    driver.open()
    with pytest.raises(DeviceRefused) as refused:
        read(simulator, driver, "bank")
    assert refused.value.fault.code == "card_unknown"
    driver.close()


# ---------------------------------------------------------------- coming and going


def test_a_card_is_found_once_and_again_after_it_left(
    simulator: CardReaderSimulator, reader: PcscReader
) -> None:
    assert not reader.find()
    read(simulator, reader, "ss-zhang")
    assert not reader.find()
    assert reader.still_there()
    simulator.remove()
    until(lambda: not reader.still_there())
    assert reader.media() is Media.NONE
    assert isinstance(read(simulator, reader, "ss-zhang"), SocialCard)


def test_a_card_pulled_in_the_middle_is_refused_and_read_when_it_is_back(
    simulator: CardReaderSimulator, reader: PcscReader
) -> None:
    simulator.set_fault("pulled_mid", True)
    with pytest.raises(DeviceRefused) as refused:
        read(simulator, reader, "ss-zhang")
    assert refused.value.fault.code == "card_moved"
    until(lambda: reader.heartbeat().details["cards"] == "0")
    assert isinstance(read(simulator, reader, "ss-zhang"), SocialCard)


def test_two_cards_at_once_are_told_once(simulator: CardReaderSimulator, reader: PcscReader) -> None:
    simulator.set_fault("second_card", True)
    simulator.lay("ss-zhang")
    until(lambda: reader.heartbeat().details["cards"] == "2")
    with pytest.raises(DeviceRefused) as refused:
        reader.find()
    assert refused.value.fault.code == "two_cards"
    assert not reader.find()
    simulator.set_fault("second_card", False)
    until(reader.find)
    assert isinstance(reader.read(), SocialCard)


@pytest.mark.parametrize("fault", ["garbage", "upside_down"])
def test_a_card_that_cannot_talk_is_refused(
    fault: str, simulator: CardReaderSimulator, reader: PcscReader
) -> None:
    simulator.set_fault(fault, True)
    with pytest.raises(DeviceRefused) as refused:
        read(simulator, reader, "ss-zhang")
    assert refused.value.fault.code == "card_unreadable"


# ---------------------------------------------------------------- the reader and the service


def test_the_reader_is_chosen_by_its_name_without_numbers(simulator: CardReaderSimulator) -> None:
    driver = build(Options(socket=simulator.address, reader="Banshi Simulated card-1"))
    driver.open()
    assert driver.identify() == "Banshi Simulated card-1"
    driver.close()


@pytest.mark.parametrize(("name", "serial"), [("Another Make", ""), ("", "SN-0")])
def test_another_reader_than_the_wanted_one_is_absent(
    name: str, serial: str, simulator: CardReaderSimulator
) -> None:
    driver = build(Options(socket=simulator.address, reader=name, serial=serial))
    with pytest.raises(DeviceAbsent) as absent:
        driver.open()
    assert absent.value.fault.code == "no_reader"
    driver.close()


def test_no_reader_at_all_is_absent(simulator: CardReaderSimulator) -> None:
    simulator.set_fault("unplugged", True)
    driver = build(Options(socket=simulator.address))
    with pytest.raises(DeviceAbsent):
        driver.open()
    driver.close()


def test_a_stopped_service_is_a_loss_everywhere(simulator: CardReaderSimulator, reader: PcscReader) -> None:
    put_in(simulator, reader, "ss-zhang")
    simulator.set_fault("service_stopped", True)
    for ask in (reader.heartbeat, reader.find, reader.open):
        with pytest.raises(DeviceLost) as lost:
            ask()
        assert lost.value.fault.code == "no_service"


def test_pcscd_killed_and_restarted_under_a_page_that_waits_for_a_card(
    simulator: CardReaderSimulator,
) -> None:
    heard: Heard[Health] = Heard()
    cards: Heard[str] = Heard()
    driver = build(Options(socket=simulator.address))
    device = Supervised("card", driver, heard, heartbeat_seconds=0.2, first_pause_seconds=0.02)

    def ask(reader: PcscReader) -> str | None:
        return type(reader.read()).__name__ if reader.find() else None

    device.start()
    try:
        heard.wait(state_is("ready"))
        device.watch(ask, cards, every_seconds=0.02)
        for turn, word in enumerate(("ss-zhang", "ss-wang", "bank")):
            simulator.lay(word)
            cards.wait(after=turn)
            told = len(heard.all)
            os.kill(simulator.daemon_pid, signal.SIGKILL)
            heard.wait(lambda health: health.state is State.BACKING_OFF, after=told)
            told = len(heard.all)
            simulator.remove()
            simulator.set_fault("service_stopped", True)
            simulator.set_fault("service_stopped", False)
            heard.wait(state_is("ready"), after=told)
        outcome(device.submit(lambda driver: driver.heartbeat(), LIMIT_SECONDS))
    finally:
        device.stop()
    assert cards.all == ["SocialCard", "SocialCard", "BankCard"]


# ---------------------------------------------------------------- the bench itself


def _listens_on(pid: int) -> set[str]:
    """The addresses, as /proc has them, of all TCP sockets on which this process listens."""
    sockets = set()
    for opened in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            sockets.add(os.readlink(opened))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


@pytest.mark.skipif(shutil.which("cc") is None, reason="without a C compiler it says so in the log")
def test_the_simulated_reader_takes_cards_from_this_machine_only(simulator: CardReaderSimulator) -> None:
    until(lambda: bool(_listens_on(simulator.daemon_pid)))
    assert _listens_on(simulator.daemon_pid) == {"0100007F"}


def test_two_readers_of_one_name_want_a_serial_number(simulator: CardReaderSimulator, tmp_path: Path) -> None:
    """Their numbers swap with the order of plugging in. In a process and with a pcscd of its own."""
    simulator.stop()
    daemon = PcscDaemon(tmp_path, "two")
    ports = _free_pair(), _free_pair()
    second = tmp_path / "two.conf.d" / "second"
    second.parent.mkdir()
    second.write_text(
        f'FRIENDLYNAME "Banshi Simulated two"\nDEVICENAME /dev/null:0x{ports[1][0]:04X}\n'
        f"LIBPATH {LIBRARY}\nCHANNELID 0x{ports[1][0]:04X}\n"
    )
    daemon.start(ports[0][0])
    try:
        program = (
            "import sys\nfrom devices.drivers.pcsc import *\nfrom devices.faults import DeviceError\n"
            "try:\n    build(Options(socket=sys.argv[1])).open()\n"
            "except DeviceError as error:\n    print(type(error).__name__, error.fault.code)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(daemon.socket)], capture_output=True, text=True, check=True
        )
    finally:
        daemon.stop()
    assert done.stdout == "DeviceMisconfigured two_readers\n", done.stderr


def test_a_service_that_a_passing_thread_started_again_stays(
    simulator: CardReaderSimulator, reader: PcscReader
) -> None:
    """As the control page does, whose threads end with each request."""
    for on in (True, False):
        request = threading.Thread(target=simulator.set_fault, args=("service_stopped", on))
        request.start()
        request.join()
    pid = simulator.daemon_pid
    reader.close()

    def well() -> bool:
        reader.open()
        return reader.heartbeat().ok is True

    until(well)
    assert "pcscd" in Path(f"/proc/{pid}/cmdline").read_text()
