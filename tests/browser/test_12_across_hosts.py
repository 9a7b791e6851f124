"""From the owner into Acme and on into a customer, and back step by step, in a real browser with a host for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django_tenants.utils import schema_context
from playwright.sync_api import Page, expect

from billing_portal.accounts.models import AuditEntry
from customers.models import Customer
from tests.browser.visitor import PHONE, Visitors, faults
from tests.support import world
from tests.support.people import user
from tests.support.portal import Portal, provisioning


@pytest.fixture
def orla(owner: Any, portal: Portal) -> Any:
    """Orla, administrator of the owner, whose customer Acme is."""
    world.customer("Acme", kind=Customer.CustomerKind.RESELLER, reseller_schema="acme")
    with schema_context("acme"):
        world.customer("Anna Ltd")
    return user("orla", name="Orla Byrne")


def banner(page: Page) -> Any:
    return page.get_by_role("complementary", name="Switched to a customer")


@pytest.mark.parametrize("script", [True, False])
def test_down_into_a_customer_of_a_reseller_and_back(visitors: Visitors, portal: Portal, orla: Any, script: bool) -> None:
    page = visitors.window(orla, reseller="owner", at="/platform/resellers/", script=script)

    page.get_by_role("link", name="Acme").first.click()
    page.get_by_role("button", name="Switch to this customer").click()
    if not script:
        page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"{portal.home('acme')}/**")
    expect(banner(page)).to_contain_text("You are managing [Acme] as Orla Byrne (Portal)")

    page.goto(f"{portal.home('acme')}/customers/")
    page.get_by_role("link", name="Anna Ltd").first.click()
    page.get_by_role("button", name="Switch to this customer").click()
    expect(banner(page)).to_contain_text("You are managing [Anna Ltd] as Orla Byrne (Portal)")

    banner(page).get_by_role("button", name="Return").click()
    expect(banner(page)).to_contain_text("You are managing [Acme] as Orla Byrne (Portal)")
    banner(page).get_by_role("button", name="Return").click()
    page.wait_for_url(f"{portal.home('owner')}/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Acme")
    expect(banner(page)).to_have_count(0)

    page.goto(f"{portal.home('acme')}/customers/")
    page.wait_for_url("**/sign-in/**")
    with schema_context("acme"):
        entries = AuditEntry.objects.filter(actor_id=orla.pk).order_by("at").values_list("action", "actor_schema")
        assert list(entries) == [(action, "owner") for action in ("parent.entered", "customer.entered", "customer.left", "parent.left")]


@pytest.mark.parametrize("width", [1440, PHONE])
def test_a_reseller_is_ordered_and_made_while_one_looks_on(visitors: Visitors, portal: Portal, orla: Any, width: int, tmp_path: Path, mailbox: Any) -> None:
    page = visitors.window(orla, reseller="owner", width=width, at="/platform/resellers/new/")
    page.get_by_label("Name", exact=True).fill("Northwind")
    expect(page.get_by_label("Short name")).to_have_value("northwind")
    expect(page.get_by_label("Host")).to_have_value("northwind.localhost")
    page.get_by_label("Administrator's email").fill("nora@northwind.example")
    page.get_by_role("button", name="Make the reseller").click()
    expect(page.get_by_role("heading", name="Being made")).to_be_visible()
    with provisioning(portal, tmp_path):
        expect(page.get_by_role("heading", name="Made", exact=True)).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="See Northwind").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Northwind")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (PHONE, "dark")])
def test_the_pages_are_sound_at_both_widths(visitors: Visitors, orla: Any, width: int, scheme: Any) -> None:
    page = visitors.window(orla, reseller="owner", width=width, scheme=scheme, at="/platform/resellers/")
    found = faults(page)
    for path in ("/platform/resellers/new/", "/platform/switched/"):
        page.goto(path)
        found += faults(page)
    page.goto("/platform/resellers/")
    page.get_by_role("button", name="Switch", exact=True).click()
    expect(banner(page)).to_be_visible()
    found += faults(page)
    page.goto("/platform/switched/")
    found += faults(page)
    page.goto("/settings/staff/")
    assert found == []
