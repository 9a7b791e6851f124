"""Somebody in front of a browser: signed in or not, at a desk or with a phone, listening to what the page complains about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from tests.support.portal import Portal
from tests.support.servers import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = "axe.run(document, {resultTypes: ['violations'], iframes: false})"  # the one frame is a mail's, where no script may run
DESK, PHONE = 1440, 390
Scheme = Literal["light", "dark"]
Look = tuple[int, Scheme]
OPPOSITES: tuple[Look, ...] = ((DESK, "light"), (PHONE, "dark"))
LOOKS: tuple[Look, ...] = (*OPPOSITES, (PHONE, "light"), (DESK, "dark"))


@dataclass
class Visitors:
    """Opens windows, and keeps what their pages complained about."""

    portal: Portal
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    visited: set[str] = field(default_factory=set)

    def window(
        self, user: Any = None, *, reseller: str = "acme", width: int = DESK, scheme: Scheme = "light", script: bool = True, at: str | None = None
    ) -> Page:
        """A fresh window at a reseller's host, signed in as this user if given, and at this path if given."""
        size: Any = {"width": width, "height": 900}
        context = self.browser.new_context(
            base_url=self.portal.home(reseller), viewport=size, color_scheme=scheme, java_script_enabled=script, reduced_motion="reduce", locale="en-GB"
        )
        self.contexts.append(context)
        if user is not None:
            context.add_cookies([_session_of(user, self.portal.home(reseller))])
        page = context.new_page()
        self._listen(page)
        if at is not None:
            page.goto(at)
        return page

    def close(self) -> None:
        for context in self.contexts:
            context.close()

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._heard(page, message))
        page.on("request", lambda request: self.visited.add(request.url) if request.is_navigation_request() else None)
        page.on("response", self._answered)

    def _heard(self, page: Page, message: ConsoleMessage) -> None:
        where = message.location["url"]
        refused = where in self.visited or where.endswith("/favicon.ico")  # a page that says no is no mistake
        if message.type in ("error", "warning") and not (refused and "status of 4" in message.text):
            self.complaints.append(f"{page.url}: {message.text} ({where})")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.url} answered {response.status}")


def sign_in(page: Page, name: str, password: str) -> None:
    """As somebody does it, at the page of this host."""
    page.goto("/sign-in/")
    page.get_by_label("Username, email or account number").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def text_of(mail: EmailMessage) -> str:
    """The mail as text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def link_in(mail: EmailMessage) -> str:
    """The one-time link of a mail: the same in its text and in its HTML."""
    found = re.findall(r"http://\S+/password/[^/\s]+/", text_of(mail))
    html = mail.get_body(("html",))
    assert html is not None
    assert f'href="{found[0]}"' in html.get_content()
    assert len(found) == 1
    return str(found[0])


def faults_of(page: Page, paths: Sequence[str], looks: Sequence[Look]) -> list[str]:
    """What is wrong with each of these pages in these looks."""
    found = []
    for path in paths:
        page.goto(path)
        found += faults(page, *looks)
    return found


def faults(page: Page, *looks: Look) -> list[str]:
    """What axe finds on this page in these looks, and whether it is wider than the screen; without looks, as it is."""
    said = []
    _bring_axe(page)
    for look in looks or (None,):
        if look is not None:
            page.set_viewport_size({"width": look[0], "height": 900})
            page.emulate_media(color_scheme=look[1])
        found = page.evaluate(RUN_AXE)
        said += [f"{page.url} {look} {each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"][:3]]
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        said += [f"{page.url} {look} is wider than the screen by {wider}"] if wider > 0 else []
    return said


def _bring_axe(page: Page) -> None:
    """To this page, and once for all to those its window opens later: sending it takes longer than running it."""
    if not page.evaluate("'axe' in window"):
        page.add_init_script(path=AXE)
        page.evaluate(AXE.read_text(encoding="utf-8"))


def expect_rows(page: Page, caption: str, expected: list[list[str]]) -> None:
    """The body of the table with this caption reads so, cell by cell; cells that only hold actions are left out."""
    cells = page.get_by_role("table", name=caption).locator("tbody :is(th, td):not(:has(details, button, .btn))")
    expect(cells).to_have_text([cell for row in expected for cell in row], use_inner_text=True)


def _session_of(user: Any, home: str) -> Any:
    from django.conf import settings

    from tests.support.people import client

    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client(user).cookies[name].value, "url": home.replace("http:", "https:"), "secure": True, "httpOnly": True}
