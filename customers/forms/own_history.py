"""The filter of a customer's own history."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing_portal.web.history import between
from billing_portal.web.pages.forms import DaysFilter
from customers import queries
from customers.models import Customer

SELLER = "seller"


class OwnHistoryFilter(DaysFilter):
    """Which of the customer's people did it, or the seller whose staff are not told apart; and on which days."""

    who = forms.ChoiceField(label=_("Person"), required=False)

    def __init__(self, *args: Any, customer: Customer, seller: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(person.user_id), str(person.user)) for person in queries.people_of(customer)]
        who = self.fields["who"]
        assert isinstance(who, forms.ChoiceField)
        who.choices = [("", _("Everybody")), *people, (SELLER, seller)]

    def where(self, zone: str) -> Q:
        """What is asked for, of entries with `by_people`; everything when nothing is, or when it cannot be read."""
        if not self.is_bound or not self.is_valid():
            return Q()
        who = self.cleaned_data["who"]
        days = between(self.cleaned_data["since"], self.cleaned_data["until"], zone)
        if who == SELLER:
            return days & Q(by_people=False)
        return days & Q(by_people=True, actor_id=who) if who else days
