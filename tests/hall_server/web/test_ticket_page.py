"""The phone page of a ticket: only with a true seal, masked, and honest about the place."""

from __future__ import annotations

import httpx
import pytest

from contract.messages import Person
from hall_server.hall import commands as c
from hall_server.hall.pictures import qr_seal
from tests.hall_server.web.hall import KEY, PagedHall


def address(ticket: str) -> str:
    return f"/t/{ticket}.{qr_seal(ticket, KEY)}"


def test_place_and_wait(hall: PagedHall, client: httpx.Client) -> None:
    hall.issue()
    ticket = hall.issue(person=Person(key="k", masked_name="李*"))
    page = client.get(address(ticket))
    assert page.status_code == 200
    for words in ("A002", "您前面还有 <b>1</b> 人", "预计等候", "李*", "1号窗口、2号窗口"):
        assert words in page.text


def test_the_call_and_the_end(hall: PagedHall, client: httpx.Client) -> None:
    ticket = hall.issue()
    hall.do(c.CallNext, "w02")
    assert "请到<b>2号窗口</b>办理" in client.get(f"{address(ticket)}/now").text
    hall.do(c.Arrive, "w02")
    assert "正在办理" in client.get(f"{address(ticket)}/now").text
    hall.do(c.Finish, "w02")
    assert "已办结" in client.get(f"{address(ticket)}/now").text


@pytest.mark.parametrize(
    "token", ["{ticket}.0000000000000000", "{ticket}.", "{ticket}", "A001.", "二维码.假的", "x.y.z"]
)
def test_a_forged_seal_finds_nothing(hall: PagedHall, client: httpx.Client, token: str) -> None:
    forged = token.format(ticket=hall.issue())
    page = client.get(f"/t/{forged}")
    assert page.status_code == 404
    assert "没有找到这张号票" in page.text
    assert "A001" not in page.text
    assert client.get(f"/t/{forged}/now").status_code == 404


def test_a_seal_of_a_number_that_is_not_of_today(hall: PagedHall, client: httpx.Client) -> None:
    assert client.get(address("20200101-A001")).status_code == 404


def test_a_number_that_a_kiosk_may_have_issued_alone_is_not_called_unknown(
    hall: PagedHall, client: httpx.Client
) -> None:
    service = next(iter(hall.service.plan.services))
    block = c.LeaseNumbers(request="l1", by="kiosk-1", service=service, count=2, holder="h")
    token = hall.service.submit(block).result(5).lease
    lease = hall.service.query(lambda h: h.leases[token]).result(5)
    day = hall.service.query(lambda h: h.day.label if h.day else "").result(5)
    series = hall.service.plan.services[service].prefix
    page = client.get(address(f"{day}-{series}{lease.first}"))
    assert "离线取的号" in page.text
    assert "号码有效" in page.text
    for unknown in (f"{day}-{series}{lease.last + 1}", f"{day}-Z{lease.first}", f"20200101-{series}501"):
        assert "没有找到这张号票" in client.get(address(unknown)).text
