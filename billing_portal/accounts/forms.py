"""Signing in, and choosing a password."""

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.domain import passwords
from billing_portal.accounts.models import User
from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.period import zone_names

LOGIN_CAP = 254
PASSWORD_CAP = 200
NAME_LABEL = _("Username, email or account number")


def password_field(label: Any, autocomplete: str, hint: Any = "") -> forms.CharField:
    """A password as it is typed: spaces count, pasting and password managers work."""
    widget = forms.PasswordInput(attrs={"class": "form-control", "autocomplete": autocomplete})
    return forms.CharField(label=label, widget=widget, strip=False, max_length=PASSWORD_CAP, help_text=hint)


def name_field() -> forms.CharField:
    """Any of the names somebody signs in with."""
    attrs = {"class": "form-control", "autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(label=NAME_LABEL, widget=forms.TextInput(attrs=attrs), max_length=LOGIN_CAP)


class SignInForm(LoginForm):
    """allauth's form in our words; which name it was and what was wrong with it is never said."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)
        self.fields["login"] = name_field()
        self.fields["password"] = password_field(_("Password"), "current-password")


class ForgottenForm(forms.Form):
    """Who asks for a link to a new password."""

    name = name_field()


def least_characters() -> int:
    """How long a password must be, from the settings' rules."""
    rules = password_validation.get_default_password_validators()
    return max((getattr(rule, "min_length", 0) for rule in rules), default=0)


class PreferencesForm(forms.Form):
    """What somebody chooses for themselves; empty is the time zone of their company."""

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, help_text=_("For the times you see on these pages. Invoices keep the customer's."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("The company's")), *((name, name) for name in zone_names())]
        field.widget.attrs["class"] = "form-select"


class NewPasswordForm(forms.Form):
    """A new password, checked against the rules for this person's."""

    password = password_field(_("New password"), "new-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].help_text = _("At least %(least)d characters. Several words that do not belong together are easy to remember.") % {
            "least": least_characters()
        }

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        if passwords.is_pattern(password):
            raise ValidationError(_("This is too easy to guess: use several words that do not belong together."), code="password_pattern")
        return password

    def refuse(self, error: DomainError) -> None:
        self.add_error(None, ValidationError(error.message, code=error.code))


class ChangePasswordForm(NewPasswordForm):
    """The password in force proves who asks; then the new one."""

    current = password_field(_("Current password"), "current-password")
    field_order = ["current", "password"]

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        if not self.user.check_password(current):
            raise ValidationError(_("This is not your current password."), code="wrong_password")
        return current
