"""Make and change rate plans."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import currencies, money
from billing_portal.kernel.errors import DomainError, require
from rateplans import queries
from rateplans.models import RatePlan

CHANGEABLE = ("name", "description", "precision", "due_days", "charge_connection_at_zero", "position")
MOST_DUE_DAYS = 365


@transaction.atomic
def create(
    *,
    name: str,
    currency: str,
    actor: Actor,
    at: datetime,
    description: str = "",
    precision: int = 4,
    due_days: int | None = None,
    charge_connection_at_zero: bool = False,
    position: int | None = None,
) -> RatePlan:
    """Make a plan without rates yet; its currency is for life, `precision` the decimals prices are rounded to, 0 to 6 (E11).

    Raises `name_missing`, `name_taken`, `currency_unknown`, `precision_out_of_range`, `due_days_out_of_range`.
    """
    require(currency in currencies.codes(), "currency_unknown", _("Choose a currency from the list."), "currency")
    plan = RatePlan(
        name=name.strip(),
        currency=currency,
        description=description.strip(),
        precision=precision,
        due_days=due_days,
        charge_connection_at_zero=charge_connection_at_zero,
        position=queries.visible_plans().count() + 1 if position is None else position,
        created_at=at,
    )
    _check(plan)
    with _once(plan.name):
        plan.save(force_insert=True)
    audit.record(actor, "plan.created", subject=subject(plan), changes={"currency": ("", currency)}, at=at)
    return plan


@transaction.atomic
def change(plan: RatePlan, *, actor: Actor, at: datetime, **values: Any) -> RatePlan:
    """Change what may be changed of a plan (`CHANGEABLE`); neither its currency nor its rates. Calls that are rated keep their price.

    Raises as `create` does.
    """
    locked = RatePlan.objects.select_for_update().get(pk=plan.pk)
    before = {field: getattr(locked, field) for field in CHANGEABLE}
    for field, value in values.items():
        require(field in CHANGEABLE, "not_changeable", _("The currency of a rate plan is for life."), field)
        setattr(locked, field, value)
    _check(locked)
    changes = {field: (old, getattr(locked, field)) for field, old in before.items() if old != getattr(locked, field)}
    if changes:
        with _once(locked.name):
            locked.save(update_fields=list(changes))
        audit.record(actor, "plan.changed", subject=subject(locked), changes=changes, at=at)
    return locked


def subject(plan: RatePlan) -> tuple[str, Any, str]:
    """The plan as the audit trail names it."""
    return ("plan", plan.pk, plan.name)


def _check(plan: RatePlan) -> None:
    require(plan.name, "name_missing", _("Write a name."), "name")
    require(0 <= plan.precision <= money.MAX_PLACES, "precision_out_of_range", _("Write a number of decimals from 0 to 6."), "precision")
    require(plan.due_days is None or 0 <= plan.due_days <= MOST_DUE_DAYS, "due_days_out_of_range", _("Write 0 to 365 days, or nothing."), "due_days")


@contextmanager
def _once(name: str) -> Iterator[None]:
    """Names of plans are unique within the reseller, whatever their case; the database is the judge."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as clash:
        if "plan_name_once" not in str(clash):
            raise
        raise DomainError("name_taken", _("“%(name)s” is the name of another rate plan.") % {"name": name}, "name") from clash
