"""Locks are rows, each with its reason, and each is lifted only by its own cause (semantics 30, E13)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, sessions
from billing_portal.kernel.errors import require
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import Reseller
from customers.domain import standing
from customers.models import Customer, Lock, Person, Standing

Reason, Scope = Lock.Reason, Lock.Scope


@transaction.atomic
def set(customer: Customer, reason: str, scope: str, *, actor: Actor, at: datetime, note: str = "", until: datetime | None = None) -> Lock:
    """Lock the customer's calls, or the sign-in of its people, whose sessions end; the same lock again answers with the one that stands.

    Locked calls are still rated when a record comes in. `until` is when its cause is expected to end. Raises `only_staff_lock_the_web`.
    """
    allowed = scope == Scope.CALLS or reason == Reason.ADMIN
    require(allowed, "only_staff_lock_the_web", _("Only staff can lock the sign-in."))
    standing.lock(customer)
    known = Lock.objects.filter(customer=customer, reason=reason, scope=scope, lifted_at=None).first()
    if known is not None:
        return known
    lock = Lock.objects.create(customer=customer, reason=reason, scope=scope, note=note, until=until, set_at=at, set_by=actor.name)
    resolve(customer)
    if scope == Scope.WEB:
        sessions.shut(Person.objects.filter(customer=customer).values_list("user_id", flat=True), at=at)
        _shut_reseller(customer, lock)
    _record(lock, "customer.locked", actor, at, note)
    return lock


@transaction.atomic
def lift(customer: Customer, reason: str, scope: str, *, actor: Actor, at: datetime, note: str = "") -> Lock | None:
    """End the lock of this reason and scope; locks of other reasons stay. None when there is none.

    A reseller's sessions of before a lock that a former release set, which ended none, end as it is lifted.
    """
    standing.lock(customer)
    lock = Lock.objects.filter(customer=customer, reason=reason, scope=scope, lifted_at=None).first()
    if lock is None:
        return None
    lock.lifted_at, lock.lifted_by = at, actor.name
    lock.save(update_fields=["lifted_at", "lifted_by"])
    resolve(customer)
    if scope == Scope.WEB:
        _shut_reseller(customer, lock)
    _record(lock, "customer.unlocked", actor, at, note)
    return lock


def resolve(customer: Customer) -> None:
    """Rewrite what the locks come to on the standing, where calls and sign-in ask for it. The caller holds the standing's lock.

    A reseller's host asks the reseller's own row, which every request reads anyway; resellers below it have hosts and sign-ins of their own.
    """
    held = list(Lock.objects.filter(customer=customer, lifted_at=None).values_list("scope", "until"))
    calls = [until for scope, until in held if scope == Scope.CALLS]
    ends = max((until for until in calls if until is not None), default=None)
    web = any(scope == Scope.WEB for scope, _until in held)
    Standing.objects.filter(customer=customer).update(web_locked=web, calls_locked=bool(calls), calls_locked_until=None if None in calls else ends)
    if customer.reseller_schema:
        Reseller.objects.filter(schema_name=customer.reseller_schema).update(web_locked=web)


def _shut_reseller(customer: Customer, lock: Lock) -> None:
    """Sessions of before the lock on the host of a reseller end, once, also of those who ask for no page while it is locked; its parent's people stay in."""
    if customer.reseller_schema and tenancy.named(customer.reseller_schema, made=True) is not None:
        with schema_context(customer.reseller_schema):
            sessions.owe_shutting_all(lock.pk, at=lock.set_at)


def _record(lock: Lock, action: str, actor: Actor, at: datetime, note: str) -> None:
    customer = lock.customer
    words = f"{lock.get_scope_display()}: {lock.get_reason_display()}"
    said = {"lock": ("", words) if action == "customer.locked" else (words, "")}
    audit.record(actor, action, subject=("customer", customer.pk, customer.name), customer_id=customer.pk, changes=said, note=note, at=at)
