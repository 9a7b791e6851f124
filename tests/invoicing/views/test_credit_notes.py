"""The pages that credit an invoice or write it off, and what documents and lists say afterwards."""

from typing import Any

import pytest
from django_tenants.utils import schema_context

from customers.models import BillingType, Kind
from invoicing.domain import credit_notes, entries, payments, reversals, wallet_debts, write_offs
from invoicing.models import Document
from tests.support import months, world
from tests.support.months import D, due
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db


def text(client: Any, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_invoice_is_credited_by_the_form(commerce: Any, october: Any) -> None:
    address = f"/invoices/{october.number}/credit-note/"
    assert "Credit note" in text(commerce, f"/invoices/{october.number}/")
    form = commerce.get(address).context["form"]
    assert form["lines"].value() == ["1"]
    given = {"lines": ["1"], "reason": "Billed by mistake", "key": form.fields["key"].initial}

    for _click in range(2):
        assert commerce.post(address, given).url == "/invoices/ACM-2026-C0001/"

    shown = text(commerce, "/invoices/ACM-2026-C0001/")
    for said in ("Credit note ACM-2026-C0001 over 12.00 GBP was issued.", october.number, "Billed by mistake"):
        assert said in shown
    assert balance(october.customer) == 0
    invoice = text(commerce, f"/invoices/{october.number}/")
    for said in ("Cancelled", "ACM-2026-C0001", "Credited 12.00 GBP"):
        assert said in invoice
    assert "credit-note/" not in invoice


def test_lists_tell_notes_and_cancelled_invoices_apart(commerce: Any, october: Any) -> None:
    assert "show=credit-notes" not in text(commerce, "/invoices/")
    credit_notes.issue(october, reason="x", actor=jane, at=october.issued_at, key="1")

    found = {show: commerce.get(f"/invoices/?show={show}").context["listing"].total for show in ("cancelled", "credit-notes", "paid", "open")}
    assert found == {"cancelled": 1, "credit-notes": 1, "paid": 0, "open": 0}
    shown = text(commerce, f"/customers/{october.customer.account_number}/invoices/")
    assert "Total in GBP, 1 credit note" in shown
    assert "Credit note ACM-2026-C0001" in text(commerce, f"/customers/{october.customer.account_number}/statement/?first=2026-10-01&last=2026-11-30")


def test_a_note_that_is_refused_says_why(commerce: Any, october: Any) -> None:
    address = f"/invoices/{october.number}/credit-note/"
    assert commerce.post(address, {"reason": "x", "key": "k"}).status_code == 422
    assert commerce.post(address, {"lines": ["1"], "reason": "", "key": "k"}).status_code == 422
    assert commerce.post(address, {"lines": ["7"], "reason": "x", "key": "k"}).status_code == 422
    write_offs.write_off(october, D("1.00"), reason="x", actor=jane, at=october.issued_at, key="1")
    answer = commerce.post(address, {"lines": ["1"], "reason": "x", "key": "k"})

    assert answer.status_code == 422
    assert "A part of this invoice was written off. Take that back first." in answer.content.decode()
    assert Document.objects.count() == 1


def test_a_line_that_was_taken_back_is_offered_while_its_credit_waits(commerce: Any, first: Any) -> None:
    vera = world.customer("Vera Ltd", taxes=(world.vat("20"),))
    router = months.moved(Kind.CHARGE, vera, "100.00", "2026-10-05 12:00", note="Router", about=("charge", vera.pk))
    [october] = months.issue("2026-11-01", first, vera)
    reversals.take_back(router, reason="never sent", actor=jane, at=first)
    address = f"/invoices/{october.number}/credit-note/"
    form = commerce.get(address).context["form"]
    assert form.fields["lines"].choices == [("1", "Router · Charge, 5 October 2026 · 100.00 GBP · taken back, still to come on the next invoice")]
    assert form["lines"].value() == ["1"]

    assert commerce.post(address, {"lines": ["1"], "reason": "Never sent", "key": "k"}).url == "/invoices/ACM-2026-C0001/"
    assert (due(october), balance(vera)) == ("0.00", D(0))
    form = commerce.get(address).context["form"]
    assert form["lines"].value() == []
    assert form.fields["lines"].choices == [("1", "Router · Charge, 5 October 2026 · 100.00 GBP · credited already")]


def test_an_invoice_is_written_off_by_the_form(commerce: Any, october: Any) -> None:
    address = f"/invoices/{october.number}/write-off/"
    form = commerce.get(address).context["form"]
    assert form["amount"].value() == "12.00"
    refused = commerce.post(address, {"amount": "12.01", "reason": "insolvent", "key": "k"})
    assert (refused.status_code, "At most 12.00 GBP is due." in refused.content.decode()) == (422, True)

    for _click in range(2):
        assert commerce.post(address, {"amount": "12.00", "reason": "insolvent", "key": "k"}).url == f"/invoices/{october.number}/"

    assert due(october) == "0.00"
    assert "Written off 12.00 GBP" in text(commerce, f"/invoices/{october.number}/")
    assert "insolvent" in text(commerce, f"/customers/{october.customer.account_number}/payments/")


def test_who_may_look_may_not_credit(support: Any, reports: Any, october: Any) -> None:
    for client in (support, reports):
        assert "credit-note/" not in text(client, f"/invoices/{october.number}/")
        for page in ("credit-note", "write-off"):
            assert client.post(f"/invoices/{october.number}/{page}/", {"lines": ["1"], "amount": "1.00", "reason": "x", "key": "k"}).status_code in {403, 404}
    assert due(october) == "12.00"


def test_its_people_see_the_note_and_what_it_is_for(october: Any, person: Any) -> None:
    credit_notes.issue(october, reason="Billed by mistake", actor=jane, at=october.issued_at, key="1")
    admin = person("account_admin")

    assert "ACM-2026-C0001" in text(admin, "/my/invoices/")
    shown = text(admin, "/my/invoices/ACM-2026-C0001/")
    assert f"/my/invoices/{october.number}/" in shown
    assert "Billed by mistake" in shown
    assert "Cancelled" in text(admin, f"/my/invoices/{october.number}/")


def test_credit_notes_deny_other_customers(october: Any, person: Any) -> None:
    bob = world.customer("Bob Ltd")
    note = credit_notes.issue(october, reason="x", actor=jane, at=october.issued_at, key="1")
    assert person("account_admin", of=bob).get(f"/my/invoices/{note.number}/").status_code == 404


def test_credit_notes_deny_other_resellers(commerce: Any, first: Any) -> None:
    with schema_context("globex"):
        gus = world.customer("Gus Ltd", currency="USD")
        months.calls(gus, "2026-10-03 09:00", price="5.0000")
        [theirs] = months.issue("2026-11-01", first)
    for page in ("credit-note", "write-off"):
        assert commerce.get(f"/invoices/{theirs.number}/{page}/").status_code == 404
        assert commerce.post(f"/invoices/{theirs.number}/{page}/", {"lines": ["1"], "amount": "1.00", "reason": "x", "key": "k"}).status_code == 404


def test_an_invoice_of_a_wallets_debt_is_not_given_up_while_the_wallet_holds_the_money(commerce: Any, first: Any) -> None:
    bob = world.customer("Bob Ltd", billing_type=BillingType.PREPAID, limit="100.00")
    entries.write(bob, "charge", D("10.00"), note="Phone", actor=jane, at=first, key="phone")
    wallet_debts.bill(bob, D(10), actor=jane, at=first, key="debt")
    [document] = months.issue("2026-12-01", months.local("2026-12-01 06:00"), bob)
    address = f"/invoices/{document.number}/write-off/"
    said = "A debt of the wallet is on it, and the wallet holds 10.00 GBP. Settle that out of the wallet first."
    assert said not in text(commerce, address)

    payments.record(bob, D("10.00"), reference="", actor=jane, at=first, key="paid")
    assert said in text(commerce, address)
    answer = commerce.post(address, {"amount": "10.00", "reason": "Insolvent", "key": "k"})
    assert (answer.status_code, answer.content.decode().count(said), due(document)) == (422, 2, "10.00")
