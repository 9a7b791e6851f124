"""Requests under Commerce, the answer to one, and the customer's own page to ask."""

from typing import Any

import pytest
from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import Role
from billing_portal.web import registry
from customers.domain import customers
from customers.models import BillingType, Customer
from invoicing.domain import decisions, topups
from invoicing.models import Document, Payment, TopUpRequest
from rateplans.models import BillingTerms
from tests.support import world
from tests.support.months import D
from tests.support.people import client, mails, user
from tests.support.world import jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(anna: Customer) -> TopUpRequest:
    """Anna asks for 20.00."""
    return topups.ask(anna, D("20.00"), actor=jane, at=timezone.now())


def test_a_request_waits_in_the_list_and_is_counted_in_the_menu(commerce: Any, asked: TopUpRequest) -> None:
    page = commerce.get("/requests/")
    text = page.content.decode()
    assert "Anna Ltd" in text
    assert "20.00" in text
    [item] = [each for each in registry.menu.items if each.url_name == "invoicing:requests"]
    assert item.badge is not None
    assert item.badge(page.wsgi_request.viewer) == 1


def test_the_list_is_empty_at_first_and_can_be_narrowed(commerce: Any, anna: Customer) -> None:
    assert "No requests yet" in commerce.get("/requests/").content.decode()
    topups.ask(anna, D("20.00"), actor=jane, at=timezone.now())
    assert commerce.get("/requests/?show=waiting").context["listing"].total == 1
    assert commerce.get("/requests/?show=approved").context["listing"].total == 0
    assert commerce.get("/requests/?q=nobody").context["listing"].total == 0


def test_approve_posts_it_and_says_so(commerce: Any, asked: TopUpRequest) -> None:
    answer = commerce.post(f"/requests/{asked.pk}/", {"decision": "approve", "comment": "Thank you"})
    assert answer.url == "/requests/"
    assert "The top-up of 20.00 GBP for Anna Ltd was approved." in commerce.get("/requests/").content.decode()
    assert Payment.objects.get().gross == 20
    assert len(mails("topup_approved")) == 1
    assert "Thank you" in commerce.get(f"/requests/{asked.pk}/").content.decode()


def test_what_is_left_to_spend_is_told_while_it_matters(commerce: Any, asked: TopUpRequest) -> None:
    def told() -> str:
        return str(commerce.get("/requests/").content.decode().split('data-label="Left to spend">')[1].split("</td>")[0])

    customers.change(asked.customer, credit_limit=D("50.00"), actor=jane, at=timezone.now())
    assert told() == '<span class="bp-money">40.00 <span class="bp-cur">GBP</span></span>', "10.00 are spent"
    decisions.approve(asked, actor=jane, at=timezone.now())
    assert told() == "–"


def test_a_double_click_approves_once(commerce: Any, asked: TopUpRequest) -> None:
    for _n in range(2):
        assert commerce.post(f"/requests/{asked.pk}/", {"decision": "approve"}).status_code == 302
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_page_left_open_learns_who_decided_meanwhile(commerce: Any, asked: TopUpRequest, decision: str) -> None:
    decisions.approve(asked, actor=Actor("Bob Stone"), at=timezone.now())

    refused = commerce.post(f"/requests/{asked.pk}/", {"decision": decision, "comment": "Pay first"})

    assert refused.status_code == 422
    assert "This request was approved before, by Bob Stone." in refused.content.decode()
    assert Payment.objects.count() == 1


def test_another_comment_is_not_taken_for_the_same_click(commerce: Any, asked: TopUpRequest) -> None:
    for comment, status in (("Pay first", 302), ("Pay first", 302), ("No such customer", 422)):
        assert commerce.post(f"/requests/{asked.pk}/", {"decision": "reject", "comment": comment}).status_code == status
    assert TopUpRequest.objects.get().comment == "Pay first"


def test_reject_needs_a_comment(commerce: Any, asked: TopUpRequest) -> None:
    refused = commerce.post(f"/requests/{asked.pk}/", {"decision": "reject"})
    assert refused.status_code == 422
    assert "Write why; the customer reads it." in refused.content.decode()
    assert commerce.post(f"/requests/{asked.pk}/", {"decision": "reject", "comment": "Pay first"}).status_code == 302
    assert [mail.recipients for mail in mails("topup_rejected")] == [["billing@anna.example"]]
    assert Payment.objects.count() == 0


def test_an_unknown_decision_decides_nothing(commerce: Any, asked: TopUpRequest) -> None:
    assert commerce.post(f"/requests/{asked.pk}/", {"decision": "maybe"}).status_code == 200
    assert TopUpRequest.objects.get().state == "pending"


@pytest.mark.parametrize("who", ["support", "reports"])
def test_who_may_not_move_money_cannot_answer(request: Any, who: str, asked: TopUpRequest) -> None:
    browser = request.getfixturevalue(who)
    for address in ("/requests/", f"/requests/{asked.pk}/"):
        assert browser.get(address).status_code == 403
    assert browser.post(f"/requests/{asked.pk}/", {"decision": "approve"}).status_code == 403


def test_another_reseller_cannot_find_it(asked: TopUpRequest, globex: Any) -> None:
    assert client(user("gus", Role.ADMINISTRATOR)).get(f"/requests/{asked.pk}/").status_code == 404


def test_people_of_a_customer_cannot_answer(asked: TopUpRequest, person: Any) -> None:
    assert person("account_admin").post(f"/requests/{asked.pk}/", {"decision": "approve"}).status_code == 404


def test_an_account_administrator_asks_and_sees_the_answer(anna: Customer, person: Any, commerce: Any) -> None:
    browser = person("account_admin")
    assert browser.get("/my/top-ups/").status_code == 200
    assert browser.post("/my/top-ups/", {"amount": "20.00"}).url == "/my/top-ups/"
    asked = TopUpRequest.objects.get()
    assert (asked.customer, asked.amount, asked.origin) == (anna, D("20.00"), "customer")
    assert "You asked for a top-up of 20.00 GBP." in browser.get("/my/top-ups/").content.decode()
    commerce.post(f"/requests/{asked.pk}/", {"decision": "reject", "comment": "Pay first"})
    assert "Pay first" in browser.get("/my/top-ups/").content.decode()


@pytest.mark.parametrize("amount", ["", "0.00", "-1.00", "1,000.00", "1.001", "much"])
def test_an_account_administrator_cannot_ask_for_this(person: Any, amount: str) -> None:
    assert person("account_admin").post("/my/top-ups/", {"amount": amount}).status_code == 422
    assert not TopUpRequest.objects.exists()


def test_an_account_administrator_cannot_ask_while_a_request_waits(person: Any, asked: TopUpRequest) -> None:
    answer = person("account_admin").post("/my/top-ups/", {"amount": "20.00"})
    assert answer.status_code == 422
    assert "waiting for an answer already" in answer.content.decode()


def test_an_account_user_cannot_ask(person: Any) -> None:
    assert person("account_user").get("/my/top-ups/").status_code == 403


def test_the_customer_reads_that_its_reseller_asked_and_not_who_of_its_staff(acme: Any, commerce: Any, person: Any) -> None:
    pat = world.customer("Pat Ltd", billing_type=BillingType.PREPAID)
    tom: Any = client(user("tom", name="Thomas Insider"))
    theirs = person("account_admin", pat)
    tom.post("/customers/switch/", {"account": pat.account_number})
    frame = tom.get("/my/top-ups/").wsgi_request.viewer.frame
    assert tom.post("/my/top-ups/", {"amount": "20.00", "frame": frame}).status_code == 302
    asked = TopUpRequest.objects.get()
    assert f'<td data-label="By">{acme.name}</td>' in theirs.get("/my/top-ups/").content.decode()

    assert "Thomas Insider" in commerce.get("/requests/").content.decode()
    assert "Thomas Insider" in commerce.get(f"/requests/{asked.pk}/").content.decode()
    commerce.post(f"/requests/{asked.pk}/", {"decision": "approve", "comment": ""})
    receipt = Document.objects.get(kind="receipt")
    pages = [theirs.get(path).content.decode() for path in ("/my/top-ups/", "/my/statement/", f"/my/invoices/{receipt.number}/")]
    assert [f"Asked for by {acme.name}" in text for text in pages] == [False, True, True]
    assert [line["detail"] for line in receipt.snapshot["lines"]] == [f"Asked for by {acme.name}"]
    assert "Thomas Insider" not in "".join([*pages, str(receipt.snapshot)])


def test_what_its_own_people_ask_names_them(anna: Customer, person: Any, commerce: Any) -> None:
    theirs = person("account_admin")
    theirs.post("/my/top-ups/", {"amount": "20.00"})
    asked = TopUpRequest.objects.get()
    commerce.post(f"/requests/{asked.pk}/", {"decision": "approve", "comment": ""})

    assert f'<td data-label="By">{asked.asked_by}</td>' in theirs.get("/my/top-ups/").content.decode()
    assert Payment.objects.get().reference == f"Asked for by {asked.asked_by}"


def test_nobody_sees_the_requests_of_another_customer(person: Any, asked: TopUpRequest) -> None:
    theirs = person("account_admin", of=world.customer("Bob Ltd"))
    assert theirs.get("/my/top-ups/").context["listing"].total == 0


def test_a_parked_topup_says_why_and_is_released(commerce: Any, support: Any) -> None:
    BillingTerms.objects.create(topups_per_day=0)
    carl = world.customer("Carl Ltd", billing_type=BillingType.PREPAID, low_balance_threshold=D(10), topup="fixed", topup_amount=D(5))
    customers.change(carl, description="low", actor=jane, at=timezone.now())
    mails()
    page = f"/customers/{carl.account_number}/overview/"
    assert "0 automatic top-ups in 24 hours" in commerce.get(page).content.decode()
    address = f"/customers/{carl.account_number}/top-up/release/"
    assert support.post(address).status_code == 403
    BillingTerms.objects.update(topups_per_day=1)
    assert commerce.post(address).status_code == 302
    assert commerce.get(page).context["parked"] == ""
    assert TopUpRequest.objects.get().amount == 5
