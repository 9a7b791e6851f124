"""Fifty triggers at once: one episode, one mail, one request (reliability 93)."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from billing_portal.accounts.models import Switch
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from billing_portal.mail.models import MailLog
from billing_portal.tenancy.models import Reseller
from customers.domain import customers
from customers.models import BillingType, Customer, Kind, Lock, Standing
from invoicing.domain import calls, decisions, ledger_check, topup_triggers, topups
from invoicing.domain.records import CallRecord
from invoicing.models import Document, LowBalanceEpisode, Payment, TopUpRequest
from tests import sizes
from tests.support import months, people, world
from tests.support.months import D
from tests.support.world import jane

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work: Callable[[int], Any]) -> list[BaseException]:
    """Do the work in fifty threads that start together, each with its own connection in Acme's schema; answers with what went wrong."""
    gate, acme = threading.Barrier(sizes.TRIGGERS), Reseller.objects.get(schema_name="acme")
    problems: list[BaseException] = []

    def run(number: int) -> None:
        connection.set_tenant(acme)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")  # each waits for its turn; what a bounded wait does is told elsewhere
        try:
            gate.wait(timeout=60)
            work(number)
        except Exception as problem:  # noqa: BLE001 - told to the test
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(sizes.TRIGGERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return problems


def on_the_edge() -> Customer:
    """Somebody with 50.00 and a threshold of 50.00, topped up to 80.00."""
    made = world.customer(billing_type=BillingType.PREPAID)
    months.moved(Kind.TOPUP, made, "50.00", "2026-11-02 09:00")
    settings: dict[str, Any] = {"low_balance_threshold": D("50.00"), "topup": "target", "topup_amount": D("80.00")}
    return customers.change(made, **settings, actor=jane, at=timezone.now())


@pytest.mark.rel(93)
@pytest.mark.parametrize("repeat", range(sizes.TRIGGER_REPEATS))
def test_fifty_triggers_are_one_episode_one_mail_and_one_request(acme: Any, repeat: int) -> None:
    people.user("carl")
    anna = on_the_edge()

    def trigger(number: int) -> None:
        months.calls(anna, "2026-11-03 09:00", price="0.10")
        for job in Job.objects.filter(kind__startswith="low_balance"):
            running.run(job.pk)
        topups.attempt(anna.pk, at=timezone.now())
        if number % 10 == 0:
            topup_triggers.sweep(at=timezone.now())

    assert at_once(trigger) == []

    assert world.balance(anna) == D("50.00") - D("0.10") * sizes.TRIGGERS
    assert LowBalanceEpisode.objects.count() == 1
    assert list(MailLog.objects.values_list("kind", flat=True).order_by("kind")) == ["low_balance", "topup_request"]
    assert TopUpRequest.objects.count() == 1
    assert set(Job.objects.filter(kind__startswith="low_balance").values_list("state", flat=True)) == {"done"}


@pytest.mark.rel(93)
def test_many_approvals_at_once_post_one_topup(acme: Any) -> None:
    anna = on_the_edge()
    asked = topups.ask(anna, D("20.00"), actor=jane, at=timezone.now())

    assert at_once(lambda _number: decisions.approve(asked, actor=jane, at=timezone.now())) == []

    assert world.balance(anna) == D("70.00")
    assert Payment.objects.count() == 1
    assert list(Document.objects.values_list("number", flat=True)) == ["ACM-2026-R0001"]


def test_many_questions_at_once_are_one_request(acme: Any) -> None:
    anna = on_the_edge()

    refused = at_once(lambda _number: topups.ask(anna, D("20.00"), actor=jane, at=timezone.now()))

    assert {getattr(each, "code", "") for each in refused} == {"request_open"}
    assert len(refused) == sizes.TRIGGERS - 1
    assert TopUpRequest.objects.count() == 1


@pytest.mark.rel(93)
def test_approving_and_rejecting_at_once_is_one_answer(acme: Any) -> None:
    anna = on_the_edge()
    asked = topups.ask(anna, D("20.00"), actor=jane, at=timezone.now())

    def answer(number: int) -> None:
        if number % 2:
            decisions.approve(asked, actor=jane, at=timezone.now())
        else:
            decisions.reject(asked, comment="No", actor=jane, at=timezone.now())

    refused = at_once(answer)

    assert {getattr(each, "code", repr(each)) for each in refused} == {"request_decided"}
    approved = TopUpRequest.objects.get().state == TopUpRequest.State.APPROVED
    assert (Payment.objects.count(), Document.objects.count(), world.balance(anna)) == ((1, 1, D("70.00")) if approved else (0, 0, D("50.00")))
    assert MailLog.objects.filter(kind="topup_rejected").count() == int(not approved)


@pytest.mark.rel(16)
def test_many_calls_at_the_daily_limit_are_one_lock_and_count_to_the_last_digit(acme: Any) -> None:
    anna = customers.change(world.customer(on=world.plan()), daily_limit=D("1.00"), actor=jane, at=timezone.now())
    switch, now = Switch.objects.get_or_create(name="default")[0], timezone.now()

    def call(number: int) -> None:
        record = CallRecord(f"race-{number}", "442079460123", now, account=anna.account_number, answered_at=now, seconds=60)
        calls.ingest([record], switch=switch, source="api", actor=jane, at=now)

    assert at_once(call) == []

    assert Standing.objects.get(customer=anna).spent_today == D("0.06") * sizes.TRIGGERS
    assert [(lock.reason, lock.lifted_at) for lock in Lock.objects.all()] == [("daily_limit", None)]
    assert ledger_check.check().differences == []
