"""Q8 on the page and in every file: what a manager reads equals a recomputation from the journal's raw rows.

The naive recomputation and the words below share no code with reports, pages or files.
"""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Iterator
from datetime import date, time, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import docx
import httpx
import openpyxl
import pytest

from contract.clock import HallClock
from hall_server.reports.asked import Question
from hall_server.reports.indicators import INDICATORS
from hall_server.reports.kinds import KINDS
from hall_server.reports.periods import period_of
from hall_server.reports.press import BUSY, FAILED, TOO_LONG, NotMade, Press
from tests.hall_server.reports.agreement import as_json, written
from tests.hall_server.reports.naive import Naive
from tests.hall_server.reports.naive_rows import read
from tests.hall_server.reports.test_days import several_days
from tests.hall_server.web.hall import PagedHall

DAYS = "from=2026-11-21&to=2026-11-24"
PERCENT = (50, 80, 90, 95)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagedHall]:
    """A hall with five business days behind it, the last of them not over."""
    state = tmp_path_factory.mktemp("reports")
    desk = several_days(11)
    written(state / "journal.db", desk.events)
    now_ms = desk.events[-1].at_ms
    paged = PagedHall(state, plan=desk.plan, clock=HallClock(monotonic=lambda: 0, wall=lambda: now_ms))
    paged.start()
    yield paged
    paged.stop()
    assert not paged.failures


@pytest.fixture(scope="module")
def manager(hall: PagedHall) -> Iterator[httpx.Client]:
    with hall.person("manager") as client:
        client.timeout = httpx.Timeout(60)
        yield client


@pytest.fixture(scope="module")
def naive(hall: PagedHall) -> Naive:
    return Naive(read(hall.state / "journal.db"), as_json(hall.plan))


# ---------------------------------------------------------------- figures as words, once more


def said(unit: str, figure: Any) -> dict[str, str]:
    """Column behind the indicator's name -> what a person reads, from the naive side's figure."""
    if unit == "duration":
        if figure is None:
            return dict.fromkeys(("count", "mean", "p50", "p80", "p90", "p95", "most", "ticket"), "—")
        count, _, mean, percentiles, most, ticket = figure
        told = {"count": f"{count:,}", "mean": clock(mean), "most": clock(most)}
        told |= {f"p{p}": clock(percentiles[p]) for p in PERCENT}
        return told | {"ticket": ticket.split("-")[-1]}
    if figure is None:
        return {"": "—"}
    if unit == "time":
        return {"": clock(figure)}
    return {"": f"{figure // 100}.{figure % 100:02d}%" if unit == "rate" else f"{figure:,}"}


def clock(ms: int) -> str:
    seconds = (ms + 500) // 1000
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    if hours:
        return f"{hours}小时{minutes:02d}分{rest:02d}秒"
    return f"{minutes}分{rest:02d}秒" if minutes else f"{rest}秒"


def true(naive: Naive, kind: str, by: str, labels: list[str]) -> dict[str, dict[str, str]]:
    """Key -> column -> text of a whole report."""
    wanted = [INDICATORS[name] for name in KINDS[kind].indicators]
    ids = [(i.id, i.unit.value, i.numerator, i.denominator) for i in wanted]
    found = naive.figures(labels, ids, (by,))
    return {
        key[0]: {
            f"{i.id}.{part}" if part else i.id: text
            for i in wanted
            for part, text in said(i.unit.value, figures[i.id]).items()
        }
        for key, figures in found.items()
    }


class Sheet(HTMLParser):
    """The table of the page: key -> column -> text; the cards: column -> text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, str]] = {}
        self.cards: dict[str, str] = {}
        self._into: tuple[dict[str, str], str] | None = None
        self._row: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attributes}
        if tag == "th" and told.get("scope") == "row":
            self._row = self.rows[told["data-value"]] = {}
        elif tag == "td" and "data-column" in told:
            self._open(self._row, told["data-column"])
        elif "data-headline" in told:
            self._open(self.cards, told["data-headline"])

    def _open(self, into: dict[str, str], name: str) -> None:
        into[name] = ""
        self._into = (into, name)

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            into, name = self._into
            into[name] += data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "div"):
            self._into = None


LABELS = ["20261121", "20261122", "20261123", "20261124"]


@pytest.mark.parametrize("by", ["service", "window", "item", "reason", "half_hour", "day"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "all"])
def test_every_figure_on_the_page_is_true(manager: httpx.Client, naive: Naive, kind: str, by: str) -> None:
    answer = manager.get(f"/reports?kind={kind}&by={by}&full=1&{DAYS}")
    assert answer.status_code == 200
    assert Sheet(answer.text).rows == true(naive, kind, by, LABELS)


def test_what_was_before_is_true_too(manager: httpx.Client, naive: Naive) -> None:
    text = manager.get(
        "/reports?kind=arrivals&by=service&against=previous&from=2026-11-24&to=2026-11-24"
    ).text
    now = true(naive, "arrivals", "service", ["20261124"])
    then = true(naive, "arrivals", "service", ["20261123"])
    rows = Sheet(text).rows
    assert set(rows) == set(now)
    for key, row in rows.items():
        for column, shown in row.items():
            past = then.get(key, {}).get(column, "—")
            assert shown.startswith(now[key][column] + past), (key, column)
    assert "上一业务日" in text
    assert "2026年11月23日" in text


def test_the_whole_hall_stands_above_the_table(manager: httpx.Client, naive: Naive) -> None:
    cards = Sheet(manager.get(f"/reports?kind=waits&{DAYS}").text).cards
    (hall,) = true(naive, "waits", "hall", LABELS).values()
    assert cards
    assert cards == {column: hall[column] for column in cards}


def test_a_spreadsheet_has_typed_true_cells(manager: httpx.Client, naive: Naive) -> None:
    answer = manager.get(f"/reports/file?format=xlsx&kind=waits&by=service&full=1&{DAYS}")
    assert answer.headers["content-disposition"] == 'attachment; filename="waits-20261121-20261124.xlsx"'
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert (sheet.title, sheet.freeze_panes) == ("等候", "B2")
    rows = list(sheet.iter_rows())
    titles = [cell.value for cell in rows[0]]
    wait = titles.index("首呼等候时长·平均")
    figures = naive.figures(LABELS, [("wait", "duration", "", ""), ("issued", "count", "", "")], ("service",))
    names = {service["name"]: id_ for id_, service in naive.first_plan["services"].items()}
    assert len(rows) - 1 == len(true(naive, "waits", "service", LABELS))
    for row in rows[1:]:
        spread = figures[(names[row[0].value],)]["wait"] if row[0].value in names else None
        if spread is None:
            assert row[wait].value is None
            continue
        assert row[wait].number_format == "[h]:mm:ss"
        assert in_seconds(row[wait].value) == (spread[2] + 500) // 1000
        assert row[titles.index("取号数")].value == figures[(names[row[0].value],)]["issued"]


def in_seconds(value: Any) -> int:
    """openpyxl reads a time below a day as a time of day, a longer one as a timedelta."""
    if isinstance(value, time):
        whole = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
        return round((whole + timedelta(microseconds=value.microsecond)) / timedelta(seconds=1))
    assert isinstance(value, timedelta)
    return round(value / timedelta(seconds=1))


def test_csv_has_the_same_cells_as_the_page(manager: httpx.Client) -> None:
    address = f"kind=idle&by=window&against=previous&{DAYS}"
    page = Sheet(manager.get(f"/reports?{address}").text)
    answer = manager.get(f"/reports/file?format=csv&{address}")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["窗口", "开窗时间（秒）", "开窗时间（前4天）（秒）"]
    assert len(rows) - 1 == len(page.rows)
    for row, shown in zip(rows[1:], page.rows.values(), strict=True):
        assert shown["open_time"].startswith(clock(int(row[1]) * 1000))


def test_a_pdf_carries_its_chinese(manager: httpx.Client) -> None:
    content = manager.get(f"/reports/file?format=pdf&kind=waits&{DAYS}").content
    assert content.startswith(b"%PDF-")
    assert b"NotoSansSC" in content
    assert b"/ToUnicode" in content
    assert b"/FontFile2" in content


def test_the_month_can_be_edited_and_is_true(manager: httpx.Client, naive: Naive) -> None:
    answer = manager.get("/reports/month?of=2026-11")
    document = docx.Document(io.BytesIO(answer.content))
    labels = naive.days
    ids = [("issued", "count", "", ""), ("wait", "duration", "", ""), ("second_visits", "count", "", "")]
    whole = naive.figures(labels, ids, ("hall",))[("",)]
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert document.paragraphs[0].text == "测试大厅运行月报"
    assert f"共 {len(labels)} 个业务日，取号 {whole['issued']:,} 个" in text
    assert f"首呼等候平均 {clock(whole['wait'][2])}" in text
    assert "没有业务日，本报告不作环比" in text
    rows = {row.cells[0].text: row.cells[1].text for row in document.tables[0].rows}
    assert rows["取号数"] == f"{whole['issued']:,}"
    assert rows["首呼等候时长·P90"] == clock(whole["wait"][3][90])
    assert rows["二次跑动数"] == str(whole["second_visits"])
    items = naive.figures(labels, ids[2:], ("item",))
    told = next((t for t in document.tables if t.rows[0].cells[0].text == "事项"), None)
    expected = sorted((f["second_visits"] for f in items.values() if f["second_visits"]), reverse=True)
    assert [int(row.cells[1].text) for row in told.rows[1:]] == expected if told else not expected
    fonts = document.styles["Normal"].element.rPr.rFonts
    assert fonts.get("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}eastAsia") == "仿宋"


# ---------------------------------------------------------------- behind a figure


def test_behind_each_figure_stand_its_numbers_and_their_stories(manager: httpx.Client, naive: Naive) -> None:
    figures = naive.figures(LABELS, [("wait", "duration", "", "")], ("service",))
    for (service,), figure in figures.items():
        text = manager.get(f"/reports/behind?kind=waits&by=service&indicator=wait&key={service}&{DAYS}").text
        spread = figure["wait"]
        if spread is None:
            assert "没有任何一次记录" in text
            continue
        assert f'id="behind-count">{spread[0]}<' in text
        assert f'id="behind-total">{clock(spread[1])}<' in text
        first = re.search(r"/reports/visits/([\w-]+)", text)
        assert first is not None
        assert first[1] == spread[5]
        assert "到访全程 <small>" in manager.get(f"/reports/visits/{first[1]}").text
    rate = manager.get(f"/reports/behind?kind=no_shows&by=service&indicator=no_show_rate&key=tax&{DAYS}").text
    assert "分子：过号次数" in rate
    assert "分母：叫号次数" in rate


def test_nothing_is_said_to_be_nothing(manager: httpx.Client) -> None:
    text = manager.get("/reports?from=2020-01-01&to=2020-01-03").text
    assert "这段时间没有业务日" in text
    assert "不是零" in text
    assert manager.get("/reports/visits/20261121-X999").status_code == 404
    assert manager.get("/reports?kind=gossip").status_code == 404
    assert manager.get("/reports?by=weather").status_code == 404
    assert manager.get("/reports?from=2026-02-30").status_code == 422
    assert manager.get("/reports?from=2010-01-01&to=2026-11-21").status_code == 422
    assert manager.get("/reports/behind?indicator=none&key=x").status_code == 404


# ---------------------------------------------------------------- one file at a time


def test_a_second_order_is_told_that_one_is_being_made(hall: PagedHall, manager: httpx.Client) -> None:
    press = hall.reports.press
    assert press._turn.acquire(blocking=False)
    try:
        answer = manager.get(f"/reports/file?format=xlsx&{DAYS}", headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["sentence"]) == (429, BUSY)
        assert answer.headers["retry-after"]
        assert BUSY in manager.get("/api/reports/numbers.csv").text
    finally:
        press._turn.release()


def test_too_much_is_given_up_and_the_next_may_order(hall: PagedHall, tmp_path: Path) -> None:
    desk = hall.reports
    question = Question("waits", period_of(date(2026, 11, 21), date(2026, 11, 24), date(2026, 11, 25)))
    whole = desk.press
    desk.press = Press(longest_seconds=0.0)
    try:
        for _ in range(2):
            with pytest.raises(NotMade, match=TOO_LONG):
                desk.file("pdf", question, "")
        assert not desk.press.busy
        desk.press = Press()
        desk.press.stop()
        with pytest.raises(NotMade, match=FAILED):
            desk.file("csv", question, "")
    finally:
        desk.press = whole


def test_two_who_ask_at_once_get_one_file_and_one_sentence(manager: httpx.Client) -> None:
    answers: list[int] = []

    def ask() -> None:
        answers.append(manager.get(f"/reports/file?format=numbers&{DAYS}").status_code)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) in ([200, 200], [200, 429])  # the first may be done before the second asks
    assert 200 in answers
