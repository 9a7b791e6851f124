"""What happens in a month, told in one line each: calls, documents, what is due, jobs, and the identity that must hold after all of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from billing_portal.accounts.models import Switch
from billing_portal.jobs.domain import running
from customers.domain import ledger
from customers.domain.ledger import Posting
from customers.models import Customer, Kind, Standing, Transfer
from invoicing.domain import calls as ingest
from invoicing.domain import drafts, invoices
from invoicing.domain.drafts import Drafted
from invoicing.domain.lines import NO_CALLS, DraftLine
from invoicing.domain.records import CallRecord
from invoicing.models import Call, CallBatch, Document, Match
from invoicing.queries import documents as queries
from invoicing.queries import movements
from tests.support import world
from tests.support.world import jane

_keys = count(1)
D = Decimal
# The PDF engine leaves its colour profile to the garbage collector.
renders = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")


def local(text: str, zone: str = "Europe/London") -> datetime:
    """ "2026-10-03 09:00" in a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def calls(
    of: Customer,
    when: str,
    *,
    price: str,
    times: int = 1,
    seconds: int = 60,
    destination: str = "United Kingdom - London",
    line: str = "",
) -> Transfer:
    """Answered calls of one local day at this price each, and the usage transfer they name."""
    at = local(when, of.time_zone)
    total = Decimal(price) * times
    [transfer] = ledger.post_many([Posting(Kind.USAGE, of, total, f"test-usage:{next(_keys)}", at)], at=at + timedelta(minutes=1), actor=jane)
    shared: dict[str, Any] = {"customer_id": of.pk, "transfer_id": transfer.pk, "number": "442079460123", "setup_at": at, "answered_at": at, "seconds": seconds}
    shared |= {"billed_seconds": seconds, "price": Decimal(price), "currency": of.currency, "destination": destination, "line": line, "prefix": "4420"}
    Call.objects.bulk_create([Call(at=at, key_id=uuid4(), batch_id=uuid4(), **shared) for _n in range(times)])
    return transfer


def dialled(of: Customer, when: str, to: str, *, seconds: int, times: int = 1, line: str = "") -> None:
    """Answered calls as a switch reports them an hour later: rated by the customer's plan, posted, kept."""
    at = local(when, of.time_zone)
    records = [CallRecord(f"test-{next(_keys)}", to, at, account=of.account_number, line=line, answered_at=at, seconds=seconds) for _n in range(times)]
    switch = Switch.objects.get_or_create(name="default")[0]
    told = ingest.ingest(records, switch=switch, source=CallBatch.Source.API, actor=jane, at=at + timedelta(hours=1))
    assert {answer.status for answer in told} == {"rated"}


def anna() -> Customer:
    """Anna Ltd, post-paid with VAT 20 %, and two calls of October for 10.00 together."""
    made = world.customer("Anna Ltd", on=world.plan(), taxes=(world.vat("20"),), limit="500.00", billing_email="billing@anna.example")
    calls(made, "2026-10-03 09:00", price="5.0000", times=2, line="1001")
    return made


def moved(kind: Kind, of: Customer, amount: str, when: str, **given: Any) -> Transfer:
    """A movement that happened at a local time and was posted then."""
    at = local(when, of.time_zone)
    return ledger.post(kind, of, Decimal(amount), at=at, actor=jane, key=f"test:{next(_keys)}", **given)


def issue(as_of: str, at: datetime, *customers: Customer) -> list[Document]:
    """Issue what a run for this date takes, of all customers unless some are named."""
    chosen = [each.pk for each in customers] or None
    return invoices.issue_all(date.fromisoformat(as_of), actor=jane, at=at, customer_ids=chosen).documents


def same_by_sums(ids: Collection[UUID], as_of: date) -> None:
    """What a preview adds up in the database is what issuing adds up one by one: lines, their words, taxes, calls and reasons."""
    assert _drafted(drafts.preview_all(ids, as_of)) == _drafted(drafts.draft_all(ids, as_of))


def _drafted(found: Drafted) -> Any:
    """All that a draft says but the movements it takes."""
    made = [(each.customer, each.period, each.net, each.moved, each.taxes, each.calls, [_said(line) for line in each.lines]) for each in found.drafts]
    return made, found.skipped


def _said(line: DraftLine) -> Any:
    return replace(line, movements=(), calls=NO_CALLS), line.calls.calls, line.calls.seconds


def reasons(as_of: str, *customers: Customer) -> list[tuple[str, str]]:
    """Who would be skipped by a run for this date, and why."""
    chosen = [each.pk for each in customers] or None
    return [(each.customer.name, each.reason) for each in invoices.preview(date.fromisoformat(as_of), customer_ids=chosen).skipped]


def lines(document: Document) -> list[tuple[str, str, str]]:
    """What the document says: description, detail, amount."""
    return [(line.description, line.detail, money(line.amount)) for line in document.lines.all()]


def destinations(document: Document) -> list[tuple[str, int, int, str]]:
    """Calls by destination: calls, seconds, amount."""
    rows = document.snapshot["destinations"]
    return [(row["destination"], row["calls"], row["seconds"], money(Decimal(row["amount"]))) for row in rows]


def figures(document: Document) -> tuple[str, str, str]:
    return money(document.net), money(document.tax), money(document.total)


def due(document: Document) -> str:
    """What is still to be paid of it."""
    return money(queries.with_figures(Document.objects.filter(pk=document.pk)).get().left)  # type: ignore[attr-defined]


def money(amount: Decimal) -> str:
    """Two decimals, or more where there are more."""
    text = f"{amount.normalize():f}"
    whole, _point, places = text.partition(".")
    return f"{whole}.{places.ljust(2, '0')}"


def matches(of: Customer) -> list[tuple[str, str]]:
    return [(match.document.number, money(match.amount)) for match in Match.objects.filter(document__customer=of).order_by("at", "document__number", "pk")]


def identity(of: Customer) -> Decimal:
    """receivable − (unapplied − open − unbilled): zero, or something is lost (semantics 6)."""
    unapplied = sum((credit.left for credit in queries.unapplied_credits([of.pk])), Decimal(0))  # type: ignore[attr-defined]
    open_ = sum((document.left for document in queries.open_documents([of.pk])), Decimal(0))  # type: ignore[attr-defined]
    unbilled = sum((movement.amount for movement in movements.untaken([of.pk]).get(of.pk, [])), Decimal(0))
    return Decimal(Standing.objects.get(customer=of).receivable - (unapplied - open_ - unbilled))


def run_jobs(*, but: str = "") -> list[str]:
    """Do all that is owed now, and what that owes in turn, each at its first try; answers with the kinds in order."""
    done = []
    while job := running.due().exclude(kind=but).first():
        running.run(job.pk)
        job.refresh_from_db()
        assert job.state == job.State.DONE, f"{job.kind}: {job.error}"
        done.append(job.kind)
    return done
