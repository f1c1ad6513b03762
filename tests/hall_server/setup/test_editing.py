"""The table of fields against the structs, findings at their forms, differences in words, merging."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from hall_server.config import load
from hall_server.hall_file import OF_THE_BOX, HallFile, KioskPart, PronunciationPart, ShiftPart
from hall_server.setup.editing import NoSuchRow, copied, moved, put, record_of, removed
from hall_server.setup.findings import findings
from hall_server.setup.rebase import rebase
from hall_server.setup.sections import BY_KEY, SECTIONS
from hall_server.setup.told import differences

DEMO = load(Path(__file__).parents[3] / "assets" / "halls" / "demo" / "hall.toml")
FILE = DEMO.file


def test_everything_of_the_file_that_is_not_the_boxs_can_be_edited() -> None:
    asked = {(s.table, f.name) for s in SECTIONS for f in s.fields}
    for table in HallFile.__struct_fields__:
        if table in OF_THE_BOX or table == "holidays":
            continue
        for name in record_of(table).__struct_fields__:
            if (table, name) != ("hall", "id"):
                assert (table, name) in asked, "a setting of the file has no field in the pages"
    assert ("", "holidays") in asked
    for section in SECTIONS:
        names = {f.encode_name for f in msgspec.structs.fields(record_of(section.table))}
        assert {f.name for f in section.fields} <= names
        assert all(section.field(column) for column in section.columns)


def test_every_list_can_be_filled_from_its_own_section() -> None:
    for section in SECTIONS:
        if section.own:
            needed = {f.encode_name for f in msgspec.structs.fields(record_of(section.table)) if f.required}
            assert needed <= {f.name for f in section.fields}


def test_rows_are_copied_moved_and_removed() -> None:
    file = copied(FILE, "windows", 0)
    twin = file.windows[1]
    assert (twin.id, twin.label, twin.callbox) == ("w13", "1号窗口（复制）", 0)
    assert not findings(file, DEMO.items), "a copied window is right as it is"
    assert copied(FILE, "services", 0).services[1].prefix not in {s.prefix for s in FILE.services}
    assert moved(FILE, "zones", 0, -1) == FILE
    assert [z.id for z in moved(FILE, "zones", 0, 1).zones][:2] == [FILE.zones[1].id, FILE.zones[0].id]
    with pytest.raises(NoSuchRow):
        removed(FILE, "zones", 99)


def test_a_mistake_between_tables_is_found_at_its_form() -> None:
    file = removed(FILE, "zones", 3)
    found = findings(file, DEMO.items)
    assert [(f.section, f.row, f.field) for f in found] == [("services", 7, "zone"), ("windows", 11, "zone")]
    assert found[0].where == "业务“公共法律服务”的专区"
    assert found[0].sentence == "“sifa”已不存在，请重新选择"
    late = put(
        FILE, BY_KEY["rota"], 0, {"windows": ["w99"], "days": ["mon"], "begins": ["12:00"], "ends": ["13:00"]}
    )
    assert [(f.section, f.row, f.field) for f in findings(late, DEMO.items)] == [("rota", 0, "windows")]
    same = put(FILE, BY_KEY["numbers"], 1, {"prefix": ["A"], "first": ["1"], "width": ["3"]})
    found = findings(same, DEMO.items)
    assert found[0].sentence == "“A”已被“社保医保”使用，同组业务才可共用字母"
    dark = put(FILE, BY_KEY["lamps"], None, {"wait_yellow_minutes": ["50"], "wait_red_minutes": ["40"]})
    assert [(f.section, f.row, f.field) for f in findings(dark, DEMO.items)] == [
        ("lamps", -1, "wait_yellow_minutes")
    ]
    twice = replace(FILE, boards=(*FILE.boards, *FILE.boards))
    assert [(f.section, f.row, f.field) for f in findings(twice, DEMO.items)] == [("boards", 1, "id")]


def test_differences_are_told_in_the_words_of_the_forms() -> None:
    file = put(FILE, BY_KEY["skills"], 2, {"services": ["shebao", "minzheng"], "helps_with": []})
    file = put(file, BY_KEY["holidays"], None, {"holidays": ["2026-10-01\n2026-10-02"]})
    file = removed(file, "rota", 0)
    told = [(t.section, t.name, t.field, t.before, t.after) for t in differences(FILE, file)]
    assert told[0] == ("窗口", "3号窗口", "本职业务", "社保医保", "社保医保、民政服务")
    assert told[1][:3] == ("排班", "午休 12:00–13:30", "删除")
    assert told[2] == ("节假日", "", "日期", "无", "2026-10-01、2026-10-02")
    assert differences(FILE, FILE) == ()


def test_two_sides_are_merged_row_by_row_and_field_by_field() -> None:
    shift = ShiftPart(windows=("w01",), begins="17:00", ends="19:00", name="延时")
    ours = put(FILE, BY_KEY["skills"], 0, {"services": ["shebao"], "helps_with": []})
    ours = replace(ours, rota=(*FILE.rota, shift), holidays=(datetime.date(2026, 10, 1),))
    ours = replace(ours, zones=(replace(FILE.zones[0], name="甲"), *FILE.zones[1:]))
    theirs = copied(FILE, "windows", 0)
    theirs = replace(theirs, windows=(replace(theirs.windows[0], name="乙"), *theirs.windows[1:]), rota=())
    theirs = replace(theirs, zones=(replace(FILE.zones[0], name="丙", icon="x"), *FILE.zones[1:]))
    merged = rebase(FILE, ours, theirs)
    assert merged.file.windows[0] == replace(FILE.windows[0], services=("shebao",), helps_with=(), name="乙")
    assert len(merged.file.windows) == len(FILE.windows) + 1
    assert merged.file.rota == (shift,)
    assert merged.file.holidays == ours.holidays
    assert merged.file.zones[0] == replace(FILE.zones[0], name="甲", icon="x")
    assert merged.both == (("zones", FILE.zones[0].id, "name"),)


def test_a_row_that_one_removed_and_the_other_changed_is_kept_and_named() -> None:
    changed = replace(FILE, boards=(replace(FILE.boards[0], title="改"),))
    gone = replace(FILE, boards=())
    for ours, theirs in ((changed, gone), (gone, changed)):
        merged = rebase(FILE, ours, theirs)
        assert [b.title for b in merged.file.boards] == ["改"]
        assert merged.both == (("boards", "hall", ""),)
    assert rebase(FILE, FILE, gone).file.boards == ()
    assert rebase(FILE, gone, FILE).file.boards == ()
    assert rebase(FILE, FILE, gone).both == ()


def test_readings_are_found_told_and_merged_by_their_word() -> None:
    right = PronunciationPart(written="重庆", spoken="chong2 qing4")
    wrong = replace(right, written="受理区", spoken="shou4 liiq1")
    one, both = replace(FILE, pronunciations=(right,)), replace(FILE, pronunciations=(right, wrong))
    (found,) = findings(both, DEMO.items)
    assert (found.section, found.row, found.field) == ("pronunciations", 1, "spoken")
    assert "念不出来" in found.sentence
    (twice,) = findings(copied(one, "pronunciations", 0), DEMO.items)
    assert (twice.section, twice.row, twice.field) == ("pronunciations", 1, "written")
    (told,) = differences(one, replace(FILE, pronunciations=(replace(right, spoken="从庆"),)))
    assert (told.subject, told.before, told.after) == ("本地读音·重庆·念作", "chong2 qing4", "从庆")
    assert rebase(FILE, one, replace(FILE, pronunciations=(wrong,))).file.pronunciations == (right, wrong)


def test_kiosks_are_chosen_and_told_by_their_names() -> None:
    row = KioskPart(id="kiosk-1", zones=("zonghe",))
    file = put(FILE, BY_KEY["kiosks"], 0, {"id": ["kiosk-1"], "zones": ["zonghe"]})
    assert file.kiosks == (row,)
    (told,) = differences(file, replace(FILE, kiosks=(replace(row, zones=()),)))
    assert (told.subject, told.before, told.after) == ("自助机·1号自助机·专区", "综合", "全部")
    (twice,) = findings(copied(file, "kiosks", 0), DEMO.items)
    assert (twice.section, twice.row) == ("kiosks", 1)
    assert "重复" in twice.sentence
