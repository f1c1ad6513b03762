"""S4: the corpus of payloads in every text field: `python -m tests.bench.payloads [--long]`.

Short: the payload that runs first, in all fields of a form at once. Long: the whole corpus at once, and those
that could run in each field alone; then every page is looked at again by everybody.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from hall_server.web.routes import RouteTable
from tests.hall_server.web.booking_hall import booking_hall
from tests.hall_server.web.conftest import FLAGS, STRANGER
from tests.hall_server.web.corpus import EXECUTING, PAYLOADS
from tests.hall_server.web.every_field import Driver, Seen
from tests.hall_server.web.every_route import send_everywhere, with_text
from tests.hall_server.web.every_word import say_everywhere
from tests.hall_server.web.hall import PagedHall
from tests.hall_server.web.manager_hall import Boxes

PEOPLE = (STRANGER, "clerk", "guide", "manager", "system", "security", "audit")


def walk(
    hall: PagedHall, browser: Browser, seen: Seen, who: str, payloads: tuple[str, ...], **how: bool
) -> None:
    """One person; ``how``: forms, singly."""
    context = browser.new_context(locale="zh-CN")
    context.set_default_timeout(20_000)

    def enter() -> None:
        if who != STRANGER:
            context.add_cookies([{"name": "banshi", "value": hall.session(who), "url": hall.url}])

    enter()
    driver = Driver(context.new_page(), hall.url, RouteTable(hall.web.app), seen, enter)
    driver.walk(payloads, forms=how.get("forms", False), each=2, singly=how.get("singly", False))
    context.close()


def measure(state: Path, browser: Browser, *, long: bool) -> tuple[Seen, int]:
    """What was seen, and how many JSON posts were taken."""
    hall, _ = booking_hall(state)
    hall.house = Boxes().house()
    hall.start()
    seen = Seen()
    try:
        corpus = PAYLOADS if long else EXECUTING[:1]
        taken = sum(say_everywhere(hall, payload[:200]) for payload in corpus)
        for payload in corpus:
            seen.reached.update((key, status < 400) for key, status in send_everywhere(hall, payload))
        seen.unreached = sorted(with_text(hall).keys() - {key for key, _ in seen.reached})
        for who in PEOPLE:
            walk(hall, browser, seen, who, corpus, forms=True)
            if long:
                walk(hall, browser, seen, who, EXECUTING, forms=True, singly=True)
            print(
                f"{who}: {len(seen.fields)} fields so far, {seen.sent} sent, {len(seen.looked)} kinds of page"
            )
        for who in PEOPLE:
            walk(hall, browser, seen, who, ())
    finally:
        hall.stop()
    return seen, taken


def main() -> int:
    """Print the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    long = parser.parse_args().long
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as state:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        seen, taken = measure(Path(state), browser, long=long)
        browser.close()
    for one in sorted(set(seen.ran)):
        print(one)
    forms = {(page, to) for page, to, _ in seen.fields}
    print(f"{len(forms)} forms, {len(seen.fields)} text fields, {seen.sent} sent, {taken} JSON posts taken")
    print(f"{sum(seen.looked.values())} looks at {len(seen.looked)} kinds of page")
    reached = {key for key, _ in seen.reached}
    refused = sorted(reached - {key for key, took in seen.reached if took})
    print(
        f"{len(reached)} routes with text reached by a program; refused by all of them: {', '.join(refused)}"
    )
    print(f"routes with text not reached: {len(seen.unreached)} {', '.join(seen.unreached)}")
    print(f"PAYLOADS: {len(seen.ran)} executed (bar S4: 0)")
    return 1 if seen.ran or seen.unreached or not seen.sent or not taken else 0


if __name__ == "__main__":
    sys.exit(main())
