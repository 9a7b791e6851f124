"""What changed about a customer, in the words people know it by; keys are the fields' names."""

from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from billing_portal.kernel import money
from customers import queries
from customers.models import Customer

Words = dict[str, str]

COLUMNS = (
    "name",
    "account_number",
    "switch_account_code",
    "description",
    "currency",
    "time_zone",
    "billing_email",
    "attention",
    "street",
    "city",
    "postcode",
    "tax_reference",
)


def words_of(customer: Customer, at: datetime) -> Words:
    """Everything that may change about the customer, as text; amounts with their currency, an unlimited credit said."""
    plan = queries.plan_at([customer.pk], at).get(customer.pk)
    limit = _("unlimited") if customer.credit_unlimited else money.text(customer.credit_limit, customer.currency)
    return {
        **{column: str(getattr(customer, column)) for column in COLUMNS},
        "status": str(customer.get_status_display()),
        "billing_type": str(customer.get_billing_type_display()),
        "call_detail": str(customer.get_call_detail_display()),
        "country": str(customer.country.name or ""),
        "credit_limit": limit,
        **_alerts(customer),
        "plan": plan.name if plan else "",
        "taxes": ", ".join(customer.taxes.order_by("name").values_list("name", flat=True)),
    }


def _alerts(customer: Customer) -> Words:
    """Daily limit, warning and top-up: only what is in force is said."""
    amount = partial(money.text, currency=customer.currency)
    below = _("off") if not customer.low_balance_threshold else amount(customer.low_balance_threshold)
    topup = str(customer.get_topup_display())
    if customer.topup != Customer.TopUp.OFF:
        topup += f", {amount(customer.topup_amount)}"
    return {
        "daily_limit": _("none") if customer.daily_limit is None else amount(customer.daily_limit),
        "low_balance_threshold": below,
        "low_balance_email": _("yes") if customer.low_balance_email else _("no"),
        "low_balance_repeat_days": str(customer.low_balance_repeat_days or ""),
        "topup": topup,
        "topup_threshold": "" if customer.topup_threshold is None else amount(customer.topup_threshold),
    }


def between(old: Words, new: Words) -> dict[str, tuple[str, str]]:
    """The fields whose words differ, as (old, new)."""
    return {field: (old[field], new[field]) for field in old if old[field] != new[field]}
