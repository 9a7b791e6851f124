"""Top-ups by request: the amount to the penny, one open at a time, bounded, approved once or rejected with a word (E36)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing_portal.accounts.models import AuditEntry, Role
from billing_portal.kernel.errors import DomainError
from billing_portal.mail.models import MailLog
from customers.domain import customers
from customers.models import AccountKind, BillingType, Customer, Kind, Standing, Transfer
from invoicing.domain import decisions, topup_triggers, topups
from invoicing.models import Document, Payment, TopUpRequest
from rateplans.models import BillingTerms
from tests.support import months, people, world
from tests.support.jobs import run_jobs
from tests.support.months import D
from tests.support.world import jane

pytestmark = pytest.mark.django_db
State = TopUpRequest.State


def topped_up(how: str, amount: str, *, balance: str = "60.00", tax: str = "", prepaid: bool = True, **given: Any) -> Customer:
    """A customer with 60.00, warned below 50.00, who is topped up automatically."""
    taxes = (world.vat(tax),) if tax else ()
    made = world.customer("Anna Ltd", billing_type=BillingType.PREPAID if prepaid else BillingType.POSTPAID, taxes=taxes, limit="0.00" if prepaid else balance)
    if prepaid and D(balance):
        months.moved(Kind.TOPUP, made, balance, "2026-11-02 09:00")
    settings: dict[str, Any] = {"low_balance_threshold": D("50.00"), "topup": how, "topup_amount": D(amount)} | given
    return customers.change(made, **settings, actor=jane, at=timezone.now())


def spend(of: Customer, price: str) -> None:
    months.calls(of, "2026-11-03 09:00", price=price)
    run_jobs()


def requests() -> list[tuple[str, Decimal]]:
    return [(each.state, each.amount) for each in TopUpRequest.objects.order_by("created_at")]


def test_a_fixed_amount_is_gross(acme: Any) -> None:
    anna = topped_up("fixed", "25.00", tax="20")
    spend(anna, "10.00")
    assert requests() == []
    spend(anna, "0.01")
    assert requests() == [("pending", D("25.00"))]


@pytest.mark.parametrize(
    ("tax", "spent", "amount"),
    [("20", "22.50", "75.00"), ("20", "22.3456", "74.81"), ("7.7", "33.3333", "78.98"), ("", "22.3456", "62.35"), ("20", "10.0001", "60.00")],
)
def test_a_target_is_reached_with_tax(acme: Any, tax: str, spent: str, amount: str) -> None:
    """half-up((100 − left) × (1 + tax)), left = 60 − spent."""
    anna = topped_up("target", "100.00", tax=tax)
    spend(anna, spent)
    assert requests() == [("pending", D(amount))]


def test_a_target_is_reached_exactly_by_approval(acme: Any) -> None:
    anna = topped_up("target", "100.00", tax="20")
    spend(anna, "22.50")
    decisions.approve(TopUpRequest.objects.get(), actor=jane, at=timezone.now())
    assert world.balance(anna) == 100


def test_a_payment_of_who_pays_afterwards_includes_no_tax(acme: Any) -> None:
    anna = topped_up("target", "100.00", tax="20", prepaid=False)
    spend(anna, "22.50")
    assert requests() == [("pending", D("62.50"))]
    decisions.approve(TopUpRequest.objects.get(), actor=jane, at=timezone.now())

    assert list(Transfer.objects.filter(about_kind="payment").values_list("kind", "amount", "credit__kind")) == [("payment", D("62.50"), "receivable")]
    assert world.balance(anna) == D("40.00")
    assert not Document.objects.exists()
    [mail] = MailLog.objects.filter(kind="topup_approved")
    assert mail.subject == f"Your top-up of 62.50 GBP was approved by {acme.name}"
    assert "pays your oldest invoices first" in mail.text


def test_it_works_with_the_mail_off(acme: Any) -> None:
    spend(topped_up("fixed", "25.00", low_balance_email=False), "20.00")
    assert requests() == [("pending", D("25.00"))]
    assert not MailLog.objects.filter(kind="low_balance").exists()


def test_it_may_begin_below_the_amount_of_the_mail(acme: Any) -> None:
    anna = topped_up("fixed", "25.00", topup_threshold=D("30.00"))
    spend(anna, "30.00")
    assert (requests(), MailLog.objects.filter(kind="low_balance").count()) == ([], 1)
    spend(anna, "0.01")
    assert requests() == [("pending", D("25.00"))]


def test_the_staff_who_may_decide_are_told(acme: Any) -> None:
    for username, role in (("jane", Role.ADMINISTRATOR), ("carl", Role.COMMERCE), ("sam", Role.SUPPORT), ("rita", Role.REPORTS)):
        people.user(username, role)
    spend(topped_up("fixed", "25.00"), "20.00")
    [mail] = MailLog.objects.filter(kind="topup_request")
    assert mail.recipients == ["jane@example.com", "carl@example.com"]
    assert mail.subject == "Top-up request from Anna Ltd: 25.00 GBP"
    assert f"/requests/{TopUpRequest.objects.get().pk}/" in mail.text


@pytest.mark.rel(93)
def test_further_triggers_add_no_request(acme: Any) -> None:
    anna = topped_up("fixed", "25.00")
    for _n in range(3):
        spend(anna, "15.00")
        topups.attempt(anna.pk, at=timezone.now())
        topup_triggers.sweep(at=timezone.now())
    assert requests() == [("pending", D("25.00"))]
    assert MailLog.objects.filter(kind="topup_request").count() <= 1


def test_still_low_after_a_topup_the_next_posting_tries_again(acme: Any) -> None:
    anna = topped_up("fixed", "5.00")
    spend(anna, "30.00")
    decisions.approve(TopUpRequest.objects.get(), actor=jane, at=timezone.now())
    spend(anna, "1.00")
    assert requests() == [("approved", D("5.00")), ("pending", D("5.00"))]
    assert sorted(TopUpRequest.objects.values_list("episode__number", "attempt")) == [(1, 1), (1, 2)]


def test_after_a_rejection_the_same_low_balance_asks_no_more(acme: Any) -> None:
    anna = topped_up("fixed", "5.00")
    spend(anna, "30.00")
    decisions.reject(TopUpRequest.objects.get(), comment="Pay first", actor=jane, at=timezone.now())
    spend(anna, "1.00")
    topup_triggers.sweep(at=timezone.now())
    assert requests() == [("rejected", D("5.00"))]


@pytest.mark.rel(18)
def test_a_third_topup_in_24_hours_is_parked_until_staff_release(acme: Any) -> None:
    anna = topped_up("fixed", "1.00")
    for _n in range(4):
        spend(anna, "15.00")
        for each in TopUpRequest.objects.filter(state=State.PENDING):
            decisions.approve(each, actor=jane, at=timezone.now())

    assert requests() == [("approved", D("1.00"))] * 2
    assert Customer.objects.get(pk=anna.pk).topup_parked
    assert AuditEntry.objects.get(action="topup.parked").note == "2 automatic top-ups in 24 hours"
    topups.release(anna, actor=jane, at=timezone.now())
    assert requests()[2:] == [("pending", D("1.00"))]
    assert not Customer.objects.get(pk=anna.pk).topup_parked


def low_again_at(of: Customer, at: datetime) -> bool:
    """The open request is approved, a call leaves the customer low, and the next attempt is made at this moment: whether it placed a request."""
    for each in TopUpRequest.objects.filter(state=State.PENDING):
        decisions.approve(each, actor=jane, at=at)
    months.calls(of, "2026-11-03 09:00", price="10.00")
    return topups.attempt(of.pk, at=at) is not None


@pytest.mark.rel(18)
def test_the_24_hours_roll_and_do_not_end_at_midnight(acme: Any) -> None:
    anna, first = topped_up("fixed", "1.00", balance="50.00"), datetime(2026, 11, 10, 23, tzinfo=UTC)
    assert [low_again_at(anna, first + timedelta(hours=hour)) for hour in (0, 1.5, 23.9)] == [True, True, False]
    Customer.objects.filter(pk=anna.pk).update(topup_parked=False)
    assert low_again_at(anna, first + timedelta(hours=24))


def test_what_was_rejected_counts_towards_the_bound(acme: Any) -> None:
    BillingTerms.objects.create(topups_per_day=1)
    anna = topped_up("fixed", "1.00")
    spend(anna, "15.00")
    decisions.reject(TopUpRequest.objects.get(), comment="No", actor=jane, at=timezone.now())
    months.moved(Kind.TOPUP, anna, "20.00", "2026-11-03 10:00")
    spend(anna, "20.00")
    assert (requests(), Customer.objects.get(pk=anna.pk).topup_parked) == ([("rejected", D("1.00"))], True)


def test_the_cap_of_a_month_parks_too(acme: Any) -> None:
    BillingTerms.objects.create(topups_per_day=9, topups_per_month=1)
    anna = topped_up("fixed", "1.00")
    spend(anna, "15.00")
    decisions.approve(TopUpRequest.objects.get(), actor=jane, at=timezone.now())
    spend(anna, "1.00")
    assert AuditEntry.objects.get(action="topup.parked").note == "1 automatic top-up in one month"


def test_releasing_what_is_not_parked_does_nothing(acme: Any) -> None:
    topups.release(topped_up("fixed", "1.00"), actor=jane, at=timezone.now())
    assert not AuditEntry.objects.filter(action="topup.released").exists()


@months.renders
def test_approval_posts_the_topup_without_its_tax_and_mails_a_receipt(acme: Any) -> None:
    anna = topped_up("fixed", "25.00", tax="20")
    spend(anna, "20.00")
    decisions.approve(TopUpRequest.objects.get(), actor=jane, at=timezone.now(), comment="Thank you")

    moved = Transfer.objects.filter(about_kind="payment").order_by("amount")
    assert [(each.kind, each.amount, each.credit.kind) for each in moved] == [
        ("topup", D("4.17"), AccountKind.TAX_PAYABLE),
        ("topup", D("20.83"), AccountKind.WALLET),
    ]
    assert world.balance(anna) == D("60.83")
    request = TopUpRequest.objects.get()
    assert (request.state, request.decided_by, request.comment) == ("approved", "Jane Whitfield", "Thank you")
    assert request.transfer == moved.last()
    run_jobs()
    [mail] = MailLog.objects.filter(kind__in=["topup_approved", "receipt"])
    assert mail.subject == f"Receipt ACM-2026-R0001 from {acme.name}: 25.00 GBP"
    for said in ("Amount: 25.00 GBP", "Tax in it: 4.17 GBP", "Added to your balance: 20.83 GBP", "Balance now: 60.83 GBP", "Thank you"):
        assert said in mail.text
    assert [each["name"] for each in mail.attachments] == ["ACM-2026-R0001.pdf"]


def test_approved_twice_it_is_posted_once(acme: Any) -> None:
    anna = topped_up("fixed", "25.00")
    spend(anna, "20.00")
    request = TopUpRequest.objects.get()
    for _n in range(2):
        decisions.approve(request, actor=jane, at=timezone.now())
    assert Payment.objects.count() == 1
    assert world.balance(anna) == D("65.00")
    assert Document.objects.count() == 1


def test_a_rejection_needs_a_word_and_tells_it(acme: Any) -> None:
    spend(topped_up("fixed", "25.00"), "20.00")
    request = TopUpRequest.objects.get()
    with pytest.raises(DomainError, match="Write why"):
        decisions.reject(request, comment="  ", actor=jane, at=timezone.now())
    decisions.reject(request, comment="Your card was refused", actor=jane, at=timezone.now())

    assert "Your card was refused" in MailLog.objects.get(kind="topup_rejected").text
    assert Payment.objects.count() == 0


def test_it_cannot_be_approved_after_a_rejection_or_rejected_after_an_approval(acme: Any) -> None:
    anna = topped_up("fixed", "25.00")
    spend(anna, "20.00")
    decisions.reject(TopUpRequest.objects.get(), comment="No", actor=jane, at=timezone.now())
    with pytest.raises(DomainError, match="rejected before, by Jane Whitfield"):
        decisions.approve(TopUpRequest.objects.get(), actor=jane, at=timezone.now())
    asked = topups.ask(anna, D("5.00"), actor=jane, at=timezone.now())
    decisions.approve(asked, actor=jane, at=timezone.now())
    with pytest.raises(DomainError, match="approved before, by Jane Whitfield"):
        decisions.reject(asked, comment="No", actor=jane, at=timezone.now())


@pytest.mark.parametrize(("amount", "code"), [("0.00", "amount_not_positive"), ("-5.00", "amount_not_positive"), ("5.001", "amount_too_fine")])
def test_a_customer_cannot_ask_for_this_amount(acme: Any, amount: str, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        topups.ask(world.customer(), D(amount), actor=jane, at=timezone.now())
    assert refused.value.code == code


def test_a_customer_cannot_ask_twice_at_once(acme: Any) -> None:
    anna = world.customer()
    topups.ask(anna, D("5.00"), actor=jane, at=timezone.now())
    with pytest.raises(DomainError) as refused:
        topups.ask(anna, D("6.00"), actor=jane, at=timezone.now() + timedelta(hours=1))
    assert refused.value.code == "request_open"
    assert requests() == [("pending", D("5.00"))]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"low_balance_threshold": D("-1.00")}, "threshold_negative"),
        ({"topup": "off", "topup_amount": D("-1.00")}, "topup_amount_negative"),
        ({"topup": "fixed", "topup_amount": D(5), "low_balance_threshold": D(0)}, "topup_needs_threshold"),
        ({"topup": "fixed", "topup_amount": D(5), "low_balance_threshold": D(10), "topup_threshold": D(11)}, "topup_threshold_above"),
        ({"topup": "fixed", "topup_amount": D(0), "low_balance_threshold": D(10)}, "topup_amount_missing"),
        ({"topup": "target", "topup_amount": D(9), "low_balance_threshold": D(10)}, "topup_target_too_low"),
        ({"topup": "sometimes"}, "topup_unknown"),
        ({"daily_limit": D("-1.00")}, "daily_limit_negative"),
    ],
)
def test_settings_that_contradict_each_other_cannot_be_saved(acme: Any, settings: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        customers.change(world.customer(), **settings, actor=jane, at=timezone.now())
    assert refused.value.code == code


def test_a_resellers_topup_is_the_same(acme: Any) -> None:
    baltic = world.customer("Baltic", billing_type=BillingType.PREPAID, kind="reseller", reseller_schema="baltic")
    customers.change(baltic, low_balance_threshold=D(50), topup="target", topup_amount=D(80), actor=jane, at=timezone.now())
    run_jobs()
    decisions.approve(TopUpRequest.objects.get(), actor=jane, at=timezone.now())
    assert Standing.objects.get(customer=baltic).wallet == 80
