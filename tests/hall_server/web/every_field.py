"""S4: finds every page and form by following links from the table of routes, types payloads, and looks."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Dialog, Error, Page, Request

from hall_server.web.routes import RouteTable

TEXT = """() => [...document.forms].map(form => [...form.elements].map((field, at) => [field, at])
  .filter(([field]) => field.name && field.name !== "csrf" && (field.tagName === "TEXTAREA" ||
    field.tagName === "INPUT" &&
    !["hidden", "checkbox", "radio", "submit", "button", "file"].includes(field.type)))
  .map(([, at]) => at))"""
ACTIONS = "() => [...document.forms].map(form => form.method + ' ' + new URL(form.action).pathname)"
LINKS = "() => [...document.links].filter(a => a.origin === location.origin).map(a => a.pathname + a.search)"
SEND = """([number, fields, payload]) => {
  const form = document.forms[number];
  form.noValidate = true;
  for (const at of fields) {
    const field = form.elements[at];
    if (!["INPUT", "TEXTAREA"].includes(field.tagName)) continue;
    if (field.tagName === "INPUT") field.type = "text";
    field.removeAttribute("maxlength");
    field.value = payload;
  }
  HTMLFormElement.prototype.submit.call(form);
}"""
PLANTED = """() => window.pwned !== undefined || document.cookie.includes("pwned")
  || document.querySelector("img[src=x], svg[onload], a[href^='javascript:']") !== null
  || document.querySelector("script:not([src]):not([type*=json])") !== null"""
KEEPS_OUT = frozenset({"POST /sign-out", "POST /me/devices"})


@dataclass
class Seen:
    """What was driven: fields of forms, what was sent, pages looked at, and what ran (none should)."""

    fields: set[tuple[str, str, int]] = field(default_factory=set)
    sent: int = 0
    looked: Counter[str] = field(default_factory=Counter)
    ran: list[str] = field(default_factory=list)
    reached: set[tuple[str, bool]] = field(default_factory=set)
    unreached: list[str] = field(default_factory=list)


class Driver:
    """One person's browser on one hall. ``again`` signs in anew when a form ended the session."""

    def __init__(
        self, page: Page, url: str, table: RouteTable, seen: Seen, again: Callable[[], None]
    ) -> None:
        self._page, self._url, self._table, self._seen, self._again = page, url, table, seen, again
        page.on("dialog", self._dialog)
        page.on("console", lambda said: self._said(said.text))
        page.on("request", self._asked)

    def walk(self, payloads: tuple[str, ...], *, forms: bool, each: int, singly: bool) -> None:
        """Every page that links lead to, ``each`` of a kind; their forms whole or by field."""
        waits = deque(sorted(r.path for r in self._table.routes if r.method == "GET" and "{" not in r.path))
        known, kinds, done = set(waits), Counter[str](), set[tuple[str, str]]()
        while waits:
            path = waits.popleft()
            kind = self._kind("GET", path)
            if kind in ("", "GET /health", "GET /metrics") or kinds[kind] >= each or not self._look(path):
                continue
            kinds[kind] += 1
            found: list[str] = self._page.evaluate(LINKS)
            if forms:
                self._forms(path, kind, payloads, done, singly=singly)
            for link in found:
                if link not in known and kinds[self._kind("GET", link)] < each:
                    known.add(link)
                    waits.append(link)

    def _forms(
        self, path: str, kind: str, payloads: tuple[str, ...], done: set[tuple[str, str]], *, singly: bool
    ) -> None:
        fields: list[list[int]] = self._page.evaluate(TEXT)
        actions: list[str] = self._page.evaluate(ACTIONS)
        for number, (places, action) in enumerate(zip(fields, actions, strict=True)):
            method, _, to = action.partition(" ")
            target = self._kind(method.upper(), to)
            if not places or target in KEEPS_OUT or (kind, target) in done:
                continue
            done.add((kind, target))
            self._seen.fields |= {(kind, target, place) for place in places}
            groups = [[place] for place in places] if singly else [places]
            for payload in payloads:
                for group in groups:
                    self._send(path, number, group, payload)

    def _send(self, path: str, number: int, group: list[int], payload: str) -> None:
        if not self._look(path) or number >= self._page.evaluate("() => document.forms.length"):
            return
        try:
            with self._page.expect_navigation(timeout=10_000):
                self._page.evaluate(SEND, [number, group, payload])
        except Error as error:
            if "Timeout" in str(error):
                raise
            return
        self._seen.sent += 1
        self._harmless()

    def _look(self, path: str) -> bool:
        """Whether it is a page for this person."""
        try:
            answer = self._page.goto(self._url + path, wait_until="load")
        except Error as error:
            if "Download" in str(error) or "ERR_ABORTED" in str(error):
                return False
            raise
        if urlsplit(self._page.url).path != urlsplit(path).path:
            self._again()
            answer = self._page.goto(self._url + path, wait_until="load")
            if urlsplit(self._page.url).path != urlsplit(path).path:
                return False
        if answer is None or not answer.ok or "html" not in answer.headers.get("content-type", ""):
            return False
        self._harmless()
        return True

    def _harmless(self) -> None:
        self._seen.looked[self._kind("GET", urlsplit(self._page.url).path)] += 1
        if self._page.evaluate(PLANTED):
            self._seen.ran.append(f"planted in {self._page.url}")

    def _kind(self, method: str, path: str) -> str:
        found = self._table.find({"type": "http", "method": method, "path": urlsplit(path).path})
        return found[0].key if found else ""

    def _said(self, text: str) -> None:
        if "Content Security Policy" in text:
            self._seen.ran.append(f"{self._page.url}: {text}")

    def _dialog(self, dialog: Dialog) -> None:
        self._seen.ran.append(f"dialog at {self._page.url}")
        dialog.dismiss()

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._url, "data:", "blob:")):
            self._seen.ran.append(f"{self._page.url} asked {request.url}")
