"""The form of a customer, new and changed: only fields that have an effect."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from billing_portal.kernel import currencies
from billing_portal.kernel.period import zone_names
from billing_portal.web import display
from billing_portal.web.edit_forms import DRAWN, EditForm
from billing_portal.web.forms import ChoiceCards, EmailField, MoneyField, NoteField, PortalForm, QuickSelect
from customers.models import BillingType, Customer
from rateplans.models import RatePlan, Tax
from rateplans.queries import plans_to_choose, taxes, visible_plans

HINTS = {
    BillingType.PREPAID.value: _("Pays first. Calls stop when the balance is used up."),
    BillingType.POSTPAID.value: _("Gets an invoice each month. Calls stop at the credit limit."),
}


ALERTS = ("low_balance_threshold", "low_balance_email", "low_balance_repeat_days", "topup", "topup_amount", "topup_threshold")
AMOUNTS = ("credit_limit", "daily_limit", "low_balance_threshold", "topup_amount", "topup_threshold")


class PlanSelect(QuickSelect):
    """Each plan says its currency, so that the page can follow it."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        plan = getattr(option["value"], "instance", None)
        return option | {"attrs": option["attrs"] | ({"data-currency": plan.currency} if plan else {})}


class TaxChoices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Taxes with their percentage."""

    def label_from_instance(self, tax: Any) -> str:
        return f"{tax.name}, {display.percent(tax.percent)}"


class CustomerForm(PortalForm):
    """Fields both pages share. `chosen_plan` is the plan whose currency and terms the page shows."""

    name = forms.CharField(label=_("Customer name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"}))
    plan = forms.ModelChoiceField(RatePlan.objects.none(), label=_("Rate plan"), empty_label=None, widget=PlanSelect)
    currency = forms.ChoiceField(
        label=_("Currency"), help_text=_("The rate plan's, unless you choose another. It cannot change after the first call or movement of money.")
    )
    billing_email = EmailField(
        label=_("Billing email address"), help_text=_("Invoices and the login details go here."), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    account_number = forms.CharField(
        label=_("Account number"), max_length=20, required=False, widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "bp-num"})
    )
    description = NoteField(
        label=_("Description"), max_length=300, required=False, widget=forms.TextInput(attrs={"placeholder": _("Only your staff see this")})
    )
    billing_type = forms.ChoiceField(label=_("Billing type"), choices=BillingType.choices, widget=ChoiceCards(hints=HINTS))
    time_zone = forms.ChoiceField(label=_("Time zone"), help_text=_("For all dates and times on invoices, and on the web unless somebody chose their own."))
    credit_limit = MoneyField(
        label=_("Credit limit"), min_value=Decimal(0), help_text=_("Calls stop when the customer owes this much. For pre-paid customers it usually stays 0.00.")
    )
    credit_unlimited = forms.BooleanField(label=_("Unlimited credit"), required=False, help_text=_("Calls never stop, whatever is owed."))
    daily_limited = forms.BooleanField(label=_("Limit what calls may cost per day"), required=False)
    daily_limit = MoneyField(
        label=_("Maximum spend per day"),
        min_value=Decimal(0),
        required=False,
        help_text=_("Reaching it locks calls until midnight in the customer's time zone."),
    )
    low_balance_threshold = MoneyField(
        label=_("Email when the balance drops below"), required=False, help_text=_("What is left to spend, the credit limit included. 0.00 for no email.")
    )
    low_balance_email = forms.BooleanField(label=_("Send the email"), required=False, initial=True, help_text=_("A top-up works without it too."))
    low_balance_repeat_days = forms.IntegerField(
        label=_("Repeat every so many days"), min_value=0, max_value=365, required=False, help_text=_("While the balance stays low. 0 for one email only.")
    )
    topup = forms.ChoiceField(label=_("Top up automatically"), choices=Customer.TopUp.choices, required=False)
    topup_amount = MoneyField(label=_("Amount"), required=False, help_text=_("Taxes included; with a target, the balance to reach."))
    topup_threshold = MoneyField(label=_("Top up when below"), required=False, help_text=_("The amount of the email, unless you write a lower one."))
    taxes = TaxChoices(Tax.objects.none(), label=_("Liable for"), required=False, widget=forms.CheckboxSelectMultiple)
    call_detail = forms.ChoiceField(
        label=_("Calls on invoices"),
        choices=Customer.CallDetail.choices,
        initial=Customer.CallDetail.SUMS,
        required=False,
        help_text=_("Every call is in the customer's portal whatever is chosen here."),
    )
    tax_reference = forms.CharField(label=_("Tax reference"), max_length=40, required=False, help_text=_("Shown on invoices."))
    attention = forms.CharField(label=_("Attention"), max_length=120, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    street = forms.CharField(label=_("Street"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "street-address"}))
    city = forms.CharField(label=_("City"), max_length=100, required=False, widget=forms.TextInput(attrs={"autocomplete": "address-level2"}))
    postcode = forms.CharField(label=_("Postcode"), max_length=20, required=False, widget=forms.TextInput(attrs={"autocomplete": "postal-code"}))
    country = forms.ChoiceField(label=_("Country"), required=False, widget=forms.Select(attrs={"autocomplete": "country"}))

    SECTIONS = (
        ("essentials", _("Essentials"), ("name", "plan", "currency", "billing_email")),
        ("identity", _("Identity"), ("account_number", "switch_account_code", "status", "description")),
        ("access", _("Access and limits"), ("daily_limited", "daily_limit")),
        ("region", _("Region"), ("time_zone",)),
        ("billing", _("Billing"), ("billing_type", "tax_reference", "call_detail")),
        ("credit", _("Credit and alerts"), ("credit_limit", "credit_unlimited", *ALERTS)),
        ("taxes", _("Taxes"), ("taxes",)),
        ("address", _("Address"), ("attention", "street", "city", "postcode", "country")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans = list(visible_plans())
        self._choose("plan").queryset = visible_plans()
        self._choose("taxes").queryset = taxes()
        self._choose("currency").choices = currencies.named(get_language() or "en")
        self._choose("time_zone").choices = [(name, name) for name in zone_names()]
        self._choose("country").choices = [("", _("Not given")), *countries]
        if not taxes().exists():
            del self.fields["taxes"]
        asked = str(self["plan"].value() or "")
        self.chosen_plan = next((plan for plan in plans if str(plan.pk) == asked), plans[0] if plans else None)
        if "currency" in self.fields:
            self._price_in(str(self["currency"].value() or ""))

    def _choose(self, name: str) -> Any:
        return self.fields[name]

    def _price_in(self, currency: str) -> None:
        for name in AMOUNTS:
            self._choose(name).currency = currency

    def clean(self) -> dict[str, Any]:
        """No limit is a choice of its own; an alert left empty is off."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("daily_limited") and cleaned.get("daily_limit") is None and "daily_limit" not in self.errors:
            self.add_error("daily_limit", ValidationError(_("Write a limit, or choose none."), code="required"))
        if not cleaned.get("daily_limited") and cleaned.get("daily_limit") is not None and "daily_limit" in self.changed_data:
            self.add_error("daily_limit", ValidationError(_("Tick “Limit what calls may cost per day” too, or leave this empty."), code="not_ticked"))
        return cleaned

    def sections(self) -> list[tuple[str, Any, int]]:
        """The parts of the form that have fields, each with how many of them are wrong."""
        shown = [(key, title, [name for name in names if name in self.fields]) for key, title, names in self.SECTIONS]
        return [(key, title, sum(name in self.errors for name in names) if self.is_bound else 0) for key, title, names in shown if names]

    def given(self) -> dict[str, Any]:
        """What the verb is told."""
        given = dict(self.cleaned_data)
        if not given.pop("daily_limited"):
            given["daily_limit"] = None
        given |= {name: given[name] or Decimal(0) for name in ("low_balance_threshold", "topup_amount")}
        given["low_balance_repeat_days"] = given["low_balance_repeat_days"] or 0
        given["topup"] = given["topup"] or Customer.TopUp.OFF
        given["call_detail"] = given["call_detail"] or Customer.CallDetail.SUMS
        return given


class NewCustomerForm(CustomerForm):
    """A new customer: the first plan and everything that follows from it are chosen already (M9)."""

    suggested_number = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def given(self) -> dict[str, Any]:
        """A number that was only suggested is taken anew, so that two forms opened together cannot clash."""
        given = super().given()
        if given.pop("suggested_number") == given["account_number"]:
            given["account_number"] = ""
        return given


class EditCustomerForm(EditForm, CustomerForm):
    """A customer that is there: its status and switch account code too; the currency is only shown once money moved."""

    AUDITED_AS = {"daily_limited": ["daily_limit"], "credit_unlimited": ["credit_limit"], "topup_amount": ["topup"]}
    TOGETHER = (
        ("daily_limited", "daily_limit"),
        ("credit_limit", "credit_unlimited"),
        ("low_balance_threshold", "low_balance_email", "low_balance_repeat_days"),
        ("low_balance_threshold", "topup", "topup_amount", "topup_threshold"),
        ("street", "city", "postcode", "country"),
        ("plan", "currency"),
        *(("currency", amount) for amount in AMOUNTS),
    )

    status = forms.ChoiceField(
        label=_("Status"), choices=Customer.Status.choices, help_text=_("Calls of an inactive or closed customer are not rated; they wait in the queue.")
    )
    switch_account_code = forms.CharField(
        label=_("Switch account code"), max_length=60, required=False, help_text=_("What a switch may send in place of the account number.")
    )

    def __init__(self, *args: Any, customer: Customer, plan: RatePlan | None, currency_fixed: bool, **kwargs: Any) -> None:
        self.customer = customer
        self.is_currency_fixed = currency_fixed
        columns = [name for name in self.base_fields if name not in {"plan", "taxes", "daily_limited", DRAWN}]
        initial = {name: getattr(customer, name) for name in columns} | {
            "country": customer.country.code or "",
            "plan": plan,
            "taxes": list(customer.taxes.all()),
            "daily_limited": customer.daily_limit is not None,
        }
        super().__init__(*args, initial=initial, about=("customer", customer.pk), **kwargs)
        self._choose("plan").queryset = plans_to_choose(plan)
        self.fields["billing_type"].help_text = _("Changing it first invoices what waits to be. Credit is moved under Payments, Settle.")
        self.fields["account_number"].required = True
        if customer.kind == Customer.CustomerKind.RESELLER:
            self.fields["plan"].required = False
            self._choose("plan").empty_label = _("No plan")
        if currency_fixed:
            self.fields["currency"].widget = forms.TextInput(attrs={"class": "form-control", "readonly": True})
            self["currency"].help_text = _("It cannot change any more: there were calls or movements of money.")
            self._price_in(customer.currency)

    def clean_currency(self) -> str:
        """One that was chosen while it could still change is refused, and the field shows what there is."""
        chosen: str = self.cleaned_data["currency"]
        if self.is_currency_fixed and chosen != self.customer.currency:
            self._write("currency", self.customer.currency)
            message = _("It is %(currency)s, and cannot change after the first call or movement of money.")
            raise ValidationError(message, code="currency_fixed", params={"currency": self.customer.currency})
        return chosen

    def given(self) -> dict[str, Any]:
        """Only what was changed: the rest stays as it is, also when somebody saves in this very moment."""
        return {name: value for name, value in super().given().items() if name in self.changes()}
