"""Commerce » My account: a reseller sees what it owes its parent, and nothing else of its parent's."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Role
from customers.models import BillingType, Customer, Person, Standing
from invoicing.domain import payments
from invoicing.models import Document
from tests.support import months, tree, world
from tests.support.months import D, renders
from tests.support.people import client, user
from tests.support.tree import Tree
from tests.support.world import jane

pytestmark = pytest.mark.django_db
FIRST = datetime(2026, 11, 1, 6, tzinfo=UTC)
PAGES = ["/my-account/", "/my-account/statement/"]


@pytest.fixture
def three(acme: Any) -> Tree:
    """Globex owes Acme for 1,000 minutes of October, and has its invoice."""
    made = tree.plant()
    tree.take([tree.call(made.anna, f"c{n}", seconds=6000) for n in range(10)], FIRST)
    tree.work()
    with schema_context("acme"):
        world.customer("Stranger Ltd", on=world.plan("Other"))
        months.issue("2026-11-01", FIRST, made.globex)
        payments.record(made.globex, amount=D("150.00"), reference="", actor=jane, at=FIRST, key="p1")
    return made


def staff(role: Role = Role.ADMINISTRATOR) -> Any:
    return client(user(f"gus-{role}", role))


def invoice() -> Document:
    with schema_context("acme"):
        return Document.objects.get()


def test_it_says_what_is_owed_and_lists_the_invoices(three: Tree) -> None:
    answer = staff().get("/my-account/")
    text = answer.content.decode()

    assert "My account at Acme" in text
    assert months.money(answer.context["standing"].balance) == "-250.00"
    [row] = answer.context["documents"]
    assert (row.document.number, months.money(row.document.total), months.money(row.document.left)) == (invoice().number, "400.00", "250.00")
    assert f"/my-account/invoices/{invoice().number}/" in text


def test_the_balance_is_shown_to_its_last_digit(three: Tree) -> None:
    with schema_context("acme"):
        months.calls(three.globex, "2026-11-03 09:00", price="0.4067")

    assert "−250.4067" in staff().get("/my-account/").content.decode()


def test_the_statement_adds_up(three: Tree) -> None:
    answer = staff().get("/my-account/statement/?first=2026-10-01&last=2026-11-30")

    assert answer.context["sums"] == {"opening": "0.00", "closing": "−250.00", "money_in": "150.00", "money_out": "−400.00"}
    assert "−400.00" in answer.content.decode()
    file = staff(Role.COMMERCE).get("/my-account/statement/?first=2026-10-01&last=2026-11-30&format=csv")
    assert b"-400" in b"".join(file.streaming_content) if file.streaming else b"-400" in file.content


def test_the_document_opens_with_its_content(three: Tree) -> None:
    answer = staff().get(f"/my-account/invoices/{invoice().number}/")

    assert answer.status_code == 200
    assert f"Invoice {invoice().number}" in answer.content.decode()
    assert [event.by for event in answer.context["events"] if event.text == "Issued"] == ["Acme"]  # who works there is nobody's business below
    assert staff(Role.REPORTS).get(f"/my-account/invoices/{invoice().number}/sheet/").status_code == 200


@renders
def test_the_pdf_opens(three: Tree) -> None:
    answer = staff().get(f"/my-account/invoices/{invoice().number}/pdf/")

    assert (answer.status_code, answer["Content-Type"], answer.content[:5]) == (200, "application/pdf", b"%PDF-")


@pytest.mark.parametrize("part", ["", "pdf/", "sheet/"])
def test_a_document_of_somebody_else_at_the_parent_does_not_exist(three: Tree, part: str) -> None:
    with schema_context("acme"):
        anna = months.anna()
        months.issue("2026-11-01", FIRST, anna)
        number = Document.objects.get(customer=anna).number

    assert staff().get(f"/my-account/invoices/{number}/{part}").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_the_root_has_none(owner: Any, page: str) -> None:
    answer = staff().get("/customers/")
    assert "/my-account/" not in answer.content.decode()
    assert client(user("root", Role.ADMINISTRATOR)).get(page).status_code == 404


def test_a_reseller_with_a_parent_has_it_in_the_menu(three: Tree) -> None:
    assert "/my-account/" in staff().get("/customers/").content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_support_may_not_see_it(three: Tree, page: str) -> None:
    theirs = staff(Role.SUPPORT)
    assert theirs.get(page).status_code == 403
    assert "/my-account/" not in theirs.get("/customers/").content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_it_denies_other_customer(three: Tree, page: str) -> None:
    made = user("ann", Role.ACCOUNT_ADMIN)
    Person.objects.create(user=made, customer=three.anna)
    assert client(made).get(page).status_code == 404


def test_it_denies_other_reseller(three: Tree) -> None:
    """Acme's own account is at the owner: Globex's invoice is not there."""
    number = invoice().number
    with schema_context("acme"):
        answer = client(user("jane", Role.ADMINISTRATOR)).get(f"/my-account/invoices/{number}/")

    assert answer.status_code == 404


def test_a_reseller_that_pays_in_advance_sees_its_receipts(three: Tree) -> None:
    with schema_context("acme"):
        for table, column in ((Customer, "pk"), (Standing, "customer")):
            table.objects.filter(**{column: three.globex.pk}).update(billing_type=BillingType.PREPAID)
        payments.record(three.globex, amount=D("80.00"), reference="Bank transfer 9", actor=jane, at=FIRST, key="p2")
        number = Document.objects.get(kind=Document.DocumentKind.RECEIPT).number
    browser = staff()
    overview = browser.get("/my-account/").content.decode()
    assert f'href="/my-account/invoices/{number}/"' in overview
    page = browser.get(f"/my-account/invoices/{number}/").content.decode()
    assert f"Receipt {number}" in page
    assert "Bank transfer 9" in page
