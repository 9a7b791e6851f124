"""Which waiting calls a decision is about."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from billing_portal.web.forms import NoteField, PortalForm
from invoicing.models import WaitingCall

MOST = 10_000


class DecisionForm(PortalForm):
    """The rows that were ticked, or everything that waits for one reason; a note for those set aside. The page says what it has shown."""

    reason = forms.ChoiceField(choices=[("", ""), *WaitingCall.Reason.choices], required=False)
    every = forms.BooleanField(required=False)
    shown_until = forms.DateTimeField(required=False)
    shown = forms.CharField(required=False)
    note = NoteField(
        label=_("Why are they never billed?"), required=False, max_length=300, widget=forms.TextInput(attrs={"placeholder": _("Why are they never billed?")})
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            cleaned["ids"] = [UUID(value) for value in self._ticked()[:MOST]]
        except ValueError as problem:
            raise ValidationError(_("Choose at least one call."), code="none_chosen") from problem
        if not cleaned["ids"] and not cleaned.get("every"):
            raise ValidationError(_("Choose at least one call."), code="none_chosen")
        return cleaned

    def _ticked(self) -> list[str]:
        get = getattr(self.data, "getlist", None)
        return get("ids") if get else []
