"""Take a reseller away for good: its schema, hosts, names, files, cache keys, sessions and jobs (reliability 58).

What it was to its parent stays in the parent's books.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

Counted = Callable[[], int]
_queues: list[Counted] = []


def register(waiting: Counted) -> None:
    """Say at start-up how many calls wait for a decision in the schema in force: calls live in a higher app."""
    if waiting not in _queues:
        _queues.append(waiting)


@dataclass(frozen=True)
class Loss:
    """What goes with a reseller, for whoever is asked whether it shall; `waiting` are the calls in its queue, which nobody was billed for."""

    customers: int
    files: int
    waiting: int


def loss(reseller: Reseller) -> Loss:
    """How many customers, stored files and waiting calls would be gone."""
    files = sum(path.is_file() for path in folder(reseller).rglob("*"))
    if not schemas.is_there(reseller):
        return Loss(0, files, 0)
    with schema_context(reseller.schema_name):
        return Loss(Customer.objects.count(), files, _waiting())


def _waiting() -> int:
    return sum(waiting() for waiting in _queues)


def drop(reseller: Reseller, *, agreed: Loss, actor: Actor, at: datetime) -> None:
    """Drop the reseller. Its host answers 404 from the first step on; stopped in the middle, it is gone on with when asked again.

    At its parent it stays a customer, closed, with its documents and movements, and no reseller any more. Its files go last, and then its name.
    Raises `root_stays`, `has_resellers` while any is below it or on order there, `calls_owed` while calls of it are still to reach the parent,
    `more_calls_wait` than was `agreed`, `cache_away`, `not_the_owner` without the owner's database role. Whatever stops it before its schema is gone,
    its host is opened again and nothing is gone.
    """
    for problem in problems(reseller):
        raise problem
    with _shut(reseller), transaction.atomic():
        _hold_at_parent(reseller)
        _look_at_last(reseller, agreed)
        _close_at_parent(reseller, actor=actor, at=at)
        names.free_all(reseller.schema_name)
        schemas.drop(reseller)
        schemas.forget_cached(reseller.schema_name)
    _forget(reseller)
    schemas.strike(reseller)


def problems(reseller: Reseller) -> Iterator[DomainError]:
    """What speaks against it."""
    if reseller.parent_id is None:
        yield DomainError("root_stays", _("The root cannot be dropped: everything hangs from it."))
    yield from _below(reseller)
    if not schemas.may_drop(reseller):
        yield DomainError("not_the_owner", _("Only the owner's database role can drop a schema: set PORTAL_DB_ROLE=owner."))
    if reseller.state == Reseller.State.READY:
        with schema_context(reseller.schema_name):
            yield from _owed(reseller)


@contextmanager
def _shut(reseller: Reseller) -> Iterator[None]:
    """The reseller's host is shut, and opened again if something stops what is done meanwhile: its schema is there whole then.

    A schema is made together with the state READY, so one whose state says otherwise was left by a drop that was killed, and is opened too.
    """
    _set_state(reseller, Reseller.State.MAKING)
    try:
        yield
    except BaseException:
        if schemas.is_there(reseller):
            _set_state(reseller, Reseller.State.READY)
        raise


def _hold_at_parent(reseller: Reseller) -> None:
    """Lock the reseller's row at its parent before anything in its own schema, as who changes that row's plan or currency does."""
    assert reseller.parent is not None, "the root was refused"
    with schema_context(reseller.parent.schema_name):
        row = Customer.objects.filter(reseller_schema=reseller.schema_name).first()
        if row is not None:
            standing.lock(row)


def _look_at_last(reseller: Reseller, agreed: Loss) -> None:
    """Ask again when nobody can add to it any more: who takes calls in or owes something is waited for, nobody begins until the transaction ends.

    Whoever takes calls in locks standings first, those of no customer too. So a call that was acknowledged is owed here, waits here or has reached
    the parent; a later one is not acknowledged.
    """
    if not schemas.is_there(reseller):
        return
    with schema_context("public"):
        Reseller.objects.select_for_update().get(pk=reseller.pk)  # who hangs a reseller below it waits
    for problem in _below(reseller):
        raise problem
    with schema_context(reseller.schema_name):
        standing.hold_all()
        outbox.hold()
        for problem in _owed(reseller):
            raise problem
        waiting = _waiting()
    text = _("%(count)d calls wait in the queue of %(name)s, more than were named. Look at them, then drop it again.")
    require(waiting <= agreed.waiting, "more_calls_wait", text % {"count": waiting, "name": reseller.name})


def _set_state(reseller: Reseller, state: Reseller.State) -> None:
    with schema_context("public"):
        Reseller.objects.filter(pk=reseller.pk).update(state=state)


def _below(reseller: Reseller) -> Iterator[DomainError]:
    """Resellers that hang from it."""
    with schema_context("public"):
        below = list(Reseller.objects.filter(parent=reseller).values_list("name", flat=True))
    if below:
        text = _("%(name)s has resellers below it: %(below)s. Drop those first.")
        yield DomainError("has_resellers", text % {"name": reseller.name, "below": ", ".join(below)})


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
        names.take(row.name, customer_id=row.pk)
        audit.record(actor, "reseller.dropped", subject=("reseller", reseller.pk, reseller.name), customer_id=row.pk, at=at)


def _forget(reseller: Reseller) -> None:
    """Cache keys and files, which no transaction holds: when nobody can make any more, and the reseller can be named again still."""
    schemas.forget_cached(reseller.schema_name)
    if folder(reseller).exists():
        shutil.rmtree(folder(reseller))


def folder(reseller: Reseller) -> Path:
    """Where the reseller's files lie."""
    require(reseller.schema_name, "schema_missing", _("A reseller without a schema has no files."))
    return Path(settings.MEDIA_ROOT, reseller.schema_name)
