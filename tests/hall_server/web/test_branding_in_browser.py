"""The hall's own colour and logo in real Chromium: chosen, refused, drawn, published, taken back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.emblems import SVG, emblem
from tests.hall_server.web.axe import findings
from tests.hall_server.web.conftest import Opener
from tests.hall_server.web.hall import PagedHall

pytestmark = pytest.mark.browser

AT = "/manage/setup"
FORM = f"{AT}/in/branding"
TEAL = "rgb(14, 84, 87)"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagedHall]:
    """One hall for all: what a test publishes stays."""
    hall = PagedHall(tmp_path_factory.mktemp("branding"))
    hall.start()
    yield hall
    hall.stop()
    assert not hall.failures


def at(opened: Opener, hall: PagedHall, path: str = FORM, **how: int) -> Page:
    page = opened(f"{hall.url}{path}", account="manager", **how).page
    expect(page.locator("main, body.phone").first).to_be_visible()
    return page


def bar(page: Page, selector: str = ".frame-top") -> str:
    found: str = page.locator(selector).first.evaluate("e => getComputedStyle(e).backgroundColor")
    return found


def publish(page: Page, hall: PagedHall) -> None:
    page.goto(f"{hall.url}{AT}/preview")
    page.get_by_role("button", name="发布为第").click()
    expect(page.get_by_role("status")).to_contain_text("版正在使用")


def choose(page: Page, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    page.locator("#logo-file").set_input_files(path)
    page.locator("form[data-logo] button").click()


def test_a_colour_that_some_cannot_read_is_refused_with_what_it_misses(
    kept: PagedHall, opened: Opener
) -> None:
    page = at(opened, kept)
    page.get_by_label("自填的颜色").fill("#00A0E9")
    page.get_by_role("radio", name="自填").check()
    page.locator(".set-up-form button").click()
    expect(page.locator("#why-colour")).to_contain_text("对比度只有 2.91，至少要 7")
    expect(page.locator("#why-colour")).to_contain_text("可用同一色调的 #005d87")
    page.get_by_label("自填的颜色").fill("rot")
    page.locator(".set-up-form button").click()
    expect(page.locator("#why-colour")).to_contain_text("# 加六位十六进制数")
    expect(page.get_by_label("自填的颜色")).to_have_value("rot")
    page.get_by_label("自填的颜色").fill("#9b111e")
    page.locator(".set-up-form button").click()
    expect(page.locator("#why-colour")).to_contain_text("与叫号的红色太接近")
    page.goto(f"{kept.url}{AT}/preview")
    expect(page.locator(".mistakes")).to_contain_text("标志与颜色的主色")
    expect(page.get_by_role("button", name="发布为第")).to_have_count(0)


def test_colour_and_logo_from_choice_to_every_page_and_back(
    kept: PagedHall, opened: Opener, tmp_path: Path
) -> None:
    page = at(opened, kept)
    was = bar(page)
    page.get_by_role("radio", name="青", exact=True).check()
    page.get_by_role("checkbox", name="标志印在号票上").check()
    page.locator(".set-up-form button").click()
    expect(page.get_by_label("草稿", exact=True)).to_contain_text("草稿未发布")
    choose(page, tmp_path / "mark.png", emblem(text="<script>"))
    expect(page.locator(".specimen img")).to_be_visible()
    assert bar(page, ".specimen-bar") == TEAL
    assert bar(page) == was, "a draft changes nothing yet"
    page.get_by_role("link", name="预览并发布").click()
    expect(page.locator(".changes tbody tr")).to_have_count(3)
    expect(page.locator(".changes")).to_contain_text("图案 193×193")
    publish(page, kept)
    shown = opened(f"{kept.url}/book", account="nobody").page
    for where, strip in ((page, ".frame-top"), (shown, ".phone .top")):
        where.reload()
        assert bar(where, strip) == TEAL
        width = where.locator(f"{strip} img.hall-mark").evaluate("e => e.naturalWidth")
        assert width == 193
    logo = page.request.get(f"{kept.url}/logo.png").body()
    assert b"<script>" not in logo, "drawn anew from its dots"
    assert Image.open(io.BytesIO(logo)).format == "PNG"
    dark = opened(f"{kept.url}/book?look=dark", account="nobody").page
    expect(dark.locator("body.dark")).to_be_visible()
    assert bar(dark, ".phone .top") == "rgb(0, 0, 0)", "high contrast is as it was"
    version = kept.setup.version
    page.goto(f"{kept.url}{FORM}")
    page.get_by_role("radio", name="紫").check()
    page.locator(".set-up-form button").click()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="不用标志").click()
    publish(page, kept)
    page.reload()
    assert bar(page) not in (was, TEAL)
    expect(page.locator(".frame-top img.hall-mark")).to_have_count(0)
    page.goto(f"{kept.url}{AT}/versions/{version}")
    page.locator("form[action$='/restore'] button").click()
    publish(page, kept)
    page.reload()
    assert bar(page) == TEAL
    expect(page.locator(".frame-top img.hall-mark")).to_be_visible()


def test_an_svg_is_drawn_in_the_browser_and_only_its_dots_are_sent(
    kept: PagedHall, opened: Opener, tmp_path: Path
) -> None:
    watched = opened(f"{kept.url}{FORM}", account="manager")
    page = watched.page
    choose(page, tmp_path / "mark.svg", SVG.encode())
    expect(page.locator(".specimen img")).to_be_visible()
    assert page.evaluate("window.pwned === undefined")
    assert watched.strangers(kept.url) in ([], [a for a in watched.asked if a.startswith("blob:")])
    assert not [address for address in watched.asked if "pwned" in address or "example" in address]
    png = page.request.get(f"{kept.url}{AT}/logo.png").body()
    drawn = Image.open(io.BytesIO(png)).convert("RGBA")
    assert drawn.getpixel((drawn.width // 2, drawn.height // 2)) == (255, 210, 63, 255)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("long.png", emblem(900, 200), "图案太宽"),
        ("tiny.png", emblem(20, 20), "20×20"),
        ("not.png", b"GIF89a" + bytes(200), "不是 PNG 或 SVG"),
        ("cut.png", emblem()[:300], "已损坏"),
        ("broken.svg", b"<svg><oops</svg>", "SVG 文件已损坏"),
    ],
)
def test_what_is_no_logo_is_refused_in_words(
    kept: PagedHall, opened: Opener, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    page = at(opened, kept)
    choose(page, tmp_path / name, content)
    expect(page.locator("form[data-logo] .upload-wrong")).to_contain_text(sentence)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1024, 600)])
def test_nothing_keeps_anybody_from_using_it(
    kept: PagedHall, opened: Opener, width: int, height: int
) -> None:
    page = at(opened, kept, width=width, height=height)
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
