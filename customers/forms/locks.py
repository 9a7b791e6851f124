"""The form with which staff lock a customer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing_portal.web.forms import NoteField, PortalForm
from customers.models import Lock

SCOPES = [
    (Lock.Scope.CALLS.value, _("Calls: marked as locked; calls that a switch reports are still billed")),
    (Lock.Scope.WEB.value, _("Sign-in: its people are signed out")),
]


class LockForm(PortalForm):
    """What to lock, and why; `scopes` are those that are offered."""

    scopes = forms.MultipleChoiceField(
        label=_("What to lock"),
        choices=SCOPES,
        initial=[Lock.Scope.CALLS.value],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what to lock.")},
    )
    note = NoteField(label=_("Why"), max_length=300, required=False, help_text=_("Only your staff see this."))

    def __init__(self, *args: Any, scopes: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [choice for choice in SCOPES if choice[0] in scopes]
