"""What administrators may do, what the audit log says of it, and that nobody can mend the log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from hall_server.accounts.__main__ import hall_key, main
from hall_server.accounts.administration import CONSOLE, Person
from hall_server.accounts.audit import Verified
from hall_server.accounts.book import Act, Actor, Book, Refused
from hall_server.accounts.desk import Accounts
from hall_server.accounts.records import AuditLine
from hall_server.accounts.roles import Role, Scope, unfit
from hall_server.accounts.signing import Origin
from hall_server.accounts.store import MIGRATIONS, AccountsBroken
from tests.hall_server.accounts.opened import ADMINISTRATOR, KEY, PASSWORD, Opened, opened

ANQUAN = Person("anquan", "钱一", frozenset({Role.SECURITY}))
OTHERS = [
    Person("xitong", "孙二", frozenset({Role.SYSTEM})),
    Person("shenji", "李三", frozenset({Role.AUDIT})),
]
CLERK = Person("0101", "周四", frozenset({Role.CLERK}), ("w01",))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Opened]:
    with opened(tmp_path) as made:
        yield made


def lines(desk: Opened) -> list[AuditLine]:
    found = desk.accounts.book.audit_lines(
        words="", kind="", from_ms=0, to_ms=2**62, before=2**62, limit=1000
    )
    return found[::-1]


def set_up(desk: Opened) -> dict[str, str]:
    code = desk.accounts.setup_code
    return desk.accounts.set_up(code.lower(), ANQUAN, PASSWORD, OTHERS, Actor("setup"))


def test_a_new_hall_has_a_one_time_set_up_code_and_no_password(desk: Opened) -> None:
    code, file = desk.accounts.setup_code, desk.accounts.setup_file
    assert file.read_text().strip() == code
    assert file.stat().st_mode & 0o077 == 0
    assert not desk.accounts.ready
    with pytest.raises(Refused, match="设置码不正确"):
        desk.accounts.set_up("AAAA-AAAA-AAAA-AAAA", ANQUAN, PASSWORD, OTHERS, Actor("setup"))
    made = set_up(desk)
    assert set(made) == {"xitong", "shenji"}
    assert desk.accounts.ready
    assert not file.exists()
    with pytest.raises(Refused, match="已完成初始设置"):
        desk.accounts.set_up(code, ANQUAN, PASSWORD, OTHERS, Actor("setup"))
    assert desk.accounts.signing.sign_in("shenji", made["shenji"], Origin("10.0.0.5"))


def test_a_set_up_code_is_not_guessed_for_ever(desk: Opened) -> None:
    for _ in range(20):
        with pytest.raises(Refused, match="设置码不正确"):
            desk.accounts.set_up("AAAA-AAAA-AAAA-AAAA", ANQUAN, PASSWORD, OTHERS, Actor("setup"))
    with pytest.raises(Refused, match="重新启动"):
        set_up(desk)


def test_three_administrators_are_three_people(desk: Opened) -> None:
    code = desk.accounts.setup_code
    twice = [Person("anquan", "孙二", frozenset({Role.SYSTEM})), OTHERS[1]]
    with pytest.raises(Refused, match="不同的账号"):
        desk.accounts.set_up(code, ANQUAN, PASSWORD, twice, Actor("setup"))
    for administrator in (Role.SYSTEM, Role.SECURITY, Role.AUDIT):
        for other in set(Role) - {administrator}:
            assert "三员分立" in unfit(frozenset({administrator, other}))
    assert unfit(frozenset({Role.CLERK, Role.MANAGER, Role.GUIDE})) == ""
    assert unfit(frozenset({Role.CLERK, Role.SUPERVISOR}))
    assert unfit(frozenset())


def test_who_grants_rights_does_not_choose_who_watches_him(desk: Opened) -> None:
    set_up(desk)
    administration = desk.accounts.administration
    auditor = Person("mine", "吴五", frozenset({Role.AUDIT}))
    for act in (
        lambda: administration.create(auditor, ADMINISTRATOR),
        lambda: administration.reset("shenji", ADMINISTRATOR),
        lambda: administration.enable("shenji", ADMINISTRATOR, enabled=False),
        lambda: administration.change(Person("shenji", "李三", frozenset({Role.GUIDE})), ADMINISTRATOR),
    ):
        with pytest.raises(Refused, match="控制台"):
            act()
    assert administration.create(auditor, CONSOLE)


def test_nobody_changes_himself_and_the_last_of_a_kind_stays(desk: Opened) -> None:
    set_up(desk)
    administration = desk.accounts.administration
    with pytest.raises(Refused, match="自己"):
        administration.change(Person("anquan", "钱一", frozenset({Role.MANAGER})), ADMINISTRATOR)
    with pytest.raises(Refused, match="最后一个"):
        administration.enable("xitong", ADMINISTRATOR, enabled=False)
    administration.create(Person("xitong2", "郑六", frozenset({Role.SYSTEM})), ADMINISTRATOR)
    administration.enable("xitong", ADMINISTRATOR, enabled=False)
    with pytest.raises(Refused, match="最后一个"):
        administration.change(Person("xitong2", "郑六", frozenset({Role.GUIDE})), ADMINISTRATOR)


@pytest.mark.parametrize("account", ["", "a", "a b", "张三", "x" * 33, "-a", "console", "a/b", "a\n"])
def test_an_account_has_a_plain_name(desk: Opened, account: str) -> None:
    with pytest.raises(Refused, match="账号（工号）"):
        desk.accounts.administration.create(Person(account, "张三", frozenset({Role.GUIDE})), ADMINISTRATOR)


def test_every_act_is_told_with_before_and_after_and_no_secret(desk: Opened) -> None:
    made = set_up(desk)
    code = desk.accounts.administration.create(CLERK, ADMINISTRATOR)
    desk.accounts.administration.change(
        Person("0101", "周四", frozenset({Role.CLERK, Role.GUIDE}), ("w01", "w02")), ADMINISTRATOR
    )
    desk.accounts.administration.enable("0101", ADMINISTRATOR, enabled=False)
    told = lines(desk)
    assert [line.kind for line in told] == ["setup", "account.created", "account.changed", "account.disabled"]
    changed = told[2]
    assert (changed.by, changed.address, changed.subject) == ("anquan", "10.0.0.9", "0101")
    assert '"windows":["w01"]' in changed.before
    assert '"windows":["w01","w02"]' in changed.after
    whole = "".join(line.before + line.after for line in told)
    assert not any(secret in whole for secret in (PASSWORD, code, *made.values(), "argon2"))


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        ("UPDATE audit SET by='nobody' WHERE seq=2", "第 2 条记录被改动"),
        ("UPDATE audit SET after='{}' WHERE seq=1", "第 1 条记录被改动"),
        ("UPDATE audit SET at_ms=at_ms+1 WHERE seq=3", "第 3 条记录被改动"),
        ("DELETE FROM audit WHERE seq=2", "第 2 条记录缺失"),
        ("DELETE FROM audit WHERE seq>2", "第 3 至 4 条记录被删去"),
        ("DELETE FROM audit", "第 1 至 4 条记录被删去"),
    ],
)
def test_a_log_that_was_mended_is_found(desk: Opened, tamper: str, says: str) -> None:
    set_up(desk)
    for number in range(3):
        desk.accounts.administration.create(
            Person(f"010{number}", "周四", frozenset({Role.GUIDE})), ADMINISTRATOR
        )
    assert desk.accounts.book.verify().wrong == ""
    assert desk.accounts.book.verify().lines == 4
    _alter(desk.state, tamper)
    assert desk.accounts.book.verify().wrong == says


def test_a_log_written_anew_is_found(desk: Opened) -> None:
    set_up(desk)
    desk.accounts.administration.create(CLERK, ADMINISTRATOR)
    first, second = lines(desk)
    forged = AuditLine(**{f: getattr(second, f) for f in second.__struct_fields__} | {"by": "xitong"})
    _alter(desk.state, f"UPDATE audit SET by='xitong', hash='{forged.chained(first.hash)}' WHERE seq=2")
    assert desk.accounts.book.verify().wrong == "前 2 条记录被整体改写"
    (desk.state / "accounts.anchor").unlink()
    assert "封条" in desk.accounts.book.verify().wrong


def three_guides(desk: Opened) -> None:
    for number in range(3):
        person = Person(f"010{number}", "周四", frozenset({Role.GUIDE}))
        desk.accounts.administration.create(person, ADMINISTRATOR)


def test_log_and_anchor_put_back_together_are_found_while_the_hall_runs(desk: Opened) -> None:
    set_up(desk)
    old = (desk.state / "accounts.anchor").read_bytes()
    three_guides(desk)
    assert desk.accounts.book.verify().wrong == ""
    _alter(desk.state, "DELETE FROM audit WHERE seq>1")
    (desk.state / "accounts.anchor").write_bytes(old)
    assert "第 2 至 4 条记录被删去" in desk.accounts.book.verify().wrong
    for _ in range(6):
        desk.accounts.book.note(ADMINISTRATOR, Act("sign-out", "anquan"))
    assert "前 4 条记录被整体改写" in desk.accounts.book.verify().wrong, "though it is longer by now"


def test_a_log_cut_while_the_hall_stood_is_found_however_much_is_written_since(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        set_up(desk)
        three_guides(desk)
    _alter(tmp_path, "DELETE FROM audit WHERE seq>2")
    with opened(tmp_path) as desk:
        desk.accounts.book.note(ADMINISTRATOR, Act("sign-out", "anquan"))
        assert "第 4 至 4 条记录被删去" in desk.accounts.book.verify().wrong
    with opened(tmp_path) as desk:
        for _ in range(6):
            desk.accounts.book.note(ADMINISTRATOR, Act("sign-out", "anquan"))
        assert "前 4 条记录被整体改写" in desk.accounts.book.verify().wrong


def test_lines_of_another_program_go_on_with_the_log(desk: Opened) -> None:
    set_up(desk)
    beside = Book(desk.state, key=KEY, now_ms=lambda: desk.now_ms)
    beside.open()
    for _ in range(3):
        beside.note(CONSOLE, Act("sign-out", "anquan"))
        desk.accounts.book.note(ADMINISTRATOR, Act("sign-out", "anquan"))
    beside.note(CONSOLE, Act("sign-out", "anquan"))
    assert desk.accounts.book.verify() == beside.verify() == Verified(8, "")
    beside.close()


def test_the_file_itself_refuses_to_forget(desk: Opened) -> None:
    set_up(desk)
    db = apsw.Connection(str(desk.state / "accounts.db"))
    with pytest.raises(apsw.ConstraintError, match="append only"):
        db.execute("DELETE FROM audit")
    db.close()


def test_the_log_is_searched_by_word_kind_and_day(desk: Opened) -> None:
    set_up(desk)
    desk.accounts.administration.create(CLERK, ADMINISTRATOR)
    desk.later(minutes=60 * 24)
    desk.accounts.administration.reset("0101", ADMINISTRATOR)

    def found(**wanted: object) -> list[str]:
        fields: dict[str, object] = {
            "words": "",
            "kind": "",
            "from_ms": 0,
            "to_ms": 2**62,
            "before": 2**62,
            "limit": 50,
        }
        return [line.kind for line in desk.accounts.book.audit_lines(**fields | wanted)]

    assert found(words="0101") == ["account.reset", "account.created"]
    assert found(kind="setup") == ["setup"]
    assert found(from_ms=desk.now_ms) == ["account.reset"]
    assert found(words="%") == []
    assert found(words="' OR 1=1 --") == []
    assert found(before=2) == ["setup"]


def test_tokens_are_hashed_scoped_and_revoked(desk: Opened) -> None:
    tokens = desk.accounts.tokens
    text = tokens.make("叫号平台", frozenset({Scope.READ}), ADMINISTRATOR)
    found = tokens.find(text)
    assert found is not None
    assert (found.name, set(found.scopes), found.used_ms) == ("叫号平台", {Scope.READ}, desk.now_ms)
    assert text.rpartition("_")[2] not in (desk.state / "accounts.db").read_bytes().decode("latin-1")
    assert tokens.find(text[:-1]) is None
    assert tokens.find("bst_0000_0000") is None
    tokens.revoke(found.id, ADMINISTRATOR)
    assert tokens.find(text) is None
    assert [line.kind for line in lines(desk)] == ["token.made", "token.revoked"]


def test_the_console_works_beside_a_running_hall(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = hall_key(tmp_path)
    running = Accounts(tmp_path, key=key, now_ms=lambda: 1_795_000_000_000)
    running.open()
    running.administration.set_up(ANQUAN, PASSWORD, OTHERS, Actor("setup"))
    words = ["--state", str(tmp_path)]
    assert main([*words, "reset", "shenji"]) == 0
    code = capsys.readouterr().out.split("code ")[1].split(",")[0]
    running.signing.sweep()
    assert running.signing.sign_in("shenji", code, Origin("10.0.0.5"))
    assert main([*words, "token", "监控", "metrics:read"]) == 0
    assert running.tokens.find(capsys.readouterr().out.strip()) is not None
    assert main([*words, "reset", "nobody"]) == 1
    assert "没有账号" in capsys.readouterr().err
    assert running.book.verify().wrong == ""
    running.close()


def test_the_sample_hall_is_entered_by_a_link_that_is_good_once(tmp_path: Path) -> None:
    with opened(tmp_path, sample=True) as desk:
        link = desk.accounts.entry
        assert (tmp_path / "sample-entry").read_text().strip() == link
        assert (tmp_path / "sample-entry").stat().st_mode & 0o077 == 0
        assert not desk.accounts.ready, "never served to a LAN"
        assert not any(account.password for account in desk.accounts.book.accounts.values())
        desk.accounts.enter(link, "shili-manager", Origin("127.0.0.1"))
        with pytest.raises(Refused, match="已用过"):
            desk.accounts.enter(link, "shili-manager", Origin("127.0.0.1"))
        assert desk.accounts.entry != link
    with opened(tmp_path) as real, pytest.raises(Refused):
        real.accounts.enter(real.accounts.entry, "shili-manager", Origin("127.0.0.1"))


def test_a_file_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    db = apsw.Connection(str(tmp_path / "accounts.db"))
    db.pragma("user_version", len(MIGRATIONS) + 1)
    db.close()
    with pytest.raises(AccountsBroken, match=f"knows {len(MIGRATIONS)}"):
        Accounts(tmp_path, key=KEY, now_ms=lambda: 0).open()


def _alter(state: Path, sql: str) -> None:
    """Whoever owns the file can take the triggers off."""
    db = apsw.Connection(str(state / "accounts.db"))
    db.execute("DROP TRIGGER audit_is_history; DROP TRIGGER audit_is_kept")
    db.execute(sql)
    db.close()
