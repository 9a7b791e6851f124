"""Forms of a customer's people and lines."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.models import Role
from billing_portal.kernel.errors import DomainError
from billing_portal.web.display import exact
from billing_portal.web.edit_forms import EditForm
from billing_portal.web.forms import ChoiceCards, EmailField, NoteField, PortalForm
from billing_portal.web.viewer import Viewer
from customers import queries
from customers.domain import line_names
from customers.models import Customer, Line, Person

ROLES = [(Role.ACCOUNT_USER.value, Role.ACCOUNT_USER.label), (Role.ACCOUNT_ADMIN.value, Role.ACCOUNT_ADMIN.label)]
HINTS = {
    Role.ACCOUNT_USER.value: _("Sees the lines they use and the calls of those, nothing else."),
    Role.ACCOUNT_ADMIN.value: _("Sees all calls, invoices and the statement; adds people and lines."),
}


class PersonForm(PortalForm):
    """Somebody new; the login details go to the email."""

    full_name = forms.CharField(label=_("Full name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = EmailField(label=_("Email"), help_text=_("The login details go here."), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    username = forms.CharField(
        label=_("Username"), max_length=150, required=False, help_text=_("Made of the email unless you write one; the email signs in too.")
    )
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, initial=Role.ACCOUNT_USER, widget=ChoiceCards(hints=HINTS))


class EditPersonForm(EditForm):
    """Somebody who is there. While switched the email is not offered (semantics 34), from a parent the role is not either; one's own email is changed
    where the new one is confirmed."""

    full_name = forms.CharField(label=_("Full name"), max_length=150)
    email = EmailField(label=_("Email"), required=False, help_text=_("Links that were sent to the old address end."))
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, widget=ChoiceCards(hints=HINTS))

    def __init__(self, *args: Any, person: Person, viewer: Viewer, **kwargs: Any) -> None:
        user = person.user
        super().__init__(*args, initial={"full_name": user.full_name, "email": user.email, "role": user.role}, about=("user", user.pk), reader=viewer, **kwargs)
        if viewer.home:
            del self.fields["role"]
        if viewer.switched:
            del self.fields["email"]
        elif viewer.user == user:
            self.fields["email"].widget.attrs["readonly"] = True
            self.fields["email"].help_text = format_html('<a href="{}">{}</a>', reverse("own_email"), _("Change it under Your account."))


def person_field() -> forms.ModelChoiceField[Person]:
    """Who uses a line; its choices come with the customer."""
    hint = _("An account user sees the calls of the lines they use, earlier ones too.")
    return forms.ModelChoiceField(Person.objects.none(), label=_("Used by"), required=False, empty_label=_("Nobody in particular"), help_text=hint)


def offer_people(form: forms.Form, customer: Customer) -> None:
    """Only the customer's own people may be chosen."""
    field = form.fields["person"]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = queries.people_of(customer)


class LineForm(PortalForm):
    """A telephone line. Staff add by a tick what another customer has; it is offered when they were told so."""

    name = forms.CharField(label=_("Line"), max_length=60, help_text=_("The name the switch sends for it, such as 1001."))
    description = NoteField(label=_("Description"), max_length=120, required=False)
    address = forms.CharField(
        label=_("Address"), max_length=100, required=False, help_text=_("The network address it registers from, when the switch sends one.")
    )
    person = person_field()
    shared = forms.BooleanField(label=_("Add it all the same"), required=False)

    def __init__(self, *args: Any, customer: Customer, by_customer: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_people(self, customer)
        if by_customer:
            self.fields["name"].help_text = _(
                "What the switch sends for it. It begins with a letter, or has up to four figures: "
                "we add longer ones for you, and calls to figures wait until we have looked at them."
            )
        self.tick = self.fields["shared"]
        if by_customer or "shared" not in self.data:
            del self.fields["shared"]

    def refuse(self, error: DomainError) -> None:
        super().refuse(error)
        if error.code == "line_shared":
            self.fields["shared"] = self.tick


class EditLineForm(EditForm):
    """A line that is there. Name and address stay: calls are found by them. Staff may make on-net what the customer named by itself (`by_staff`), and
    say that calls since another customer gave the name up are this one's."""

    AUDITED_AS = {"person": ["used_by"]}

    description = NoteField(label=_("Description"), max_length=120, required=False)
    person = person_field()
    on_net = forms.BooleanField(
        label=_("On-net"),
        required=False,
        help_text=_("Calls to it are free for everybody; until then they wait. The customer chose this name: could it be a public number?"),
    )

    takes_over = forms.BooleanField(label=_("Take the calls since it was given up"), required=False)
    TAKES_OVER = _(
        "%(name)s had it until %(until)s. Calls answered since then, before this line was added, wait; with this tick, rated again, they are this customer's."
    )

    def __init__(self, *args: Any, line: Line, by_staff: bool, **kwargs: Any) -> None:
        super().__init__(*args, initial={"description": line.description, "person": line.person}, about=("line", line.pk), **kwargs)
        offer_people(self, line.customer)
        if line.on_net or not by_staff:
            del self.fields["on_net"]
        before = line_names.given_up_before(line) if by_staff else None
        if before is None:
            del self.fields["takes_over"]
        else:
            self.fields["takes_over"].help_text = self.TAKES_OVER % {"name": before.customer.name, "until": exact(before.given_up_at, line.customer.time_zone)}
