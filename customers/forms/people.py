"""Forms of a customer's people and lines."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.models import Role
from billing_portal.web.forms import ChoiceCards, PortalForm
from customers.models import Person

ROLES = [(Role.ACCOUNT_USER.value, Role.ACCOUNT_USER.label), (Role.ACCOUNT_ADMIN.value, Role.ACCOUNT_ADMIN.label)]
HINTS = {
    Role.ACCOUNT_USER.value: _("Sees the account's calls and invoices."),
    Role.ACCOUNT_ADMIN.value: _("Also adds people and lines."),
}


class PersonForm(PortalForm):
    """Somebody new; the login details go to the email."""

    full_name = forms.CharField(label=_("Full name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(label=_("Email"), help_text=_("The login details go here."), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    username = forms.CharField(label=_("Username"), max_length=150, required=False, help_text=_("The email, unless you write another."))
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, initial=Role.ACCOUNT_USER, widget=ChoiceCards(hints=HINTS))


class EditPersonForm(PortalForm):
    """Somebody who is there. While switched the email is not offered (semantics 34)."""

    full_name = forms.CharField(label=_("Full name"), max_length=150)
    email = forms.EmailField(label=_("Email"), required=False, help_text=_("Links that were sent to the old address end."))
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, widget=ChoiceCards(hints=HINTS))

    def __init__(self, *args: Any, person: Person, while_switched: bool, **kwargs: Any) -> None:
        user = person.user
        super().__init__(*args, initial={"full_name": user.full_name, "email": user.email, "role": user.role}, **kwargs)
        if while_switched:
            del self.fields["email"]


class LineForm(PortalForm):
    """A telephone line."""

    name = forms.CharField(label=_("Line"), max_length=60, help_text=_("The name the switch sends for it, such as 1001."))
    description = forms.CharField(label=_("Description"), max_length=120, required=False)
    address = forms.CharField(
        label=_("Address"), max_length=100, required=False, help_text=_("The network address it registers from, when the switch sends one.")
    )
