"""What came of a story: compared with the same story undisturbed, row by row and as often as each is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Sum
from django_tenants.utils import schema_context

from billing_portal.jobs.models import Job, Progress
from billing_portal.mail.models import MailLog
from customers.models import Customer, Standing, Transfer
from invoicing.documents import store
from invoicing.models import Call, Document, DocumentFile
from tests.support import tree
from tests.support.tree import LEVELS

OPEN = (Job.State.PENDING, Job.State.RUNNING)


class Figures(NamedTuple):
    """What a document says."""

    level: str
    kind: str
    customer: str
    start: date
    end: date
    net: Decimal
    tax: Decimal
    total: Decimal
    lines: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True)
class Outcome:
    """All that must not depend on what broke on the way. Numbers are compared as a set: which batch of a run comes first is nobody's promise."""

    documents: list[Figures] = field(default_factory=list)
    numbers: list[Any] = field(default_factory=list)
    transfers: list[Any] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)
    balances: list[Any] = field(default_factory=list)
    mails: list[Any] = field(default_factory=list)
    jobs: list[Any] = field(default_factory=list)
    runs: list[Any] = field(default_factory=list)


def unlike(undisturbed: Outcome, *, but: Collection[str] = ()) -> list[str]:
    """In what the story came out otherwise than undisturbed; and whatever does not hold by itself."""
    return differences(outcome(), undisturbed, but=but) + broken()


def differences(found: Outcome, undisturbed: Outcome, *, but: Collection[str] = ()) -> list[str]:
    """Every row that is there less or more often than it is undisturbed."""
    wrong = []
    for name in (each.name for each in fields(Outcome) if each.name not in but):
        here, there = Counter(getattr(found, name)), Counter(getattr(undisturbed, name))
        wrong += [f"{name}: missing {row}, {count}×" for row, count in (there - here).items()]
        wrong += [f"{name}: not expected {row}, {count}×" for row, count in (here - there).items()]
    return wrong


def outcome() -> Outcome:
    found = Outcome()
    for level in LEVELS:
        with schema_context(level):
            _look(found, level)
    return found


def _look(found: Outcome, level: str) -> None:
    names = dict(Customer.objects.values_list("pk", "name"))
    found.documents.extend(_figures(level, document) for document in Document.objects.select_related("customer"))
    found.numbers.extend((level, number) for number in Document.objects.values_list("number", flat=True))
    found.transfers.extend((level, *row) for row in Transfer.objects.values_list("customer__name", "kind", "amount", "debit__kind", "credit__kind"))
    calls = Call.objects.values_list("customer_id", "number", "seconds", "price", "buy_price")
    found.calls.extend((level, names[customer], *row) for customer, *row in calls)
    found.balances.extend((level, *row) for row in Standing.objects.values_list("customer__name", "wallet", "receivable"))
    found.mails.extend((level, mail.kind, tuple(mail.recipients), mail.state) for mail in MailLog.objects.all())
    found.jobs.extend((level, *row) for row in Job.objects.values_list("kind", "state"))
    counts = Progress.objects.values("state").annotate(*(Sum(each) for each in ("total", "done", "failed", "skipped")))
    found.runs.extend((level, *row.values()) for row in counts)


def _figures(level: str, document: Document) -> Figures:
    lines = tuple((line.description, line.amount) for line in document.lines.order_by("position"))
    period = (document.period_start, document.period_end)
    return Figures(level, document.kind, document.customer.name, *period, document.net, document.tax, document.total, lines)


def broken() -> list[str]:
    """What does not hold: the books, the files of documents, jobs given up."""
    wrong = tree.differences()
    for level in LEVELS:
        with schema_context(level):
            wrong += [f"{level}: {job.kind} was given up: {job.error}" for job in Job.objects.filter(state=Job.State.DEAD)]
            wrong += [f"{level}: {document.number} has no file" for document in Document.objects.filter(files=None) if not _is_owed(document)]
            wrong += [f"{level}: {file.path} is not what was stored" for file in DocumentFile.objects.all() if not _is_whole(level, file)]
    return wrong + [f"half a file: {left}" for left in settings.MEDIA_ROOT.rglob(".writing-*")]


def _is_owed(document: Document) -> bool:
    return Job.objects.filter(key=f"render:{document.pk}", state__in=OPEN).exists()


def _is_whole(level: str, file: DocumentFile) -> bool:
    return len(store.read(level, file.path, file.sha256)) == file.size


def written() -> dict[str, str]:
    """Every mail by its Message-ID, with its address, as it was written."""
    found: dict[str, str] = {}
    for level in LEVELS:
        with schema_context(level):
            found |= {mail.message_id: ", ".join(mail.recipients) for mail in MailLog.objects.all()}
    return found


def astray(taken: Collection[tuple[str, str]]) -> list[str]:
    """What is wrong with the mails that arrived where somebody may have been stopped while sending: each must have, and no oftener than its sending began."""
    arrived, begun, wrong = Counter(taken), Counter[str](), []
    for level in LEVELS:
        with schema_context(level):
            starts = dict(Job.objects.filter(kind="mail.deliver").values_list("key", "fence"))
            begun.update({mail.message_id: starts[f"mail:{mail.pk}"] for mail in MailLog.objects.all()})
    expected = written()
    wrong += [f"{mail} was never written" for mail in arrived if mail not in expected.items()]
    wrong += [f"{mail} did not arrive" for mail in expected.items() if mail not in arrived]
    return wrong + [f"{mail} arrived {count}× of {begun[mail[0]]} sendings" for mail, count in arrived.items() if count > begun[mail[0]]]
