"""Caps for commerce on the pages: the refusal stands at its field with what was written, whoever of commerce it is and wherever they came from."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Role
from customers.models import Customer, Kind, Transfer
from invoicing.domain import topups
from invoicing.models import TopUpRequest
from rateplans.models import BillingTerms
from tests.support import months, walks, world
from tests.support.months import D
from tests.support.people import client, user
from tests.support.world import jane

pytestmark = pytest.mark.django_db

SAID = "Commerce may enter at most 50.00 GBP at once; ask an administrator."


@pytest.fixture
def anna(acme: Any) -> Customer:
    """Anna Ltd at Acme, where commerce enters 50.00 GBP and raises a credit limit by 100.00 GBP at most."""
    BillingTerms.objects.create(amount_cap=D("50.00"), raise_cap=D("100.00"))
    return months.anna()


@pytest.fixture
def boss(acme: Any) -> Any:
    return client(user("boss"))


def sent(browser: Any, address: str, **written: str) -> Any:
    """The form as it is drawn, with what somebody writes into it."""
    form = browser.get(address).context["form"]
    drawn = {name: form[name].value() for name in form.fields}
    return browser.post(address, {name: value for name, value in (drawn | written).items() if value not in (None, "", False)})


def test_the_refusal_stands_at_the_amount_and_what_was_written_stays(commerce: Any, boss: Any, anna: Customer) -> None:
    page = f"/customers/{anna.account_number}/payment/"

    answer = sent(commerce, page, amount="50.01", reference="BACS 17")
    assert (answer.status_code, answer.context["form"].errors) == (422, {"amount": [SAID]})
    assert 'value="BACS 17"' in answer.content.decode()
    assert not Transfer.objects.filter(kind=Kind.PAYMENT).exists()
    assert [sent(browser, page, amount=amount).status_code for browser, amount in ((commerce, "50.00"), (boss, "50.01"))] == [302, 302]
    assert sorted(Transfer.objects.filter(kind=Kind.PAYMENT).values_list("amount", flat=True)) == [D("50.00"), D("50.01")]


def test_a_credit_note_is_refused_at_its_lines(commerce: Any, boss: Any, anna: Customer) -> None:
    months.moved(Kind.CHARGE, anna, "50.00", "2026-10-05 12:00")
    [october] = months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))
    page = f"/invoices/{october.number}/credit-note/"

    def note(browser: Any) -> Any:
        form = browser.get(page).context["form"]
        return browser.post(page, {"lines": [value for value, _label in form.fields["lines"].choices], "reason": "x", "key": form.fields["key"].initial})

    assert (note(commerce).context["form"].errors, note(boss).status_code) == ({"lines": [SAID]}, 302)


def test_a_request_above_the_cap_waits_for_an_administrator(commerce: Any, boss: Any, anna: Customer) -> None:
    asked = topups.ask(anna, D("50.01"), actor=jane, at=timezone.now())

    def decide(browser: Any) -> Any:
        return browser.post(f"/requests/{asked.pk}/", {"decision": "approve", "comment": ""})

    answer = decide(commerce)
    assert (answer.status_code, SAID in answer.content.decode()) == (422, True)
    assert TopUpRequest.objects.get().state == TopUpRequest.State.PENDING
    assert decide(boss).status_code == 302
    assert TopUpRequest.objects.get().state == TopUpRequest.State.APPROVED


def test_a_raise_is_refused_at_the_limit(commerce: Any, boss: Any, anna: Customer) -> None:
    page, said = f"/customers/{anna.account_number}/edit/", "Commerce may raise a credit limit by at most 100.00 GBP at once; ask an administrator."

    assert sent(commerce, page, credit_limit="600.01").context["form"].errors == {"credit_limit": [said]}
    assert sent(commerce, page, credit_unlimited="on").context["form"].errors == {"credit_unlimited": [said]}
    assert Customer.objects.get().credit_limit == 500
    assert [sent(browser, page, credit_limit=limit).status_code for browser, limit in ((commerce, "600.00"), (boss, "900.00"))] == [302, 302]
    assert Customer.objects.get().credit_limit == 900


@pytest.mark.rel(53)
@pytest.mark.parametrize(("role", "status"), [(Role.COMMERCE, 422), (Role.ADMINISTRATOR, 302)])
def test_who_comes_from_a_parent_is_bound_by_the_role_at_home(owner: Any, role: Role, status: int) -> None:
    walks.plant()
    with schema_context("owner"):
        walk = walks.walk_of("owner", user("cora", role))
    with schema_context("acme"):
        BillingTerms.objects.create(amount_cap=D("50.00"))
        anna = world.customer()
    walk.go("owner", "acme")

    with schema_context("acme"):
        answer = sent(walk.windows["acme"], f"/customers/{anna.account_number}/payment/", amount="50.01")
        assert answer.status_code == status
        assert list(Transfer.objects.values_list("amount", flat=True)) == ([] if status == 422 else [D("50.01")])
