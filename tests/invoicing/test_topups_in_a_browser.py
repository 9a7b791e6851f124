"""Low balance in headless Chromium: a call takes a customer below, it is warned, topped up and told; limits and locks; axe, both widths, both modes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from billing_portal.accounts.domain import keys
from billing_portal.accounts.models import Role, Switch
from billing_portal.mail.models import MailLog
from customers.domain import customers, locks
from customers.models import BillingType, Customer, Kind, Lock, Person
from invoicing.domain import ledger_check, payments, topups
from invoicing.models import Document
from rateplans.models import RatePlan, Tax
from tests.browser.visitor import DESK, OPPOSITES, faults_of
from tests.support import months, world
from tests.support.jobs import run_jobs
from tests.support.months import D
from tests.support.people import PASSWORD, user
from tests.support.world import jane

pytestmark = [pytest.mark.browser, pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def window(anna: Customer, live_server: Any, browser: Browser) -> Iterator[Callable[..., Page]]:
    """A window at Acme's host with somebody signed in: Jane of Commerce, or Ann of Anna Ltd."""
    user("jane", Role.COMMERCE, name="Jane Whitfield")
    Person.objects.create(user=user("ann", Role.ACCOUNT_ADMIN, name="Ann Miller"), customer=anna)
    contexts = []

    def opened(who: str) -> Page:
        host = live_server.url.replace("localhost", "acme.localhost")
        context = browser.new_context(base_url=host, viewport={"width": DESK, "height": 900}, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.goto("/sign-in/")
        page.get_by_label("Username, email or account number").fill(who)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    yield opened
    for context in contexts:
        context.close()


def test_a_customer_asks_and_staff_approve(window: Callable[..., Page]) -> None:
    ann = window("ann")
    ann.goto("/my/top-ups/")
    ann.get_by_label("Amount").fill("20.00")
    ann.get_by_role("button", name="Ask for a top-up").click()
    expect(ann.get_by_text("You asked for a top-up of 20.00 GBP.")).to_be_visible()

    staff = window("jane")
    staff.goto("/requests/")
    staff.get_by_role("link", name="Anna Ltd").click()
    staff.get_by_label("Comment").fill("Thank you")
    staff.get_by_role("button", name="Approve").click()
    expect(staff.get_by_text("The top-up of 20.00 GBP for Anna Ltd was approved.")).to_be_visible()

    ann.goto("/my/top-ups/")
    expect(ann.get_by_role("cell", name="Thank you")).to_be_visible()


def test_a_call_takes_a_customer_below_and_it_is_warned_topped_up_and_told(window: Callable[..., Page], anna: Customer) -> None:
    pat = below_soon()
    staff = window("jane")
    assert send_call(staff, pat, seconds=600) == "rated"
    run_jobs()

    staff.goto("/customers/?show=low")
    expect(staff.get_by_role("link", name="Pat Ltd")).to_be_visible()
    staff.goto("/requests/")
    staff.get_by_role("link", name="Pat Ltd").click()
    expect(staff.get_by_role("heading", name="Top-up of 60.72 GBP for Pat Ltd")).to_be_visible()
    staff.get_by_role("button", name="Reject").click()
    expect(staff.get_by_text("Write why; the customer reads it.").first).to_be_visible()
    staff.get_by_role("button", name="Approve").click()
    expect(staff.get_by_text("The top-up of 60.72 GBP for Pat Ltd was approved.")).to_be_visible()
    staff.goto(f"/customers/{pat.account_number}/invoices/")
    staff.get_by_role("link", name="ACM-").click()
    expect(staff.get_by_role("heading", name="Receipt ACM-")).to_be_visible()

    staff.goto("/customers/?show=low")
    expect(staff.get_by_text("Nothing matches")).to_be_visible()
    mails = list(MailLog.objects.order_by("created_at").values_list("kind", flat=True))
    assert mails == ["low_balance", "topup_request"]
    assert (world.balance(pat), ledger_check.check().differences) == (D("100.00"), [])


def test_the_daily_limit_locks_and_a_raise_unlocks_while_staff_lock_with_a_reason(window: Callable[..., Page], anna: Customer) -> None:
    pat = below_soon()
    customers.change(pat, daily_limit=D("0.50"), actor=jane, at=timezone.now())
    staff = window("jane")
    send_call(staff, pat, seconds=600)
    staff.goto("/customers/?show=locked")
    expect(staff.get_by_text("Daily limit reached")).to_be_visible()
    staff.get_by_role("link", name="Pat Ltd").click()
    expect(staff.get_by_text("Calls locked: Daily limit reached")).to_be_visible()

    staff.get_by_role("link", name="Lock", exact=True).click()
    staff.get_by_label("Why").fill("Strange calls")
    staff.get_by_role("button", name="Lock", exact=True).click()
    expect(staff.get_by_text("Calls locked: Locked by staff")).to_be_visible()
    staff.goto(f"/customers/{pat.account_number}/edit/")
    staff.get_by_label("Maximum spend per day").fill("5.00")
    staff.get_by_role("button", name="Save").first.click()
    expect(staff.get_by_text("Calls locked: Locked by staff")).to_be_visible()
    expect(staff.get_by_text("Daily limit reached")).to_have_count(0)
    staff.get_by_role("button", name="Unlock").click()
    expect(staff.get_by_text("Pat Ltd was unlocked.")).to_be_visible()


def below_soon() -> Customer:
    """Pat has 50.00, is warned below 50.00 and topped up to 100.00 with a tax of 20 %; a minute of a call costs 0.06."""
    taxes = (Tax.objects.create(name="Sales tax 20 %", percent=D("20")),)
    pat = world.customer("Pat Ltd", on=RatePlan.objects.get(), billing_type=BillingType.PREPAID, taxes=taxes)
    months.moved(Kind.TOPUP, pat, "50.00", "2026-11-02 09:00")
    return customers.change(pat, low_balance_threshold=D("50.00"), topup="target", topup_amount=D("100.00"), actor=jane, at=timezone.now())


def send_call(page: Page, of: Customer, *, seconds: int) -> str:
    """A call of the customer as a switch sends it, from inside the page's host; its status."""
    key = keys.make(Switch.objects.create(name="Frankfurt"), [keys.CALLS_WRITE], actor=jane, at=timezone.now())[1]
    now = timezone.now().isoformat()
    record = {"call_id": "c1", "account": of.account_number, "to": "442079460123", "setup_at": now, "answered_at": now, "seconds": seconds}
    sent = "([key, record]) => fetch('/api/v1/calls', {method: 'POST', headers: {Authorization: 'Bearer ' + key, 'Content-Type': 'application/json'}, "
    answer = page.evaluate(sent + "body: JSON.stringify({records: [record]})}).then(answer => answer.json())", [key, record])
    return str(answer["records"][0]["status"])


def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(window: Callable[..., Page], anna: Customer) -> None:
    asked = topups.ask(anna, D("20.00"), actor=jane, at=timezone.now())
    bob = world.customer("Bob Ltd", topup_parked=True, daily_limit=D("5.00"))
    locks.set(bob, Lock.Reason.ADMIN, Lock.Scope.CALLS, note="Strange calls", actor=jane, at=timezone.now())
    base = f"/customers/{bob.account_number}"
    pat = world.customer("Pat Ltd", billing_type=BillingType.PREPAID)
    payments.record(pat, D("20.00"), reference="Bank transfer", actor=jane, at=timezone.now(), key="1")
    receipt = f"/invoices/{Document.objects.get().number}/"
    documents = (receipt, "/invoices/?show=receipts")
    addresses = (*documents, "/requests/", f"/requests/{asked.pk}/", f"{base}/overview/", f"{base}/lock/", f"{base}/edit/", "/customers/?show=locked")
    assert faults_of(window("jane"), addresses, OPPOSITES) == []
    assert faults_of(window("ann"), ["/my/top-ups/"], OPPOSITES) == []
