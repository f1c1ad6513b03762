"""The catalogue's own figures on the page and in files, against a recomputation from its raw rows."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import docx
import httpx
import msgspec
import openpyxl
import pytest
from playwright.sync_api import expect

from hall_server.catalogue.records import Entry, Origin, entry_of
from hall_server.config import load
from hall_server.hall import commands as c
from hall_server.reports.elements import FIGURES
from tests.hall_server.web import axe
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import PagedHall

Item = dict[str, Any]


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagedHall]:
    """The sample catalogue, edited so that every figure has something to tell."""
    paged = PagedHall(tmp_path_factory.mktemp("elements"))
    paged.start()
    store = paged.catalogue.store
    source = load(Path(__file__).parents[3] / "assets" / "halls" / "demo" / "hall.toml").items
    with store.new_version(at_ms=paged.clock.now_ms(), by="test", origin=Origin.EDIT, source="test") as being:
        for n, item in enumerate(source):
            being.put(altered(entry_of(item), n))
    paged.catalogue.publish(store.head, by="test")
    yield paged
    paged.stop()
    assert not paged.failures


def altered(entry: Entry, n: int) -> Entry:
    papers = tuple(msgspec.structs.replace(p, waived=p.waived or n % 3 == 0) for p in entry.materials)
    return msgspec.structs.replace(
        entry, visits=n % 4 - 1, entered=n % 5 != 0, online=n % 2 == 0, materials=papers
    )


@pytest.fixture(scope="module")
def manager(hall: PagedHall) -> Iterator[httpx.Client]:
    with hall.person("manager") as client:
        client.timeout = httpx.Timeout(60)
        yield client


@pytest.fixture(scope="module")
def items(hall: PagedHall) -> list[Item]:
    return raw_items(hall.state / "catalogue.db")


def raw_items(path: Path) -> list[Item]:
    """The items of the version in force, straight from the file."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        told = db.execute("SELECT body FROM in_force").fetchall()
        version = json.loads(told[0][0])["version"]
        rows = db.execute("SELECT body FROM item WHERE since<=? AND until>?", (version, version)).fetchall()
    finally:
        db.close()
    return [json.loads(body) for (body,) in rows]


def quotient(above: float, below: float, *, percent: bool) -> str:
    if not below:
        return "—"
    value = Decimal(above) / Decimal(below) * (100 if percent else 1)
    return f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP)}" + ("%" if percent else "")


def naive(items: list[Item]) -> dict[str, str]:
    """Every figure as people read it; written from docs/indicators.md, not from the code."""
    papers = [p for i in items for p in i.get("materials", ())]
    bring = [p for p in papers if p.get("needed", True) and not p.get("waived")]
    promised = [i["promised_days"] for i in items if i.get("handling") == "承诺" and i.get("promised_days")]
    statutory = [i["statutory_days"] for i in items if i.get("statutory_days")]
    both = [
        (0 if i["handling"] == "即办" else i["promised_days"], i["statutory_days"])
        for i in items
        if i.get("statutory_days")
        and (i.get("handling") == "即办" or (i.get("handling") == "承诺" and i.get("promised_days")))
    ]
    visits = [i["visits"] for i in items if i.get("visits", -1) >= 0]
    saved = sum(s for _, s in both) - sum(p for p, _ in both)

    def share(count: float, of: float) -> str:
        return quotient(count, of, percent=True)

    return {
        "catalogue.items": f"{len(items):,}",
        "catalogue.entry_rate": share(sum(i.get("entered", True) for i in items), len(items)),
        "catalogue.papers_mean": quotient(len(bring), len(items), percent=False),
        "catalogue.waived_rate": share(sum(bool(p.get("waived")) for p in papers), len(papers)),
        "catalogue.missing_rate": share(sum(bool(p.get("may_be_missing")) for p in papers), len(papers)),
        "catalogue.at_once_rate": share(sum(i.get("handling") == "即办" for i in items), len(items)),
        "catalogue.promised_mean": quotient(sum(promised), len(promised), percent=False),
        "catalogue.statutory_mean": quotient(sum(statutory), len(statutory), percent=False),
        "catalogue.shortened_rate": share(saved, sum(s for _, s in both)),
        "catalogue.once_rate": share(sum(v <= 1 for v in visits), len(visits)),
        "catalogue.online_rate": share(sum(bool(i.get("online")) for i in items), len(items)),
        "catalogue.terminal_rate": share(sum(bool(i.get("terminal")) for i in items), len(items)),
        "catalogue.appointment_rate": share(sum(bool(i.get("appointment")) for i in items), len(items)),
    }


def test_the_page_says_what_the_catalogue_holds(manager: httpx.Client, items: list[Item]) -> None:
    text = manager.get("/reports/catalogue").text
    cards = {m[1]: m[2] for m in re.finditer(r'data-headline="([\w.]+)">([^<]+)', text)}
    assert cards == naive(items)
    assert set(cards) == set(FIGURES)
    assert "—" not in cards.values(), "every figure has something to tell"
    rows = re.findall(r'<tr><th scope="row" data-value="([^"]+)">.*?</tr>', text, re.S)
    assert sorted(rows) == sorted({i["department"] for i in items})


def test_files_say_the_same_by_department(manager: httpx.Client, items: list[Item]) -> None:
    departments = {i["department"] for i in items}
    true = {name: naive([i for i in items if i["department"] == name]) for name in departments}
    true["全部"] = naive(items)
    lines = list(
        csv.reader(io.StringIO(manager.get("/reports/catalogue/file?format=csv").text.lstrip("\ufeff")))
    )
    told = {line[0]: dict(zip(FIGURES, line[1:], strict=True)) for line in lines[1:]}
    assert told == {
        name: {id_: "" if word == "—" else word.replace(",", "").rstrip("%") for id_, word in row.items()}
        for name, row in true.items()
    }
    content = manager.get("/reports/catalogue/file?format=xlsx").content
    sheet = openpyxl.load_workbook(io.BytesIO(content))["事项目录指标"]
    whole = dict(zip(FIGURES, [cell.value for cell in sheet[2]][1:], strict=True))
    assert whole["catalogue.items"] == len(items)
    assert f"{whole['catalogue.papers_mean']:.2f}" == naive(items)["catalogue.papers_mean"]
    assert f"{whole['catalogue.entry_rate']:.2%}" == naive(items)["catalogue.entry_rate"]


def test_a_figure_leads_to_its_items(manager: httpx.Client, items: list[Item]) -> None:
    department = items[0]["department"]
    answer = manager.get(
        "/reports/catalogue/items", params={"figure": "catalogue.papers_mean", "department": department}
    )
    mine = [i for i in items if i["department"] == department]
    told = dict(
        re.findall(r"<tr><td>([^<]+)</td><td>[^<]+</td><td class=\"figure\">(\d+) 份</td>", answer.text)
    )
    assert told == {
        i["name"]: str(
            sum(p.get("needed", True) and not p.get("waived", False) for p in i.get("materials", ()))
        )
        for i in mine
    }
    for wrong in (
        {"figure": "wait", "department": department},
        {"figure": "catalogue.items", "department": "x"},
    ):
        assert manager.get("/reports/catalogue/items", params=wrong).status_code == 404


def test_the_month_tells_them_too(manager: httpx.Client, items: list[Item]) -> None:
    document = docx.Document(io.BytesIO(manager.get("/reports/month?of=2026-11").content))
    told = {row.cells[0].text: row.cells[1].text for row in document.tables[-1].rows}
    for id_, word in naive(items).items():
        assert told[FIGURES[id_].indicator.name] == word
    assert any(p.text == "八、事项目录指标" for p in document.paragraphs)
    assert any("没有收到评价" in p.text for p in document.paragraphs)


def test_documents_bear_the_name_in_force(hall: PagedHall, manager: httpx.Client) -> None:
    """A hall renamed since the start is not called by its old name."""
    new = replace(hall.service.plan, name="改名后的大厅")
    hall.service.submit(c.PublishPlan(request="renamed", by="test", plan=new)).result(10)
    document = docx.Document(io.BytesIO(manager.get("/reports/month?of=2026-11").content))
    assert document.paragraphs[0].text == "改名后的大厅运行月报"


@pytest.mark.browser
def test_the_page_fits_every_screen_and_is_sorted_by_keys(hall: PagedHall, opened: Opener) -> None:
    for width, height in ((390, 844), (1024, 600), (1920, 1080)):
        watched = opened(f"{hall.url}/reports/catalogue", account="supervisor", width=width, height=height)
        page = watched.page
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert axe.findings(page) == []
        assert watched.errors == []
    page.locator("#report .sort", has_text="平均材料数").focus()
    page.keyboard.press("Enter")
    cells = page.locator("#report td[data-column='catalogue.papers_mean']").all()
    shown = [int(cell.get_attribute("data-value") or "0") for cell in cells]
    assert shown == sorted(shown, reverse=True)
    cells[0].locator("a").click()
    expect(page.locator("#behind tbody tr").first).to_contain_text("份")
    assert axe.findings(page) == []
