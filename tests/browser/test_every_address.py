"""Every page that the resolver knows, as staff and as a customer: axe finds nothing, nothing is wider than the screen, the keyboard reaches all of it.

A new page is looked at without anybody naming it. By turns at a desk in light and on a phone in dark; at full size in every look, by turns as every
other role too, and the forms are then filled and sent without a pointer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page

from tests import sizes
from tests.browser.by_keyboard import Sent
from tests.browser.visitor import LOOKS, OPPOSITES, Visitors, faults

pytestmark = pytest.mark.timeout(sizes.size(300, 900))
PARTS_OF_A_DATE = 4  # Tab goes through day, month, year and the button of a date
BESIDES = 3  # what scrolls by itself gets the focus too
EXPECTED = {"staff": 60, "customer": 15, "commerce": 40, "support": 30, "reports": 20, "user of a line": 5}  # fewer pages, and the list of them is broken
BY_KEYBOARD = ("staff", "customer")
SAVED = 20  # fewer forms that were sent and taken, and filling them is broken

STOPS = """() => {
  const main = document.querySelector("main");
  const wanted = [...main.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")];
  const once = new Set();
  return wanted.filter(element => {
    if (element.disabled || element.tabIndex < 0 || !element.checkVisibility({visibilityProperty: true, opacityProperty: true})) return false;
    if (element.type !== "radio") return true;
    const group = (element.form?.id ?? "") + element.name;
    const chosen = element.checked || !main.querySelector(`input[type=radio][name="${element.name}"]:checked`);
    if (!chosen || once.has(group)) return false;
    return once.add(group);
  }).map((element, number) => { element.dataset.stop = number; return element.outerHTML.slice(0, 120); });
}"""
LISTEN = """main => {
  window.reached = [];
  main.addEventListener("focusin", event => {
    const element = event.target, style = getComputedStyle(element);
    const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none";
    if (element.dataset.stop) reached.push([Number(element.dataset.stop), seen]);
  });
  main.tabIndex = -1;
  main.focus();
}"""


@pytest.fixture
def everything(acme: Any, portal: Any) -> Any:
    """Acme with one of everything, below the owner."""
    from tests.isolation.canaries import complete
    from tests.isolation.furnished import furnish, join_the_tree

    made = {schema: furnish(schema) for schema in ("owner", "acme", "globex")}
    complete("acme")
    join_the_tree(made["owner"], made["acme"], made["globex"])
    connection.set_tenant(acme)
    return made["acme"]


def pages(everything: Any, user: Any) -> list[str]:
    """The paths that answer this user with a page."""
    from tests.isolation.arguments import Belongings
    from tests.support import addresses

    browser, own = everything.browser(user), Belongings(everything, "Anna")
    paths = list(dict.fromkeys(own.path(address) for address in addresses.every()))
    connection.set_schema_to_public()
    return [path for path in paths if _is_page(browser, path)]


def _is_page(browser: Any, path: str) -> bool:
    if path.startswith(("/sign-out/", "/static/")):
        return False
    answer = browser.get(path)
    return bool(answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html") and b"<main" in answer.content)


def users(everything: Any) -> dict[str, Any]:
    from billing_portal.accounts.models import Role

    most = {"staff": everything.staff[Role.ADMINISTRATOR], "customer": everything.people["Anna", Role.ACCOUNT_ADMIN]}
    others = {role.value: everything.staff[role] for role in (Role.COMMERCE, Role.SUPPORT, Role.REPORTS)}
    return most | (others | {"user of a line": everything.people["Anna", Role.ACCOUNT_USER]} if sizes.FULL else {})


def test_every_page_is_without_fault_and_reached_by_keyboard(visitors: Visitors, everything: Any) -> None:
    """Of staff and of a customer, in one world: making it takes as long as a customer's pages."""
    wrong, found = [], {}
    for who, user in users(everything).items():
        found[who] = pages(everything, user)
        assert len(found[who]) >= EXPECTED[who], found[who]
        look_at = _faults_of_all if who in BY_KEYBOARD else _faults_by_turns
        wrong += [f"{who} {problem}" for problem in look_at(visitors.window(user), found[who])]
        connection.set_tenant(everything.reseller())
    assert not wrong, "\n".join(wrong)
    if sizes.FULL:
        assert_forms_are_sent(visitors, everything, found)


def _faults_of_all(page: Page, paths: list[str]) -> Iterator[str]:
    for number, path in enumerate(paths):
        page.goto(path)
        if page.locator("main form").count():
            yield from (f"{path}: {problem}" for problem in unreached(page))
        yield from faults(page, *(LOOKS if sizes.FULL else OPPOSITES[number % 2 : number % 2 + 1]))


def _faults_by_turns(page: Page, paths: list[str]) -> Iterator[str]:
    """Of roles that see the same pages with less on them."""
    for number, path in enumerate(paths):
        page.goto(path)
        yield from faults(page, OPPOSITES[number % 2])


def assert_forms_are_sent(visitors: Visitors, everything: Any, found: dict[str, list[str]]) -> None:
    """The last thing in this world, because it changes it: each form is taken, or says what to correct."""
    sent = Sent()
    for who in BY_KEYBOARD[::-1]:
        page = visitors.window(users(everything)[who])
        page.on("dialog", lambda asked: asked.accept())  # what was typed and not taken is left
        for path in found[who]:
            sent.send(page, path)
    assert not sent.wrong, "\n".join(sent.wrong)
    assert len(sent.saved) >= SAVED, sent


def unreached(page: Page) -> Iterator[str]:
    """What Tab does not come to, comes to out of order, or comes to unseen."""
    stops = page.evaluate(STOPS)
    page.locator("main").evaluate(LISTEN)
    for _press in range(len(stops) + sum("date" in element for element in stops) * PARTS_OF_A_DATE + BESIDES):
        page.keyboard.down("Tab")  # held: each further one moves on as well
    page.keyboard.up("Tab")
    reached: dict[int, bool] = {}
    for number, seen in page.evaluate("reached"):
        reached.setdefault(number, seen)
    yield from (f"Tab does not come to {element}" for number, element in enumerate(stops) if number not in reached)
    yield from (f"the focus cannot be seen on {stops[number]}" for number, seen in reached.items() if not seen)
    if list(reached) != sorted(reached):
        yield f"Tab goes in another order than the page: {list(reached)}"
