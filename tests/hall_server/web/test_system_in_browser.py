"""The system administrator's backup in Chromium: pressed once, followed without a reload, taken away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hall_server.backup.archive import Archive
from hall_server.backup.keeper import BackupKeeper
from hall_server.backup.standing import Attempt, note
from hall_server.hall_file import BackupPart
from tests.hall_server.web.axe import findings
from tests.hall_server.web.conftest import STRANGER, Opener
from tests.hall_server.web.hall import PagedHall
from tests.hall_server.web.manager_hall import Boxes

pytestmark = pytest.mark.browser
LONG_AGO_MS = 1_700_000_000_000


@pytest.fixture
def backed(tmp_path: Path) -> Iterator[PagedHall]:
    """A hall whose last good backup is old."""
    hall, keeper = PagedHall(tmp_path), BackupKeeper(tmp_path, BackupPart())
    note(tmp_path, Attempt(begun_ms=LONG_AGO_MS, ended_ms=LONG_AGO_MS, by="daily", file="gone.zip", size=5))
    hall.house = Boxes().house(state=tmp_path, backups=keeper)
    hall.start()
    keeper.start()
    hall.issue()
    yield hall
    keeper.stop()
    hall.stop()
    assert not hall.failures


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1024, 600), (1920, 1080)])
def test_a_backup_is_asked_for_followed_and_taken_away(
    backed: PagedHall, opened: Opener, width: int, height: int
) -> None:
    def sign_in(page: Page) -> None:
        cookie = {"name": "banshi", "value": backed.session("system"), "url": backed.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]

    watched = opened(f"{backed.url}/system", account=STRANGER, before=sign_in, width=width, height=height)
    page = watched.page
    panel = page.get_by_role("region", name="备份", exact=True)
    expect(panel.get_by_role("alert")).to_contain_text("超过 2 天没有成功的备份")
    expect(panel).to_contain_text("过旧")
    assert findings(page) == []
    page.evaluate("window.same = true")
    panel.get_by_role("button", name="立即备份").press("Enter")
    expect(panel.get_by_role("status")).to_contain_text("正在备份")
    page.evaluate("window.same = true")
    expect(panel).to_contain_text("完好", timeout=60_000)
    assert page.evaluate("window.same"), "the page was not loaded anew"
    expect(panel.get_by_role("alert")).to_have_count(0)
    with page.expect_download() as download:
        panel.get_by_role("link", name="backup-").click()
    with Archive(download.value.path()) as archive:
        assert archive.manifest.records > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert findings(page) == []
    assert watched.errors == []
    assert watched.strangers(backed.url) == []
