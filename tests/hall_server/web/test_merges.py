"""The manager's list of what kiosks issued alone, over HTTP."""

from __future__ import annotations

from contract.messages import Paper, Person
from hall_server.hall import commands as c
from tests.hall_server.web.hall import PagedHall


def test_the_list_says_what_was_decided_and_who_must_act(hall: PagedHall) -> None:
    service = hall.service
    person = Person(key="5a5a-key-of-li", masked_name="李*")
    services = list(service.plan.services)
    lease = c.LeaseNumbers(request="l1", by="kiosk-1", service=services[0], count=5, holder="h")
    token = service.submit(lease).result(5).lease
    first = service.query(lambda h: h.leases[token].first).result(5)
    now = service.now_ms()
    tickets = tuple(
        c.OfflineTicket(ordinal=first + i, issued_ms=now + i, person=person, paper=Paper.CONFIRMED)
        for i in range(4)
    )
    day = service.view.day
    merge = c.MergeLease(
        request="m1", by="kiosk-1", token=token, tickets=tickets, service=services[0], day=day, final=False
    )
    service.submit(merge).result(5)
    with hall.person("manager") as manager:
        told = manager.get("/api/merges").json()
        assert manager.get("/api/merges?day=2020-01-01").json()["decisions"] == []
        assert manager.get("/api/merges?day=x").status_code == 422
        pieces, after = [], 0
        while True:
            piece = manager.get("/api/merges", params={"after": after, "limit": 1}).json()
            pieces += piece["decisions"]
            if not (after := piece["next"]):
                break
    assert pieces == told["decisions"]
    assert (told["home"], told["next"]) == ({"kiosk-1": 4}, 0)
    decided, *others = told["decisions"]
    assert len(others) == 2
    assert (decided["code"], decided["waits"], decided["masked_name"]) == ("duplicate", False, "李*")
    assert "同一人同一业务" in decided["sentence"]
    assert [lease["first"] for lease in told["leases"]] == [first]
    assert person.key not in str(told)
    with hall.person("clerk") as clerk:
        assert clerk.get("/api/merges").status_code in (403, 404)
