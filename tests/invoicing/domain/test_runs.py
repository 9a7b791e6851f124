"""A run is one run, its work is done once, and whoever is killed in it has done nothing."""

from datetime import date, datetime
from uuid import UUID, uuid4

import pytest

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import AuditEntry
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from billing_portal.kernel.errors import DomainError
from customers.models import BillingType, Customer, Kind, Transfer
from invoicing.domain import runs
from invoicing.models import Document, InvoiceRun, InvoiceRunItem
from tests.support import months, world
from tests.support.months import calls, run_jobs
from tests.support.world import jane

pytestmark = [pytest.mark.django_db, months.renders]
OCTOBER = date(2026, 11, 1)
ORLA = Actor("Orla Byrne", uuid4(), schema="owner")


@pytest.fixture
def three() -> list[Customer]:
    made = [world.customer(f"{name} Ltd") for name in "ABC"]
    for each in made:
        calls(each, "2026-10-05 09:00", price="1.0000")
    return made


def start(key: str = "page-1", *, by: Actor = jane, **given: object) -> InvoiceRun:
    return runs.start(OCTOBER, key=key, actor=by, at=datetime.fromisoformat("2026-11-01T06:00Z"), **given)  # type: ignore[arg-type]


def rows(run: InvoiceRun) -> list[tuple[str, str, str]]:
    """Customer, state, number or reason."""
    items = run.items.select_related("customer", "document").order_by("customer__name")
    return [(item.customer.name, item.state, item.document.number if item.document else item.reason) for item in items]


def test_a_run_begins_with_a_row_for_each_invoice_and_ends_with_each_issued(three: list[Customer]) -> None:
    world.customer("Pat Ltd", billing_type=BillingType.PREPAID)
    world.customer("Quiet Ltd")
    run = start()
    assert rows(run) == [("A Ltd", "waiting", ""), ("B Ltd", "waiting", ""), ("C Ltd", "waiting", ""), ("Quiet Ltd", "skipped", "nothing_to_bill")]

    run_jobs()

    assert rows(run)[:3] == [("A Ltd", "issued", "ACM-2026-0001"), ("B Ltd", "issued", "ACM-2026-0002"), ("C Ltd", "issued", "ACM-2026-0003")]
    run.progress.refresh_from_db()
    assert (run.progress.state, run.progress.total, run.progress.done, run.progress.skipped) == ("finished", 4, 3, 1)
    assert set(Document.objects.values_list("actor_name", flat=True)) == {"Jane Whitfield"}


def test_the_same_key_is_the_same_run(three: list[Customer]) -> None:
    assert start() == start()
    assert (InvoiceRun.objects.count(), InvoiceRunItem.objects.count(), Job.objects.filter(kind="invoices.issue").count()) == (1, 3, 1)


def test_two_runs_of_the_same_date_issue_the_same_invoices(three: list[Customer]) -> None:
    first, second = start("1"), start("2")
    run_jobs()
    assert rows(first) == rows(second) == [("A Ltd", "issued", "ACM-2026-0001"), ("B Ltd", "issued", "ACM-2026-0002"), ("C Ltd", "issued", "ACM-2026-0003")]
    assert Document.objects.count() == 3


def test_a_run_is_only_for_those_named(three: list[Customer]) -> None:
    run = start(customer_ids=[three[1].pk])
    run_jobs()
    assert rows(run) == [("B Ltd", "issued", "ACM-2026-0001")]


def test_a_run_of_nothing_cannot_start() -> None:
    world.customer("Quiet Ltd")
    with pytest.raises(DomainError, match="nothing_to_issue"):
        start()
    assert (InvoiceRun.objects.count(), Job.objects.count()) == (0, 0)


@pytest.mark.rel(27)
def test_a_worker_killed_before_its_commit_has_done_nothing_and_the_next_does_it_once(three: list[Customer], monkeypatch: pytest.MonkeyPatch) -> None:
    run = start()
    job = Job.objects.get(kind="invoices.issue")
    with monkeypatch.context() as killed:
        killed.setattr(running, "_finish", lambda _job: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            running.run(job.pk)
    assert Document.objects.count() == 0
    assert {state for _name, state, _number in rows(run)} == {"waiting"}

    Job.objects.filter(pk=job.pk).update(leased_until=datetime.fromisoformat("2026-01-01T00:00Z"))
    assert running.run(job.pk)
    assert not running.run(job.pk)

    assert [number for _name, _state, number in rows(run)] == ["ACM-2026-0001", "ACM-2026-0002", "ACM-2026-0003"]


@pytest.mark.rel(43)
def test_the_same_batch_twice_issues_once(three: list[Customer]) -> None:
    run = start()
    for _delivery in range(2):
        runs.work(run, [each.pk for each in three], actor=jane, at=datetime.fromisoformat("2026-11-01T06:00Z"))
    assert Document.objects.count() == 3
    assert {state for _name, state, _number in rows(run)} == {"issued"}


def test_calls_that_came_after_the_preview_are_on_the_invoice(three: list[Customer]) -> None:
    late = world.customer("Late Ltd")
    run = start()
    calls(three[0], "2026-10-06 09:00", price="4.0000")
    calls(late, "2026-10-06 09:00", price="4.0000")
    run_jobs()
    assert months.money(Document.objects.get(customer=three[0]).total) == "5.00"
    assert rows(run)[-1] == ("Late Ltd", "skipped", "nothing_to_bill")


def test_an_earlier_month_that_came_after_the_preview_gets_a_row_of_its_own(three: list[Customer]) -> None:
    run = start()
    calls(three[0], "2026-09-06 09:00", price="4.0000")
    run_jobs()
    assert [(str(item.period_start), item.state) for item in run.items.filter(customer=three[0])] == [("2026-09-01", "issued"), ("2026-10-01", "issued")]


def test_what_waits_cannot_be_tried_again(three: list[Customer]) -> None:
    run = start()
    with pytest.raises(DomainError, match="not_to_be_retried"):
        runs.retry(run.items.get(customer=three[0]), actor=jane, at=datetime.fromisoformat("2026-11-01T06:00Z"))


def test_a_skipped_row_is_issued_once_its_reason_is_gone(three: list[Customer]) -> None:
    quiet = world.customer("Quiet Ltd")
    run = start()
    run_jobs()
    calls(quiet, "2026-10-06 09:00", price="4.0000")

    runs.retry(run.items.get(customer=quiet), actor=jane, at=datetime.fromisoformat("2026-11-02T06:00Z"))
    run_jobs()

    assert rows(run)[-1] == ("Quiet Ltd", "issued", "ACM-2026-0004")


def test_a_run_by_nobody_known_is_still_a_run(three: list[Customer]) -> None:
    assert start(uuid4().hex).actor_id is None


def told(action: str) -> list[tuple[str, UUID | None, str]]:
    """Who did it, by the trail."""
    return sorted(AuditEntry.objects.filter(action=action).values_list("actor_name", "actor_id", "actor_schema"))


@pytest.mark.rel(70)
def test_invoices_and_movements_of_a_run_name_somebody_of_a_parent_as_of_the_parent() -> None:
    months.anna()
    start(by=ORLA)
    run_jobs()

    assert told("run.started") == told("invoice.issued") == [("Orla Byrne", ORLA.user_id, "owner")]
    assert Transfer.objects.filter(kind=Kind.TAX).values_list("actor_name", "actor_id", "actor_schema").get() == ("Orla Byrne", ORLA.user_id, "owner")


@pytest.mark.rel(70)
def test_a_row_that_somebody_else_tries_again_is_issued_by_them(three: list[Customer]) -> None:
    quiet = world.customer("Quiet Ltd")
    run = start()
    run_jobs()
    calls(quiet, "2026-10-06 09:00", price="4.0000")
    runs.retry(run.items.get(customer=quiet), actor=ORLA, at=datetime.fromisoformat("2026-11-02T06:00Z"))
    run_jobs()

    assert told("invoice.issued") == [("Jane Whitfield", None, "")] * 3 + [("Orla Byrne", ORLA.user_id, "owner")]


def test_a_batch_that_was_owed_before_it_said_by_whom_is_by_who_began_the_run(three: list[Customer]) -> None:
    start()
    for job in Job.objects.filter(kind="invoices.issue"):
        Job.objects.filter(pk=job.pk).update(payload={name: value for name, value in job.payload.items() if name != "actor"})
    run_jobs()

    assert told("invoice.issued") == [("Jane Whitfield", None, "")] * 3
