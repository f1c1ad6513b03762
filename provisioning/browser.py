"""Debian's Chromium, headless, driven by Playwright; with the project's fonts and nothing of the user's."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = "/usr/bin/chromium"
_SWITCHES = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
)
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


@contextmanager
def browser(*, fonts: Path) -> Iterator[Browser]:
    """A browser that also knows the fonts in a folder; ended at the end."""
    with tempfile.TemporaryDirectory(prefix="banshi-browser-") as folder:
        settings = Path(folder) / "fonts.conf"
        settings.write_text(_FONTS.format(fonts=fonts.resolve(), cache=folder), "utf-8")
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=CHROMIUM,
                chromium_sandbox=os.geteuid() != 0,
                args=list(_SWITCHES),
                env={**os.environ, "FONTCONFIG_FILE": str(settings)},
            )
            try:
                yield chromium
            finally:
                chromium.close()
