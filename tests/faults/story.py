"""What happens in every fault test: calls come in and climb three levels, each level invoices its month, and PDFs and mails follow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from billing_portal.jobs import broker, registry
from billing_portal.jobs.domain import holding, running
from billing_portal.jobs.models import Job
from billing_portal.tenancy.models import Reseller
from customers.models import Customer
from invoicing.domain import runs
from invoicing.models import Document
from tests import sizes
from tests.faults.outcome import OPEN, Outcome, broken, outcome
from tests.support import databases, tree, world
from tests.support.tree import LEVELS
from tests.support.waiting import until
from tests.support.world import jane

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOVEMBER = date(2026, 11, 1)
LONGEST = sizes.size(120, 900)  # seconds that a story may take


def plant(customers: int) -> list[Customer]:
    """Globex under Acme under the owner, and so many customers at the bottom; stands in Globex's schema."""
    anna = tree.plant().anna
    plan = anna.plan_assignments.get().plan
    given: dict[str, Any] = {"currency": "USD", "time_zone": "America/New_York"}
    others = [world.customer(f"Customer {n:03}", on=plan, billing_email=f"books@{n:03}.example", **given) for n in range(1, customers)]
    Customer.objects.filter(pk=anna.pk).update(billing_email="books@anna.example")
    for level in ("acme", "owner"):
        with schema_context(level):
            Customer.objects.update(billing_email=f"books@{level}.example")
    return [anna, *others]


def take_calls(of: list[Customer], batch: int, each: int = 2) -> None:
    """A switch sends calls of October of every customer; the same batch number is the same calls."""
    calls = [tree.call(one, f"{batch}-{one.name}-{n}", seconds=60 + n) for one in of for n in range(each)]
    assert {answer.status for answer in tree.take(calls, NOON)} <= {"rated", "repeated"}


def start_runs(*levels: str, of: Collection[Customer] | None = None, click: int = 1) -> None:
    """Somebody at each level, or at those named, asks for the invoices of October, of all customers or of these; another click is another run."""
    chosen = None if of is None else [each.pk for each in of]
    for level in levels or LEVELS:
        with schema_context(level):
            runs.start(NOVEMBER, key=f"run-{level}-{click}", actor=jane, at=NOON, customer_ids=chosen)


def put_papers_off(*, but: int) -> None:
    """Have at the bottom only the PDFs and mails of so many customers made now: those of the others are owed on a later day."""
    with schema_context("globex"):
        now = Customer.objects.order_by("name")[:but]
        later = Document.objects.exclude(customer__in=list(now))
        keys = [f"render:{document.pk}" for document in later]
        Job.objects.filter(key__in=keys, state=Job.State.PENDING).update(due_at=timezone.now() + timedelta(days=2))


def whole(customers: int, papers: int) -> Callable[[], None]:
    """The story with so many customers at the bottom, and the papers of so many of them."""

    def tell() -> None:
        take_calls(plant(customers), 1)
        do_all()
        start_runs()
        do_all("invoices.issue")
        put_papers_off(but=papers)
        do_all()

    return tell


def undisturbed(tell: Callable[[], object]) -> Outcome:
    """What comes of a story when nothing breaks: told in this process alone and taken back again, with all else that is in the database."""
    told = _told(tell)
    databases.empty(connection.settings_dict["NAME"])
    connection.set_tenant(Reseller.objects.get(schema_name="acme"))
    return told


def rolled_back(tell: Callable[[], object]) -> Outcome:
    """The same from where the database stands, and back to there."""
    with transaction.atomic():
        told = _told(tell)
        transaction.set_rollback(True)
    return told


def _told(tell: Callable[[], object]) -> Outcome:
    tell()
    told = outcome()
    assert broken() == []
    return told


def do_all(kind: str = "") -> None:
    """Do here what is owed, and what that owes in turn."""
    while jobs := owed(kind=kind):
        for level, job in jobs:
            with schema_context(level):
                running.run(job.pk)
                job.refresh_from_db()
                assert job.state == Job.State.DONE, f"{level} {job.kind}: {job.error}"


def owed(*, kind: str = "") -> list[tuple[str, Job]]:
    """What is still to be done at each level, but for what is due on a later day."""
    found: list[tuple[str, Job]] = []
    for level in LEVELS:
        with schema_context(level):
            jobs = Job.objects.filter(state__in=OPEN, kind__startswith=kind, due_at__lt=timezone.now() + timedelta(days=1))
            found += [(level, job) for job in jobs.order_by("due_at")]
    return found


def tell_again(*kinds: str) -> None:
    """As a sweep does, of work of these kinds alone."""
    for level, job in (each for kind in kinds for each in owed(kind=kind)):
        broker.tell(level, str(job.pk), registry.find(job.kind).queue)


def held(kind: str = "") -> list[tuple[str, Job]]:
    """What somebody works on at this moment."""
    found: list[tuple[str, Job]] = []
    for level in LEVELS:
        with schema_context(level):
            found += [(level, job) for job in Job.objects.filter(holding.IsHeld(), state=Job.State.RUNNING, kind__startswith=kind)]
    return found


def not_done(jobs: Sequence[tuple[str, Job]]) -> list[str]:
    """The kinds of those of these jobs that are not done."""
    kinds: list[str] = []
    for level, job in jobs:
        with schema_context(level):
            kinds += Job.objects.filter(pk=job.pk).exclude(state=Job.State.DONE).values_list("kind", flat=True)
    return kinds


def until_work_goes_on(jobs: int = 2, meanwhile: Callable[[], None] = lambda: None) -> float:
    """The seconds until so many jobs more are done: how long work was held up. `meanwhile` is done again and again."""

    def done() -> int:
        meanwhile()
        count = 0
        for level in LEVELS:
            with schema_context(level):
                count += Job.objects.filter(state=Job.State.DONE).count()
        return count

    before = done()
    return until(lambda: done() >= before + jobs, pause=0.05, seconds=LONGEST)


def until_nothing_is_owed(kind: str = "", *, seconds: float = LONGEST) -> float:
    """Wait until workers have done all, or all of a kind; what failed on the way is tried again at once and not after its back-off. The seconds it took."""

    def done() -> bool:
        hurry()
        return not owed(kind=kind)

    try:
        return until(done, pause=0.1, seconds=seconds)
    except AssertionError:
        left = [(level, job.kind, job.state, job.attempts, job.error) for level, job in owed(kind=kind)]
        raise AssertionError(f"still owed after {seconds} s: {left}") from None


def hurry() -> None:
    """As if the minutes were over that a job waits which met trouble."""
    for level in LEVELS:
        with schema_context(level):
            Job.objects.filter(state=Job.State.PENDING, due_at__gt=timezone.now()).exclude(error="").update(due_at=timezone.now())
