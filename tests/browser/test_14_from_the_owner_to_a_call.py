"""The tree and low balance in one walk: a reseller made in the browser, one below it, a customer there, a call, and the money at every level."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django_tenants.utils import tenant_context
from playwright.sync_api import Page, expect

from billing_portal.tenancy.models import Reseller
from customers.models import Standing
from invoicing.domain import ledger_check
from tests.browser.visitor import Visitors, link_in, sign_in, text_of
from tests.support import tree, world
from tests.support.people import user
from tests.support.portal import Mailbox, Portal, provisioning
from tests.support.waiting import until

PASSWORD = "seven quiet boats at noon"
LUMEN = "lumen.northwind"  # its host lies under that of the reseller that made it
LEVELS = ("lumen", "northwind", "owner")


@pytest.fixture
def orla(owner: Any, portal: Portal) -> Any:
    """Orla, administrator of the owner, which sells a minute to the United Kingdom at 2.00 EUR."""
    world.plan("Wholesale", "EUR", {"44": ("United Kingdom", "2.00")})
    return user("orla", name="Orla Byrne")


def make_reseller(page: Page, name: str, email: str, plan: str) -> None:
    """Platform » Resellers » New, until it is made."""
    page.goto("/platform/resellers/new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Administrator's email").fill(email)
    page.get_by_label("Rate plan").select_option(label=plan)
    page.get_by_role("button", name="Make the reseller").click()
    expect(page.get_by_role("heading", name="Made", exact=True)).to_be_visible(timeout=60_000)


def first_visit(visitors: Visitors, mailbox: Mailbox, email: str, reseller: str) -> Page:
    """Somebody follows the link of the login details, sets a password, and signs in at the host of the reseller."""
    mail = mailbox.arrived(email, "login details")
    page = visitors.window(reseller=reseller, at=link_in(mail))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    username = text_of(mail).split("Username: ")[1].split()[0]
    sign_in(page, username, PASSWORD)
    page.wait_for_url(lambda url: "sign-in" not in url)
    return page


def mark_up(page: Page, percent: str) -> None:
    """What the reseller adds to the prices of its parent, for its own customers."""
    page.goto("/rate-plans/")
    page.get_by_role("main").get_by_role("link", name="Your own rate plan").click()
    page.get_by_role("main").get_by_role("link", name="Change").first.click()
    page.get_by_label("Mark-up").fill(percent)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text(f"{percent} %")


def make_customer(page: Page) -> None:
    """Anna Ltd pays 10.00 EUR first; from then on it is warned below 8.00 and topped up to 20.00."""
    page.goto("/customers/new/")
    page.get_by_label("Customer name").fill("Anna Ltd")
    page.get_by_label("Billing email address").fill("ann@anna.example")
    page.get_by_role("radio", name="Pre-paid").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Login details emailed to ann@anna.example.")
    page.goto("/customers/100001/payment/")
    page.get_by_label("Amount received").fill("10.00")
    page.get_by_role("button", name="Record payment").click()
    expect(page.get_by_role("main")).to_contain_text("Payment of 10.00 EUR recorded.")
    page.goto("/customers/100001/edit/")
    page.get_by_label("Email when the balance drops below").fill("8.00")
    page.get_by_label("Top up automatically").select_option(label="Up to a target balance")
    page.get_by_label("Amount", exact=True).fill("20.00")
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.wait_for_url(lambda url: "/edit/" not in url)


def make_key(page: Page) -> str:
    page.goto("/settings/switches/new/")
    page.get_by_label("Name").fill("fs1")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Make the key").click()
    return page.locator("#secret").inner_text()


def call(portal: Portal, key: str) -> dict[str, Any]:
    """One minute to London a moment ago, through the API; what became of it."""
    at = datetime.now(UTC).isoformat()
    record = {"call_id": "c1", "account": "100001", "to": "442079460123", "setup_at": at, "answered_at": at, "seconds": 60}
    status, said = portal.send("/api/v1/calls", {"records": [record]}, key=key, reseller=LUMEN)
    assert status == 200, said
    answer: dict[str, Any] = said["records"][0]
    return answer


def expect_call(page: Page, customer: str, *amounts: str) -> None:
    """The one call of the reseller: whose, and its price, cost and margin."""
    page.goto("/calls/")
    row = page.get_by_role("main").get_by_role("table").locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row.get_by_role("cell", name=customer)).to_be_visible()
    expect(row.locator("td.bp-r")).to_contain_text(["1:00", *amounts])


def in_each(ask: Any) -> list[Any]:
    """What is asked, answered in the schema of each level, from the bottom to the top."""
    answers = []
    for level in LEVELS:
        with tenant_context(Reseller.objects.get(schema_name=level)):
            answers.append(ask())
    return answers


def climbed() -> bool:
    return not any(report.in_flight for report in in_each(ledger_check.check))


def test_a_call_is_paid_at_every_level_and_a_customer_is_warned_topped_up_and_told(
    visitors: Visitors, portal: Portal, mailbox: Mailbox, orla: Any, tmp_path: Path
) -> None:
    owner = visitors.window(orla, reseller="owner")
    with provisioning(portal, tmp_path):
        make_reseller(owner, "Northwind", "nora@northwind.example", "Wholesale")
        northwind = first_visit(visitors, mailbox, "nora@northwind.example", "northwind")
        mark_up(northwind, "20")
        make_reseller(northwind, "Lumen", "lou@lumen.example", "Your own rate plan")
    lumen = first_visit(visitors, mailbox, "lou@lumen.example", LUMEN)
    mark_up(lumen, "10")
    make_customer(lumen)
    ann = first_visit(visitors, mailbox, "ann@anna.example", LUMEN)

    answer = call(portal, make_key(lumen))
    assert (answer["status"], answer["price"]) == ("rated", "2.6400")
    warning = text_of(mailbox.arrived("ann@anna.example", "balance"))
    assert "7.36 EUR" in warning
    until(climbed, pause=0.2)

    expect_call(lumen, "Anna Ltd", "2.6400 EUR", "2.4000 EUR", "0.240000 EUR")
    expect_call(northwind, "Lumen", "2.4000 EUR", "2.0000 EUR", "0.400000 EUR")
    expect_call(owner, "Northwind", "2.0000 EUR")
    for page, owed in ((lumen, "Lumen owes 2.40"), (northwind, "Northwind owes 2.00")):
        page.goto("/my-account/")
        expect(page.get_by_role("main")).to_contain_text(owed)

    lumen.goto("/requests/")
    lumen.get_by_role("main").get_by_role("link", name="Anna Ltd").click()
    expect(lumen.get_by_role("heading", level=1)).to_contain_text("Top-up of 12.64 EUR for Anna Ltd")
    lumen.get_by_role("button", name="Approve").click()
    expect(lumen.get_by_role("main")).to_contain_text("The top-up of 12.64 EUR for Anna Ltd was approved.")
    until(lambda: any("LUM-2026-R0002" in text_of(mail) and "12.64 EUR" in text_of(mail) for mail in mailbox.mails))
    ann.goto("/my/top-ups/")
    row = ann.get_by_role("table", name="Your top-ups").locator("tbody tr")
    expect(row).to_contain_text(["12.64 EUR"])
    expect(row.get_by_role("link", name="Receipt LUM-2026-R0002")).to_be_visible()

    reports = in_each(ledger_check.check)
    assert [report.differences for report in reports] == [[], [], []]
    assert in_each(balances) == [["20"], ["-2.4"], ["-2"]]


def balances() -> list[str]:
    return [tree.short(standing.balance) for standing in Standing.objects.all()]
