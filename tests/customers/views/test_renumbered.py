"""A form that was open while its customer's account number became another's does nothing to the other."""

import re
from datetime import datetime
from typing import Any

import pytest

from customers.domain import customers, locks
from customers.models import Customer, Lock
from tests.support import world
from tests.support.world import jane

pytestmark = pytest.mark.django_db


def held(browser: Any, address: str) -> dict[str, str]:
    """What the page's forms hold hidden beside the token."""
    answer = browser.get(address)
    assert answer.status_code == 200
    return dict(re.findall(r'<input type="hidden" name="(frame|drawn_for)" value="([^"]*)">', answer.content.decode()))


@pytest.fixture
def forms(anna: Customer) -> list[str]:
    return [
        f"/customers/{anna.account_number}/{page}/" for page in ("edit", "lock", "people/new", "lines/new", "payment", "payments/new-entry", "payments/settle")
    ]


def test_every_form_of_a_customer_says_whose_it_is(commerce: Any, anna: Customer, forms: list[str]) -> None:
    assert [held(commerce, form) for form in forms] == [{"frame": "own", "drawn_for": str(anna.pk)}] * len(forms)


@pytest.mark.parametrize("given_on", [True, False])
def test_a_form_of_a_number_that_changed_hands_saves_nothing_and_shows_what_was_written(
    commerce: Any, anna: Customer, forms: list[str], noon: datetime, given_on: bool
) -> None:
    old, drawn = anna.account_number, held(commerce, forms[0])
    customers.change(anna, account_number="555001", actor=jane, at=noon)
    if given_on:
        customers.create("Bob Ltd", plan=world.plan("Other"), account_number=old, billing_email="b@bob.example", actor=jane, at=noon)

    for form in forms:
        new = form.replace(old, "555001")
        here = {"referer": f"http://acme.localhost{form}?q=1"}
        answer = commerce.post(form, drawn | {"amount": "60.00", "name": "1001", "reason": "late", "key": "k1", "drawn": "{}"}, headers=here)
        shown = " ".join(answer.content.decode().split())
        assert answer.status_code == 409
        assert "This form was opened for Anna Ltd, whose account number is 555001 now." in shown
        assert ("The old number is that of Bob Ltd." in shown) is given_on
        assert re.findall(r'<th scope="row">(\w+)</th><td>([^<]*)</td>', shown) == [("amount", "60.00"), ("name", "1001"), ("reason", "late")]
        assert "What you had written is below: “Go on with Anna Ltd” opens the form again, where you can write it anew." in shown
        assert f'href="{new}">Go on with Anna Ltd</a>' in shown
        assert commerce.get(new).status_code == 200


def test_a_button_of_the_list_unlocks_nobody_else(commerce: Any, anna: Customer, noon: datetime) -> None:
    old, bob = anna.account_number, world.customer("Bob Ltd")
    for customer in (anna, bob):
        locks.set(customer, Lock.Reason.ADMIN, Lock.Scope.CALLS, note="late", actor=jane, at=noon)
    listed = commerce.get("/customers/").content.decode()
    row = re.search(rf'action="/customers/{old}/unlock/">\s*(?:<input[^>]*>)*?<input type="hidden" name="drawn_for" value="([^"]*)">', listed)
    assert row is not None
    customers.change(anna, account_number="555001", actor=jane, at=noon)
    customers.change(bob, account_number=old, actor=jane, at=noon)

    for referer in ({"referer": "http://acme.localhost/customers/"}, {}, {"referer": "http://["}, {"referer": f"http://evil.example/customers/{old}/unlock/"}):
        answer = commerce.post(f"/customers/{old}/unlock/", {"drawn_for": row[1]}, headers=referer)
        assert answer.status_code == 409
        assert 'href="/customers/555001/">Go on with Anna Ltd</a>' in answer.content.decode()
        assert "“Go on with Anna Ltd” opens its page." in answer.content.decode()
    assert Lock.objects.filter(lifted_at=None).count() == 2


def test_a_form_of_the_same_customer_is_saved_and_one_of_nobody_is_not(commerce: Any, anna: Customer, forms: list[str]) -> None:
    line = next(form for form in forms if "lines" in form)

    assert commerce.post(line, held(commerce, line) | {"name": "1001"}).status_code == 302
    for nobody in ("nonsense", "0190a0c0-0000-7000-8000-000000000000"):
        assert commerce.post(line, {"drawn_for": nobody, "name": "1002"}).status_code == 404
    assert [row.name for row in anna.lines.all()] == ["1001"]
