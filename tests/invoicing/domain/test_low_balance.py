"""A balance falls through its threshold: one episode, one mail, perhaps a repeat; then it ends (semantics 28, E35)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing_portal.jobs.models import Job
from billing_portal.mail.models import MailLog
from customers.domain import customers
from customers.models import BillingType, Customer, Kind, Standing
from invoicing.domain import episodes, ledger_check, topup_triggers
from invoicing.models import LowBalanceEpisode
from tests.support import months, world
from tests.support.jobs import run_jobs
from tests.support.months import D
from tests.support.world import jane

pytestmark = pytest.mark.django_db


def warned_below(threshold: str, *, balance: str = "60.00", prepaid: bool = True, **given: Any) -> Customer:
    """A customer with a balance and a threshold."""
    kind = BillingType.PREPAID if prepaid else BillingType.POSTPAID
    made = world.customer("Anna Ltd", billing_type=kind, **given)
    if prepaid and D(balance):
        months.moved(Kind.TOPUP, made, balance, "2026-11-02 09:00")
    return customers.change(made, low_balance_threshold=D(threshold), actor=jane, at=timezone.now())


def spend(of: Customer, price: str) -> None:
    months.calls(of, "2026-11-03 09:00", price=price)


def mails() -> list[str]:
    run_jobs()
    return list(MailLog.objects.filter(kind="low_balance").order_by("created_at").values_list("subject", flat=True))


def numbers() -> list[tuple[int, bool]]:
    run_jobs()
    return [(each.number, each.ended_at is None) for each in LowBalanceEpisode.objects.order_by("number")]


def test_falling_through_the_threshold_sends_one_mail(acme: Any) -> None:
    anna = warned_below("50.00")
    spend(anna, "10.00")
    assert mails() == []

    spend(anna, "0.0001")
    assert mails() == [f"Your balance with {acme.name} is low: 49.9999 GBP left"]
    episode = LowBalanceEpisode.objects.get()
    assert (episode.number, episode.left_to_spend, episode.threshold, episode.warnings, episode.ended_at) == (1, D("49.9999"), 50, 1, None)


def test_it_warns_once_however_much_is_spent_after(acme: Any) -> None:
    anna = warned_below("50.00")
    for _n in range(5):
        spend(anna, "11.00")
    assert len(mails()) == 1
    assert numbers() == [(1, True)]


def test_back_at_the_threshold_it_ends_and_may_begin_again(acme: Any) -> None:
    anna = warned_below("50.00")
    spend(anna, "10.01")
    assert numbers() == [(1, True)]
    months.moved(Kind.TOPUP, anna, "0.01", "2026-11-04 09:00")
    assert numbers() == [(1, False)]
    assert Standing.objects.get(customer=anna).low_since is None
    spend(anna, "0.01")
    assert numbers() == [(1, False), (2, True)]
    assert len(mails()) == 2


def test_one_that_ended_before_the_job_ran_warns_nobody(acme: Any) -> None:
    anna = warned_below("50.00")
    spend(anna, "20.00")
    months.moved(Kind.TOPUP, anna, "20.00", "2026-11-04 09:00")
    assert (mails(), numbers()) == ([], [])


def test_the_threshold_counts_what_a_postpaid_customer_may_still_spend(acme: Any) -> None:
    anna = warned_below("50.00", prepaid=False, limit="100.00")
    spend(anna, "50.00")
    assert mails() == []
    spend(anna, "1.00")
    assert mails() == [f"Your balance with {acme.name} is low: 49.00 GBP left"]


def test_held_money_does_not_count(acme: Any) -> None:
    anna = warned_below("50.00")
    Standing.objects.filter(customer=anna).update(held=D("30.00"))
    spend(anna, "1.00")
    assert mails() == []


def test_a_raise_counts(acme: Any) -> None:
    anna = warned_below("50.00")
    Standing.objects.filter(customer=anna).update(raise_amount=D("30.00"))
    spend(anna, "35.00")
    assert mails() == []


@pytest.mark.parametrize(("threshold", "given"), [("0.00", {}), ("50.00", {"credit_unlimited": True})])
def test_it_cannot_begin_without_a_threshold_or_a_limit(acme: Any, threshold: str, given: dict[str, Any]) -> None:
    anna = warned_below(threshold, **given)
    spend(anna, "200.00")
    assert (mails(), numbers()) == ([], [])


def test_the_mail_off_leaves_the_episode(acme: Any) -> None:
    anna = warned_below("50.00")
    customers.change(anna, low_balance_email=False, actor=jane, at=timezone.now())
    spend(anna, "20.00")
    assert (mails(), numbers()) == ([], [(1, True)])


def test_a_threshold_above_the_balance_begins_one_and_one_below_ends_it(acme: Any) -> None:
    anna = warned_below("50.00")
    customers.change(anna, low_balance_threshold=D("70.00"), actor=jane, at=timezone.now())
    assert numbers() == [(1, True)]
    customers.change(anna, low_balance_threshold=D("0.00"), actor=jane, at=timezone.now())
    assert numbers() == [(1, False)]


def test_it_warns_again_after_so_many_days_while_it_lasts(acme: Any) -> None:
    anna = warned_below("50.00")
    customers.change(anna, low_balance_repeat_days=3, actor=jane, at=timezone.now())
    spend(anna, "20.00")
    assert len(mails()) == 1
    job = Job.objects.get(kind="low_balance.repeat")
    episode = LowBalanceEpisode.objects.get()
    assert episode.warned_at is not None
    assert job.due_at == episode.warned_at + timedelta(days=3)

    episodes.remind(episode.pk, 2, at=job.due_at - timedelta(seconds=1))
    assert len(mails()) == 1
    for _n in range(2):
        episodes.remind(episode.pk, 2, at=job.due_at)
    assert len(mails()) == 2
    months.moved(Kind.TOPUP, anna, "90.00", "2026-11-04 09:00")
    run_jobs()
    episodes.remind(episode.pk, 3, at=job.due_at + timedelta(days=3))
    assert len(mails()) == 2


def test_the_sweeper_finds_what_a_lost_job_missed(acme: Any) -> None:
    anna = warned_below("50.00")
    spend(anna, "20.00")
    Job.objects.filter(kind="low_balance").delete()
    assert mails() == []

    topup_triggers.sweep(at=timezone.now())
    topup_triggers.sweep(at=timezone.now())
    assert len(mails()) == 1
    months.moved(Kind.TOPUP, anna, "90.00", "2026-11-04 09:00")
    Job.objects.filter(kind="low_balance.over").delete()
    topup_triggers.sweep(at=timezone.now())
    assert numbers() == [(1, False)]


def test_the_sweeper_finds_a_balance_that_no_posting_noticed(acme: Any) -> None:
    anna = warned_below("50.00")
    Standing.objects.filter(customer=anna).update(low_threshold=D("70.00"))
    topup_triggers.sweep(at=datetime(2026, 11, 5, tzinfo=UTC))
    assert numbers() == [(1, True)]
    assert LowBalanceEpisode.objects.get().began_at == datetime(2026, 11, 5, tzinfo=UTC)


def test_a_resellers_balance_warns_the_reseller(acme: Any) -> None:
    baltic = world.customer("Baltic", billing_type=BillingType.PREPAID, kind="reseller", reseller_schema="baltic", billing_email="ops@baltic.example")
    customers.change(baltic, low_balance_threshold=D("50.00"), actor=jane, at=timezone.now())
    mails()
    assert MailLog.objects.get(kind="low_balance").recipients == ["ops@baltic.example"]


def test_a_check_of_the_ledger_finds_a_low_balance_or_a_lock_that_is_not_so(acme: Any) -> None:
    anna = warned_below("50.00")
    spend(anna, "20.00")
    assert ledger_check.check().differences == []
    Standing.objects.filter(customer=anna).update(low_since=None, calls_locked=True)
    assert sorted((each.place, each.expected, each.found) for each in ledger_check.check().differences) == [
        ("calls locked", D(0), D(1)),
        ("low balance", D(1), D(0)),
    ]
