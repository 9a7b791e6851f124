"""Rate many posted calls again: look at what would change, then let the outbox do it in parts, with a progress to watch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import F, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.jobs import outbox
from billing_portal.jobs.models import Job, Progress
from billing_portal.kernel.errors import require
from billing_portal.tenancy.models import new_id
from customers.models import Customer
from invoicing.domain import rerating
from invoicing.domain.price_changes import Finding
from invoicing.domain.rerating import Named
from invoicing.models import Call, PriceChange, WaitingCall
from invoicing.queries.billed import Closed

RATE_AGAIN = "calls.rate_again"
MOST = 10_000
PART = 500
ZERO = Decimal(0)


@dataclass
class Sum:
    """Changed calls of one customer, or their costs at one parent: how many, and what they come to before and after, in one currency."""

    name: str
    currency: str
    customer: Customer | None = None
    calls: int = 0
    before: Decimal = ZERO
    after: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        return self.after - self.before

    def add(self, before: Decimal, after: Decimal) -> None:
        self.calls += 1
        self.before += before
        self.after += after


@dataclass
class Preview:
    """What rating these calls again would change: per customer, and what they cost; `kept` counts by reason the calls that keep their price."""

    calls: int = 0
    customers: dict[UUID, Sum] = field(default_factory=dict)
    costs: dict[str, Sum] = field(default_factory=dict)
    kept: Counter[str] = field(default_factory=Counter)

    @property
    def is_empty(self) -> bool:
        return not self.customers and not self.costs

    @property
    def rows(self) -> list[Sum]:
        return sorted(self.customers.values(), key=lambda row: (-abs(row.difference), row.name.lower()))

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why calls keep their price, in words."""
        labels = dict([*WaitingCall.Reason.choices, *Closed.choices])
        return [(str(labels[reason]), count) for reason, count in sorted(self.kept.items())]

    def add(self, found: Finding) -> None:
        if found.reason:
            self.kept[found.reason] += 1
        if found.cost_stays:
            self.kept[Closed.AT_PARENT] += 1
        if found.outcome is not None:
            customer = found.customer
            self.customers.setdefault(customer.pk, Sum(customer.name, customer.currency, customer)).add(found.call.price, found.price)
        if found.bought is not None:
            currency = found.bought.currency
            self.costs.setdefault(currency, Sum("", currency)).add(found.call.buy_price or ZERO, found.buy_price or ZERO)


def preview(calls: QuerySet[Call]) -> Preview:
    """What would change if these calls were rated again now; nothing is written. Raises `too_many_calls`, `no_calls`."""
    seen = Preview()
    for named in _parts(calls):
        seen.calls += len(named.calls)
        with transaction.atomic():
            for found in rerating.look(named):
                seen.add(found)
    return seen


@transaction.atomic
def order(calls: QuerySet[Call], *, actor: Actor) -> Progress:
    """Owe rating these calls again, in parts of 500; answers with the progress to watch. Raises `too_many_calls`, `no_calls`."""
    parts = list(_parts(calls))
    progress = Progress.objects.create(total=sum(len(part.calls) for part in parts))
    by = actor.to_json()
    for number, part in enumerate(parts):
        named = {"customers": [str(id_) for id_ in part.customers], "calls": [[at.isoformat(), str(id_)] for at, id_ in part.calls]}
        payload = {"progress": str(progress.pk), "attempt": str(new_id()), "actor": by, **named}
        outbox.add(RATE_AGAIN, payload, key=_key(progress.pk, number))
    return progress


def work(payload: dict[str, Any], *, at: datetime) -> None:
    """Rate one part again, and say how far the whole is."""
    named = Named([UUID(id_) for id_ in payload["customers"]], [(datetime.fromisoformat(moment), UUID(id_)) for moment, id_ in payload["calls"]])
    done = rerating.rate_again(named, UUID(payload["attempt"]), actor=Actor.from_json(payload["actor"]), at=at)
    progress = Progress.objects.filter(pk=payload["progress"])
    progress.update(done=F("done") + done.changed, skipped=F("skipped") + done.same, state=Progress.State.RUNNING)
    progress.filter(done__gte=F("total") - F("skipped")).update(state=Progress.State.FINISHED, finished_at=at)


def progress_or_404(id_: UUID) -> Progress:
    """The progress of an order that was given here."""
    if not Job.objects.filter(key=_key(id_, 0)).exists():
        raise Http404
    return Progress.objects.get(pk=id_)


def given_up(progress: Progress) -> bool:
    """Whether a part of it was given up: it stands under Platform » Jobs and can be started again there."""
    return Job.objects.filter(kind=RATE_AGAIN, key__startswith=_key(progress.pk), state=Job.State.DEAD).exists()


def changed(progress: Progress) -> list[Sum]:
    """What was changed so far, per customer."""
    attempts = [UUID(id_) for id_ in Job.objects.filter(key__startswith=_key(progress.pk)).values_list("payload__attempt", flat=True)]
    moved = PriceChange.objects.filter(attempt__in=attempts, transfer__isnull=False).order_by().values("customer")
    sums = moved.annotate(calls=models.Count("pk"), before=models.Sum("price_before"), after=models.Sum("price_after"))
    customers = Customer.objects.in_bulk([row["customer"] for row in sums])
    rows = [_summed(customers[row["customer"]], row) for row in sums]
    return sorted(rows, key=lambda row: (-abs(row.difference), row.name.lower()))


def _summed(customer: Customer, row: Mapping[str, Any]) -> Sum:
    return Sum(customer.name, customer.currency, customer, row["calls"], row["before"], row["after"])


def _parts(calls: QuerySet[Call]) -> Iterator[Named]:
    """The calls in parts, customer by customer, so that a part locks few of them."""
    asked = calls.order_by("customer_id", "at", "id").only("at", "id", "customer_id")[: MOST + 1]
    rows: Sequence[Call] = list(asked)
    require(rows, "no_calls", _("There is no call to rate again."))
    require(len(rows) <= MOST, "too_many_calls", _("At most 10,000 calls can be rated again at once. Choose fewer, by date or customer."))
    return (Named.of(rows[start : start + PART]) for start in range(0, len(rows), PART))


def _key(progress: UUID, number: int | str = "") -> str:
    return f"{RATE_AGAIN}:{progress}:{number}"


def total(rows: Iterable[Sum]) -> list[Sum]:
    """Sums added up per currency: currencies are never added to each other."""
    sums: dict[str, Sum] = {}
    for row in rows:
        each = sums.setdefault(row.currency, Sum("", row.currency))
        each.calls, each.before, each.after = each.calls + row.calls, each.before + row.before, each.after + row.after
    return [sums[currency] for currency in sorted(sums)]
