"""What happens in every fault test: calls come in and climb three levels, each level invoices its month. And what came of it, to compare."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_tenants.utils import schema_context

from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job, Progress
from billing_portal.mail.models import MailLog
from billing_portal.tenancy.models import Reseller
from customers.models import Customer, Standing, Transfer
from invoicing.documents import store
from invoicing.domain import runs
from invoicing.models import Call, Document, DocumentFile
from tests import sizes
from tests.support import databases, tree, world
from tests.support.tree import LEVELS
from tests.support.waiting import until
from tests.support.world import jane

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOVEMBER = date(2026, 11, 1)
LONGEST = sizes.size(120, 900)  # seconds that a story may take
OPEN = (Job.State.PENDING, Job.State.RUNNING)


@dataclass(frozen=True)
class Outcome:
    """All that must not depend on what broke on the way. Numbers are compared as a set: which batch of a run comes first is nobody's promise."""

    documents: list[Any] = field(default_factory=list)
    numbers: list[Any] = field(default_factory=list)
    transfers: list[Any] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)
    balances: list[Any] = field(default_factory=list)
    mails: list[Any] = field(default_factory=list)
    jobs: list[Any] = field(default_factory=list)
    runs: list[Any] = field(default_factory=list)


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


def start_runs(*levels: str, click: int = 1) -> None:
    """Somebody at each level, or at those named, asks for the invoices of October; another click is another run."""
    for level in levels or LEVELS:
        with schema_context(level):
            runs.start(NOVEMBER, key=f"run-{level}-{click}", actor=jane, at=NOON)


def undisturbed(customers: int, batches: int = 1) -> Outcome:
    """What comes of the whole story, told in this process alone and taken back again."""
    planted = plant(customers)
    for batch in range(1, batches + 1):
        take_calls(planted, batch)
    _do_all()
    start_runs()
    _do_all()
    told = outcome()
    assert broken() == []
    databases.empty(connection.settings_dict["NAME"])
    connection.set_tenant(Reseller.objects.get(schema_name="acme"))
    return told


def _do_all() -> None:
    while jobs := owed():
        for level, job in jobs:
            with schema_context(level):
                running.run(job.pk)


def owed(*, kind: str = "") -> list[tuple[str, Job]]:
    """What is still to be done at each level, but for what is due on a later day."""
    found: list[tuple[str, Job]] = []
    for level in LEVELS:
        with schema_context(level):
            jobs = Job.objects.filter(state__in=OPEN, kind__startswith=kind, due_at__lt=timezone.now() + timedelta(days=1))
            found += [(level, job) for job in jobs.order_by("due_at")]
    return found


def try_again_what_was_given_up() -> int:
    """Somebody presses the button beside each job whose worker was killed five times over it (reliability 43); how many there were."""
    count = 0
    for level in LEVELS:
        with schema_context(level):
            for job in Job.objects.filter(state=Job.State.DEAD):
                assert job.error.startswith("No worker came to an end of it"), job.error
                running.retry(job)
                count += 1
    return count


def until_work_goes_on(jobs: int = 2) -> float:
    """The seconds until so many jobs more are done: how long work was held up."""

    def done() -> int:
        count = 0
        for level in LEVELS:
            with schema_context(level):
                count += Job.objects.filter(state=Job.State.DONE).count()
        return count

    before = done()
    return until(lambda: done() >= before + jobs, pause=0.1, seconds=LONGEST)


def until_nothing_is_owed(*, seconds: float = LONGEST) -> float:
    """Wait until workers have done all; what failed on the way is tried again at once and not after its back-off. The seconds it took."""

    def done() -> bool:
        for level in LEVELS:
            with schema_context(level):
                Job.objects.filter(state=Job.State.PENDING, due_at__gt=timezone.now()).exclude(error="").update(due_at=timezone.now())
        return not owed()

    try:
        return until(done, pause=0.1, seconds=seconds)
    except AssertionError:
        left = [(level, job.kind, job.state, job.attempts, job.error) for level, job in owed()]
        raise AssertionError(f"still owed after {seconds} s: {left}") from None


def unlike(undisturbed: Outcome, *, but: tuple[str, ...] = ()) -> list[str]:
    """In what the story came out otherwise than undisturbed; and whatever does not hold by itself."""
    told, wrong = asdict(outcome()), broken()
    for name, expected in asdict(undisturbed).items():
        if name in but:
            continue
        found = told[name]
        wrong += [f"{name}: missing {row}" for row in expected if row not in found] + [f"{name}: not expected {row}" for row in found if row not in expected]
        wrong += [] if len(found) == len(expected) else [f"{name}: {len(found)} instead of {len(expected)}"]
    return wrong


def outcome() -> Outcome:
    found = Outcome()
    for level in LEVELS:
        with schema_context(level):
            _look(found, level)
    return found


def _look(found: Outcome, level: str) -> None:
    for document in Document.objects.select_related("customer").order_by("customer__name", "period_start"):
        lines = [(line.description, line.amount) for line in document.lines.order_by("position")]
        found.documents.append((level, document.customer.name, document.period_start, document.period_end, document.net, document.tax, document.total, lines))
    found.numbers.extend((level, number) for number in Document.objects.order_by("number").values_list("number", flat=True))
    sides = ("customer__name", "kind", "amount", "debit__kind", "credit__kind")
    found.transfers.extend((level, *row) for row in Transfer.objects.order_by(*sides).values_list(*sides))
    found.calls.extend((level, *row) for row in Call.objects.order_by("number", "seconds", "price").values_list("number", "seconds", "price", "buy_price"))
    found.balances.extend((level, *row) for row in Standing.objects.order_by("customer__name").values_list("customer__name", "wallet", "receivable"))
    found.mails.extend((level, mail.kind, tuple(mail.recipients), mail.state) for mail in MailLog.objects.order_by("kind", "recipients"))
    found.jobs.extend((level, *row, count) for row, count in sorted(Counter(Job.objects.values_list("kind", "state")).items()))
    found.runs.extend((level, *row) for row in Progress.objects.values_list("state", "total", "done", "failed", "skipped"))


def broken() -> list[str]:
    """What does not hold: the books, the files of documents, jobs given up."""
    wrong = tree.differences()
    for level in LEVELS:
        with schema_context(level):
            wrong += [f"{level}: {job.kind} was given up: {job.error}" for job in Job.objects.filter(state=Job.State.DEAD)]
            wrong += [f"{level}: {document.number} has no file" for document in Document.objects.filter(files=None)]
            wrong += [f"{level}: {file.path} is not what was stored" for file in DocumentFile.objects.all() if not _is_whole(level, file)]
    return wrong + [f"half a file: {left}" for left in settings.MEDIA_ROOT.rglob(".writing-*")]


def _is_whole(level: str, file: DocumentFile) -> bool:
    return len(store.read(level, file.path, file.sha256)) == file.size


def written() -> dict[str, str]:
    """Every mail by its Message-ID, with its address, as it was written."""
    found: dict[str, str] = {}
    for level in LEVELS:
        with schema_context(level):
            found |= {mail.message_id: ", ".join(mail.recipients) for mail in MailLog.objects.all()}
    return found
