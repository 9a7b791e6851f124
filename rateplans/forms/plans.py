"""Forms of rate plans: the plan itself, the upload, and what a call would cost."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from billing_portal.kernel import currencies, money
from billing_portal.web.edit_forms import EditForm
from billing_portal.web.forms import ChoiceCards, NoteField, NumberField, PortalForm
from rateplans.domain import rates_text
from rateplans.domain.imports import Mode
from rateplans.domain.plans import MOST_DUE_DAYS
from rateplans.models import RatePlan
from rateplans.queries import plans_to_inherit

Inherits = RatePlan.Inherits
CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,5}):([0-5]\d)")
LATER = 32_000
MINUTE = "%Y-%m-%dT%H:%M"
EARLIEST, LATEST = 2000, 9000


class PlanForm(PortalForm):
    """What may be changed of a plan."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = NoteField(label=_("Description"), max_length=300, required=False, help_text=_("For your staff; customers do not see it."))
    precision = forms.IntegerField(
        label=_("Decimals of a price"),
        min_value=0,
        max_value=money.MAX_PLACES,
        initial=4,
        help_text=_("Prices of calls are rounded once, to so many."),
    )
    due_days = forms.IntegerField(
        label=_("Days until due"), min_value=0, max_value=MOST_DUE_DAYS, required=False, help_text=_("Empty: as the invoicing terms say.")
    )
    position = forms.IntegerField(
        label=_("Place in lists"), min_value=0, max_value=LATER, required=False, help_text=_("The first plan is chosen beforehand for a new customer.")
    )
    charge_connection_at_zero = forms.BooleanField(label=_("Charge the connection of answered calls that lasted 0 seconds"), required=False)
    markup_percent = NumberField(
        label=_("Mark-up, %"),
        max_digits=7,
        decimal_places=2,
        required=False,
        help_text=_("Added to every inherited price. The plan's own rates are not marked up."),
    )
    sharing = forms.ChoiceField(
        label=_("Sharing"),
        choices=RatePlan.Sharing.choices,
        required=False,
        help_text=_("Resellers can give a shared plan to their customers and cannot change it."),
    )

    def __init__(self, *args: Any, inherits: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if inherits == Inherits.NOTHING:
            del self.fields["markup_percent"]

    def clean_markup_percent(self) -> Decimal:
        return self.cleaned_data["markup_percent"] or Decimal(0)

    def clean_sharing(self) -> str:
        """Left out, it stays as it is."""
        return str(self.cleaned_data["sharing"] or self.initial.get("sharing", RatePlan.Sharing.PRIVATE.value))

    def clean_position(self) -> int | None:
        """An empty place keeps the one there is, and a new plan comes last."""
        position: int | None = self.cleaned_data["position"]
        return self.initial.get("position") if position is None else position


class ChangeForm(EditForm, PlanForm):
    """The same with the tick that is asked for when customers of resellers below are on a plan that is to be shared no further."""

    take_back = forms.BooleanField(label=_("Take it back from resellers below"), required=False)


class SourceSelect(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Plans with their currency."""

    def label_from_instance(self, plan: Any) -> str:
        return f"{plan.name}, {plan.currency}"


class NewPlanForm(PlanForm):
    """A new plan has rates of its own in a currency, or inherits them with the currency of their source; both for life."""

    inherits = forms.ChoiceField(label=_("Inherits from"), required=False, initial=Inherits.NOTHING.value, help_text=_("For life."))
    source = SourceSelect(
        RatePlan.objects.none(),
        label=_("Rate plan to inherit from"),
        required=False,
        empty_label=_("Choose a rate plan"),
        help_text=_("For “another rate plan of yours”."),
    )
    currency = forms.ChoiceField(
        label=_("Currency"), required=False, help_text=_("For life: rates and calls of this plan are in it. A plan that inherits has its source's.")
    )
    field_order = ("name", "currency", "description")

    def __init__(self, *args: Any, own_plan: RatePlan | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_plan = own_plan
        self.fields["currency"].choices = currencies.named(get_language() or "en")  # type: ignore[attr-defined]
        self.fields["source"].queryset = plans_to_inherit()  # type: ignore[attr-defined]
        offered = {Inherits.NOTHING: True, Inherits.PLAN: plans_to_inherit().exists(), Inherits.OWN_PLAN: own_plan is not None}
        self.fields["inherits"].choices = [(each.value, each.label) for each, offer in offered.items() if offer]  # type: ignore[attr-defined]

    def clean_inherits(self) -> str:
        return self.cleaned_data["inherits"] or Inherits.NOTHING.value

    def clean(self) -> dict[str, Any]:
        """What somebody chose and the plan would not have is refused; a currency that nobody touched is the source's."""
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        inherits, source = chosen.get("inherits"), chosen.get("source")
        if source and inherits != Inherits.PLAN:
            message = _("Choose “%(what)s” to inherit from “%(plan)s”, or no rate plan.")
            self.add_error("inherits", ValidationError(message, code="not_inherited", params={"what": Inherits.PLAN.label, "plan": source.name}))
        gives = {Inherits.PLAN.value: source, Inherits.OWN_PLAN.value: self.own_plan}.get(inherits or "")
        if gives and "currency" in self.changed_data and chosen.get("currency") not in ("", None, gives.currency):
            message = _("The rate plan it inherits from is in %(currency)s. Choose that here.")
            self.add_error("currency", ValidationError(message, code="currency_of_source", params={"currency": gives.currency}))
        return chosen


def values_of(plan: RatePlan) -> dict[str, Any]:
    """The plan as its form begins."""
    return {name: getattr(plan, name) for name in PlanForm.base_fields}


class MomentField(forms.DateTimeField):
    """A moment on the clock of the reseller's zone, which its form sets; to the minute, or as fine as it is written."""

    zone = "UTC"
    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "any"}, format=MINUTE)

    def clean(self, value: Any) -> datetime | None:
        moment: datetime | None = super().clean(value)
        if moment is not None and not EARLIEST <= moment.year < LATEST:
            raise ValidationError(_("Write a date since %(year)d."), params={"year": EARLIEST})
        return moment.replace(tzinfo=ZoneInfo(self.zone)) if moment else None


class UploadForm(PortalForm):
    """A rates file, what is to become of the rates that are there, and from when on it holds; the first of a plan holds for all earlier time."""

    file = forms.FileField(
        label=_("Rates file"),
        allow_empty_file=True,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"}),
        help_text=_("At most 50 MB and 2,000,000 rows. One of more than 4 MB is read in the background."),
    )
    mode = forms.ChoiceField(
        label=_("Rates that are not in the file"),
        choices=[(Mode.REPLACE.value, _("Replace all rates")), (Mode.ADD.value, _("Add to the rates"))],
        initial=Mode.REPLACE.value,
        widget=ChoiceCards(hints={Mode.REPLACE.value: _("Rates that are not in the file end."), Mode.ADD.value: _("Rates that are not in the file stay.")}),
    )

    in_force_from = MomentField(
        label=_("In force from"),
        required=False,
        help_text=_("Empty: from now on. A date before calls that wait lets them be rated; rated calls keep their price until they are rated again."),
    )

    def __init__(self, *args: Any, zone: str, is_first: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["in_force_from"].zone = zone  # type: ignore[attr-defined]
        if is_first:
            del self.fields["in_force_from"]

    def clean_in_force_from(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["in_force_from"]
        if moment is not None and moment > timezone.now():
            raise ValidationError(_("Choose a moment that has begun, or none."))
        return moment

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > rates_text.MAX_BYTES:
            raise ValidationError(_("The file is too large: at most %(most)d MB are read."), params={"most": rates_text.MAX_BYTES // 1_000_000})
        return file


class ApplyForm(PortalForm):
    """Yes to what the preview shows."""

    mode = forms.ChoiceField(choices=Mode.choices, widget=forms.HiddenInput)
    looked_at = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    in_force_from = MomentField(required=False, widget=forms.HiddenInput)
    accept_unusual = forms.BooleanField(label=_("I have looked at the unusual prices"), required=False)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["in_force_from"].zone = zone  # type: ignore[attr-defined]


class QuoteForm(PortalForm):
    """What would a call cost?"""

    number = forms.CharField(label=_("Number"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}))
    duration = forms.CharField(label=_("Duration"), max_length=12, initial="3:00", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    at = forms.DateTimeField(
        label=_("At"),
        required=False,
        help_text=_("Empty: now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)

    def clean_duration(self) -> int:
        """Seconds, written 187, 3:07 or 1:02:09."""
        text = self.cleaned_data["duration"]
        if text.isascii() and text.isdigit() and len(text) <= 9:
            return int(text)
        clock = CLOCK.fullmatch(text) if text.isascii() else None
        if clock is None:
            raise ValidationError(_("Write a duration such as 3:07, or seconds."))
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return hours * 3600 + minutes * 60 + seconds

    def clean_at(self) -> datetime | None:
        """The clock of the reseller's time zone."""
        at: datetime | None = self.cleaned_data["at"]
        return at.replace(tzinfo=self.zone) if at else None
