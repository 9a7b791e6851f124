"""Change the terms on which the reseller bills."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from billing_portal.tenancy.queries import current
from rateplans.domain.plans import MOST_DUE_DAYS
from rateplans.models import BillingTerms, RatePlan

FIELDS = ("document_prefix", "due_days", "issue_automatically", "settle_hours", "topups_per_day", "topups_per_month", "cost_plan", "amount_cap", "raise_cap")
CAPS = ("amount_cap", "raise_cap")
MOST_CAP = Decimal(10) ** 12
BOUNDS = {"settle_hours": (0, 72), "topups_per_day": (1, 24), "topups_per_month": (1, 500)}
PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9/-]{0,11}")


class Changes(TypedDict, total=False):
    """What may be said of the terms; what is left out stays."""

    document_prefix: str
    due_days: int
    issue_automatically: bool
    settle_hours: int
    topups_per_day: int
    topups_per_month: int
    cost_plan: RatePlan | None
    amount_cap: Decimal | None
    raise_cap: Decimal | None


@transaction.atomic
def change(*, actor: Actor, at: datetime, **given: Unpack[Changes]) -> BillingTerms:
    """Set the prefix of document numbers (letters, digits, - and /) and the days until a document is due; documents issued before keep theirs.

    With `issue_automatically` invoices are issued `settle_hours` (0 to 72) after a period has ended in the customer's zone (semantics 10).
    `topups_per_day` in any 24 hours (1 to 24) and `topups_per_month` in a calendar month (1 to 500) bound the automatic top-ups of each customer; the
    next one is parked (reliability rule 9). The root says by its cost plan what carriers charge for calls; without one costs and margins of calls from
    now on are empty (semantics 25). `amount_cap` is the most that commerce may enter by hand at once, `raise_cap` the most by which they may raise a credit
    limit, each in the reseller's currency and minor unit, 0 or more; None is no cap (contracts, Rights).
    Raises `prefix_malformed`, `due_days_out_of_range`, `out_of_range`, `cost_plan_of_root`, `cap_malformed`.
    """
    BillingTerms.objects.get_or_create(only=True)
    terms = BillingTerms.objects.select_for_update().get()
    before = {field: getattr(terms, field) for field in FIELDS}
    for field, value in (before | given).items():
        setattr(terms, field, value)
    _check(terms)
    changed = [field for field, old in before.items() if old != getattr(terms, field)]
    if changed:
        terms.save(update_fields=changed)
        changes = {field: (_in_words(field, before[field]), _in_words(field, getattr(terms, field))) for field in changed}
        audit.record(actor, "terms.changed", subject=("terms", terms.pk, str(_("Invoicing terms"))), changes=changes, at=at)
    return terms


def _check(terms: BillingTerms) -> None:
    terms.document_prefix = terms.document_prefix.strip()
    well_formed = not terms.document_prefix or PREFIX.fullmatch(terms.document_prefix)
    require(well_formed, "prefix_malformed", _("Write up to 12 letters, digits, - or /."), "document_prefix")
    require(0 <= terms.due_days <= MOST_DUE_DAYS, "due_days_out_of_range", _("Write 0 to 365 days."), "due_days")
    root = terms.cost_plan is None or current().parent_id is None
    require(root, "cost_plan_of_root", _("What calls cost you is your rate plan at your parent."), "cost_plan")
    for field, (least, most) in BOUNDS.items():
        require(least <= getattr(terms, field) <= most, "out_of_range", _("Write %(least)d to %(most)d.") % {"least": least, "most": most}, field)
    for field in CAPS:
        cap = getattr(terms, field)
        sound = cap is None or (cap.is_finite() and 0 <= cap < MOST_CAP and cap == money.to_minor(cap, current().currency))
        require(sound, "cap_malformed", _("Write an amount of 0.00 or more, or nothing for no cap."), field)


def _in_words(field: str, value: Any) -> Any:
    """A setting as the audit trail has it."""
    if value is None:
        return ""
    return money.text(value, current().currency) if field in CAPS else value
