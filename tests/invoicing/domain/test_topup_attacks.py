"""Top-ups against everything that should not work: amounts that are none, changes while a request is open, loops, words that would not be true."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing_portal.kernel.errors import DomainError
from billing_portal.mail.models import MailLog
from customers.domain import customers, locks, low_balance
from customers.models import BillingType, Customer, Kind, Lock, Transfer
from invoicing.domain import decisions, ledger_check, payments, topup_triggers, topups
from invoicing.models import Document, TopUpRequest
from rateplans.models import BillingTerms
from tests.support import months, people, world
from tests.support.jobs import run_jobs
from tests.support.months import D
from tests.support.world import jane

pytestmark = pytest.mark.django_db
State = TopUpRequest.State


def changed(of: Customer, **settings: Any) -> Customer:
    return customers.change(of, **settings, actor=jane, at=timezone.now())


def spend(of: Customer, price: str) -> None:
    months.calls(of, "2026-11-03 09:00", price=price)
    run_jobs()


@pytest.fixture
def pat(acme: Any) -> Customer:
    """Pays in advance, has 60.00, is warned below 50.00 and topped up by 25.00."""
    made = world.customer("Pat Ltd", billing_type=BillingType.PREPAID)
    months.moved(Kind.TOPUP, made, "60.00", "2026-11-02 09:00")
    return changed(made, low_balance_threshold=D("50.00"), topup="fixed", topup_amount=D("25.00"))


def waiting() -> TopUpRequest:
    return TopUpRequest.objects.get(state=State.PENDING)


def warning() -> str:
    return MailLog.objects.filter(kind="low_balance").latest("created_at").text


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("NaN", "amount_not_positive"),
        ("Infinity", "amount_not_positive"),
        ("-Infinity", "amount_not_positive"),
        ("1e30", "amount_too_large"),
        ("1000000000000", "amount_too_large"),
        ("0.009", "amount_too_fine"),
        ("1e-30", "amount_too_fine"),
    ],
)
def test_an_amount_that_nobody_can_pay_is_refused_and_nothing_is_posted(pat: Customer, amount: str, code: str) -> None:
    for verb in (
        lambda: topups.ask(pat, Decimal(amount), actor=jane, at=timezone.now()),
        lambda: payments.record(pat, Decimal(amount), reference="", actor=jane, at=timezone.now(), key="x"),
    ):
        with pytest.raises(DomainError) as refused:
            verb()
        assert (refused.value.code, refused.value.field) == (code, "amount")
    assert (TopUpRequest.objects.count(), Transfer.objects.count(), Document.objects.count()) == (0, 1, 0)


def test_the_largest_amount_is_posted(pat: Customer) -> None:
    decisions.approve(topups.ask(pat, D("999999999999.99"), actor=jane, at=timezone.now()), actor=jane, at=timezone.now())
    assert world.balance(pat) == D("1000000000059.99")


def test_asking_posts_nothing(pat: Customer) -> None:
    topups.ask(pat, D("20.00"), actor=jane, at=timezone.now())
    run_jobs()
    assert world.balance(pat) == 60
    assert Document.objects.count() == 0


def test_a_request_in_another_currency_than_the_customer_pays_in_now_cannot_be_approved(acme: Any) -> None:
    fresh = world.customer("New Ltd", billing_type=BillingType.PREPAID)
    asked = topups.ask(fresh, D("20.00"), actor=jane, at=timezone.now())
    changed(fresh, currency="USD")

    with pytest.raises(DomainError, match="in GBP, and the customer pays in USD now"):
        decisions.approve(asked, actor=jane, at=timezone.now())
    assert Transfer.objects.count() == 0
    assert decisions.reject(asked, comment="In dollars, please", actor=jane, at=timezone.now()).state == State.REJECTED


def test_a_request_of_before_is_a_payment_for_who_pays_afterwards_now(acme: Any) -> None:
    fresh = world.customer("New Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("20"),))
    asked = topups.ask(fresh, D("20.00"), actor=jane, at=timezone.now())
    changed(fresh, billing_type=BillingType.POSTPAID)
    decisions.approve(asked, actor=jane, at=timezone.now())

    assert list(Transfer.objects.values_list("kind", "amount", "credit__kind")) == [("payment", D("20.00"), "receivable")]
    assert Document.objects.count() == 0
    assert ledger_check.check().differences == []


@pytest.mark.parametrize("settings", [{"low_balance_threshold": D(0), "topup": "off"}, {"credit_unlimited": True}])
def test_an_open_request_outlives_the_end_of_the_low_balance_and_is_followed_by_none(pat: Customer, settings: dict[str, Any]) -> None:
    spend(pat, "20.00")
    changed(pat, **settings)
    run_jobs()
    decisions.approve(waiting(), actor=jane, at=timezone.now())
    spend(pat, "60.00")
    topup_triggers.sweep(at=timezone.now())
    assert list(TopUpRequest.objects.values_list("state", flat=True)) == ["approved"]


def test_an_amount_of_another_currency_is_asked_for_in_its_smallest_coin(acme: Any) -> None:
    fresh = changed(world.customer("New Ltd", billing_type=BillingType.PREPAID), low_balance_threshold=D(50), topup="fixed", topup_amount=D("25.50"))
    TopUpRequest.objects.all().delete()
    changed(fresh, currency="JPY")
    topups.attempt(fresh.pk, at=timezone.now())
    asked = waiting()
    assert (asked.amount, asked.currency) == (D(26), "JPY")
    assert decisions.approve(asked, actor=jane, at=timezone.now()).state == State.APPROVED


@pytest.mark.rel(18)
def test_rejecting_and_falling_again_is_bounded(pat: Customer) -> None:
    """A customer that goes up and down around its threshold: two requests in 24 hours, whatever staff answer, then it is parked."""
    people.user("carl")
    for _n in range(5):
        spend(pat, "20.00")
        for each in TopUpRequest.objects.filter(state=State.PENDING):
            decisions.reject(each, comment="No", actor=jane, at=timezone.now())
        months.moved(Kind.TOPUP, pat, "20.00", "2026-11-04 09:00")
        run_jobs()

    assert list(TopUpRequest.objects.values_list("state", flat=True)) == ["rejected", "rejected"]
    assert Customer.objects.get(pk=pat.pk).topup_parked
    [mail] = MailLog.objects.filter(kind="topup_parked")
    assert (mail.recipients, mail.subject) == (["carl@example.com"], "Automatic top-up of Pat Ltd is parked")
    assert "Reason: 2 automatic top-ups in 24 hours" in mail.text


@pytest.mark.rel(18)
def test_while_fraud_is_suspected_nothing_is_topped_up_automatically(pat: Customer) -> None:
    locks.set(pat, Lock.Reason.FRAUD, Lock.Scope.CALLS, actor=jane, at=timezone.now())
    spend(pat, "20.00")
    topups.attempt(pat.pk, at=timezone.now())
    topup_triggers.sweep(at=timezone.now())
    assert not TopUpRequest.objects.exists()
    assert "Top up before nothing is left." in warning()

    locks.lift(pat, Lock.Reason.FRAUD, Lock.Scope.CALLS, actor=jane, at=timezone.now())
    topup_triggers.sweep(at=timezone.now())
    assert waiting().amount == 25


def test_a_parked_customer_may_still_ask_and_is_approved(pat: Customer) -> None:
    Customer.objects.filter(pk=pat.pk).update(topup_parked=True)
    spend(pat, "20.00")
    decisions.approve(topups.ask(pat, D("5.00"), actor=jane, at=timezone.now()), actor=jane, at=timezone.now())
    spend(pat, "1.00")
    assert list(TopUpRequest.objects.values_list("origin", "state")) == [("customer", "approved")]


def test_what_the_customer_asked_for_by_hand_does_not_count_towards_the_bound(pat: Customer) -> None:
    for _n in range(3):
        decisions.approve(topups.ask(pat, D("1.00"), actor=jane, at=timezone.now()), actor=jane, at=timezone.now())
    spend(pat, "20.00")
    assert waiting().origin == TopUpRequest.Origin.AUTOMATIC


class TestTheWarningSaysOnlyWhatIsTrue:
    """What the customer can expect of top-ups."""

    def test_when_one_was_asked_for(self, pat: Customer) -> None:
        spend(pat, "20.00")
        assert "A top-up of 25.00 GBP was asked for automatically." in warning()

    def test_when_more_is_spent_before_the_topup_is_asked_for(self, pat: Customer) -> None:
        changed(pat, topup="target", topup_amount=D("100.00"))
        months.calls(pat, "2026-11-03 09:00", price="20.00")
        run_jobs("low_balance")
        months.calls(pat, "2026-11-03 10:00", price="5.00")
        run_jobs()
        assert waiting().amount == D("60.00")
        assert "A top-up of 60.00 GBP was asked for automatically." in warning()

    def test_when_it_begins_lower(self, pat: Customer) -> None:
        changed(pat, topup_threshold=D("30.00"))
        spend(pat, "20.00")
        assert "A top-up is asked for automatically when less than 30.00 GBP is left." in warning()

    def test_when_one_waits_already(self, pat: Customer) -> None:
        topups.ask(pat, D("7.00"), actor=jane, at=timezone.now())
        spend(pat, "20.00")
        assert "A top-up of 7.00 GBP waits for an answer already." in warning()

    @pytest.mark.parametrize("settings", [{"topup": "off"}, {"topup_parked": True}])
    def test_when_none_will_come(self, pat: Customer, settings: dict[str, Any]) -> None:
        Customer.objects.filter(pk=pat.pk).update(**settings)
        spend(pat, "20.00")
        assert "Top up before nothing is left." in warning()
        assert "automatically" not in warning()

    def test_when_the_bound_is_reached(self, pat: Customer) -> None:
        BillingTerms.objects.create(topups_per_day=1)
        spend(pat, "20.00")
        decisions.approve(waiting(), actor=jane, at=timezone.now())
        spend(pat, "20.00")
        assert "Top up before nothing is left." in warning()

    def test_when_it_is_repeated_after_a_rejection(self, pat: Customer) -> None:
        changed(pat, low_balance_repeat_days=1)
        spend(pat, "20.00")
        decisions.reject(waiting(), comment="No", actor=jane, at=timezone.now())
        topup_triggers.sweep(at=timezone.now() + timedelta(days=1))
        assert MailLog.objects.filter(kind="low_balance").count() == 2
        assert "Top up before nothing is left." in warning()


def test_what_is_left_is_never_shown_as_the_threshold_it_is_below(pat: Customer) -> None:
    spend(pat, "10.0001")
    assert low_balance.left_to_spend(pat.standing) is not None
    assert "you have 49.9999 GBP left to spend. That is below 50.00 GBP" in warning()
