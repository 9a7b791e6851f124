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

FIELDS = ("document_prefix", "due_days", "cost_plan")
PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9/-]{0,11}")


@transaction.atomic
def change(*, document_prefix: str, due_days: int, actor: Actor, at: datetime, cost_plan: RatePlan | None = None) -> BillingTerms:
    """Set the prefix of document numbers (letters, digits, - and /) and the days until a document is due; documents issued before keep theirs.

    The root says by its cost plan what carriers charge for calls; without one costs and margins of calls from now on are empty (semantics 25).
    Raises `prefix_malformed`, `due_days_out_of_range`, `cost_plan_of_root`.
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
    after, _made = BillingTerms.objects.update_or_create(only=True, defaults={"document_prefix": prefix, "due_days": due_days, "cost_plan": cost_plan})
    changes = {field: (getattr(before, field), getattr(after, field)) for field in FIELDS}
    changes = {field: (old, new) for field, (old, new) in changes.items() if old != new}
    if changes:
        audit.record(actor, "terms.changed", subject=("terms", after.pk, str(_("Invoicing terms"))), changes=changes, at=at)
    return after
