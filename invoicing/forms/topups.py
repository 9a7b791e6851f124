"""Forms of top-ups that are asked for: the customer's, and the staff's answer."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from billing_portal.web.forms import MoneyField, NoteField, PortalForm
from customers.models import Customer
from invoicing.domain.decisions import MAX_COMMENT


class DecisionForm(PortalForm):
    """What the customer reads with the answer; a rejection needs it."""

    comment = NoteField(label=_("Comment"), max_length=MAX_COMMENT, required=False, help_text=_("The customer reads it in the mail. A rejection needs one."))


class AskForm(PortalForm):
    """A top-up the customer asks for, taxes included."""

    amount = MoneyField(label=_("Amount"))

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount = self.fields["amount"]
        assert isinstance(amount, MoneyField)
        amount.currency = customer.currency
