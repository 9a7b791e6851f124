"""Make a reseller: a customer of its parent, with a schema, a host and an administrator of its own (semantics 23)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context, tenant_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, switches, users
from billing_portal.accounts.models import Role, Switch, User
from billing_portal.kernel import currencies
from billing_portal.kernel.errors import DomainError, require
from billing_portal.kernel.period import zone_of
from billing_portal.tenancy.domain import names, schemas
from billing_portal.tenancy.models import Domain, Reseller
from customers.domain import customers, host_names
from customers.domain.people import NOT_IN_USERNAMES
from customers.models import Customer
from rateplans.domain import plans
from rateplans.models import BillingTerms, RatePlan

SHORT_NAME = re.compile(r"[a-z][a-z0-9]{1,40}")
RESERVED = {"public", "information", "static", "www"}
LONGEST = 41

SCHEMA, CUSTOMER, FURNISHED = "schema", "customer", "furnished"
Told = Callable[[str], None]


@dataclass(frozen=True)
class NewReseller:
    """What a reseller is made of."""

    short_name: str
    name: str
    host: str
    parent: Reseller | None
    currency: str
    time_zone: str
    admin_email: str
    plan: RatePlan | None
    credit_limit: Decimal = Decimal(0)
    credit_unlimited: bool = True


def create(
    short_name: str,
    *,
    name: str,
    host: str,
    parent: Reseller | None,
    currency: str,
    time_zone: str,
    admin_email: str,
    plan: RatePlan | None = None,
    credit_limit: Decimal = Decimal(0),
    credit_unlimited: bool = True,
    actor: Actor,
    at: datetime,
    told: Told = lambda step: None,
) -> Reseller:
    """Make schema, host, customer row in the parent and administrator, who gets the login details; needs the owner's database role.

    `currency` is what it owes its parent in and its own default; `plan` is one of the parent's, and its own rate plan inherits from it.
    It is post-paid there, with unlimited credit unless a limit in its currency is given instead.
    Each step is whole or absent, and `told` when it is there: tried again after a failure in the middle it goes on where it stopped.
    Raises `reseller_exists`, `host_taken`, `name_taken`, `currency_unknown`, `short_name_invalid`, `short_name_reserved` and others.
    """
    new = NewReseller(short_name, name, host.lower().rstrip("."), parent, currency, time_zone, admin_email, plan, credit_limit, credit_unlimited)
    for problem in problems(new):
        raise problem
    known = _known(new)
    reseller = known or _register(new)
    if reseller.state != Reseller.State.READY:
        schemas.make(reseller)
    told(SCHEMA)
    _enter_into_parent(reseller, new, actor=actor, at=at)
    told(CUSTOMER)
    _furnish(reseller, new, actor=actor, at=at)
    told(FURNISHED)
    return reseller


def problems(new: NewReseller) -> Iterator[DomainError]:
    """What speaks against making it, each with its field; the database is the judge when it is made."""
    for check in (_check_short_name, _check_name, _check_host, _check_terms, _check_parent, _check_email):
        try:
            check(new)
        except DomainError as problem:
            yield problem


def short_name_of(name: str) -> str:
    """A short name made of the name's letters and figures, as the form suggests it: "Northwind Voice" is northwindvoice."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in plain if letter.isalnum()).lstrip("0123456789")[:LONGEST]


def is_finished(new: NewReseller) -> bool:
    """Whether exactly this reseller is there with all it needs."""
    known = _known(new)
    return known is not None and _is_same(known, new) and _has_administrator(known)


def _known(new: NewReseller) -> Reseller | None:
    return Reseller.objects.filter(schema_name=new.short_name).first()


def _check_short_name(new: NewReseller) -> None:
    require(new.short_name not in RESERVED, "short_name_reserved", _("“%s” is reserved: choose another short name.") % new.short_name, "short_name")
    usable = SHORT_NAME.fullmatch(new.short_name)
    require(usable, "short_name_invalid", _("A short name is 2 to 41 letters and figures, in lower case, and begins with a letter."), "short_name")
    known = _known(new)
    free = known is None or (_is_same(known, new) and not _has_administrator(known))
    require(free, "reseller_exists", _("There is a reseller “%s” already.") % new.short_name, "short_name")
    require(
        known or not _is_in_books(new),
        "short_name_used",
        _("“%s” was a reseller whose calls stand in your books: choose another.") % new.short_name,
        "short_name",
    )


def _is_in_books(new: NewReseller) -> bool:
    """Whether calls of a dropped reseller of this short name came to the parent, where they stay under the switches that brought them."""
    if new.parent is None:
        return False
    with tenant_context(new.parent):
        return Switch.objects.filter(child_schema=new.short_name).exists()


def _check_name(new: NewReseller) -> None:
    """The name is checked before a schema is made for it."""
    require(new.name.strip(), "name_missing", _("Write the reseller's name."), "name")
    names.require_usable(new.name)
    if new.parent is None:
        return
    with tenant_context(new.parent):
        row = Customer.objects.filter(reseller_schema=new.short_name).first()
        taken = _("“%s” is taken. Names are unique across the platform.") % new.name
        require(names.is_free(new.name, except_for=row.pk if row else None), "name_taken", taken, "name")


def _check_host(new: NewReseller) -> None:
    host_names.check(new.host, new.short_name)


def _check_terms(new: NewReseller) -> None:
    unknown = _("“%s” is no currency in use: give its three letters, such as GBP.") % new.currency
    require(new.currency in currencies.codes(), "currency_unknown", unknown, "currency")
    zone_of(new.time_zone)
    require(new.credit_limit >= 0, "credit_limit_negative", _("A credit limit is 0.00 or more."), "credit_limit")


def _check_parent(new: NewReseller) -> None:
    root_only = _("Only the root has no parent, and it is named owner.")
    require((new.parent is None) == (new.short_name == "owner"), "parent_missing", root_only, "parent")


def _check_email(new: NewReseller) -> None:
    require("@" in new.admin_email, "email_invalid", _("Write the administrator's email address."), "admin_email")


def _is_same(known: Reseller, new: NewReseller) -> bool:
    """A reseller of this short name is gone on with only when it is the same one."""
    same = known.parent_id == (new.parent.pk if new.parent else None) and known.name == new.name and known.currency == new.currency
    return same and Domain.objects.filter(tenant=known, domain=new.host).exists()


def _has_administrator(known: Reseller) -> bool:
    if known.state != Reseller.State.READY:
        return False
    with tenant_context(known):
        return User.objects.filter(role=Role.ADMINISTRATOR, stands_for_schema="").exists()


def _register(new: NewReseller) -> Reseller:
    try:
        with schema_context("public"), transaction.atomic():
            return schemas.register(name=new.name, schema_name=new.short_name, host=new.host, parent=new.parent, currency=new.currency, time_zone=new.time_zone)
    except IntegrityError as clash:
        raise DomainError("reseller_exists", _("A reseller “%s” is being made right now.") % new.short_name, "short_name") from clash


def _enter_into_parent(reseller: Reseller, new: NewReseller, *, actor: Actor, at: datetime) -> None:
    """The reseller's row among its parent's customers; the root only holds its name."""
    if new.parent is None:
        with tenant_context(reseller), transaction.atomic():
            names.take(new.name, customer_id=reseller.pk)
        return
    with tenant_context(new.parent), transaction.atomic():
        if Customer.objects.filter(reseller_schema=new.short_name).exists():
            return
        customer = customers.create(
            new.name,
            plan=new.plan,
            currency=new.currency,
            time_zone=new.time_zone,
            billing_email=new.admin_email,
            credit_limit=new.credit_limit,
            credit_unlimited=new.credit_unlimited,
            kind=Customer.CustomerKind.RESELLER,
            reseller_schema=new.short_name,
            actor=actor,
            at=at,
        )
        audit.record(actor, "reseller.created", subject=("reseller", reseller.pk, reseller.name), customer_id=customer.pk, at=at)


def _furnish(reseller: Reseller, new: NewReseller, *, actor: Actor, at: datetime) -> None:
    """What every reseller has from the first day: billing terms, the switch for files, a rate plan, and an administrator with login details.

    Its trail names whoever asked for it as of the parent (reliability 70).
    """
    if actor.user_id is not None and new.parent is not None:
        actor = replace(actor, schema=actor.schema or new.parent.schema_name)
    with tenant_context(reseller), transaction.atomic():
        BillingTerms.objects.get_or_create(only=True)
        switches.ensure_default()
        if new.plan is not None:
            plans.create_own(actor=actor, at=at)
        if User.objects.filter(role=Role.ADMINISTRATOR, stands_for_schema="").exists():
            return
        username = NOT_IN_USERNAMES.sub("", new.admin_email.partition("@")[0]) or "admin"
        user = users.create(username, username, new.admin_email, Role.ADMINISTRATOR, actor=actor, at=at)
        users.send_login_details(user, to=[new.admin_email], actor=actor, at=at)
