"""From a committed event to the changed page in real Chromium: `python -m tests.bench.page_update [--long]`.

One hall with its journal on disk, one clerk's page. Each round calls a number as a call box would and
notes when the commit was answered; the page notes when its number changed (MutationObserver). Both
clocks are this machine's.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from hall_server.hall import commands as c
from tests.hall_server.web.conftest import FLAGS
from tests.hall_server.web.entering import known
from tests.hall_server.web.hall import PagedHall

WATCH = """() => {
  window.seen = {};
  new MutationObserver(() => {
    const number = document.getElementById("ticket").dataset.number;
    if (number && !(number in window.seen)) window.seen[number] = performance.timeOrigin + performance.now();
  }).observe(document.querySelector("main"), { subtree: true, childList: true, attributes: true });
}"""


def rounds(hall: PagedHall, page: Page, count: int) -> list[tuple[float, float]]:
    """(submitted, committed) -> changed in milliseconds, for each call."""
    told: dict[str, tuple[float, float]] = {}
    pause = threading.Event()
    for _ in range(count):
        hall.issue()
        pause.wait(0.02)
        before = time.time()
        number = hall.do(c.CallNext).rpartition("-")[2]
        told[number] = (before, time.time())
        page.wait_for_function("number => number in window.seen", arg=number)
        hall.do(c.Arrive)
    seen: dict[str, float] = page.evaluate("window.seen")
    return [(seen[n] - before * 1000, seen[n] - after * 1000) for n, (before, after) in told.items()]


def main() -> int:
    """Print p50 and p99."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    count = 1000 if parser.parse_args().long else 100
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no Chromium on this machine: apt install chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as state, sync_playwright() as playwright:
        hall = PagedHall(Path(state))
        hall.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1024, "height": 600})
        known(page.context, hall.url)
        page.goto(f"{hall.url}/clerk/w01")
        expect(page.locator("#lamp")).to_have_text("已连接")
        page.evaluate(WATCH)
        rounds(hall, page, 10)
        found = rounds(hall, page, count)
        browser.close()
        hall.stop()
    for name, values in (("submit", [a for a, _ in found]), ("commit", [b for _, b in found])):
        cuts = statistics.quantiles(values, n=100, method="inclusive")
        print(f"{name} -> page changed: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, n {len(values)}")
    print(f"PAGE_UPDATE: {cuts[49]:.1f} ms p50, {cuts[98]:.1f} ms p99 (bar W1: <= 200 ms after an event)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
