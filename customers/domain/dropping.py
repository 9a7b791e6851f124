"""Take a reseller away for good: its schema, hosts, names, files, cache keys, sessions and jobs (reliability 58).

What it was to its parent stays in the parent's books.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context, tenant_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.jobs import outbox, registry
from billing_portal.jobs.models import Job
from billing_portal.kernel.errors import DomainError, require
from billing_portal.tenancy.domain import names, schemas
from billing_portal.tenancy.models import Reseller
from customers.domain import customers, reseller_orders, standing
from customers.models import Customer


@dataclass(frozen=True)
class Loss:
    """What goes with a reseller, for whoever is asked whether it shall."""

    customers: int
    files: int


def loss(reseller: Reseller) -> Loss:
    """How many customers and stored files would be gone."""
    with schema_context(reseller.schema_name):
        count = Customer.objects.count() if reseller.state == Reseller.State.READY else 0
    return Loss(count, sum(path.is_file() for path in folder(reseller).rglob("*")))


def drop(reseller: Reseller, *, actor: Actor, at: datetime) -> None:
    """Drop the reseller. Its host answers 404 from the first step on; stopped in the middle, it is gone on with when asked again.

    At its parent it stays a customer, closed, with its documents and movements, and no reseller any more.
    Raises `root_stays`, `has_resellers` while any is below it or on order there, `calls_owed` while calls of it are still to reach the parent,
    `not_the_owner` without the owner's database role. Where one of them is met at the last look, its host is opened again and nothing is gone.
    """
    for problem in problems(reseller):
        raise problem
    _set_state(reseller, Reseller.State.MAKING)
    with transaction.atomic():
        owed = _owed_at_last(reseller)
        if owed is None:
            _close_at_parent(reseller, actor=actor, at=at)
            names.free_all(reseller.schema_name)
            schemas.drop(reseller)
            _forget(reseller)
    if owed is not None:
        _set_state(reseller, Reseller.State.READY)
        raise owed
    _forget(reseller)


def problems(reseller: Reseller) -> Iterator[DomainError]:
    """What speaks against it."""
    if reseller.parent_id is None:
        yield DomainError("root_stays", _("The root cannot be dropped: everything hangs from it."))
    with schema_context("public"):
        below = list(Reseller.objects.filter(parent=reseller).values_list("name", flat=True))
    if below:
        text = _("%(name)s has resellers below it: %(below)s. Drop those first.")
        yield DomainError("has_resellers", text % {"name": reseller.name, "below": ", ".join(below)})
    if not schemas.may_drop(reseller):
        yield DomainError("not_the_owner", _("Only the owner's database role can drop a schema: set PORTAL_DB_ROLE=owner."))
    if reseller.state == Reseller.State.READY:
        with schema_context(reseller.schema_name):
            yield from _owed(reseller)


def _owed_at_last(reseller: Reseller) -> DomainError | None:
    """What is owed when nobody can add to it any more: who posts or owes something is waited for, nobody begins until the transaction ends.

    So a call that was acknowledged is owed here or has reached the parent; a later one is not acknowledged.
    """
    if not schemas.is_there(reseller):
        return None
    with schema_context(reseller.schema_name):
        standing.hold_all()
        outbox.hold()
        return next(_owed(reseller), None)


def _set_state(reseller: Reseller, state: Reseller.State) -> None:
    with schema_context("public"):
        Reseller.objects.filter(pk=reseller.pk).update(state=state)


def _owed(reseller: Reseller) -> Iterator[DomainError]:
    """Work of this reseller that others wait for."""
    if reseller_orders.open_jobs().exists():
        yield DomainError("has_resellers", _("A reseller below %(name)s is being made. Wait for it, then drop it first.") % {"name": reseller.name})
    kinds = Job.objects.exclude(state=Job.State.DONE).values_list("kind", flat=True)
    owed = sum(registry.knows(kind) and registry.find(kind).queue == "calls" for kind in kinds)
    if owed:
        text = _("%(count)d batches of calls of %(name)s have not reached its parent yet. Let the jobs end first, or try those that were given up again.")
        yield DomainError("calls_owed", text % {"count": owed, "name": reseller.name})


def _close_at_parent(reseller: Reseller, *, actor: Actor, at: datetime) -> None:
    """The reseller's row among its parent's customers: closed, and a company like any other from now on."""
    assert reseller.parent is not None, "the root was refused"
    with tenant_context(reseller.parent):
        row = Customer.objects.filter(reseller_schema=reseller.schema_name).first()
        if row is None:
            return
        customers.change(row, status=Customer.Status.CLOSED, actor=actor, at=at)
        Customer.objects.filter(pk=row.pk).update(kind=Customer.CustomerKind.NORMAL, reseller_schema="")
        audit.record(actor, "reseller.dropped", subject=("reseller", reseller.pk, reseller.name), customer_id=row.pk, at=at)


def _forget(reseller: Reseller) -> None:
    """Cache keys and files, which no transaction holds: while the reseller can be named again still, and last, for what was under way meanwhile."""
    schemas.forget_cached(reseller.schema_name)
    if folder(reseller).exists():
        shutil.rmtree(folder(reseller))


def folder(reseller: Reseller) -> Path:
    """Where the reseller's files lie."""
    require(reseller.schema_name, "schema_missing", _("A reseller without a schema has no files."))
    return Path(settings.MEDIA_ROOT, reseller.schema_name)
