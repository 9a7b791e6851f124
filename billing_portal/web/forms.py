"""Forms in our look: text that hides nothing, amounts that mean one thing, refusals of the domain shown at their field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from billing_portal.kernel import cards, emails, money
from billing_portal.kernel.errors import DomainError

# bidi overrides and isolates, zero-width characters, control characters (reliability 83)
HIDDEN = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
BROKEN = re.compile("[\ud800-\udfff\ufffd]")
BREAKS = re.compile(r"[\t\r\n\u2028\u2029]+")
AMOUNT = re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
WHOLE_DIGITS = 12
RATE_PLACES = 6
LINE_CAP = 200
TEXT_CAP = 4000
EMAIL_CAP = 254
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
FILL_IN = _("This cannot be empty.")
CHOOSE = _("Choose one.")

CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxSelectMultiple, "form-check-input"),
    (forms.RadioSelect, "form-check-input"),
    (forms.CheckboxInput, "form-check-input"),
    (forms.Select, "form-select"),
    (forms.HiddenInput, ""),
    (forms.Widget, "form-control"),
)


def clean_text(text: str) -> str:
    """Text without what turns its direction or cannot be seen."""
    return HIDDEN.sub("", text)


def clean_line(text: str) -> str:
    """One line: no breaks, nothing hidden, no space at its ends."""
    return BREAKS.sub(" ", clean_text(text)).strip()


class LineInput(forms.TextInput):
    """An input that hands over one clean line."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return clean_line(value) if isinstance(value, str) else value


class QuickSelect(forms.Select):
    """A list drawn without a template for each of its options, of which zones and countries have hundreds."""

    @classmethod
    def like(cls, widget: forms.Select) -> QuickSelect:
        """The same list, drawn quickly."""
        made = cls(attrs=widget.attrs, choices=widget.choices)
        made.is_required = widget.is_required
        return made

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        drawn = self.get_context(name, value, attrs)["widget"]
        groups = format_html_join("", "{}", ((_group(label, options),) for label, options, _index in drawn["optgroups"]))
        return format_html('<select name="{}"{}>{}</select>', drawn["name"], flatatt(drawn["attrs"]), groups)


def _group(label: str | None, options: Sequence[Mapping[str, Any]]) -> SafeString:
    rows = ((option["value"], flatatt(option["attrs"]), option["label"]) for option in options)
    drawn = format_html_join("", '<option value="{}"{}>{}</option>', rows)
    return drawn if label is None else format_html('<optgroup label="{}">{}</optgroup>', label, drawn)


class NoteField(forms.CharField):
    """A text of somebody's own words, in which no card number is kept (reliability 89). One that is refused for its length is not searched (59)."""

    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        return cards.masked(text) if text and len(text) <= (self.max_length or TEXT_CAP) else text


class EmailField(forms.EmailField):
    """An address of at most the 254 characters that mail can go to (RFC 5321), as many as the tables hold."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": EMAIL_CAP, "validators": [emails.check_letters], **kwargs})


class DayField(forms.DateField):
    """A day of our time, chosen in the browser's own calendar: years near the ends of the calendar have no day before or after."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**kwargs)

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is not None and not EARLIEST <= value <= LATEST:
            raise ValidationError(_("Choose a date after 1990."), code="out_of_range")


class ChoiceCards(forms.RadioSelect):
    """Few choices, each a card with a line that explains it: `hints={value: text}`."""

    def __init__(self, *args: Any, hints: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hints = dict(hints or {})


class NumberField(forms.DecimalField):
    """A number as Django reads it, but for what is none: NaN would be compared before it is refused, and a signalling one fails there."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override] # the stubs make it an IntegerField's
        number: Any = super().to_python(value)
        if number is not None and not number.is_finite():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return cast("Decimal | None", number)


class MoneyField(forms.DecimalField):
    """An amount in `currency`, as a Decimal with at most the digits after the point that the currency has; with a thousand separator it is refused."""

    def __init__(self, *, currency: str = "", places: int | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)
        self.currency = currency
        self.places = places

    @property
    def allowed_places(self) -> int:
        return self.places if self.places is not None else money.minor_units(self.currency or "GBP")

    @property
    def example(self) -> str:
        return f"{50:.{self.allowed_places}f}" if self.places is None else "0.0120"

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override] # the stubs make it an IntegerField's
        if isinstance(value, Decimal):
            return value
        text = clean_line(str(value or "")).replace("−", "-")
        if not text:
            return None
        if not AMOUNT.fullmatch(text):
            raise ValidationError(_("Write an amount such as %(example)s."), code="invalid", params={"example": self.example})
        return self._in_bounds(text)

    def _in_bounds(self, text: str) -> Decimal:
        whole, _point, places = text.lstrip("-").partition(".")
        if len(places.rstrip("0")) > self.allowed_places:
            message = _("Write at most %(places)d digits after the point.") if self.allowed_places else _("Write a whole amount, without a point.")
            raise ValidationError(message, code="places", params={"places": self.allowed_places})
        if len(whole.lstrip("0")) > WHOLE_DIGITS:
            raise ValidationError(_("This amount is too large."), code="large")
        try:
            return Decimal(text)
        except InvalidOperation as error:
            raise ValidationError(_("Write an amount such as %(example)s."), code="invalid", params={"example": self.example}) from error

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        digits, _point, places = money.plain(value).partition(".")
        return f"{digits}.{places.rstrip('0').ljust(self.allowed_places if self.places is None else 4, '0')}".rstrip(".")


class RateField(MoneyField):
    """A price with up to six digits after the point, such as 0.0120 a minute."""

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        super().__init__(currency=currency, places=RATE_PLACES, **kwargs)


class Dressed(forms.BaseForm):
    """Widgets in our classes, caps on text, and a way for refusals of the domain to reach their field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            dress(field)

    def refusals(self) -> Refusals:
        """`with form.refusals():` around a verb makes a DomainError an error of the form; what follows the block then draws it again."""
        return Refusals(self)

    def refuse(self, error: DomainError) -> None:
        """Say the refusal at the field it names, else at the form."""
        self.add_error(error.field if error.field in self.fields else None, ValidationError(error.message, code=error.code))


class Refusals:
    """A block whose DomainError becomes an error of a form."""

    def __init__(self, form: Dressed) -> None:
        self.form = form

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, DomainError):
            return False
        self.form.refuse(error)
        return True


class PortalForm(Dressed, forms.Form):
    """The base of every form that is not a model's."""


class PortalModelForm(Dressed, forms.ModelForm):  # type: ignore[type-arg]
    """The base of every form over one model."""


def whole(text: str) -> None:
    """Refuse what stands for letters that could not be read, such as half a pair of UTF-16."""
    if BROKEN.search(text):
        raise ValidationError(_("This holds characters that could not be read. Write it again."), code="unreadable")


def dress(field: forms.Field) -> None:
    """Our class on the widget; clean lines and caps on text."""
    widget = field.widget
    if isinstance(field, forms.CharField):
        field.validators = [*field.validators, whole]
    if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
        field.error_messages["required"] = CHOOSE if isinstance(widget, forms.Select | forms.RadioSelect) else FILL_IN
    if type(widget) is forms.TextInput and isinstance(field, forms.CharField):
        widget = field.widget = LineInput(attrs={**widget.attrs, "type": widget.input_type})
    if type(widget) is forms.Select:
        widget = field.widget = QuickSelect.like(widget)
    css = next(name for kind, name in CLASSES if isinstance(widget, kind))
    if isinstance(field, MoneyField):
        css += " bp-money"
    widget.attrs["class"] = " ".join(dict.fromkeys(f"{css} {widget.attrs.get('class', '')}".split()))
    if isinstance(field, forms.CharField) and type(field) in {forms.CharField, NoteField} and field.max_length is None:
        cap(field, TEXT_CAP if isinstance(widget, forms.Textarea) else LINE_CAP)


def cap(field: forms.CharField, length: int) -> None:
    """No text without an end."""
    field.max_length = length
    field.validators = [*field.validators, forms.CharField(max_length=length).validators[0]]
    field.widget.attrs.setdefault("maxlength", str(length))
