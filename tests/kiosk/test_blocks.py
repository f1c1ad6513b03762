"""What a kiosk may issue alone, and the clear sentence when it may not."""

from __future__ import annotations

import msgspec
import pytest

from contract.messages import NumberLease, Person
from contract.schema import PAYLOAD_LIMIT_BYTES, encode
from kiosk import blocks
from kiosk.blocks import Asked, Block, Given, Lone, give

NOW = 1_795_233_600_000
HOUR_MS = 3_600_000
PERSON = Person(key="5a" * 32, masked_name="张*")


def block(token: int = 1, first: int = 501, count: int = 3, service: str = "tax", **more: object) -> Block:
    lease = NumberLease(
        token=token,
        service=service,
        series="B",
        first=first,
        last=first + count - 1,
        width=3,
        day="20261121",
        closes_ms=NOW + HOUR_MS,
        name="办税服务",
        qr="http://hall.test/t/",
        seals=tuple(f"{n:016x}" for n in range(first, first + count)),
        open_per_person=2,
    )
    return Block(lease=msgspec.structs.replace(lease, **more), next=first)


class Till:
    """Blocks and the numbers issued from them."""

    def __init__(self, *kept: Block) -> None:
        self.blocks = {each.lease.token: each for each in kept}
        self.away: list[Lone] = []

    def give(self, person: Person | None = None, service: str = "tax", at: int | None = NOW) -> Given:
        asked = Asked(id=f"r{len(self.away)}", service=service, person=person)
        given = give(self.blocks.values(), self.away, asked, at)
        if given.block is not None and given.lone is not None:
            self.blocks[given.block.lease.token] = given.block
            self.away.append(given.lone)
        return given

    def numbers(self, count: int) -> list[str]:
        return [given.lone.slip.number for given in (self.give() for _ in range(count)) if given.lone]


def test_numbers_run_through_the_blocks_the_oldest_first() -> None:
    till = Till(block(2, first=601), block(1, first=501))
    assert till.numbers(6) == ["B501", "B502", "B503", "B601", "B602", "B603"]
    assert till.give().refusal == blocks.USED_UP


def test_the_paper_is_whole_without_the_hall() -> None:
    lone = Till(block()).give(PERSON).lone
    assert lone is not None
    slip = lone.slip
    assert slip.qr == f"http://hall.test/t/20261121-B501.{501:016x}"
    assert (slip.ticket, slip.masked_name, slip.alone) == ("20261121-B501", "张*", True)
    assert (slip.wait_low, slip.wait_high) == (None, None)


def test_one_number_per_person_and_service_and_the_limit_of_the_hall() -> None:
    till = Till(block(), block(2, service="social"), block(3, service="police"))
    first = till.give(PERSON)
    again = till.give(PERSON)
    assert again.existing
    assert again.lone == first.lone
    assert till.give(PERSON, "social").block is not None
    assert "2 个未办的号" in till.give(PERSON, "police").refusal
    assert till.give(None, "police").block is not None


def test_a_cancelled_number_and_one_of_another_day_do_not_count() -> None:
    till = Till(block(count=9))
    till.give(PERSON)
    till.away[0] = msgspec.structs.replace(till.away[0], cancelled="本人已离开")
    second = till.give(PERSON)
    assert second.block is not None
    old = msgspec.structs.replace(till.away[-1].slip, business_day="20261120")
    till.away = [msgspec.structs.replace(till.away[-1], slip=old)]
    assert till.give(PERSON).block is not None


@pytest.mark.parametrize(
    ("kept", "at", "said"),
    [
        ((), NOW, blocks.NEVER_LEASED),
        ((block(service="social"),), NOW, blocks.NEVER_LEASED),
        ((block(),), None, blocks.NO_TIME),
        ((block(),), NOW + HOUR_MS, blocks.DAY_OVER),
        ((msgspec.structs.replace(block(), fenced=True),), NOW, blocks.FENCED),
        ((block(until_ms=NOW),), NOW, "办税服务" + blocks.STOPPED),
        ((msgspec.structs.replace(block(), next=504),), NOW, blocks.USED_UP),
    ],
)
def test_every_refusal_says_what_is_the_matter_and_what_to_do(
    kept: tuple[Block, ...], at: int | None, said: str
) -> None:
    given = Till(*kept).give(at=at)
    assert given.lone is None
    assert given.refusal == said
    assert any(word in said for word in ("导办台", "明天"))


def test_the_last_moment_of_the_day_still_gives_and_the_next_one_does_not() -> None:
    till = Till(block())
    assert till.give(at=NOW + HOUR_MS - 1).lone is not None
    assert till.give(at=NOW + HOUR_MS).refusal == blocks.DAY_OVER


def test_how_many_numbers_are_kept_ready() -> None:
    assert blocks.to_lease(0, 0) == blocks.LEAST
    assert blocks.to_lease(blocks.LEAST // 2, 0) == 0
    assert blocks.to_lease(0, 90) == 90
    assert blocks.to_lease(44, 90) == 46
    assert blocks.to_lease(0, 5_000) == blocks.MOST
    counts = {"20261119": {"tax": 30}, "20261120": {"tax": 70, "social": 5}}
    assert blocks.demand_of(counts, "tax") == 70
    assert blocks.left([block(), block(2, first=601)], NOW) == {"tax": 6}
    assert blocks.left([block()], NOW + HOUR_MS) == {"tax": 0}
    assert blocks.left([block()], None) == {"tax": 0}


def test_a_part_is_in_true_order_of_one_block_and_fits_a_message() -> None:
    till = Till(block(count=90, open_per_person=0), block(2, first=601, count=90))
    for number in range(120):
        person = Person(key=f"{number:064x}", masked_name="欧*", flags=("age60",))
        till.give(person, at=NOW + (number * 37) % 50)
    parts = blocks.chunks(reversed(till.away))
    assert sorted(len(part) for part in parts) == [10, 30, 40, 40]
    for part in parts:
        assert len({each.token for each in part}) == 1
        assert [each.issued_ms for each in part] == sorted(each.issued_ms for each in part)
        long = [
            msgspec.structs.replace(each, items=("x" * 32,) * 3, situation=("情形" * 10,)) for each in part
        ]
        assert sum(len(encode(each.wire())) for each in long) < PAYLOAD_LIMIT_BYTES / 2
