"""Signing in as a person does, for browsers and programs of tests."""

from __future__ import annotations

import httpx
from playwright.sync_api import BrowserContext

from tests.hall_server.web.hall import PASSWORD


def sign_in(url: str, account: str = "") -> dict[str, str]:
    """The cookies of a real sign-in; by itself as the clerk of the window in the address."""
    base = "/".join(url.split("/")[:3])
    window = url.partition("/clerk/")[2]
    name = account or (f"clerk-{window}" if window else "clerk")
    form = {"account": name, "password": PASSWORD}
    answer = httpx.post(f"{base}/sign-in", data=form, timeout=30, trust_env=False)
    assert answer.status_code == 303, answer.text
    return dict(answer.cookies)


def known(context: BrowserContext, url: str, account: str = "") -> None:
    """This browser is signed in from now on."""
    base = "/".join(url.split("/")[:3])
    cookies = sign_in(url, account).items()
    context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies])
