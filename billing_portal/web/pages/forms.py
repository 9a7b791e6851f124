"""Forms of the platform's own pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from billing_portal.accounts.domain import company, keys, logos
from billing_portal.accounts.models import Role
from billing_portal.accounts.models.users import STAFF_ROLES
from billing_portal.web.edit_forms import EditForm
from billing_portal.web.forms import ChoiceCards, DayField, EmailField, NoteField, PortalForm

STAFF_CHOICES = [(role.value, role.label) for role in STAFF_ROLES]
STAFF_HINTS = {
    Role.ADMINISTRATOR.value: _("Everything, also staff, settings, keys and the audit trail."),
    Role.COMMERCE.value: _("Customers, plans, invoices, and money within the caps of the invoicing terms."),
    Role.SUPPORT.value: _("Helps customers: people, lines, login details, lock."),
    Role.REPORTS.value: _("Reads everything, costs too, and changes nothing."),
}


class CompanyForm(EditForm):
    """The seller on documents, and the portal's contact and colour."""

    TOGETHER = (("street", "city", "postcode", "country"),)

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("What customers see on top of the portal and as the sender of mails."))
    legal_name = forms.CharField(label=_("Legal name"), max_length=120, required=False, help_text=_("The seller on invoices."))
    street = forms.CharField(label=_("Street"), max_length=200, required=False)
    city = forms.CharField(label=_("City"), max_length=100, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=20, required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    tax_reference = forms.CharField(label=_("Tax reference"), max_length=40, required=False, help_text=_("Such as a VAT number; it stands on every invoice."))
    company_number = forms.CharField(label=_("Company number"), max_length=40, required=False)
    support_email = EmailField(label=_("Support email"), required=False, help_text=_("Answers to mails go here."))
    support_phone = forms.CharField(label=_("Support telephone"), max_length=40, required=False)
    bank_details = forms.CharField(
        label=_("Bank details"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, such as IBAN: GB29 NWBK 6016 1331 9268 19. Invoices show them under How to pay."),
    )
    brand_colour = forms.CharField(
        label=_("Brand colour"), max_length=7, widget=forms.TextInput(attrs={"type": "color"}), help_text=_("On documents and mails, under white text.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["country"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [("", _("Not set")), *countries]
        self.fields["brand_colour"].widget.attrs["class"] = "form-control form-control-color"

    def clean_brand_colour(self) -> str:
        return str(self.cleaned_data["brand_colour"]).lower()


class LogoForm(PortalForm):
    """A picture for the portal and the documents."""

    logo = forms.FileField(
        label=_("Logo"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        help_text=_("PNG or JPEG, up to 2 million pixels."),
    )

    def clean_logo(self) -> bytes:
        upload = self.cleaned_data["logo"]
        content: bytes = upload.read(logos.MAX_BYTES + 1)
        return content


class SwitchForm(PortalForm):
    """A switch that will send calls."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("As you call it, such as fsw-london-1."))
    description = NoteField(label=_("Description"), max_length=200, required=False)


class KeyForm(PortalForm):
    """What a new key may do, and from where."""

    scopes = forms.MultipleChoiceField(
        label=_("The key may"), choices=[(keys.CALLS_WRITE, _("send calls"))], initial=[keys.CALLS_WRITE], widget=forms.CheckboxSelectMultiple
    )
    addresses = forms.CharField(
        label=_("Only from these addresses"),
        max_length=3_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One a line: 203.0.113.7 or 198.51.100.0/24. Empty: from everywhere."),
    )


class StaffForm(PortalForm):
    """A new member of staff."""

    full_name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    username = forms.CharField(
        label=_("Username"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"})
    )
    email = EmailField(label=_("Email"), help_text=_("The login details go here."), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"), choices=STAFF_CHOICES, initial=Role.COMMERCE.value, widget=ChoiceCards(hints=STAFF_HINTS))


class RoleForm(EditForm):
    """Another role for a member of staff."""

    role = forms.ChoiceField(label=_("Role"), choices=STAFF_CHOICES, widget=ChoiceCards(hints=STAFF_HINTS))


class DaysFilter(PortalForm):
    """What happened on which days, in the viewer's time; whose acts stands before it."""

    field_order = ("who", "since", "until")

    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Until"), required=False)


class AuditFilter(DaysFilter):
    """Whose acts, by a part of the name."""

    who = forms.CharField(label=_("Person"), max_length=150, required=False)


COMPANY_FIELDS = company.FIELDS
