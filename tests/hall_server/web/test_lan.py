"""The pages on the LAN: TLS with the hall's certificate, in plain only what is public, renewed in time."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hall_server.accounts.matrix import MATRIX
from hall_server.hall_file import LanPart
from hall_server.web.binding import CannotServe
from hall_server.web.certificate import HallCertificate, Names
from hall_server.web.lan import LanSide
from tests.hall_server.web.hall import PASSWORD, PagedHall

NAMES = Names(("hall", "hall.local"), ("192.168.1.10",))


@pytest.fixture
def side(tmp_path: Path) -> Iterator[LanSide]:
    lan = LanSide(LanPart(port=0, plain_port=0), tmp_path / "tls", hall="test")
    try:
        lan.bind()
    except CannotServe as error:
        pytest.skip(f"no network here: {error}")
    lan.free()
    hall = PagedHall(tmp_path, lan=lan)
    hall.start()
    yield lan
    hall.stop()


def test_a_clerk_signs_in_over_tls(side: LanSide) -> None:
    trusted = ssl.create_default_context(cafile=str(side.authority))
    form = {"account": "clerk", "password": PASSWORD}
    with httpx.Client(base_url=side.address, verify=trusted, trust_env=False) as client:
        signed = client.post("/sign-in", data=form)
        for cookie in signed.headers.get_list("set-cookie"):
            assert cookie.startswith("__Host-banshi")
            assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=strict"))
        assert client.get("/clerk").status_code == 200
        assert client.get("/hall-ca.crt").content == Path(str(side.authority)).read_bytes()


def test_in_plain_only_what_is_public(side: LanSide) -> None:
    with httpx.Client(base_url=side.plain_address, trust_env=False) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/clerk").headers["location"] == f"{side.address}/clerk"
        for key in MATRIX:
            method, path = key.split(" ", 1)
            if method != "LIVE" and not MATRIX[key].plain:
                answer = client.request(method, path.replace("{", "").replace("}", ""))
                assert answer.status_code in (308, 403), key


def test_keys_are_the_owners_alone(tmp_path: Path) -> None:
    made = HallCertificate(tmp_path / "tls", hall="test")
    assert made.ensure(NAMES)
    for name in ("authority.key", "pages.key"):
        assert (tmp_path / "tls" / name).stat().st_mode & 0o077 == 0
    assert not made.ensure(NAMES), "nothing to do the second time"


def test_it_is_renewed_before_it_ends_under_the_same_authority(tmp_path: Path) -> None:
    now = [time.time()]
    made = HallCertificate(tmp_path, hall="test", wall=lambda: now[0])
    made.ensure(NAMES)
    authority, first = made.fingerprint(), made.chain.read_bytes()
    now[0] += 360 * 86_400
    assert not made.ensure(NAMES)
    now[0] += 10 * 86_400
    assert made.ensure(NAMES)
    assert made.chain.read_bytes() != first
    assert made.fingerprint() == authority


def test_a_new_address_is_named_at_once(tmp_path: Path) -> None:
    made = HallCertificate(tmp_path, hall="test")
    made.ensure(NAMES)
    authority = made.fingerprint()
    assert made.ensure(Names(NAMES.hosts, ("192.168.1.10", "10.3.4.5")))
    assert made.fingerprint() == authority, "private addresses need no new authority"
    assert made.ensure(Names(("banshi.example.cn",), NAMES.addresses))
    assert made.fingerprint() != authority, "it may not speak for a name that it was not made for"


def test_a_certificate_of_the_hall_that_does_not_fit_is_said(tmp_path: Path) -> None:
    made = HallCertificate(tmp_path, hall="test")
    made.ensure(NAMES)
    wrong = LanPart(port=0, plain_port=0, certificate=str(made.chain), key=str(tmp_path / "authority.key"))
    with pytest.raises(CannotServe, match="is not the key of"):
        LanSide(wrong, tmp_path, hall="test").bind()
