"""Forms of taxes and invoicing terms."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing_portal.web.edit_forms import EditForm
from billing_portal.web.forms import MoneyField, PortalForm
from rateplans.domain import taxes
from rateplans.domain.plans import MOST_DUE_DAYS
from rateplans.domain.terms import BOUNDS, CAPS
from rateplans.models import RatePlan, Tax
from rateplans.queries import visible_plans

SCOPES = {
    "on_account_fees": _("Account fees"),
    "on_features": _("Features"),
    "on_calls": _("Calls"),
    "on_products": _("Products"),
    "on_charges": _("Charges"),
}


class TaxForm(PortalForm):
    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("As documents show it, such as VAT 20 %."))
    percent = MoneyField(label=_("Percent"), places=4, min_value=Decimal(0), max_value=Decimal(100))
    scopes = forms.MultipleChoiceField(label=_("Charged on"), choices=list(SCOPES.items()), initial=list(taxes.SCOPES), widget=forms.CheckboxSelectMultiple)
    liable_by_default = forms.BooleanField(label=_("Ticked for new customers"), required=False, initial=True)

    def values(self) -> dict[str, Any]:
        """The form as the tax's fields."""
        ticked = self.cleaned_data["scopes"]
        own = {name: self.cleaned_data[name] for name in ("name", "percent", "liable_by_default")}
        return own | {scope: scope in ticked for scope in taxes.SCOPES}


class EditTaxForm(EditForm, TaxForm):
    """A tax that is there; each kind of charge is a change of its own."""

    AUDITED_AS = {"scopes": taxes.SCOPES}

    def changes(self) -> dict[str, Any]:
        changed = super().changes()
        ticked = set(changed.pop("scopes", self.initial["scopes"]))
        return changed | {scope: scope in ticked for scope in taxes.SCOPES if (scope in ticked) != (scope in self.initial["scopes"])}


def values_of(tax: Tax) -> dict[str, Any]:
    """The tax as its form begins."""
    ticked = [scope for scope in taxes.SCOPES if getattr(tax, scope)]
    return {"name": tax.name, "percent": tax.percent, "liable_by_default": tax.liable_by_default, "scopes": ticked}


class TermsForm(EditForm):
    TOGETHER = (("issue_automatically", "settle_hours"),)

    document_prefix = forms.CharField(
        label=_("Prefix of document numbers"),
        max_length=12,
        required=False,
        help_text=_("HV makes HV-2026-0001. Documents that are issued keep theirs."),
    )
    due_days = forms.IntegerField(
        label=_("Days until due"), min_value=0, max_value=MOST_DUE_DAYS, help_text=_("From the day of the invoice, unless the rate plan says otherwise.")
    )
    issue_automatically = forms.BooleanField(
        label=_("Issue invoices automatically"),
        required=False,
        help_text=_("When a period has ended in the customer's time zone. Without it invoices wait for a run by hand."),
    )
    settle_hours = forms.IntegerField(
        label=_("Hours to wait for late calls"),
        min_value=BOUNDS["settle_hours"][0],
        max_value=BOUNDS["settle_hours"][1],
        help_text=_("After the end of the period, before invoices are issued automatically."),
    )
    topups_per_day = forms.IntegerField(
        label=_("Automatic top-ups in 24 hours"),
        min_value=1,
        max_value=BOUNDS["topups_per_day"][1],
        help_text=_("The next one is not asked for: it is parked until your staff let it go on."),
    )
    topups_per_month = forms.IntegerField(
        label=_("Automatic top-ups in a month"),
        min_value=1,
        max_value=BOUNDS["topups_per_month"][1],
        help_text=_("From the first of the month in the customer's time zone."),
    )
    cost_plan = forms.ModelChoiceField(
        RatePlan.objects.none(),
        label=_("Cost plan"),
        required=False,
        empty_label=_("None: costs and margins stay empty"),
        help_text=_("One of your rate plans, with what carriers charge you for calls."),
    )

    amount_cap = MoneyField(
        label=_("Most by hand at once"),
        min_value=Decimal(0),
        required=False,
        help_text=_("Payments, approved top-ups, refunds, charges, credits, credit notes, write-offs and settlements. Empty for no cap."),
    )
    raise_cap = MoneyField(
        label=_("Most raise of a credit limit"),
        min_value=Decimal(0),
        required=False,
        help_text=_("From 0.00 for a new customer. With a cap, commerce gives no unlimited credit. Empty for no cap."),
    )

    def __init__(self, *args: Any, root: bool, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in CAPS:
            cap = self.fields[name]
            assert isinstance(cap, MoneyField)
            cap.currency = currency
        if root:
            self.fields["cost_plan"].queryset = visible_plans()  # type: ignore[attr-defined]
        else:
            del self.fields["cost_plan"]
