"""S4: of 10,000 guesses an hour at most 20 are looked at, and nobody is kept from his work by them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hall_server.accounts.book import Refused
from hall_server.accounts.roles import Role, Stage
from hall_server.accounts.signing import Origin
from tests.hall_server.accounts.guessing import WAYS, guess
from tests.hall_server.accounts.opened import ADMINISTRATOR, PASSWORD, opened

CLERK = Origin("10.0.0.5")


@pytest.mark.parametrize("way", WAYS)
def test_of_ten_thousand_guesses_twenty_are_looked_at(tmp_path: Path, way: str) -> None:
    with opened(tmp_path) as desk:
        for number in (101, 102, 103):
            desk.put(f"{number:04d}")
        found = guess(desk, way)
        assert 0 < found.evaluated <= 20
        assert found.entered == 0
        assert (
            len(
                desk.accounts.book.audit_lines(
                    words="", kind="", from_ms=0, to_ms=2**62, before=2**62, limit=10_000
                )
            )
            < 60
        ), "the audit log is not flooded"


def test_the_clerk_at_a_known_computer_comes_in_all_the_while(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        desk.put("0101")
        device = desk.accounts.signing.sign_in("0101", PASSWORD, CLERK).device
        came = []

        def clerk(number: int) -> None:
            if number % 1000 == 999:
                signed = desk.accounts.signing.sign_in("0101", PASSWORD, Origin("10.0.0.5", device))
                came.append(signed.session.stage)

        guess(desk, "one account, an address for each guess", between=clerk)
        assert came == [Stage.FULL] * 10


def test_the_clerk_elsewhere_comes_in_by_a_one_time_code(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        desk.put("anquan", Role.SECURITY)
        desk.put("0101")
        guess(desk, "one account, one address")
        with pytest.raises(Refused, match="分钟后再试"):
            desk.accounts.signing.sign_in("0101", PASSWORD, CLERK)
        code = desk.accounts.administration.reset("0101", ADMINISTRATOR)
        assert desk.accounts.signing.sign_in("0101", code, CLERK).session.stage is Stage.PASSWORD


def test_nobody_is_locked_out_for_ever(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        desk.put("0101")
        guess(desk, "one account, one address")
        desk.later(minutes=60)
        assert desk.accounts.signing.sign_in("0101", PASSWORD, CLERK).session.stage is Stage.FULL


def test_a_known_computer_has_the_same_limit(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        desk.put("0101")
        known = Origin("10.0.0.5", desk.accounts.signing.sign_in("0101", PASSWORD, CLERK).device)
        before = desk.accounts.signing.evaluated
        for _ in range(500):
            with pytest.raises(Refused):
                desk.accounts.signing.sign_in("0101", "not the password", known)
            desk.now_ms += 7_200
        assert desk.accounts.signing.evaluated - before <= 20


def test_guesses_at_one_moment_are_counted_one_by_one(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        desk.put("0101")

        def once(number: int) -> None:
            with pytest.raises(Refused):
                desk.accounts.signing.sign_in("0101", f"guess number {number}", CLERK)

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(once, range(64)))
        assert desk.accounts.signing.evaluated == 5
