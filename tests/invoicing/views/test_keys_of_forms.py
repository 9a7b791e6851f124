"""A form that is sent again with something else in it says that nothing was done; two tabs do not pay one invoice twice."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from customers.domain import customers
from customers.models import BillingType, Customer, Standing, Transfer
from invoicing.domain import entries, payments
from tests.support import months, world
from tests.support.months import D
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db
AGAIN = "This form was sent before with something else in it. Open the page anew."


def drawn(browser: Any, address: str) -> dict[str, Any]:
    """The form as the browser holds it: every field with what it was drawn with."""
    form = browser.get(address).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, "", False)}


def test_back_and_another_amount_settles_nothing_and_says_so(commerce: Any, acme: Any) -> None:
    bob = world.customer("Bob Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("20"),))
    payments.record(bob, D("120.00"), reference="", actor=jane, at=timezone.now(), key="p")
    form = f"/customers/{bob.account_number}/payments/settle/"
    given = drawn(commerce, form) | {"way": "out", "amount": "10.00"}
    assert commerce.post(form, given).status_code == 302

    answer = commerce.post(form, given | {"amount": "90.00"})

    assert (answer.status_code, AGAIN in answer.content.decode()) == (422, True)
    assert Standing.objects.get(customer=bob).wallet == 90


def test_back_and_the_other_way_records_nothing_and_says_so(commerce: Any, anna: Customer) -> None:
    form = f"/customers/{anna.account_number}/payments/new-entry/"
    before, given = balance(anna), drawn(commerce, form) | {"entry": "raise", "amount": "5.00", "note": "Goodwill"}
    assert commerce.post(form, given).status_code == 302

    answer = commerce.post(form, given | {"entry": "lower"})

    assert (answer.status_code, AGAIN in answer.content.decode(), balance(anna) - before) == (422, True, D("5.00"))


def test_back_and_another_line_credits_nothing_and_says_so(commerce: Any, acme: Any) -> None:
    carl = world.customer("Carl Ltd")
    for n in (1, 2):
        entries.write(carl, "charge", D("10.00") * n, note=f"Thing {n}", actor=jane, at=months.local("2026-10-05 12:00"), key=f"k{n}")
    [document] = months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC), carl)
    form = f"/invoices/{document.number}/credit-note/"
    page = drawn(commerce, form)
    assert commerce.post(form, page | {"lines": ["1"], "reason": "x"}).status_code == 302

    answer = commerce.post(form, page | {"lines": ["2"], "reason": "x"})

    assert (answer.status_code, AGAIN in answer.content.decode(), document.credit_notes.count()) == (422, True, 1)


@pytest.mark.parametrize("billing_type", BillingType.values)
def test_two_tabs_do_not_pay_the_last_open_invoice_twice(commerce: Any, anna: Customer, october: Any, billing_type: str) -> None:
    if billing_type != anna.billing_type:
        customers.change(anna, billing_type=billing_type, actor=jane, at=timezone.now())
    form = f"/customers/{anna.account_number}/payment/"
    one, two = (drawn(commerce, form) | {"amount": "12.00", "pays": str(october.pk)} for _tab in range(2))
    assert commerce.post(form, one).status_code == 302

    answer = commerce.post(form, two)

    assert answer.status_code == 422
    assert "Nothing is due on that invoice any more." in answer.content.decode()
    assert Transfer.objects.filter(kind__in=["payment", "topup"]).count() == 1


def test_a_payment_drawn_for_who_paid_afterwards_is_asked_about_once_they_pay_first(commerce: Any, anna: Customer, october: Any) -> None:
    """What pays the oldest invoice in the one case tops up the balance in the other."""
    form = f"/customers/{anna.account_number}/payment/"
    assert 'name="how" value="postpaid"' in commerce.get(form).content.decode()
    given = drawn(commerce, form) | {"amount": "12.00"}
    customers.change(anna, billing_type=BillingType.PREPAID, actor=jane, at=timezone.now())

    answer = commerce.post(form, given)

    assert answer.status_code == 422
    assert "How this customer pays has changed since this page was opened: look at what it is for." in answer.content.decode()
    assert not Transfer.objects.filter(kind__in=["payment", "topup"]).exists()
    again = {name: value for name, value in drawn(commerce, form).items() if name == "how"}
    assert commerce.post(form, given | again | {"pays": str(october.pk)}).status_code == 302
    assert months.due(october) == "0.00"


def test_a_double_click_on_the_last_open_invoice_is_one_payment(commerce: Any, anna: Customer, october: Any) -> None:
    form = f"/customers/{anna.account_number}/payment/"
    given = drawn(commerce, form) | {"amount": "12.00", "pays": str(october.pk)}

    assert [commerce.post(form, given).status_code for _click in range(2)] == [302, 302]
    assert Transfer.objects.filter(kind="payment").count() == 1
