"""Receipts on pages: in the lists of documents beside invoices, on a page and as PDF of their own, for staff, for the customer, for a reseller below."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from billing_portal.accounts.models import Role
from customers.models import BillingType, Customer
from invoicing.domain import decisions, payments, topups
from invoicing.models import Document
from rateplans.models import Tax
from tests.support import months, world
from tests.support.months import D
from tests.support.people import client, user
from tests.support.world import jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def pat(acme: Any) -> Customer:
    """Pays in advance, a tax of 20 %, and topped up by 60.00 on the 20th of November."""
    made = world.customer("Pat Ltd", billing_type=BillingType.PREPAID, taxes=(Tax.objects.create(name="Sales tax 20 %", percent=D("20")),))
    payments.record(made, D("60.00"), reference="Bank transfer 17", actor=jane, at=datetime(2026, 11, 20, 9, tzinfo=UTC), key="1")
    return made


NUMBER = "ACM-2026-R0001"


def text(browser: Any, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return " ".join(answer.content.decode().split())


def test_it_stands_in_the_list_with_a_chip_of_its_own_and_a_total_of_its_own(commerce: Any, pat: Customer) -> None:
    months.calls(world.customer("Anna Ltd"), "2026-10-03 09:00", price="3.0000")
    months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))

    found = commerce.get("/invoices/?show=receipts").context
    assert [(row.document.number, str(row.pill.label)) for row in found["rows"]] == [(NUMBER, "Paid")]
    assert [(row["kind"], row["total"], row["left"]) for row in commerce.get("/invoices/").context["totals"]] == [
        ("invoice", D("3.00"), D("3.00")),
        ("receipt", D("60.00"), D("0.00")),
    ]
    for show, numbers in (("open", ["ACM-2026-0001"]), ("overdue", ["ACM-2026-0001"]), ("paid", [])):
        assert [row.document.number for row in commerce.get(f"/invoices/?show={show}").context["rows"]] == numbers


def test_without_any_receipt_there_is_no_chip_for_them(commerce: Any, october: Any) -> None:
    assert "show=paid" in text(commerce, "/invoices/")
    assert "show=receipts" not in text(commerce, "/invoices/")


def test_its_page_says_what_was_paid_and_nothing_of_a_due_date(commerce: Any, pat: Customer) -> None:
    page = text(commerce, f"/invoices/{NUMBER}/")
    for said in (f"Receipt {NUMBER}", "Paid by", "Pat Ltd", "Bank transfer 17", "Sales tax 20 %", "60.00", "50.00", "10.00", "Receipt date"):
        assert said in page
    for unsaid in ("Still to pay", "Due", "Period", "Record payment?pays"):
        assert f"<dt>{unsaid}</dt>" not in page
    assert text(commerce, f"/customers/{pat.account_number}/invoices/").count(NUMBER) == 2
    assert NUMBER in text(commerce, f"/customers/{pat.account_number}/statement/?first=2026-11-01&last=2026-11-30")


@months.renders
def test_its_pdf_opens(commerce: Any, pat: Customer, tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    answer = commerce.get(f"/invoices/{NUMBER}/pdf/")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")


def test_the_customer_sees_its_own_and_nobody_elses(pat: Customer, person: Any) -> None:
    own = person("account_admin", of=pat)
    assert NUMBER in text(own, "/my/invoices/")
    assert "Bank transfer 17" in text(own, f"/my/invoices/{NUMBER}/")
    stranger = person("account_admin", of=world.customer("Bob Ltd"))
    assert NUMBER not in text(stranger, "/my/invoices/")
    assert stranger.get(f"/my/invoices/{NUMBER}/").status_code == 404


def test_another_reseller_cannot_find_it(pat: Customer, globex: Any) -> None:
    assert client(user("gus", Role.ADMINISTRATOR)).get(f"/invoices/{NUMBER}/").status_code == 404


def test_an_approved_request_leads_to_its_receipt(pat: Customer, person: Any, commerce: Any) -> None:
    asked = decisions.approve(topups.ask(pat, D("20.00"), actor=jane, at=timezone.now()), actor=jane, at=timezone.now(), comment="Thanks")
    number = Document.objects.latest("created_at").number
    assert f'href="/invoices/{number}/"' in text(commerce, f"/requests/{asked.pk}/")
    page = text(person("account_admin", of=pat), "/my/top-ups/")
    assert f'href="/my/invoices/{number}/"' in page
    assert "Thanks" in page


def test_a_customer_sees_its_threshold_and_its_automatic_topup(pat: Customer, person: Any) -> None:
    own = person("account_admin", of=pat)
    assert "no warning set" in text(own, "/my/top-ups/")
    Customer.objects.filter(pk=pat.pk).update(low_balance_threshold=D(50), topup="target", topup_amount=D(90), topup_threshold=D(30), low_balance_repeat_days=3)
    page = text(own, "/my/top-ups/")
    for said in ("Low below", pat.billing_email, "again every 3 days", "Automatic top-up", "up to", "when less than"):
        assert said in page
    Customer.objects.filter(pk=pat.pk).update(topup_parked=True)
    assert "stopped for now; ask for a top-up here" in text(own, "/my/top-ups/")


def test_a_parked_customer_stands_above_the_requests_with_its_reason(commerce: Any, pat: Customer) -> None:
    assert "is parked" not in text(commerce, "/requests/")
    Customer.objects.filter(pk=pat.pk).update(topup_parked=True)
    page = text(commerce, "/requests/")
    assert "The automatic top-up of Pat Ltd is parked" in page
    assert f"/customers/{pat.account_number}/top-up/release/" in page
    assert "Top-up parked" in text(commerce, "/customers/")
