"""The form with which staff lock a customer."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from billing_portal.web.forms import NoteField, PortalForm
from customers.models import Lock

SCOPES = [
    (Lock.Scope.CALLS.value, _("Calls: marked as locked; calls that a switch reports are still billed")),
    (Lock.Scope.WEB.value, _("Sign-in: its people are signed out")),
]


class LockForm(PortalForm):
    """What to lock, and why."""

    scopes = forms.MultipleChoiceField(
        label=_("What to lock"),
        choices=SCOPES,
        initial=[Lock.Scope.CALLS.value],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what to lock.")},
    )
    note = NoteField(label=_("Why"), max_length=300, required=False, help_text=_("Only your staff see this."))
