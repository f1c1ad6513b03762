"""Versions of the catalogue, what they cost, and how items are found in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hall_server.catalogue.grams import initials
from hall_server.catalogue.records import Entry, InForce, Origin, Paper
from hall_server.catalogue.store import Store
from hall_server.catalogue.telling import changes


def entry(code: str, name: str, department: str = "公安局", **more: object) -> Entry:
    return Entry(code=code, name=name, department=department, **more)  # type: ignore[arg-type]


CARD = entry("A1", "居民身份证换领", also="二代证", materials=(Paper(name="居民户口簿", copies=1),))
SOCIAL = entry("A2", "社会保障卡申领", "人力资源和社会保障局")
BANK = entry("A3", "银行开户许可", "人民银行", online=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "catalogue.db")
    store.open()
    put(store, CARD, SOCIAL, BANK)
    yield store
    store.close()


def put(store: Store, *entries: Entry, gone: str = "") -> int:
    with store.new_version(at_ms=1, by="clerk:m", origin=Origin.EDIT, source="") as being:
        for one in entries:
            being.put(one)
        if gone:
            being.remove(gone)
        return being.number


def names(store: Store, query: str, **more: object) -> list[str]:
    return [one.name for one in store.search(query, store.head, **more).found]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("身份证", "居民身份证换领"),
        ("份证换", "居民身份证换领"),
        ("sfz", "居民身份证换领"),
        ("JMSFZ", "居民身份证换领"),
        ("ａ１", "居民身份证换领"),
        ("二代证", "居民身份证换领"),
        ("社保卡", "社会保障卡申领"),
        ("人社 社会保障", ""),
        ("人力 申领", "社会保障卡申领"),
        ("银", "银行开户许可"),
        ("yhkh", "银行开户许可"),
        ('" OR name:', ""),
        ("*", "居民身份证换领"),
    ],
)
def test_an_item_is_found_by_piece_initials_synonym_and_department(
    store: Store, query: str, found: str
) -> None:
    assert names(store, query)[:1] == ([found] if found else [])


def test_filters_narrow_and_beginnings_come_first(store: Store) -> None:
    put(store, entry("A4", "变更居民身份证"), entry("A5", "居民身份证"))
    assert names(store, "居民身份证") == ["居民身份证", "居民身份证换领", "变更居民身份证"]
    assert names(store, "", department="人民银行") == ["银行开户许可"]
    assert names(store, "", tag="online") == ["银行开户许可"]
    assert names(store, "身份证", department="人民银行") == []
    assert names(store, "身份证", department="没有的部门") == []


def test_initials_follow_the_phrase() -> None:
    assert initials("银行") == "yh"
    assert initials("行政许可") == "xzxk"
    assert initials("重庆市（A类）") == "cqsal"


def test_a_version_holds_what_it_held_and_costs_only_what_differs(store: Store) -> None:
    changed = entry("A1", "居民身份证换发", also="二代证", materials=CARD.materials)
    second = put(store, changed, SOCIAL, gone="A3")
    assert [v.items for v in store.versions()] == [2, 3]
    assert (store.versions()[0].added, store.versions()[0].changed, store.versions()[0].removed) == (0, 1, 1)
    old, new = store.item("A1", 1), store.item("A1", second)
    assert old is not None
    assert new is not None
    assert (old[1], new[1], store.item("A3", second)) == (CARD, changed, None)
    assert [life.since for life in store.history("A2")] == [1]
    found, total = store.differences(1, second)
    assert total == 2
    assert [(one.code, one.before, one.after) for one in found] == [("A1", CARD, changed), ("A3", BANK, None)]
    assert changes(CARD, changed) == [("事项名称", "居民身份证换领", "居民身份证换发")]


def test_roll_back_is_a_version_that_is_as_the_old_one_was(store: Store) -> None:
    put(store, entry("A1", "别的名字"), entry("A9", "新事项"), gone="A3")
    third = store.restore(1, at_ms=2, by="clerk:m")
    assert {code: digest for code, (_, digest) in store.digests(third).items()} == {
        code: digest for code, (_, digest) in store.digests(1).items()
    }
    assert names(store, "银行") == ["银行开户许可"]
    assert store.differences(1, third) == ([], 3)


def test_a_version_that_fails_leaves_nothing(store: Store) -> None:
    def break_off() -> None:
        with store.new_version(at_ms=1, by="m", origin=Origin.IMPORT, source="f") as being:
            being.put(entry("A7", "半途而废"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert store.head == 1
    assert names(store, "半途") == []


def test_what_is_in_force_stays_findable_while_the_newest_differs(store: Store, tmp_path: Path) -> None:
    store.put_in_force(InForce(version=1))
    put(store, entry("A1", "护照申领"))
    assert [one.name for one in store.search("身份证", 1).found] == ["居民身份证换领"]
    assert names(store, "身份证") == []
    store.put_in_force(InForce(version=2))
    again = Store(tmp_path / "catalogue.db")
    again.open()
    assert again.in_force.version == 2
    assert [one.name for one in again.search("护照", 2).found] == ["护照申领"]
    again.close()


def indexed(store: Store) -> int:
    with store.writing() as db:
        return int(str(db.execute("SELECT count(*) FROM words").fetchall()[0][0]))


def test_the_index_holds_the_newest_and_the_one_in_force_and_no_other(store: Store) -> None:
    store.put_in_force(InForce(version=1))
    for turn in range(4):
        put(store, *(entry(code, f"第{turn}次改名{code}") for code in ("A1", "A2", "A3")))
        assert indexed(store) == 6, "three rows of the newest, three of the one in force"
    store.put_in_force(InForce(version=store.head, previous=1, settled=False))
    assert indexed(store) == 6, "it may go back"
    store.put_in_force(InForce(version=store.head, previous=1))
    assert indexed(store) == 3
    assert len(names(store, "改名")) == 3


@pytest.mark.parametrize("every", [1, 2, 3])
def test_both_versions_are_found_whole_however_much_differs(tmp_path: Path, every: int) -> None:
    both = Store(tmp_path / "both.db")
    both.open()
    codes = [f"C{number:03d}" for number in range(60)]
    put(both, *(entry(code, f"登记{code}") for code in codes))
    both.put_in_force(InForce(version=1))
    put(both, *(entry(code, f"注销{code}") for code in codes[::every]))
    old = both.search("登记", 1, limit=100)
    new = both.search("登记", 2, limit=100)
    gone = both.search("注销", 2, limit=100)
    assert (old.total, both.search("注销", 1).total) == (60, 0)
    assert {one.code for one in old.found} == set(codes)
    assert {one.code for one in new.found} == set(codes) - set(codes[::every])
    assert {one.code for one in gone.found} == set(codes[::every])
    assert {one.code for one in both.search("c0", 2, limit=100).found} == set(codes)
    both.close()


def test_old_versions_go_when_they_take_too_much(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hall_server.catalogue.store.MOST_ENDED", 12)
    store.put_in_force(InForce(version=2, previous=1))
    for turn in range(20):
        put(store, *(entry(code, f"第{turn}次改名{code}") for code in ("A1", "A2", "A3")))
    ids = [version.id for version in store.versions()]
    assert ids == list(range(21, 0, -1)), "what is in force and the one before stay, whatever it takes"
    store.put_in_force(InForce(version=20, previous=19))
    last = put(store, entry("A1", "末次"))
    ids = [version.id for version in store.versions()]
    assert ids == list(range(last, 17, -1))
    assert [one.name for one in store.search("改名", 20).found] == [f"第18次改名A{n}" for n in (1, 2, 3)]
    assert len(store.entries(18)) == 0 or len(store.digests(18)) == 3
    assert len(store.digests(19)) == 3
    assert store.restore(19, at_ms=1, by="m") == last + 1


def test_what_is_counted_of_a_version_is_told_again_and_never_of_another(store: Store) -> None:
    first = store.departments(1)
    first["公安局"] = 99
    assert store.departments(1)["公安局"] == 1
    second = put(store, entry("A4", "护照", "公安局"), gone="A3")
    assert store.departments(second) == {"公安局": 2, "人力资源和社会保障局": 1}
    assert store.departments(1) == {"公安局": 1, "人力资源和社会保障局": 1, "人民银行": 1}
    assert store.differences(1, second, limit=0) == ([], 2)
    third = put(store, entry("A5", "港澳通行证", "公安局"))
    assert [store.differences(1, n, limit=0)[1] for n in (second, third, second)] == [2, 3, 2]
    assert [one.code for one in store.differences(1, third, limit=1, offset=1)[0]] == ["A4"]
    for _ in range(12):
        put(store, entry("A5", f"通行证{store.head}", "公安局"))
        assert store.departments(store.head)["公安局"] == 3
