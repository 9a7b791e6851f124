"""The form for money received."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from billing_portal.kernel import money
from billing_portal.web.forms import MoneyField, PortalForm
from customers.models import Customer
from invoicing.models import Document
from invoicing.queries import documents as queries


class DocumentChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """An open invoice with what is due on it."""

    def label_from_instance(self, obj: Any) -> str:
        due = money.text(money.to_minor(obj.left, obj.currency), obj.currency)
        return str(_("%(number)s, %(due)s due") % {"number": obj.number, "due": due})


class PaymentForm(PortalForm):
    """Amount, what it says on the bank statement, and the invoice it is for. The key makes a form sent twice one payment."""

    amount = MoneyField(label=_("Amount received"))
    reference = forms.CharField(label=_("Reference"), max_length=140, required=False, help_text=_("Such as the text of the transfer. The customer sees it."))
    pays = DocumentChoice(label=_("For"), queryset=Document.objects.none(), required=False, empty_label=_("The oldest open invoice first"))
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid4().hex
        amount, pays = self.fields["amount"], self.fields["pays"]
        assert isinstance(amount, MoneyField)
        assert isinstance(pays, DocumentChoice)
        amount.currency = customer.currency
        pays.queryset = queries.open_documents([customer.pk])
        if not pays.queryset.exists():
            del self.fields["pays"]
