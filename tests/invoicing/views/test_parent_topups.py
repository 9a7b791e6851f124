"""Commerce » My account » Top-ups: a reseller asks its parent, on its own host (semantics 27)."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context

from billing_portal.accounts.models import AuditEntry, Role
from customers.models import BillingType, Customer, Person, Standing
from invoicing.domain import decisions, topups
from invoicing.models import Payment, TopUpRequest
from tests.support import tree, world
from tests.support.months import D
from tests.support.people import client, mails, user
from tests.support.tree import Tree
from tests.support.walks import walk_of
from tests.support.world import jane

pytestmark = pytest.mark.django_db
PAGE = "/my-account/top-ups/"


@pytest.fixture
def three(acme: Any) -> Tree:
    return tree.plant()


def staff(role: Role = Role.ADMINISTRATOR) -> Any:
    return client(user(f"gus-{role}", role, name="Gus Meyer"))


def at_acme() -> list[tuple[str, str, str, str, str]]:
    """Every request at Acme: whose, how much, in which currency, by whom, how it stands."""
    with schema_context("acme"):
        return [
            (each.customer.name, f"{each.amount:.2f}", each.currency, each.asked_by, each.state) for each in TopUpRequest.objects.select_related("customer")
        ]


def trail(schema: str) -> list[tuple[str, str, str, str]]:
    """The entries about top-ups: action, who, of which reseller, and the amount."""
    with schema_context(schema):
        entries = AuditEntry.objects.filter(action__contains="topup").order_by("at", "pk")
        return [(entry.action, entry.actor_name, entry.actor_schema, entry.changes["amount"][1]) for entry in entries]


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.COMMERCE])
def test_a_reseller_asks_and_its_parent_finds_the_request(three: Tree, role: Role) -> None:
    window = staff(role)
    assert PAGE in window.get("/my-account/").content.decode()
    assert window.get(PAGE).status_code == 200

    assert window.post(PAGE, {"amount": "250.00"}).url == PAGE

    assert at_acme() == [("Globex", "250.00", "GBP", "Gus Meyer", "pending")]
    text = window.get(PAGE).content.decode()
    assert "You asked Acme for a top-up of 250.00 GBP." in text
    assert "waits for an answer" in text
    with schema_context("acme"):
        assert "250.00" in client(user("joan", Role.COMMERCE)).get("/requests/").content.decode()


@pytest.mark.rel(70)
def test_both_sides_write_down_who_asked(three: Tree) -> None:
    staff().post(PAGE, {"amount": "250.00"})

    assert trail("globex") == [("parent.topup_asked", "Gus Meyer", "", "250.00 GBP")]
    assert trail("acme") == [("topup.asked", "Gus Meyer", "globex", "250.00 GBP")]
    with schema_context("acme"):
        assert AuditEntry.objects.get(action="topup.asked").customer_id == three.globex.pk


def test_the_parent_approves_and_the_reseller_sees_the_money(three: Tree) -> None:
    window = staff()
    window.post(PAGE, {"amount": "250.00"})
    with schema_context("acme"):
        asked = TopUpRequest.objects.get()
        client(user("joan", Role.COMMERCE)).post(f"/requests/{asked.pk}/", {"decision": "approve", "comment": "With thanks"})
        [mail] = mails("topup_approved")
        assert Standing.objects.get(customer=three.globex).balance == D("250.00")
        assert f"http://globex.localhost:8000{PAGE}" in mail.text

    text = window.get(PAGE).content.decode()
    assert "With thanks" in text
    assert "Ask for a top-up" in text
    assert tree.differences() == []


def test_a_low_balance_mail_leads_a_reseller_to_its_own_host(three: Tree, noon: datetime) -> None:
    with schema_context("acme"):
        Customer.objects.filter(pk=three.globex.pk).update(low_balance_threshold=D("5.00"))
        Standing.objects.filter(customer=three.globex).update(low_threshold=D("5.00"), credit_limit=D("5.10"))
    tree.take([tree.call(three.anna)], noon)
    tree.work()

    with schema_context("acme"):
        [mail] = mails("low_balance")
        assert f"http://globex.localhost:8000{PAGE}" in mail.text


@pytest.mark.parametrize("amount", ["", "0.00", "-1.00", "1,000.00", "1.001", "much"])
def test_it_cannot_ask_for_this(three: Tree, amount: str) -> None:
    assert staff().post(PAGE, {"amount": amount}).status_code == 422
    assert (at_acme(), trail("globex"), trail("acme")) == ([], [], [])


def test_it_cannot_ask_twice_while_one_waits_and_nothing_is_written_down(three: Tree) -> None:
    window = staff()
    window.post(PAGE, {"amount": "250.00"})

    answer = window.post(PAGE, {"amount": "50.00"})

    assert answer.status_code == 422
    assert "waiting for an answer already" in answer.content.decode()
    assert (len(at_acme()), len(trail("globex")), len(trail("acme"))) == (1, 1, 1)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.REPORTS])
def test_who_may_not_move_money_cannot_ask(three: Tree, role: Role) -> None:
    window = staff(role)

    assert (window.get(PAGE).status_code, window.post(PAGE, {"amount": "1.00"}).status_code) == (403, 403)
    if role == Role.REPORTS:
        assert PAGE not in window.get("/my-account/").content.decode()
    assert at_acme() == []


def test_it_sees_its_own_requests_and_no_neighbour_s(three: Tree, noon: datetime) -> None:
    with schema_context("acme"):
        topups.ask(world.customer("Stranger Ltd"), D("77.00"), actor=jane, at=noon)
        topups.ask(three.globex, D("33.00"), actor=jane, at=noon)
    answer = staff().get(PAGE)

    assert [row["topup"].amount for row in answer.context["rows"]] == [D("33.00")]
    assert "77.00" not in answer.content.decode()


def test_the_account_is_the_host_s_whatever_the_form_says(three: Tree) -> None:
    with schema_context("acme"):
        stranger = world.customer("Stranger Ltd")
    staff().post(PAGE, {"amount": "5.00", "customer": str(stranger.pk), "account": stranger.account_number, "currency": "EUR", "state": "approved"})

    assert at_acme() == [("Globex", "5.00", "GBP", "Gus Meyer", "pending")]


def test_a_pre_paid_reseller_reads_what_tax_is_in_it(three: Tree) -> None:
    with schema_context("acme"):
        Customer.objects.filter(pk=three.globex.pk).update(billing_type=BillingType.PREPAID)
        three.globex.customertax_set.create(tax=world.vat())

    answer = staff().get(PAGE)

    assert answer.context["tax"] == 20
    assert "tax; the rest can be spent." in answer.content.decode()


def test_the_root_has_no_parent_to_ask(owner: Any) -> None:
    window = client(user("root", Role.ADMINISTRATOR))

    assert (window.get(PAGE).status_code, window.post(PAGE, {"amount": "1.00"}).status_code) == (404, 404)


def test_it_denies_other_customer(three: Tree) -> None:
    made = user("ann", Role.ACCOUNT_ADMIN)
    Person.objects.create(user=made, customer=three.anna)

    assert client(made).post(PAGE, {"amount": "1.00"}).status_code == 404
    assert at_acme() == []


@pytest.mark.parametrize(("role", "status"), [(Role.ADMINISTRATOR, 302), (Role.COMMERCE, 302), (Role.SUPPORT, 403)])
def test_somebody_of_the_parent_asks_under_their_own_name_with_their_own_rights(three: Tree, role: Role, status: int) -> None:
    """Asking is no credential (semantics 34): who may record the payment at home may ask for it here, and both trails name them."""
    with schema_context("acme"):
        joan = user("joan", role, name="Joan Carey")
        walk = walk_of("acme", joan)
    walk.go("acme", "globex")

    assert walk.post("globex", PAGE, {"amount": "9.00"}).status_code == status

    allowed = status == 302
    assert trail("globex") == [("parent.topup_asked", "Joan Carey", "acme", "9.00 GBP")] * allowed
    assert trail("acme") == [("topup.asked", "Joan Carey", "", "9.00 GBP")] * allowed


def test_the_reseller_reads_its_own_peoples_names_and_of_the_parents_the_company(three: Tree) -> None:
    """On its page, and on the statement at the parent for good."""
    with schema_context("acme"):
        walk = walk_of("acme", user("joan", name="Joan Carey"))
    window = staff()
    walk.go("acme", "globex")
    for browser in (walk.windows["globex"], window):
        assert browser.post(PAGE, {"amount": "9.00"}).status_code == 302
        with schema_context("acme"):
            decisions.approve(TopUpRequest.objects.get(state="pending"), actor=jane, at=timezone.now())

    assert re.findall(r'data-label="By">(.*?)</td>', window.get(PAGE).content.decode()) == ["Gus Meyer", "Acme"]
    with schema_context("acme"):
        assert sorted(Payment.objects.values_list("reference", flat=True)) == ["Asked for by Acme", "Asked for by Gus Meyer"]
        assert set(TopUpRequest.objects.values_list("asked_by", "by_seller")) == {("Joan Carey", True), ("Gus Meyer", False)}


def test_a_person_of_the_reseller_who_asks_at_the_parents_host_is_named_too(three: Tree) -> None:
    with schema_context("acme"):
        gina = user("gina", Role.ACCOUNT_ADMIN, name="Gina Otto")
        Person.objects.create(user=gina, customer=three.globex)
        assert client(gina).post("/my/top-ups/", {"amount": "9.00"}).status_code == 302
        decisions.approve(TopUpRequest.objects.get(), actor=jane, at=timezone.now())

        assert (TopUpRequest.objects.get().by_seller, Payment.objects.get().reference) == (False, "Asked for by Gina Otto")


def test_nobody_asks_from_inside_a_customer(three: Tree) -> None:
    window = staff()
    window.post("/customers/switch/", {"account": three.anna.account_number})

    assert window.post(PAGE, {"amount": "9.00", "frame": f"{three.anna.pk} Anna Ltd"}).status_code == 403
    assert at_acme() == []
