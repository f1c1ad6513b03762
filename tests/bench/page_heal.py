"""How soon a page lives again after its server was killed: `python -m tests.bench.page_heal [--long]`.

Each round kills the server with SIGKILL, leaves it dead for a second, starts it, and notes the time from
the moment it serves again to the moment the page says 已连接 with the whole picture.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.hall_server.web.conftest import FLAGS
from tests.hall_server.web.entering import known
from tests.hall_server.web.killable import Killable


@contextmanager
def running(state: Path) -> Iterator[Killable]:
    """A hall as a process, gone at the end whatever happens."""
    server = Killable(state)
    try:
        yield server
    finally:
        server.kill()


def main() -> int:
    """Print each round and the worst."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    rounds = 30 if parser.parse_args().long else 5
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no Chromium on this machine: apt install chromium", file=sys.stderr)
        return 1
    found = []
    with (
        tempfile.TemporaryDirectory() as state,
        sync_playwright() as playwright,
        running(Path(state)) as server,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page()
        known(page.context, server.url)
        page.goto(f"{server.url}/clerk/w01")
        lamp = page.locator("#lamp")
        for _ in range(rounds):
            expect(lamp).to_have_text("已连接")
            server.kill()
            expect(lamp).to_have_text("连接中断")
            threading.Event().wait(1.0)
            server.start()
            before = time.monotonic()
            page.wait_for_function("() => document.getElementById('lamp').textContent.includes('已连接')")
            found.append(time.monotonic() - before)
            print(f"healed after {found[-1]:.2f} s")
        browser.close()
    print(f"PAGE_HEAL: {max(found):.2f} s worst of {rounds} (bar: < 5 s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
