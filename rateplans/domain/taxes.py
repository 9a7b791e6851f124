"""Make and change taxes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel.errors import DomainError, require
from rateplans.models import Tax

SCOPES = ("on_account_fees", "on_features", "on_calls", "on_products", "on_charges")
CHANGEABLE = ("name", "percent", *SCOPES, "liable_by_default")


@transaction.atomic
def create(*, actor: Actor, at: datetime, **values: Any) -> Tax:
    """Make a tax: a name, a percentage from 0 to 100, the kinds of charge it is on (all, unless said otherwise), and whether new customers
    are liable (E34.1). Customers who are there already are not made liable by it.

    Raises `name_missing`, `name_taken`, `percent_out_of_range`, `no_scope`.
    """
    tax = Tax(**values, created_at=at)
    _check(tax)
    with _once(tax.name):
        tax.save(force_insert=True)
    audit.record(actor, "tax.created", subject=_subject(tax), changes={"percent": ("", tax.percent)}, at=at)
    return tax


@transaction.atomic
def change(tax: Tax, *, actor: Actor, at: datetime, **values: Any) -> Tax:
    """Change a tax for what is charged from now on; issued documents keep what they say. Raises as `create` does."""
    locked = Tax.objects.select_for_update().get(pk=tax.pk)
    before = {field: getattr(locked, field) for field in CHANGEABLE}
    for field in CHANGEABLE:
        setattr(locked, field, values.get(field, before[field]))
    _check(locked)
    changes = {field: (old, getattr(locked, field)) for field, old in before.items() if old != getattr(locked, field)}
    if changes:
        with _once(locked.name):
            locked.save(update_fields=list(changes))
        audit.record(actor, "tax.changed", subject=_subject(locked), changes=changes, at=at)
    return locked


def _subject(tax: Tax) -> tuple[str, Any, str]:
    return ("tax", tax.pk, tax.name)


def _check(tax: Tax) -> None:
    tax.name = tax.name.strip()
    require(tax.name, "name_missing", _("Write a name."), "name")
    require(Decimal(0) <= tax.percent <= Decimal(100), "percent_out_of_range", _("Write a percentage from 0 to 100."), "percent")
    require(any(getattr(tax, scope) for scope in SCOPES), "no_scope", _("Tick at least one kind of charge."), "scopes")


@contextmanager
def _once(name: str) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as clash:
        if "tax_name_once" not in str(clash):
            raise
        raise DomainError("name_taken", _("“%(name)s” is the name of another tax.") % {"name": name}, "name") from clash
