"""Invoice runs: what somebody asked to be invoiced, worked off in the background (E27, reliability 26, 27)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.jobs import outbox
from billing_portal.jobs.models import Progress
from billing_portal.kernel.errors import require
from billing_portal.kernel.period import Period
from billing_portal.tenancy.models import new_id
from customers.domain import once
from invoicing.domain import invoices
from invoicing.domain.drafts import Draft, Skipped
from invoicing.domain.invoices import Issued
from invoicing.models import Document, InvoiceRun, InvoiceRunItem
from invoicing.queries import documents as queries

BATCH = 100
NOT_LISTED = {"prepaid", "already_issued", "not_due"}
State = InvoiceRunItem.State


@dataclass(frozen=True)
class _Key:
    """A row of a run: whose document, and of which period."""

    customer_id: UUID
    period_start: date


@transaction.atomic
def start(as_of: date, *, key: str, actor: Actor, at: datetime, customer_ids: Collection[UUID] | None = None) -> InvoiceRun:
    """Begin a run for a date, for all customers or those named: its rows now, its documents by the worker. The same again under the key is the same run.

    The transaction owes the work, so a worker or broker that is down delays the run and loses nothing. Raises `nothing_to_issue`, `key_reused`.
    """
    known = InvoiceRun.objects.filter(key=key).first()
    chosen = ("all",) if customer_ids is None else map(str, sorted(customer_ids))
    once.same(f"run:{key}", as_of, *chosen, stands=known is not None)
    known = known or InvoiceRun.objects.filter(key=key).first()  # one that began while this waited for it
    if known is not None:
        return known
    progress = Progress.objects.create()
    run = InvoiceRun.objects.create(key=key, as_of=as_of, made_by=actor.name, actor_id=actor.user_id, progress=progress)
    found = invoices.preview(as_of, customer_ids=customer_ids)
    require(found.drafts, "nothing_to_issue", _("There is nothing to invoice for this date."))
    items = [_waiting(run, draft) for draft in found.drafts] + [_skipped(run, each) for each in found.skipped if _listed(each)]
    InvoiceRunItem.objects.bulk_create(items)
    Progress.objects.filter(pk=progress.pk).update(total=len(items))
    ids = list(dict.fromkeys(draft.customer.pk for draft in found.drafts))
    for number, first in enumerate(range(0, len(ids), BATCH), 1):
        _owe(run, ids[first : first + BATCH], by=actor, key=f"invoices:{run.pk}:{number}")
    audit.record(actor, "run.started", subject=("run", run.pk, str(as_of)), changes={"invoices": ("", len(found.drafts))}, at=at)
    return run


def _listed(skipped: Skipped) -> bool:
    """Rows are kept for periods that have ended; who pays in advance or was invoiced already is no row."""
    return skipped.reason not in NOT_LISTED and skipped.period is not None


def _waiting(run: InvoiceRun, draft: Draft) -> InvoiceRunItem:
    return InvoiceRunItem(run=run, customer=draft.customer, period_start=draft.period.start, period_end=draft.period.end, expected_total=draft.total)


def _skipped(run: InvoiceRun, skipped: Skipped) -> InvoiceRunItem:
    period: Period = skipped.period  # type: ignore[assignment]  # rows without a period are left out before
    state = State.FAILED if skipped.error else State.SKIPPED
    return InvoiceRunItem(
        run=run, customer=skipped.customer, period_start=period.start, period_end=period.end, state=state, reason=skipped.reason, error=skipped.error
    )


def _owe(run: InvoiceRun, customer_ids: Sequence[UUID], *, by: Actor, key: str) -> None:
    customers = [str(customer_id) for customer_id in customer_ids]
    outbox.add("invoices.issue", {"run": str(run.pk), "customers": customers, "actor": by.to_json()}, key=key)


def perform(payload: dict[str, Any], *, at: datetime) -> Issued:
    """One batch as it is owed, by whoever asked for it or for it again; what was owed before that stood there is by who began the run."""
    run = InvoiceRun.objects.select_related("progress").get(pk=payload["run"])
    actor = Actor.from_json(payload["actor"]) if "actor" in payload else Actor(name=run.made_by, user_id=run.actor_id)
    return work(run, [UUID(customer) for customer in payload["customers"]], actor=actor, at=at)


@transaction.atomic
def work(run: InvoiceRun, customer_ids: Collection[UUID], *, actor: Actor, at: datetime) -> Issued:
    """Issue one batch of a run and write down what became of each row, in one transaction: a worker killed anywhere has done nothing of it.

    A document that exists already, whoever issued it, is success (reliability 26).
    """
    issued = invoices.issue(customer_ids, run.as_of, actor=actor, at=at)
    Progress.objects.select_for_update().get(pk=run.progress_id)
    items = list(run.items.filter(customer_id__in=customer_ids, state=State.WAITING))
    known = queries.by_periods([(item.customer_id, item.period_start) for item in items])
    skipped = {each.customer.pk: each for each in issued.skipped}
    for item in items:
        _settle(item, known.get((item.customer_id, item.period_start)), skipped.get(item.customer_id))
    InvoiceRunItem.objects.bulk_update(items, ["state", "reason", "error", "document"])
    InvoiceRunItem.objects.bulk_create(_further(run, issued.documents), ignore_conflicts=True)
    _count(run, at)
    return issued


def _settle(item: InvoiceRunItem, document: Document | None, skipped: Skipped | None) -> None:
    """What became of one row: issued, skipped with its reason, or failed with a sentence."""
    item.document, item.error = document, skipped.error if skipped and document is None else ""
    item.state = State.ISSUED if document else State.FAILED if item.error else State.SKIPPED
    item.reason = "" if document else skipped.reason if skipped else "nothing_to_bill"


def _further(run: InvoiceRun, documents: Collection[Document]) -> list[InvoiceRunItem]:
    """Rows for documents that the preview could not know, because calls arrived in between."""
    known = {_Key(customer, start_) for customer, start_ in run.items.values_list("customer_id", "period_start")}
    new = [document for document in documents if _Key(document.customer_id, document.period_start) not in known]
    return [
        InvoiceRunItem(run=run, customer_id=each.customer_id, period_start=each.period_start, period_end=each.period_end, state=State.ISSUED, document=each)
        for each in new
    ]


def _count(run: InvoiceRun, at: datetime) -> None:
    """Count the rows anew; the progress is locked by now, so the last batch sees them all."""
    states = dict(run.items.values_list("state").annotate(count=Count("pk")).order_by())
    counts = asdict(Counts(**{state: states.get(state, 0) for state in State.values}))
    waiting, issued = counts.pop("waiting"), counts.pop("issued")
    Progress.objects.filter(pk=run.progress_id, started_at=None).update(started_at=at)
    Progress.objects.filter(pk=run.progress_id).update(
        total=waiting + issued + sum(counts.values()),
        done=issued,
        state=Progress.State.RUNNING if waiting else Progress.State.FINISHED,
        finished_at=None if waiting else at,
        **counts,
    )


@dataclass(frozen=True)
class Counts:
    """How many rows of a run are in each state."""

    waiting: int = 0
    issued: int = 0
    skipped: int = 0
    failed: int = 0


@transaction.atomic
def retry(item: InvoiceRunItem, *, actor: Actor, at: datetime) -> None:
    """Try one failed or skipped row again. Raises `not_to_be_retried` when it waits or is issued."""
    changed = InvoiceRunItem.objects.filter(pk=item.pk, state__in=[State.FAILED, State.SKIPPED]).update(state=State.WAITING, reason="", error="")
    require(changed, "not_to_be_retried", _("This row is being worked on, or is issued already."))
    run = item.run
    _count(run, at)
    _owe(run, [item.customer_id], by=actor, key=f"invoices:{run.pk}:{new_id()}")
    audit.record(actor, "run.retried", subject=("run", run.pk, str(run.as_of)), customer_id=item.customer_id, at=at)
