"""Forms for money received, given back, taken back, and for charges and credits by hand."""

from __future__ import annotations

from typing import Any, cast
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from billing_portal.kernel import money
from billing_portal.web.forms import ChoiceCards, MoneyField, NoteField, PortalForm
from customers.models import BillingType, Customer
from invoicing.domain.entries import Entry, Scope
from invoicing.domain.settlements import Way
from invoicing.models import Document
from invoicing.queries import documents as queries


class DocumentChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """An open invoice with what is due on it. One that is paid by now is still the one that was meant: the verb says what that means."""

    customer: Customer

    def to_python(self, value: Any) -> Document | None:
        try:
            return cast("Document | None", super().to_python(value))
        except ValidationError:
            meant = Document.objects.filter(queries.ASKS, customer=self.customer, pk=value).first()
            if meant is None:
                raise
            return meant

    def label_from_instance(self, obj: Any) -> str:
        due = money.text(money.to_minor(obj.left, obj.currency), obj.currency)
        return str(_("%(number)s, %(due)s due") % {"number": obj.number, "due": due})


class OnceForm(PortalForm):
    """Carries a key, drawn anew with each page, which makes one form that is sent twice one order."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid4().hex


class Seen(forms.Field):
    """What somebody saw: read as it was sent, drawn as it stands now."""

    widget = forms.HiddenInput

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial


class SeenAmount(Seen, forms.DecimalField):
    """A figure that somebody saw."""


class SeenWord(Seen, forms.CharField):
    """A choice of others that somebody saw."""


class PaymentForm(OnceForm):
    """Amount, what it says on the bank statement, and what it is for: who pays in advance is offered the oldest open invoice, and the wallet beside it.

    `how` is the way of paying that the page told of: what is for no invoice goes elsewhere once that is another.
    """

    amount = MoneyField(label=_("Amount received"))
    reference = NoteField(label=_("Reference"), max_length=140, required=False, help_text=_("Such as the text of the transfer. The customer sees it."))
    pays = DocumentChoice(label=_("For"), queryset=Document.objects.none(), required=False, empty_label=_("The oldest open invoice first"))
    how = SeenWord(required=False)

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        billing_type = self.fields["how"].initial = customer.standing.billing_type
        amount, pays = self.fields["amount"], self.fields["pays"]
        assert isinstance(amount, MoneyField)
        assert isinstance(pays, DocumentChoice)
        amount.currency = customer.currency
        pays.customer, pays.queryset = customer, queries.open_documents([customer.pk])
        oldest = pays.queryset.first()
        if billing_type == BillingType.PREPAID:
            pays.empty_label, pays.initial = _("No invoice: tops up the balance"), oldest
        if oldest is None and not self.data.get("pays"):
            del self.fields["pays"]


class DebtForm(OnceForm):
    """A button under a debt; `owed` is the one that was seen, to its last decimal."""

    owed = SeenAmount(max_digits=20, decimal_places=6)


class ReasonForm(PortalForm):
    """Why something is taken back; the customer reads it on the statement."""

    reason = NoteField(label=_("Reason"), max_length=300, help_text=_("The customer sees it on the statement."))


class AmountForm(OnceForm):
    """So much, in a customer's currency, once."""

    amount = MoneyField(label=_("Amount"))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount = self.fields["amount"]
        assert isinstance(amount, MoneyField)
        amount.currency = currency


class GiveBackForm(AmountForm, ReasonForm):
    """How much of a payment goes back, its tax included, and why."""

    amount = MoneyField(label=_("Amount"), help_text=_("Its tax included."))
    field_order = ("amount", "reason")


HINTS = {
    Entry.CHARGE.value: _("On the next invoice with its tax; out of the balance for who pays first."),
    Entry.CREDIT.value: _("A negative line of the next invoice, its tax too; added to the balance for who pays first."),
    Entry.RAISE.value: _("The customer gets this much. Never taxed."),
    Entry.LOWER.value: _("The customer loses this much. Never taxed."),
}


class EntryForm(AmountForm):
    """A charge, a credit or an adjustment by hand."""

    entry = forms.ChoiceField(label=_("What"), choices=Entry.choices, initial=Entry.CHARGE, widget=ChoiceCards(hints=HINTS))
    amount = MoneyField(label=_("Amount"), help_text=_("Without tax."))
    scope = forms.ChoiceField(label=_("Taxed as"), choices=Scope.choices, initial=Scope.CHARGE, help_text=_("Adjustments are not taxed, whatever is chosen."))
    note = NoteField(label=_("What for"), max_length=200, help_text=_("The customer reads it on the invoice and the statement."))
    field_order = ("entry", "amount", "scope", "note")


SETTLE_HINTS = {
    Way.OUT.value: _("To pay invoices. The tax that is still in it comes back with it."),
    Way.INTO.value: _("To spend on calls. Taxed as a top-up: the amount includes the tax."),
}


class SettleForm(AmountForm):
    """How much credit moves between the two accounts, and where to."""

    way = forms.ChoiceField(label=_("Where to"), choices=Way.choices, widget=ChoiceCards(hints=SETTLE_HINTS))
    field_order = ("way", "amount")
