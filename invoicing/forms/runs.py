"""The form of an invoice run, and of a statement's period."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from billing_portal.kernel.period import Period
from billing_portal.web.forms import PortalForm

LONGEST = timedelta(days=366 * 3)
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)


class DateInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class AsOfForm(PortalForm):
    """The date up to which periods are invoiced."""

    as_of = forms.DateField(label=_("Invoice every period that ended by"), widget=DateInput)

    def clean_as_of(self) -> date:
        day: date = self.cleaned_data["as_of"]
        if not EARLIEST <= day <= LATEST:
            raise ValidationError(_("Write a date of this century."), code="out_of_range")
        return day


class RunForm(AsOfForm):
    """The same with what confirming needs: a key, so that two clicks are one run, and a tick for a date that has not come yet."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    ahead = forms.BooleanField(label=_("Invoice ahead of time. What happens until that date comes with the next invoice."), required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["key"].initial = uuid4().hex

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("as_of", self.today) > self.today and not cleaned.get("ahead"):
            self.add_error("ahead", ValidationError(_("This date has not come yet: tick this to invoice ahead of time."), code="ahead"))
        return cleaned


class PeriodForm(PortalForm):
    """From and until, both days included."""

    first = forms.DateField(label=_("From"), widget=DateInput)
    last = forms.DateField(label=_("Until"), widget=DateInput)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", ValidationError(_("Write a day that is not before the first."), code="reversed"))
        elif first and last and (last - first > LONGEST or first < EARLIEST or last > LATEST):
            self.add_error("last", ValidationError(_("Choose at most three years."), code="too_long"))
        return cleaned

    def period(self) -> Period:
        """The days chosen, half-open."""
        return Period(self.cleaned_data["first"], self.cleaned_data["last"] + timedelta(days=1), self.zone)
