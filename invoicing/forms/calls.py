"""What somebody looks for among calls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing_portal.web.forms import DayField, PortalForm


class CallFilterForm(PortalForm):
    """A range of local dates, both included, and for all calls a customer."""

    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Until"), required=False)
    customer = forms.CharField(label=_("Customer"), required=False, widget=forms.TextInput(attrs={"placeholder": _("Customer")}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            self.add_error("until", _("This is before the first date."))
        return cleaned
