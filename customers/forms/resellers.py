"""The form of a new reseller: short name and host follow from the name unless somebody says otherwise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import tries
from billing_portal.kernel import currencies
from billing_portal.kernel.period import zone_names
from billing_portal.tenancy.models import Reseller
from billing_portal.tenancy.queries import host_of
from billing_portal.web.forms import EmailField, MoneyField, PortalForm
from customers.domain import reseller_orders, resellers
from customers.domain.resellers import NewReseller
from customers.forms.customers import PlanSelect
from rateplans.models import RatePlan
from rateplans.queries import visible_plans

PLAIN: dict[str, Any] = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class ResellerForm(PortalForm):
    """A reseller below this one."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"}))
    short_name = forms.CharField(
        label=_("Short name"), max_length=resellers.LONGEST, required=False, help_text=_("Letters and figures; for life."), widget=forms.TextInput(attrs=PLAIN)
    )
    host = forms.CharField(
        label=_("Host"),
        max_length=253,
        required=False,
        help_text=_("Where its pages answer. It must lead to this server."),
        widget=forms.TextInput(attrs=PLAIN),
    )
    admin_email = EmailField(
        label=_("Administrator's email"), help_text=_("The login details go here."), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    plan = forms.ModelChoiceField(
        RatePlan.objects.none(), label=_("Rate plan"), required=False, empty_label=_("None yet"), widget=PlanSelect, help_text=_("What it pays you for calls.")
    )
    currency = forms.ChoiceField(label=_("Currency"), help_text=_("In which it owes you, and its own to begin with."))
    time_zone = forms.ChoiceField(label=_("Time zone"))
    credit_limit = MoneyField(
        label=_("Credit limit"), min_value=Decimal(0), required=False, help_text=_("How much it may owe you. It counts only without unlimited credit.")
    )
    credit_unlimited = forms.BooleanField(
        label=_("Unlimited credit"),
        required=False,
        initial=True,
        help_text=_("The usual for a reseller, which is invoiced each month: it is never over a limit."),
    )

    def __init__(self, *args: Any, parent: Reseller, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parent, self.own_host, self.actor = parent, host_of(parent), actor
        self._choose("plan").queryset = visible_plans()
        self._choose("currency").choices = currencies.named()
        self._choose("time_zone").choices = [(name, name) for name in zone_names()]
        self.fields["host"].widget.attrs["data-after"] = self.own_host
        self._choose("credit_limit").currency = str(self["currency"].value() or "")

    def _choose(self, name: str) -> Any:
        return self.fields[name]

    def clean(self) -> dict[str, Any]:
        """All clashes are said at once, each at its field."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        is_limit_missing = not self["credit_unlimited"].value() and given.get("credit_limit", 0) is None
        given["credit_limit"] = given.get("credit_limit") or Decimal(0)
        if not self.errors:
            self._clashes(given)
        if is_limit_missing:
            self.add_error("credit_limit", ValidationError(_("Write a limit, or tick “Unlimited credit”."), code="required"))
        return given

    def _clashes(self, given: dict[str, Any]) -> None:
        given["short_name"] = given["short_name"].lower() or resellers.short_name_of(given["name"])
        if not given["short_name"]:
            said = _("Write a short name: “%(name)s” has no Latin letters that one could be made of.")
            self.add_error("short_name", ValidationError(said, code="short_name_missing", params={"name": given["name"]}))
            return
        given["host"] = (given["host"] or f"{given['short_name']}.{self.own_host}").lower().rstrip(".")
        with self.refusals():
            tries.ask_a_name(self.actor, at=timezone.now())
            for problem in reseller_orders.problems(self.wanted()):
                self.refuse(problem)

    def wanted(self) -> NewReseller:
        """What is ordered."""
        return NewReseller(**{name: self.cleaned_data[name] for name in self.base_fields}, parent=self.parent)
