"""Forms as they are shown: found in what a page was drawn from, and filled in as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.forms import BaseForm


def forms_of(answer: Any) -> Iterator[BaseForm]:
    """Every form a page was drawn with, once."""
    seen: set[int] = set()
    for context in answer.context or []:
        for value in [value for layer in getattr(context, "dicts", [context]) for value in layer.values()]:
            if isinstance(value, BaseForm) and id(value) not in seen:
                seen.add(id(value))
                yield value


def written(form: BaseForm) -> dict[str, Any]:
    """What a browser would send of this form if nobody touched it."""
    sent: dict[str, Any] = {}
    for name in form.fields:
        value = form[name].value()
        if isinstance(value, list | tuple):
            sent[name] = [_text(each) for each in value]
        elif value is not None and value is not False and value != "":
            sent[name] = _text(value)
    return sent


def completed(form: BaseForm) -> dict[str, Any]:
    """The form with something in every field that must have something."""
    sent = written(form)
    return sent | {name: _example(field) for name, field in form.fields.items() if field.required and name not in sent}


def _example(field: forms.Field) -> Any:
    if isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField | forms.ChoiceField):
        choices = [str(value) for value, _label in cast(Any, field).choices if str(value)]
        return choices[:1] if hasattr(field.widget, "allow_multiple_selected") and field.widget.allow_multiple_selected else choices[0]
    kinds: list[tuple[type[forms.Field], Any]] = [
        (forms.EmailField, "word@word.example"), (forms.DecimalField, "1.00"), (forms.IntegerField, "1"), (forms.DateField, "2026-11-01"),
        (forms.FileField, SimpleUploadedFile("rates.csv", b"prefix,destination,per minute\n44,UK,0.05\n")),
    ]  # fmt: skip
    return next((value for kind, value in kinds if isinstance(field, kind)), "Word 17")


def _text(value: Any) -> str:
    return "on" if value is True else str(value.pk if isinstance(value, Model) else value)


def errors(answer: Any) -> dict[str, Any]:
    """What the forms of a page say against what was sent, by field."""
    return {name: problems for form in forms_of(answer) if form.is_bound for name, problems in form.errors.as_data().items()}
