"""A 社保卡 at the kiosk is the same person as his ID card; a bank card is nobody."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import replace

import pytest

from contract import person as citizen
from devices.cards import CardKind, Sex, SocialCard
from devices.registry import build
from devices.simulators.card_reader import CardReaderSimulator
from kiosk import identity
from kiosk.flows import events as e
from kiosk.hardware import Hardware, Keyring
from tests.devices.cards import fresh_reader
from tests.kiosk.test_identity import CARD

KEY = b"a hall's key"
SOCIAL = SocialCard(
    version="3.00",
    region="999999",
    card_number="Z99990301",
    number=CARD.number,
    name=CARD.name,
    sex=Sex.FEMALE,
    nation="01",
    born=CARD.born,
    issued="20210601",
    valid_until="20310601",
)


def test_both_cards_of_a_resident_give_one_person() -> None:
    by_id = identity.person_of(CARD, KEY, elder_age=60, day="2026-11-22")
    by_social = identity.person_of(identity.of_social_card(SOCIAL), KEY, elder_age=60, day="2026-11-22")
    assert by_social == by_id
    assert identity.is_plausible(identity.of_social_card(SOCIAL))


def test_a_residence_permits_number_is_that_of_the_permit() -> None:
    card = replace(SOCIAL, number="81000019880808051X")
    assert identity.of_social_card(card).card_kind is CardKind.HK_MACAO_TAIWAN


class Heard:
    """The events of the kiosk's devices."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[e.Event] = queue.SimpleQueue()

    def __call__(self, event: e.Event) -> None:
        self._events.put(event)

    def next(self, kind: type[e.Event]) -> e.Event:
        """The next event of this kind."""
        while not isinstance(event := self._events.get(timeout=20), kind):
            pass
        return event


@pytest.fixture
def simulator() -> CardReaderSimulator:
    return fresh_reader()


@pytest.fixture
def kiosk(simulator: CardReaderSimulator) -> Iterator[tuple[Hardware, Heard]]:
    heard = Heard()
    hardware = Hardware({"card": build("pcsc", {"socket": simulator.address})}, heard)
    hardware.keyring = Keyring(KEY, 60, "2026-11-22")
    hardware.start()
    yield hardware, heard
    hardware.stop()


def test_a_social_card_is_read_and_its_leaving_told(
    simulator: CardReaderSimulator, kiosk: tuple[Hardware, Heard]
) -> None:
    hardware, heard = kiosk
    hardware.look_for_cards(True)
    simulator.lay("ss-zhang")
    heard.next(e.CardFound)
    read = heard.next(e.CardRead)
    assert isinstance(read, e.CardRead)
    assert read.person.masked_name == "张*"
    assert read.person.key == citizen.person_key(KEY, "resident", "999999196803124820")
    hardware.look_for_cards(False)
    hardware.watch_card(True)
    simulator.remove()
    heard.next(e.CardGone)


@pytest.mark.parametrize(("card", "word"), [("bank", "银行卡"), ("ss-pin", "密码"), ("foreign", "暂不支持")])
def test_what_says_nothing_of_a_person_is_refused_with_a_sentence(
    card: str, word: str, simulator: CardReaderSimulator, kiosk: tuple[Hardware, Heard]
) -> None:
    hardware, heard = kiosk
    hardware.look_for_cards(True)
    simulator.lay(card)
    refused = heard.next(e.CardRefused)
    assert isinstance(refused, e.CardRefused)
    assert word in refused.sentence
