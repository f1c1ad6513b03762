"""The set-up pages over HTTP: drafts, checks at the field, audit, exchange, the second of two publishers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import httpx
import pytest
from msgspec.structs import replace
from openpyxl import load_workbook

from hall_server.accounts.records import AuditLine
from hall_server.setup.sections import SECTIONS
from tests.hall_server.web.hall import PagedHall

AT = "/manage/setup"


@pytest.fixture
def manager(hall: PagedHall) -> Iterator[httpx.Client]:
    with hall.person("manager") as client:
        client.follow_redirects = True
        yield client


def mark(page: str) -> str:
    found = re.search(r'name="mark" value="(\d+)"', page)
    assert found, page
    return found[1]


def form_of(page: str) -> dict[str, str | list[str]]:
    """What a browser would send of the page's form, as it stands."""
    form = page[page.index('class="fields panel set-up-form"') :]
    form = form[: form.index("</form>")]
    found: dict[str, str | list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        assert name
        if "checkbox" in tag or "radio" in tag:
            if " checked" in tag:
                known = found.setdefault(name[1], [])
                assert isinstance(known, list)
                known.append(value[1] if value else "on")
        else:
            found[name[1]] = value[1] if value else ""
    found |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?([^<]*)<', form))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def save(client: httpx.Client, path: str, **typed: str | list[str]) -> httpx.Response:
    """Open a form, type, press save."""
    return client.post(f"{AT}/in/{path}", data=form_of(client.get(f"{AT}/in/{path}").text) | typed)


def audited(hall: PagedHall, kind: str) -> list[AuditLine]:
    return hall.accounts.book.audit_lines(words="", kind=kind, from_ms=0, to_ms=2**62, before=2**62, limit=5)


def publish(client: httpx.Client, note: str = "") -> httpx.Response:
    return client.post(f"{AT}/publish", data={"mark": mark(client.get(f"{AT}/preview").text), "note": note})


def test_every_section_opens_and_saves_as_it_stands(manager: httpx.Client, hall: PagedHall) -> None:
    for section in SECTIONS:
        page = manager.get(f"{AT}/in/{section.key}")
        assert page.status_code == 200, section.key
        assert section.title in page.text
        path = f"{section.key}/0" if section.rows else section.key
        if section.rows and not getattr(hall.setup.current.file, section.table):
            continue
        assert save(manager, path).status_code == 200, section.key
    assert hall.setup.draft("manager").changed_ms == 0, "nothing was changed, so nothing is drafted"


def test_a_change_is_drafted_previewed_published_and_audited(manager: httpx.Client, hall: PagedHall) -> None:
    hall.issue()
    save(manager, "services/0", name="社保医保综合", mean_minutes="7.5")
    assert hall.service.plan.services["shebao"].name == "社保医保", "a draft changes nothing"
    seen = manager.get(f"{AT}/preview").text
    assert "<del>6 分钟</del>" in seen
    assert "<ins>7.5 分钟</ins>" in seen
    assert "1 人" in seen
    answer = publish(manager, "改名")
    assert "第 1 版正在使用" in answer.text
    assert hall.service.plan.services["shebao"].name == "社保医保综合"
    lines = audited(hall, "setup.published")
    assert lines[0].subject == "第 1 版 改名"
    assert '"社保医保"' in lines[0].before
    assert '"社保医保综合"' in lines[0].after
    assert audited(hall, "setup.drafted")[0].before == lines[0].before


@pytest.mark.parametrize(
    ("path", "typed", "said"),
    [
        ("services/0", {"prefix": "a1"}, "应为一到两个大写字母，例如 A"),
        ("services/0", {"mean_minutes": "快"}, "“快”应为数"),
        ("services/0", {"name": ""}, "没有填写"),
        ("windows/0", {"services": []}, "没有窗口办理"),
        ("quotas/0", {"slot_quota": "5", "ring_fenced": "9"}, "超过了每时段号数（5）"),
        ("numbers/0", {"prefix": "B"}, "已被"),
        ("noshow", {"undo_seconds": "1000"}, "≤ 300"),
        ("holidays", {"holidays": "2026-02-30"}, "应为日期"),
        ("pronunciations/new", {"written": "重庆", "spoken": "{}"}, "至多 64 个字，不含花括号"),
        ("zones/new", {"id": "大厅", "name": "新区"}, "只能用小写字母、数字和连字符"),
    ],
)
def test_a_mistake_is_explained_at_its_field(
    manager: httpx.Client, path: str, typed: dict[str, str | list[str]], said: str
) -> None:
    if "services" in typed:
        for row in range(3):
            form = form_of(manager.get(f"{AT}/in/windows/{row}").text) | typed
            answer = manager.post(f"{AT}/in/windows/{row}", data=form)
        answer = manager.get(f"{AT}/preview")
    else:
        answer = save(manager, path, **typed)
    assert said in answer.text
    if "services" not in typed:
        assert 'class="why"' in answer.text
        assert str(next(iter(typed.values()))) in answer.text, "what was typed is still there"


def test_the_second_publisher_is_told_and_merges(hall: PagedHall, manager: httpx.Client) -> None:
    save(manager, "services/1", name="户籍")
    previewed = mark(manager.get(f"{AT}/preview").text)
    rival = hall.setup.draft("rival")
    first, *others = rival.file.windows
    file = replace(rival.file, windows=(replace(first, name="综合一号"), *others))
    hall.setup.publish(hall.setup.keep(rival, file), by="clerk:rival", note="")
    answer = manager.post(f"{AT}/publish", data={"mark": previewed})
    assert answer.status_code == 409
    assert "已更新到第 1 版，您依据的是第 0 版" in answer.text
    assert "<ins>综合一号</ins>" in answer.text
    assert "发布为第" not in answer.text, "first look at what the other did"
    manager.post(f"{AT}/rebase")
    assert "第 2 版正在使用" in publish(manager).text
    assert hall.service.plan.services["huji"].name == "户籍"
    assert hall.service.plan.windows["w01"].name == "综合一号"


def test_rolling_back_is_a_new_version(manager: httpx.Client, hall: PagedHall) -> None:
    for name in ("一", "二"):
        save(manager, "zones/0", name=name)
        publish(manager)
    manager.post(f"{AT}/versions/1/restore")
    answer = publish(manager)
    assert "回退到第 1 版" in answer.text
    assert hall.service.plan.zones["z"].name == "一"
    assert hall.setup.version == 3


def test_a_workbook_goes_out_and_comes_back_with_its_mistakes_placed(
    manager: httpx.Client, hall: PagedHall
) -> None:
    book = load_workbook(io.BytesIO(manager.get(f"{AT}/export/draft.xlsx").content))
    book["业务"]["B2"] = "改名业务"
    out = io.BytesIO()
    book.save(out)
    answer = manager.post(f"{AT}/import", files={"file": ("a.xlsx", out.getvalue())})
    assert "<ins>改名业务</ins>" in answer.text
    book["业务"]["D3"] = "b!"
    out = io.BytesIO()
    book.save(out)
    answer = manager.post(f"{AT}/import", files={"file": ("a.xlsx", out.getvalue())})
    assert answer.status_code == 422
    assert "业务!第3行 prefix" in answer.text
    large = manager.post(f"{AT}/import", files={"file": ("a.toml", b"#" * 5_300_000)})
    assert large.status_code == 413
