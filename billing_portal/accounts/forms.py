"""Signing in, and choosing a password."""

import json
from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.domain import passwords
from billing_portal.accounts.models import User
from billing_portal.accounts.validators import least_characters
from billing_portal.kernel import emails
from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.period import zone_names

LOGIN_CAP = 254
PASSWORD_CAP = 200
ANSWER_CAP = 20_000
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


class OwnForm(forms.Form):
    """A form at the door or about oneself; refusals of the domain reach their field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)

    def refuse(self, error: DomainError) -> None:
        """Say the refusal at the field it names, else at the form."""
        self.add_error(error.field if error.field in self.fields else None, ValidationError(error.message, code=error.code))


class PreferencesForm(OwnForm):
    """What somebody chooses for themselves; empty is the time zone of their company."""

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, help_text=_("For the times you see on these pages. Invoices keep the customer's."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("The company's")), *((name, name) for name in zone_names())]
        field.widget.attrs["class"] = "form-select"


class NewPasswordForm(OwnForm):
    """A new password, checked against the rules for this person's."""

    password = password_field(_("New password"), "new-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].help_text = _("At least %(least)d characters. Several words that do not belong together are easy to remember.") % {
            "least": least_characters(user)
        }

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        if passwords.is_pattern(password):
            raise ValidationError(_("This is too easy to guess: use several words that do not belong together."), code="password_pattern")
        return password


class ChangePasswordForm(NewPasswordForm):
    """The password in force proves who asks; then the new one."""

    current = password_field(_("Current password"), "current-password")
    field_order = ["current", "password"]

    def __init__(self, *args: Any, user: User, counted_as: tuple[str, str], **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.counted_as = counted_as

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        try:
            passwords.prove(self.user, current, counted_as=self.counted_as, at=timezone.now())
        except DomainError as refusal:
            raise ValidationError(refusal.message, code=refusal.code) from refusal
        return current


class PasswordForm(OwnForm):
    """The password in force, to prove again who asks."""

    password = password_field(_("Password"), "current-password")


class EmailForm(OwnForm):
    """One's own new email address."""

    email = forms.EmailField(
        label=_("New email"),
        max_length=254,
        validators=[emails.check_letters],
        widget=forms.EmailInput(attrs={"class": "form-control", "autocomplete": "email"}),
    )


class CodeInput(forms.TextInput):
    """A code that did not fit is not shown again: the next one is another."""

    def format_value(self, value: Any) -> str | None:
        return None


class CodeForm(OwnForm):
    """A code of an authenticator app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=CodeInput(attrs={"class": "form-control bp-otp", "autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}),
    )


class PasskeyNameForm(OwnForm):
    """What somebody calls a passkey."""

    name = forms.CharField(label=_("Name"), max_length=60, widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}))


class PasskeyForm(OwnForm):
    """What the browser answered for a passkey; without a name it gets one."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        required=False,
        help_text=_("Such as the device it is on: “Work laptop”."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    answer = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        """The object that the browser wrote as JSON; everything else is refused, however it was made up, and said at the form: nobody sees the field."""
        text: str = self.cleaned_data.get("answer", "")
        try:
            answer = json.loads(text) if len(text) <= ANSWER_CAP else None
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise ValidationError(_("Your browser sent no passkey. Try again."), code="no_passkey")
        return {**self.cleaned_data, "answer": answer}
