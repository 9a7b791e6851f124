"""The shell in headless Chromium: no script error, nothing for axe to find, both widths, both modes, and the small behaviours."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.visitor import LOOKS, faults_of

PASSWORD = "correct horse battery"
PAGES = (
    "/help/",
    "/search/?q=acme",
    "/no-such-page/",
    "/settings/company/",
    "/settings/staff/",
    "/settings/staff/new/",
    "/settings/switches/",
    "/platform/audit/",
)

pytestmark = [pytest.mark.browser, pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def jane(acme: Any) -> Any:
    """Jane, administrator of Acme."""
    from billing_portal.accounts.models import Role, User

    user = User(username="jane", full_name="Jane Whitfield", email="jane@acme.example", role=Role.ADMINISTRATOR)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def open_as_jane(jane: Any, live_server: Any, browser: Browser) -> Iterator[Callable[..., Page]]:
    """A window at Acme's host, signed in; whatever the console says is an error."""
    home = live_server.url.replace("localhost", "acme.localhost")
    said: list[str] = []
    contexts = []

    def open_window(width: int = 1440) -> Page:
        context = browser.new_context(base_url=home, viewport={"width": width, "height": 900}, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" and "status of 4" not in message.text else None)
        page.goto("/sign-in/")
        page.get_by_label("Username, email or account number").fill("jane")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert said == []


def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(open_as_jane: Callable[..., Page]) -> None:
    assert faults_of(open_as_jane(), PAGES, LOOKS) == []


def test_a_theme_once_chosen_stays(open_as_jane: Callable[..., Page]) -> None:
    page = open_as_jane()
    page.goto("/help/")
    page.get_by_role("button", name="Light or dark").click()
    page.reload()

    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_a_menu_closes_on_escape_and_on_a_click_elsewhere(open_as_jane: Callable[..., Page]) -> None:
    page = open_as_jane()
    page.goto("/help/")
    leaves: list[Callable[[], None]] = [lambda: page.keyboard.press("Escape"), lambda: page.mouse.click(900, 700)]
    for leave in leaves:
        page.get_by_text("Jane Whitfield").click()
        assert page.get_by_role("button", name="Sign out").is_visible()
        leave()
        assert page.get_by_role("button", name="Sign out").is_hidden()


def test_the_slash_goes_to_the_search_unless_shortcuts_are_turned_off(open_as_jane: Callable[..., Page]) -> None:
    page = open_as_jane()
    page.goto("/help/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"

    page.get_by_label("Use single keys as shortcuts in this browser").uncheck()
    page.reload()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "search"


def test_on_a_phone_the_menu_opens_and_closes_without_script(open_as_jane: Callable[..., Page], browser: Browser) -> None:
    signed_in = open_as_jane(390)
    quiet = browser.new_context(storage_state=signed_in.context.storage_state(), java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = quiet.new_page()
    page.goto(signed_in.url)
    menu = page.get_by_role("navigation", name="Main")
    assert menu.is_hidden()

    page.get_by_role("link", name="Menu", exact=True).click()
    assert menu.is_visible()
    page.get_by_role("link", name="Close the menu").click()
    assert menu.is_hidden()
    quiet.close()


def test_an_error_is_read_first_and_leads_to_its_field(open_as_jane: Callable[..., Page]) -> None:
    page = open_as_jane()
    page.goto("/settings/staff/new/")
    page.get_by_role("main").locator("button.btn-primary").click()

    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    page.get_by_role("alert").get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
