"""Change the terms on which the reseller bills."""

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel.errors import require
from rateplans import queries
from rateplans.domain.plans import MOST_DUE_DAYS
from rateplans.models import BillingTerms

PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9/-]{0,11}")


@transaction.atomic
def change(*, document_prefix: str, due_days: int, actor: Actor, at: datetime) -> BillingTerms:
    """Set the prefix of document numbers (letters, digits, - and /) and the days until a document is due; documents issued before keep theirs.

    Raises `prefix_malformed`, `due_days_out_of_range`.
    """
    prefix = document_prefix.strip()
    require(
        not prefix or PREFIX.fullmatch(prefix),
        "prefix_malformed",
        _("Write up to 12 letters, digits, - or /."),
        "document_prefix",
    )
    require(0 <= due_days <= MOST_DUE_DAYS, "due_days_out_of_range", _("Write 0 to 365 days."), "due_days")
    before = queries.billing_terms()
    after, _made = BillingTerms.objects.update_or_create(only=True, defaults={"document_prefix": prefix, "due_days": due_days})
    changes = {field: (getattr(before, field), getattr(after, field)) for field in ("document_prefix", "due_days")}
    changes = {field: (old, new) for field, (old, new) in changes.items() if old != new}
    if changes:
        audit.record(actor, "terms.changed", subject=("terms", after.pk, str(_("Invoicing terms"))), changes=changes, at=at)
    return after
