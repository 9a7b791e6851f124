"""Change the terms on which the reseller bills."""

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel.errors import require
from billing_portal.tenancy.queries import current
from rateplans import queries
from rateplans.domain.plans import MOST_DUE_DAYS
from rateplans.models import BillingTerms, RatePlan

FIELDS = ("document_prefix", "due_days", "issue_automatically", "settle_hours", "topups_per_day", "topups_per_month", "cost_plan")
BOUNDS = {"settle_hours": (0, 72), "topups_per_day": (1, 24), "topups_per_month": (1, 500)}
PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9/-]{0,11}")


@transaction.atomic
def change(
    *,
    document_prefix: str,
    due_days: int,
    actor: Actor,
    at: datetime,
    cost_plan: RatePlan | None = None,
    issue_automatically: bool | None = None,
    settle_hours: int | None = None,
    topups_per_day: int | None = None,
    topups_per_month: int | None = None,
) -> BillingTerms:
    """Set the prefix of document numbers (letters, digits, - and /) and the days until a document is due; documents issued before keep theirs.

    With `issue_automatically` invoices are issued `settle_hours` (0 to 72) after a period has ended in the customer's zone (semantics 10).
    `topups_per_day` in any 24 hours (1 to 24) and `topups_per_month` in a calendar month (1 to 500) bound the automatic top-ups of each customer; the
    next one is parked (reliability rule 9). What is left out stays. The root says by its cost plan what carriers charge for calls; without one costs and
    margins of calls from now on are empty (semantics 25).
    Raises `prefix_malformed`, `due_days_out_of_range`, `out_of_range`, `cost_plan_of_root`.
    """
    prefix = document_prefix.strip()
    require(
        not prefix or PREFIX.fullmatch(prefix),
        "prefix_malformed",
        _("Write up to 12 letters, digits, - or /."),
        "document_prefix",
    )
    require(0 <= due_days <= MOST_DUE_DAYS, "due_days_out_of_range", _("Write 0 to 365 days."), "due_days")
    root = cost_plan is None or current().parent_id is None
    require(root, "cost_plan_of_root", _("What calls cost you is your rate plan at your parent."), "cost_plan")
    before = queries.billing_terms()
    bounded = _bounded(before, settle_hours=settle_hours, topups_per_day=topups_per_day, topups_per_month=topups_per_month)
    automatic = before.issue_automatically if issue_automatically is None else issue_automatically
    given = {"document_prefix": prefix, "due_days": due_days, "cost_plan": cost_plan, "issue_automatically": automatic, **bounded}
    after, _made = BillingTerms.objects.update_or_create(only=True, defaults=given)
    changes = {field: (getattr(before, field), getattr(after, field)) for field in FIELDS}
    changes = {field: (old, new) for field, (old, new) in changes.items() if old != new}
    if changes:
        audit.record(actor, "terms.changed", subject=("terms", after.pk, str(_("Invoicing terms"))), changes=changes, at=at)
    return after


def _bounded(before: BillingTerms, **wanted: int | None) -> dict[str, int]:
    """Whole numbers within their bounds, those that were not given as they are."""
    values: dict[str, int] = {name: getattr(before, name) if value is None else value for name, value in wanted.items()}
    for name, value in values.items():
        least, most = BOUNDS[name]
        require(least <= value <= most, "out_of_range", _("Write %(least)d to %(most)d.") % {"least": least, "most": most}, name)
    return values
