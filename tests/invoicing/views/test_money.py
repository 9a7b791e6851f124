"""A customer's payments, charges and credits: the list with what became of each, and the forms that refund, take back and charge."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import schema_context

from customers.models import AccountKind, Customer, Kind, Standing, Transfer
from invoicing.domain import credit_notes, entries, givebacks, payments
from invoicing.models import GiveBack, Payment
from tests.support import months, world
from tests.support.months import D
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(anna: Customer) -> str:
    return f"/customers/{anna.account_number}/payments/"


@pytest.fixture
def paid(anna: Customer, noon: datetime) -> Payment:
    return payments.record(anna, D("60.00"), reference="BACS 17", actor=jane, at=noon, key="1")


def text(client: Any, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def key(client: Any, address: str) -> str:
    return str(client.get(address).context["form"].fields["key"].initial)


def test_the_list_says_what_became_of_each(commerce: Any, at: str, anna: Customer, paid: Payment, noon: datetime) -> None:
    givebacks.refund(paid, D("10.00"), reason="paid twice", actor=jane, at=noon, key="1")
    entries.write(anna, "charge", D("5.00"), note="Router", actor=jane, at=noon, key="1")

    shown = text(commerce, at)
    for words in ("BACS 17", "60.00", "Partly given back or moved", "paid twice", "−10.00", "Router", "−5.00", "Chargeback", "Take back"):
        assert words in shown
    assert commerce.get(f"{at}?show=payments").context["listing"].total == 1
    assert commerce.get(f"{at}?show=given-back").context["listing"].total == 1
    assert commerce.get(f"{at}?show=charges").context["listing"].total == 1
    assert commerce.get(f"{at}?q=bacs").context["listing"].total == 1
    assert commerce.get(f"{at}?q=nothing").context["listing"].total == 0


def test_the_page_that_takes_back_says_first_what_stands_in_the_way(commerce: Any, at: str, anna: Customer, first: datetime, noon: datetime) -> None:
    charge = entries.write(anna, "charge", D("5.00"), note="Router", actor=jane, at=months.local("2026-10-05 12:00"), key="1")
    said = "A credit note has given this back already."
    assert said not in text(commerce, f"{at}{charge.pk}/take-back/")

    [october] = months.issue("2026-11-01", first)
    credit_notes.issue(october, reason="wrong", actor=jane, at=noon, key="n")
    assert said in text(commerce, f"{at}{charge.pk}/take-back/")
    assert text(commerce, f"{at}{charge.pk}/take-back/").count(said) == 1


def test_the_list_is_empty_at_first(commerce: Any, at: str) -> None:
    assert "Payments, refunds, charges and credits written by hand will be here." in text(commerce, at)


def test_the_list_asks_as_much_with_one_row_as_with_many(commerce: Any, at: str, anna: Customer, paid: Payment, noon: datetime) -> None:
    commerce.get(at)
    with CaptureQueriesContext(connection) as one:
        commerce.get(at)
    for number in range(3):
        payments.record(anna, D("1.00"), reference="", actor=jane, at=noon, key=f"more {number}")
    with CaptureQueriesContext(connection) as four:
        commerce.get(at)
    assert len(one) == len(four)


def test_a_refund_by_the_form(commerce: Any, at: str, anna: Customer, paid: Payment) -> None:
    form = f"{at}{paid.transfer_id}/refund/"
    assert "60.00" in text(commerce, form)
    given = {"amount": "10.00", "reason": "paid twice", "key": key(commerce, form)}

    for _click in range(2):
        assert commerce.post(form, given).url == at

    assert "10.00 GBP refunded." in text(commerce, at)
    assert (GiveBack.objects.count(), balance(anna)) == (1, D("40.00"))


def test_a_refund_that_is_refused_says_why_at_the_field(commerce: Any, at: str, anna: Customer, paid: Payment) -> None:
    answer = commerce.post(f"{at}{paid.transfer_id}/refund/", {"amount": "60.01", "reason": "x", "key": "k"})

    assert answer.status_code == 422
    assert "At most 60.00 GBP of it can still be given back." in answer.content.decode()
    assert commerce.post(f"{at}{paid.transfer_id}/refund/", {"amount": "1.00", "reason": "", "key": "k"}).status_code == 422
    assert balance(anna) == 50


def test_a_chargeback_by_the_form(commerce: Any, at: str, anna: Customer, paid: Payment) -> None:
    assert commerce.post(f"{at}{paid.transfer_id}/chargeback/", {"amount": "60.00", "reason": "disputed", "key": "k"}).url == at

    assert balance(anna) == -10
    assert "Given back" in text(commerce, at)
    assert "disputed" in text(commerce, f"/customers/{anna.account_number}/statement/")


def test_taking_back_by_the_form(commerce: Any, at: str, anna: Customer, paid: Payment) -> None:
    form = f"{at}{paid.transfer_id}/take-back/"
    assert "60.00" in text(commerce, form)
    assert commerce.post(form, {"reason": ""}).status_code == 422
    for _click in range(2):
        assert commerce.post(form, {"reason": "wrong customer"}).url == at

    assert balance(anna) == -10
    assert "Taken back" in text(commerce, at)


@pytest.mark.parametrize(("entry", "after"), [("charge", "-15.00"), ("credit", "15.00"), ("raise", "15.00"), ("lower", "-15.00")])
def test_an_entry_by_the_form(commerce: Any, at: str, anna: Customer, entry: str, after: str) -> None:
    before, form = balance(anna), f"{at}new-entry/"
    given = {"entry": entry, "amount": "15.00", "scope": "charge", "note": "Router", "key": key(commerce, form)}
    for _click in range(2):
        assert commerce.post(form, given).url == at

    assert balance(anna) - before == D(after)
    assert "Router" in text(commerce, at)


def test_an_entry_without_a_note_keeps_what_was_written(commerce: Any, at: str) -> None:
    answer = commerce.post(f"{at}new-entry/", {"entry": "raise", "amount": "15.00", "scope": "charge", "note": "", "key": "k"})

    assert answer.status_code == 422
    assert 'value="15.00"' in answer.content.decode()
    assert not Transfer.objects.filter(kind=Kind.ADJUSTMENT).exists()


def test_credit_is_settled_by_the_form(commerce: Any, at: str, anna: Customer, paid: Payment) -> None:
    assert f"{at}settle/" in text(commerce, at)
    assert "60.00" in text(commerce, f"{at}settle/")
    refused = commerce.post(f"{at}settle/", {"way": "into", "amount": "60.01", "key": "k"})
    assert (refused.status_code, "60.00 GBP is not used by invoices." in refused.content.decode()) == (422, True)
    for _click in range(2):
        assert commerce.post(f"{at}settle/", {"way": "into", "amount": "12.00", "key": "k"}).url == at

    assert Standing.objects.get(customer=anna).wallet == 10
    assert "12.00 GBP settled." in text(commerce, at)


def test_who_may_look_may_not_move(support: Any, reports: Any, at: str, paid: Payment) -> None:
    for client in (support, reports):
        assert "Charge or credit" not in text(client, at)
        for form in ("new-entry/", "settle/", f"{paid.transfer_id}/refund/", f"{paid.transfer_id}/chargeback/", f"{paid.transfer_id}/take-back/"):
            assert client.get(f"{at}{form}").status_code in {403, 404}
            assert client.post(f"{at}{form}", {"amount": "1.00", "reason": "x", "key": "k"}).status_code in {403, 404}
    assert Standing.objects.get(customer=paid.transfer.customer).receivable == 60 - D("10.00")


def test_money_denies_other_customers_movements(commerce: Any, at: str, paid: Payment, person: Any) -> None:
    bob = world.customer("Bob Ltd")
    theirs = f"/customers/{bob.account_number}/payments/{paid.transfer_id}/"
    for form in ("refund/", "chargeback/", "take-back/"):
        assert commerce.post(f"{theirs}{form}", {"amount": "1.00", "reason": "x", "key": "k"}).status_code == 404
    assert person("account_admin").get(at).status_code in {403, 404}


def test_money_denies_other_resellers(commerce: Any, paid: Payment) -> None:
    with schema_context("globex"):
        gus = world.customer("Gus Ltd", currency="USD")
    assert commerce.get(f"/customers/{gus.account_number}/payments/").status_code == 404
    assert commerce.get(f"/customers/{gus.account_number}/payments/{paid.transfer_id}/refund/").status_code == 404


def test_before_it_is_taken_back_the_page_says_what_was_spent_of_it(commerce: Any, at: str, anna: Customer, noon: datetime) -> None:
    """Anna pays afterwards."""
    gift, _spent = (months.moved(Kind.ADJUSTMENT, anna, amount, "2026-11-21 12:00", account=AccountKind.WALLET) for amount in ("5.00", "-3.5555"))
    form = f"{at}{gift.pk}/take-back/"

    shown = text(commerce, form)
    assert "of it was spent, and the customer pays afterwards now: that goes on the next invoice, with the tax on calls." in shown
    assert '<p class="bp-wide"><span class="bp-money">3.5555' in shown
    assert commerce.post(form, {"reason": "mistake"}).url == at
    assert Standing.objects.get(customer=anna).wallet == 0


def test_the_debt_of_a_wallet_is_seen_and_billed_by_the_form(commerce: Any, support: Any, person: Any, at: str, anna: Customer, noon: datetime) -> None:
    overview = at.replace("payments/", "overview/")
    assert "debt" not in text(commerce, at) + text(commerce, overview)
    months.moved(Kind.ADJUSTMENT, anna, "-5.50", "2026-11-21 12:00", account=AccountKind.WALLET)

    assert f"{at}wallet-debt/" in text(commerce, at)
    assert f"{at}wallet-debt/" in text(commerce, overview)
    assert f"{at}wallet-debt/" not in text(support, overview)
    for client, address in ((support, overview), (person("account_admin"), "/my/")):
        assert "−5.50" in text(client, address)
        assert "no invoice asks for" in text(client, address)
    assert "6.60" in text(commerce, f"{at}wallet-debt/")
    assert 'name="owed" value="5.5"' in text(commerce, f"{at}wallet-debt/")
    stale = commerce.post(f"{at}wallet-debt/", {"key": "k", "owed": "5.40"})
    assert (stale.status_code, "The wallet owes 5.50 GBP by now." in stale.content.decode()) == (422, True)
    assert 'name="owed" value="5.5"' in stale.content.decode()
    for _click in range(2):
        assert commerce.post(f"{at}wallet-debt/", {"key": "k", "owed": "5.5"}).url == at
    assert "5.50 GBP will be on the next invoice." in text(commerce, at)
    refused = commerce.post(f"{at}wallet-debt/", {"key": "another", "owed": "5.5"})
    assert (refused.status_code, "The wallet owes nothing." in refused.content.decode()) == (422, True)
    assert support.post(f"{at}wallet-debt/", {"key": "k", "owed": "5.5"}).status_code in {403, 404}
    assert Standing.objects.get(customer=anna).wallet == 0
