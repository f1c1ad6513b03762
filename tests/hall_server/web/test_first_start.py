"""A hall without accounts, from the code on the console to work; and what the auditor takes away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyotp
import pytest
from msgspec.structs import replace

from hall_server.accounts.book import Actor
from hall_server.accounts.codes import new_totp_secret
from tests.hall_server.web.hall import PASSWORD, PagedHall

THREE = {
    "security": "a01",
    "security_name": "古丽尼格尔·买买提艾力",
    "system": "s01",
    "system_name": "李建国",
    "audit": "j01",
    "audit_name": "王秀英",
}


class NewHall(PagedHall):
    """Nobody has an account yet."""

    def _people(self) -> None:
        return


@pytest.fixture
def new(tmp_path: Path) -> Iterator[PagedHall]:
    hall = NewHall(tmp_path)
    hall.start()
    yield hall
    hall.stop()
    assert not hall.failures


def set_up(hall: PagedHall, client: httpx.Client, **more: str) -> httpx.Response:
    form = {"code": hall.accounts.setup_code, "password": PASSWORD, "again": PASSWORD, **THREE, **more}
    return client.post("/setup", data=form)


def test_a_mistyped_password_does_not_use_up_the_code(new: PagedHall) -> None:
    with new.stranger() as client:
        assert client.get("/sign-in").headers["location"] == "/setup"
        refused = set_up(new, client, again="tea and 42 hours")
        assert refused.status_code == 409
        assert "两次输入的密码不一致" in refused.text
        assert "古丽尼格尔·买买提艾力" in refused.text, "nothing is typed twice"
        assert new.accounts.setup_code
        done = set_up(new, client)
        assert done.status_code == 200
        assert "李建国" in done.text
        assert not new.accounts.setup_code
        signed = client.post("/sign-in", data={"account": "a01", "password": PASSWORD})
        assert signed.headers["location"] == "/me/authenticator"


def test_one_leaves_another_place_where_one_is_signed_in(hall: PagedHall) -> None:
    with hall.person("clerk") as here, hall.person("clerk") as there, hall.person("guide") as other:
        page = here.get("/me").text
        assert page.count('name="session"') == 1, "this one has no button"
        name = page.partition('name="session" value="')[2].partition('"')[0]
        assert "已经退出了" in other.post("/me/sessions", data={"session": name}).text, "not one's own"
        assert there.get("/me").status_code == 200
        assert "已退出那一处的登录" in here.post("/me/sessions", data={"session": name}).text
        assert there.get("/me").status_code == 303
        assert "已经退出了" in here.post("/me/sessions", data={"session": name}).text
        assert "已经退出了" in here.post("/me/sessions", data={"session": ""}).text
        assert here.get("/me").status_code == 200
    ended = hall.accounts.book.audit_lines(
        words="", kind="session.ended", from_ms=0, to_ms=2**62, before=2**62, limit=9
    )
    assert [line.by for line in ended] == ["clerk"]


def test_another_authenticator_asks_for_the_password(hall: PagedHall) -> None:
    with hall.person("clerk") as here:
        page = here.get("/me/authenticator").text
        assert 'name="password" type="password"' in page
        secret = page.partition("<code>")[2].partition("</code>")[0].replace(" ", "")
        form = {"code": pyotp.TOTP(secret).now(), "password": "what passers-by guess"}
        wrong = here.post("/me/authenticator", data=form)
        assert (wrong.status_code, "密码不正确，动态口令和恢复码没有改动" in wrong.text) == (409, True)
        assert not hall.accounts.book.of("clerk").totp
        form = {"code": pyotp.TOTP(secret).now(), "password": PASSWORD}
        assert "恢复码" in here.post("/me/authenticator", data=form).text
        assert hall.accounts.book.of("clerk").totp == secret


def test_new_recovery_codes_ask_for_the_password(hall: PagedHall) -> None:
    with hall.person("system") as here:
        with hall.accounts.book.change(Actor("system"), None) as change:
            change.put(replace(hall.accounts.book.of("system"), totp=new_totp_secret()))
        assert 'action="/me/recovery"' in here.get("/me").text
        before = hall.accounts.book.of("system").recovery
        wrong = here.post("/me/recovery", data={"password": "what passers-by guess"})
        assert (wrong.status_code, "密码不正确" in wrong.text) == (409, True)
        assert hall.accounts.book.of("system").recovery == before
        refused = hall.accounts.book.audit_lines(
            words="", kind="recovery.refused", from_ms=0, to_ms=2**62, before=2**62, limit=10
        )
        assert [line.by for line in refused] == ["system"]
        right = here.post("/me/recovery", data={"password": PASSWORD})
        assert right.text.count("<li><code>") == 10
        assert len(hall.accounts.book.of("system").recovery) == 10


def test_the_auditor_takes_the_log_away(hall: PagedHall) -> None:
    with hall.stranger() as guesser:
        guesser.post("/sign-in", data={"account": "=1+1", "password": "wrong"})
    with hall.person("audit") as auditor:
        page = auditor.get("/admin/audit?words=%3D1").text
        assert "/admin/audit/export?kind=&amp;from_day=&amp;to_day=&amp;words=%3D1" in page
        found = auditor.get("/admin/audit/export?words=%3D1")
        assert found.headers["content-type"] == "text/csv; charset=utf-8"
        assert found.content.startswith("\ufeff序号".encode())
        (row,) = list(csv.DictReader(io.StringIO(found.content.decode("utf-8-sig"))))[-1:]
        assert (row["何事"], row["对象"], row["来自"]) == ("登录失败", "'=1+1", "127.0.0.1")
        assert row["校验值"]
        everything = auditor.get("/admin/audit/export").text
        assert "导出审计记录" in everything, "taking it away is in the log"
    with hall.person("security") as other:
        assert other.get("/admin/audit/export").status_code == 403


def test_a_long_log_is_exported_whole(hall: PagedHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hall_server.web.audit_export.AT_ONCE", 3)
    with hall.person("audit") as auditor:
        for _ in range(8):
            auditor.post("/admin/audit/verify")
        rows = list(csv.reader(io.StringIO(auditor.get("/admin/audit/export").text)))[1:]
    numbers = [int(row[0]) for row in rows]
    assert numbers == list(range(numbers[0], 0, -1))


def test_what_cannot_be_taken_back_asks_first(hall: PagedHall) -> None:
    hall.token()
    for account, path, act in (
        ("system", "/admin/tokens", "/revoke"),
        ("security", "/admin/accounts/clerk", "/reset"),
        ("security", "/admin/accounts/clerk", "/disable"),
    ):
        with hall.person(account) as client:
            before, form, _ = client.get(path).text.partition(f'{act}">')
        assert form
        assert before.rfind("<details") > before.rfind("</details>"), (path, act)
