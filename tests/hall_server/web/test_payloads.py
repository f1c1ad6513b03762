"""S4: a corpus of payloads in every text field of every page, in real Chromium: none is executed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from hall_server.accounts.administration import Person
from hall_server.accounts.book import Actor
from hall_server.accounts.roles import Role, Scope
from hall_server.hall import commands as c
from tests.hall_server.web.conftest import STRANGER, Opener
from tests.hall_server.web.corpus import EXECUTING, PAYLOADS
from tests.hall_server.web.hall import PagedHall

pytestmark = pytest.mark.browser

ACTOR = Actor("security", "127.0.0.1")
FORMS = {
    STRANGER: ("/sign-in",),
    "security": ("/admin/accounts", "/admin/accounts/0101", "/me/password", "/me/authenticator"),
    "system": ("/admin/tokens",),
    "audit": ("/admin/audit",),
}
SHOWN = {
    "security": ("/admin/accounts", "/admin/accounts/0101"),
    "system": ("/admin/tokens",),
    "audit": ("/admin/audit",),
    "clerk-w01": ("/clerk", "/clerk/w01", "/me"),
    "manager": ("/",),
}
FILL = """payload => {
  const forms = [...document.forms].filter(form => form.querySelector("input:not([type=hidden])"));
  for (const form of forms) {
    form.noValidate = true;
    for (const details of document.querySelectorAll("details")) details.open = true;
    for (const field of form.elements) {
      if (field.type === "checkbox") field.checked = true;
      else if (field.name !== "csrf" && field.value !== undefined && field.type !== "submit") {
        if (field.type === "date") field.type = "text";
        field.removeAttribute("maxlength");
        field.value = payload;
      }
    }
  }
  return forms.length;
}"""

SUBMIT = "n => [...document.forms].filter(f => f.querySelector('input:not([type=hidden])'))[n].submit()"


def harmless(page: Page, errors: list[str]) -> None:
    assert page.evaluate("() => window.pwned === undefined"), page.url
    assert not page.locator("img[src=x], svg[onload], script:not([src])").count(), page.url
    assert not [one for one in errors if "Content Security Policy" in one], errors
    assert "pwned" not in {cookie.get("name") for cookie in page.context.cookies()}


@pytest.mark.parametrize("account", FORMS)
def test_no_field_of_a_form_executes(hall: PagedHall, opened: Opener, account: str) -> None:
    _people(hall)
    watched = opened(f"{hall.url}/health", account=account)
    page = watched.page
    for path in FORMS[account]:
        for payload in EXECUTING:
            page.goto(hall.url + path)
            for number in range(page.evaluate(FILL, payload)):
                page.goto(hall.url + path)
                page.evaluate(FILL, payload)
                with page.expect_navigation():
                    page.evaluate(SUBMIT, number)
                harmless(page, watched.errors)
                assert "49" not in page.title()


def test_what_was_stored_is_shown_as_text(hall: PagedHall, opened: Opener) -> None:
    _people(hall)
    for payload in PAYLOADS:
        name = payload if payload.isprintable() else "不可见"
        hall.accounts.tokens.make(name[:64], frozenset(Scope), ACTOR)
        hall.issue()
        hall.do(c.CallNext, "w02")
        hall.do(c.Transfer, "w02", service="huji", note=payload[:200])
    hall.do(c.CallNext, "w01")
    hall.do(c.PauseWindow, "w01", reason=PAYLOADS[0])
    for account, paths in SHOWN.items():
        watched = opened(f"{hall.url}/health", account=account)
        for path in paths:
            watched.page.goto(hall.url + path)
            harmless(watched.page, watched.errors)


def _people(hall: PagedHall) -> None:
    person = Person("0101", PAYLOADS[0][:32], frozenset({Role.GUIDE}))
    hall.accounts.administration.create(person, ACTOR)
