"""Forms that give an invoice back, or give it up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from billing_portal.kernel import money
from billing_portal.web.forms import MoneyField
from invoicing.forms.payments import ReasonForm
from invoicing.models import Document, DocumentLine
from invoicing.queries import billed
from invoicing.queries.billed import Since


class CreditNoteForm(ReasonForm):
    """Which lines are credited, all that are left unless some are unticked, and why. The key makes a form sent twice one note."""

    lines = forms.MultipleChoiceField(label=_("Lines"), widget=forms.CheckboxSelectMultiple)
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    field_order = ("lines", "reason")

    def __init__(self, *args: Any, document: Document, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid4().hex
        lines: Any = self.fields["lines"]
        rows = document.lines.select_related("credited_by")
        credited, since = {line.pk for line in rows if hasattr(line, "credited_by")}, billed.moved_since(document)
        said = {line: str(what.label) for line, what in since.items()} | dict.fromkeys(credited, str(_("credited already")))
        gone = credited | {line for line, what in since.items() if what != Since.WAITS}
        lines.choices = [(str(line.position), self._label(line, document.currency, said.get(line.pk, ""))) for line in rows]
        lines.initial = [str(line.position) for line in rows if line.pk not in gone]
        self.fields["reason"].help_text = _("The customer reads it on the credit note.")

    @staticmethod
    def _label(line: DocumentLine, currency: str, said: str) -> str:
        amount = money.text(money.to_minor(line.amount, currency), currency)
        return " · ".join(part for part in (line.description, line.detail, amount, said) if part)

    def clean_lines(self) -> list[int]:
        return [int(position) for position in self.cleaned_data["lines"]]


class WriteOffForm(ReasonForm):
    """How much of an invoice is given up, and why."""

    amount = MoneyField(label=_("Amount"))
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    field_order = ("amount", "reason")

    def __init__(self, *args: Any, document: Document, left: Decimal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid4().hex
        amount = self.fields["amount"]
        assert isinstance(amount, MoneyField)
        amount.currency = document.currency
        amount.initial = money.to_minor(left, document.currency)
