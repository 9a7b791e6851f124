"""A form that stood open for long writes what was changed in it, and undoes nothing that others saved meanwhile."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.http import QueryDict

from billing_portal.web.edit_forms import EditForm
from billing_portal.web.forms import MoneyField, NumberField


class Sample(EditForm):
    name = forms.CharField()
    limit = MoneyField(currency="GBP", required=False)
    days = forms.IntegerField(required=False)
    percent = NumberField(required=False)
    locked = forms.BooleanField(required=False)
    colour = forms.ChoiceField(choices=[("r", "Red"), ("g", "Green"), ("b", "Blue")])
    scopes = forms.MultipleChoiceField(choices=[("1", "Calls"), ("2", "Fees"), ("3", "Products")], required=False)


class Paired(Sample):
    TOGETHER = (("limit", "locked"), ("limit", "days", "colour"))


STORED: dict[str, Any] = {"name": "Anna", "limit": Decimal("500.000000"), "days": 3, "percent": None, "locked": False, "colour": "r", "scopes": ["2", "1"]}


def sent(**stored: Any) -> dict[str, Any]:
    """The form as a browser holds it."""
    form = Sample(initial=STORED | stored)
    return {name: form[name].value() for name in form.fields if form[name].value() is not False}


def posted(given: dict[str, Any], form: type[Sample] = Sample, **stored: Any) -> Sample:
    data = QueryDict(mutable=True)
    for name, value in given.items():
        data.setlist(name, value if isinstance(value, list) else ["" if value is None else str(value)])
    data._mutable = False
    return form(data, initial=STORED | stored)


def test_what_nobody_touched_is_as_it_is_stored_now() -> None:
    now: dict[str, Any] = {"name": "Bea", "limit": None, "days": 0, "percent": Decimal(7), "locked": True, "colour": "g", "scopes": []}
    form = posted(sent(), **now)

    assert form.is_valid()
    assert (form.cleaned_data, form.changes()) == (now, {})
    assert form["locked"].value() is True


def test_what_was_touched_is_written_beside_what_others_saved() -> None:
    form = posted(sent() | {"percent": "5", "limit": "500"}, name="Bea", locked=True)

    assert form.is_valid()
    assert form.changes() == {"percent": 5}
    assert form.cleaned_data == STORED | {"name": "Bea", "locked": True, "percent": 5, "scopes": ["2", "1"]}


@pytest.mark.parametrize(
    ("field", "written", "stored", "said"),
    [
        ("limit", "7", Decimal("0"), "Somebody saved “0.00” here since you opened this page. Save again to write yours instead."),
        ("limit", "7", None, "Somebody saved “nothing” here since you opened this page. Save again to write yours instead."),
        ("colour", "b", "g", "Somebody saved “Green” here since you opened this page. Save again to write yours instead."),
        ("scopes", ["3"], ["1"], "Somebody saved “Calls” here since you opened this page. Save again to write yours instead."),
    ],
)
def test_a_field_that_two_changed_is_refused_once_and_keeps_what_was_written(field: str, written: Any, stored: Any, said: str) -> None:
    form = posted(sent() | {field: written}, **{field: stored})

    assert not form.is_valid()
    assert form.errors == {field: [said]}
    assert form[field].value() == written

    again = {name: form[name].value() for name in form.fields if form[name].value() is not False}
    second = posted(again, **{field: stored})
    assert second.is_valid()
    assert list(second.changes()) == [field]


BESIDE = "Somebody saved “%s” here since you opened this page, and you changed what goes with it. Look at both, and save again."


@pytest.mark.parametrize(
    ("written", "stored", "refused"),
    [
        ({"locked": "on"}, {"limit": Decimal(7)}, {"limit": "7.00"}),
        ({"limit": "7"}, {"locked": True}, {"locked": "ticked"}),
        ({"limit": "7"}, {"locked": True, "days": 9}, {"days": "9", "locked": "ticked"}),
        ({"days": "9"}, {"limit": None, "colour": "b", "locked": True}, {"limit": "nothing", "colour": "Blue"}),
        ({"locked": "on"}, {"days": 9, "colour": "b"}, {}),
        ({"locked": "on"}, {"locked": True}, {}),
    ],
)
def test_of_fields_that_say_one_thing_together_nothing_is_made_that_nobody_has_seen(
    written: dict[str, Any], stored: dict[str, Any], refused: dict[str, str]
) -> None:
    form = posted(sent() | written, Paired, **stored)

    assert form.errors == {field: [BESIDE % said] for field, said in refused.items()}
    again = {name: form[name].value() for name in form.fields if form[name].value() is not False}
    second = posted(again, Paired, **stored)
    assert second.is_valid()
    seen = {name: second.fields[name].to_python(value) for name, value in written.items()}
    assert second.cleaned_data == STORED | {"scopes": ["2", "1"]} | stored | seen


def test_a_field_that_two_changed_is_refused_as_such_beside_what_goes_with_it() -> None:
    form = posted(sent() | {"limit": "7"}, Paired, limit=Decimal(8), locked=True)

    said = "Somebody saved “8.00” here since you opened this page. Save again to write yours instead."
    assert form.errors == {"limit": [said], "locked": [BESIDE % "ticked"]}
    assert [form["limit"].value(), form["locked"].value()] == ["7", True]


def test_what_says_one_thing_with_a_change_is_handed_over_beside_it() -> None:
    form = posted(sent() | {"locked": "on"}, Paired)

    assert form.is_valid()
    assert form.changes() == {"limit": Decimal(500), "locked": True}
    form = posted(sent() | {"days": "9"}, Paired)
    assert form.is_valid()
    assert form.changes() == {"limit": Decimal(500), "days": 9, "colour": "r"}


def test_two_who_write_the_same_are_no_clash() -> None:
    form = posted(sent() | {"limit": "7"}, limit=Decimal("7.00"))

    assert form.is_valid()
    assert form.changes() == {}


@pytest.mark.parametrize("drawn", [None, "", "{}"])
def test_a_form_that_does_not_say_what_it_was_drawn_with_writes_all_that_it_holds(drawn: str | None) -> None:
    given = {name: value for name, value in sent().items() if name != "drawn"}
    form = posted(given if drawn is None else given | {"drawn": drawn}, name="Bea", days=9)

    assert form.is_valid()
    assert form.changes() == {"name": "Anna", "days": 3}


@pytest.mark.parametrize(
    "drawn",
    [
        "nonsense",
        "[1]",
        "{",
        "null",
        "NaN",
        "9" * 5_000,
        "[" * 100_000,
        '{"scopes":' + "[" * 100_000,
        '{"scopes": [["1"]]}',
        '{"scopes": [1]}',
        '{"scopes": true}',
        '{"limit": {"a": 1}}',
        '{"limit": 5}',
        '{"limit": NaN}',
        '{"days": null}',
        '{"locked": "x"}',
        '{"locked": []}',
        '{"name": true}',
    ],
)
def test_a_form_that_says_it_in_no_way_of_ours_is_refused_once_and_keeps_what_was_written(drawn: str) -> None:
    form = posted(sent() | {"drawn": drawn, "days": "5"}, name="Bea")

    assert form.errors == {"__all__": ["It cannot be told what this page was opened with. Look at what it holds now, and save again."]}
    assert [form[name].value() for name in ("name", "days")] == ["Anna", "5"]

    again = {name: form[name].value() for name in form.fields if form[name].value() is not False}
    second = posted(again, name="Bea")
    assert second.is_valid()
    assert second.changes() == {"name": "Anna", "days": 5}


@pytest.mark.parametrize("odd", ["sNaN", "NaN", "-Infinity", "1e999999", "\ud800", "\x00", "9" * 5_000])
def test_a_form_that_was_drawn_with_what_no_field_can_hold_takes_it_as_something_else(odd: str) -> None:
    texts = dict.fromkeys(("name", "limit", "days", "percent", "colour"), odd)
    drawn = {"drawn": json.dumps(texts | {"scopes": [odd]})}

    form = posted(sent() | drawn)
    assert form.is_valid()
    assert form.changes() == {}
    assert list(posted(sent() | drawn, percent=Decimal(5)).errors) == ["percent"]
    form = posted(sent() | texts | {"scopes": [odd]})
    assert {"days", "colour", "scopes"} <= form.errors.keys()


def test_a_field_that_is_wrong_is_refused_as_ever() -> None:
    form = posted(sent() | {"limit": "much"}, name="Bea")

    assert not form.is_valid()
    assert form.errors == {"limit": ["Write an amount such as 50.00."]}
    assert form["name"].value() == "Bea"
