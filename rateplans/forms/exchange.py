"""Forms of exchange rates: one by hand, many by file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from billing_portal.kernel import currencies
from billing_portal.tenancy.domain import exchange, exchange_files
from billing_portal.web.forms import NumberField, PortalForm


class ExchangeRateForm(PortalForm):
    """Units of a currency per euro on a day."""

    currency = forms.ChoiceField(label=_("Currency"))
    per_euro = NumberField(label=_("Units per euro"), max_digits=20, decimal_places=exchange.PLACES, help_text=_("How much of it 1 EUR is."))
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), help_text=_("It counts for calls of later days."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = currencies.named(get_language() or "en")
        self.fields["currency"].choices = [(code, name) for code, name in named if code != exchange.EURO]  # type: ignore[attr-defined]


class ExchangeFileForm(PortalForm):
    """A file of the European Central Bank."""

    file = forms.FileField(label=_("File"), max_length=200, widget=forms.FileInput(attrs={"accept": ".csv,.xml,text/csv,text/xml"}))
    leave_out_bad = forms.BooleanField(label=_("Leave out rows that cannot be read"), required=False)

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > exchange_files.MAX_BYTES:
            raise ValidationError(_("The file is too large: at most %(most)d MB are read."), params={"most": exchange_files.MAX_BYTES // 1_000_000})
        return file
