"""Forms: amounts mean one thing, text hides nothing, refusals reach their field."""

import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from pytest_django.asserts import assertHTMLEqual

from billing_portal.kernel.errors import DomainError
from billing_portal.web.forms import (
    LINE_CAP,
    ChoiceCards,
    DayField,
    EmailField,
    MoneyField,
    NoteField,
    PortalForm,
    QuickSelect,
    RateField,
    clean_line,
    clean_text,
)
from billing_portal.web.page import has_errors
from tests.web.sample import SampleForm


def amount(text: str, currency: str = "GBP") -> Decimal:
    value = MoneyField(currency=currency).clean(text)
    assert isinstance(value, Decimal)
    return value


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("50", "50"),
        ("50.00", "50.00"),
        (" 1234.5 ", "1234.5"),
        (".5", "0.5"),
        ("-3.10", "-3.10"),
        ("−3.10", "-3.10"),
        ("\u202e12.00", "12.00"),
        ("5.000000", "5.000000"),
    ],
)
def test_an_amount_is_read_as_it_is_written(written: str, read: str) -> None:
    assert amount(written) == Decimal(read)


@pytest.mark.parametrize("written", ["1,000.00", "1.000,00", "50,00", "1 000", "fifty", "1e5", "NaN", "Infinity", "0x10", "٣", "--1", "."])
def test_what_could_mean_two_amounts_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(forms.ValidationError) as refused:
        amount(written)
    assert refused.value.messages == ["Write an amount such as 50.00."]


def test_a_currency_allows_its_own_digits_after_the_point() -> None:
    assert amount("1.234", "KWD") == Decimal("1.234")
    with pytest.raises(forms.ValidationError, match="at most 2 digits"):
        amount("1.234", "GBP")
    with pytest.raises(forms.ValidationError, match="whole amount"):
        amount("1.5", "JPY")


def test_an_amount_that_the_ledger_cannot_hold_is_refused() -> None:
    assert amount("999999999999.99") == Decimal("999999999999.99")
    with pytest.raises(forms.ValidationError, match="too large"):
        amount("1000000000000")


def test_a_price_may_have_six_digits_after_the_point() -> None:
    assert RateField().clean("0.012345") == Decimal("0.012345")
    with pytest.raises(forms.ValidationError, match="at most 6 digits"):
        RateField().clean("0.0123456")


def test_an_amount_is_shown_with_the_currencys_digits_and_a_price_with_four() -> None:
    assert MoneyField(currency="GBP").prepare_value(Decimal("500.000000")) == "500.00"
    assert MoneyField(currency="JPY").prepare_value(Decimal("500.000000")) == "500"
    assert RateField().prepare_value(Decimal("0.012000")) == "0.0120"
    assert RateField().prepare_value(Decimal("0.012345")) == "0.012345"


@pytest.mark.rel(83)
@pytest.mark.parametrize("hidden", ["\u202a", "\u202e", "\u2066", "\u2069", "\u200b", "\ufeff", "\x00", "\x1b", "\u0085"])
def test_a_line_loses_what_cannot_be_seen(hidden: str) -> None:
    assert clean_line(f"  Acme{hidden} Ltd ") == "Acme Ltd"


def test_a_line_keeps_accents_and_other_scripts() -> None:
    assert clean_line("Société Kraków 東京 مرحبا") == "Société Kraków 東京 مرحبا"


def test_a_line_has_no_breaks_and_a_text_keeps_them() -> None:
    assert clean_line("Subject\r\nBcc: x") == "Subject Bcc: x"
    assert clean_text("one\n\ttwo\u202e") == "one\n\ttwo"


def test_a_text_input_hands_over_a_clean_line() -> None:
    form = SampleForm({"name": "Acme\u202e Ltd\x00", "limit": "0"})

    assert form.is_valid()
    assert form.cleaned_data["name"] == "Acme Ltd"


def test_no_text_is_without_an_end() -> None:
    form = SampleForm({"name": "x" * (LINE_CAP + 1), "limit": "0"})

    assert list(form.errors) == ["name"]
    assert 'maxlength="200"' in str(form["name"])


def test_a_refusal_is_said_at_its_field() -> None:
    form = SampleForm({"name": "Acme", "limit": "0"})
    assert form.is_valid()

    with form.refusals():
        raise DomainError("name_taken", "“Acme” is taken.", "name")

    assert form.errors == {"name": ["“Acme” is taken."]}
    assert has_errors(form)


def test_a_refusal_of_no_field_is_said_at_the_form() -> None:
    form = SampleForm({"name": "Acme", "limit": "0"})
    assert form.is_valid()

    with form.refusals():
        raise DomainError("closed", "This account is closed.", "unheard_of")

    assert form.non_field_errors() == ["This account is closed."]


def test_other_errors_pass_through() -> None:
    form = SampleForm({"name": "Acme", "limit": "0"})

    with pytest.raises(ZeroDivisionError), form.refusals():
        raise ZeroDivisionError


def test_choices_and_text_say_what_is_missing() -> None:
    class Form(PortalForm):
        plan = forms.ChoiceField(choices=[("1", "One")])
        kind = forms.ChoiceField(choices=[("a", "A")], widget=ChoiceCards(hints={"a": "The first."}))
        name = forms.CharField()

    assert Form({}).errors == {"plan": ["Choose one."], "kind": ["Choose one."], "name": ["This cannot be empty."]}


class Lists(PortalForm):
    zone = forms.ChoiceField(choices=[("", "Choose <one>"), ("Europe/London", "London & around"), ("UTC", "UTC")])
    grouped = forms.ChoiceField(choices=[("Near", [("1", "One"), ("2", "Two")]), ("3", 'Far "out"')], required=False, disabled=True)
    plain = forms.ChoiceField(choices=[("a", "A")], widget=forms.Select(attrs={"autocomplete": "country", "data-say": "<hm>"}))


@pytest.mark.parametrize("name", Lists.base_fields)
@pytest.mark.parametrize("bound", [None, {"zone": "UTC", "grouped": "2", "plain": "<script>"}, {"zone": "Europe/London"}])
def test_a_list_is_drawn_as_django_draws_it(name: str, bound: dict[str, str] | None) -> None:
    form = Lists(bound)
    field = form[name]
    ours = str(field)

    form.fields[name].widget.__class__ = forms.Select

    assertHTMLEqual(ours, str(form[name]))
    assert type(Lists().fields[name].widget) is QuickSelect


LONGEST = f"{'a' * 64}@{'.'.join(['d' * 60] * 3)}.example"  # 64 + 1 + 182 + 8 = 255


def test_an_email_address_has_at_most_the_letters_that_mail_and_tables_can_hold() -> None:
    assert EmailField().clean(LONGEST[1:]) == LONGEST[1:]
    assert len(LONGEST) == 255
    with pytest.raises(forms.ValidationError, match="at most 254 characters"):
        EmailField().clean(LONGEST)


def test_every_form_of_ours_asks_for_an_email_address_of_that_length() -> None:
    others = [
        f"{form.__module__}.{form.__name__}.{name}"
        for form in everything_below(forms.BaseForm)
        if form.__module__.startswith(("billing_portal.", "customers.", "invoicing.", "rateplans."))
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field, forms.EmailField) and field.max_length != 254
    ]
    assert others == []


def everything_below(kind: type[Any]) -> list[type[Any]]:
    return [each for below in kind.__subclasses__() for each in (below, *everything_below(below))]


@pytest.mark.parametrize("written", ["0001-01-01", "1989-12-31", "2100-01-02", "9999-12-31"])
def test_a_day_near_the_ends_of_the_calendar_is_refused(written: str) -> None:
    with pytest.raises(forms.ValidationError, match="Choose a date after 1990"):
        DayField().clean(written)
    assert DayField().clean("1990-01-01") == date(1990, 1, 1)
    assert DayField(required=False).clean("") is None


@pytest.mark.rel(59)
def test_a_note_that_is_too_long_is_refused_without_being_searched_for_cards() -> None:
    class Sample(PortalForm):
        note = NoteField(max_length=120)

    begun = time.process_time()
    form = Sample({"note": "1-" * 500_000})

    assert form.errors["note"] == ["Ensure this value has at most 120 characters (it has 1000000)."]
    assert time.process_time() - begun < 1
    assert NoteField(max_length=120).clean("4111 1111 1111 1111".ljust(119) + "1") == "XXXX XXXX XXXX 1111".ljust(119) + "1"
