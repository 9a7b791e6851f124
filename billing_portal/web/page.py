"""The last move of a view: answer with a page."""

from __future__ import annotations

from typing import Any

from django.forms import BaseForm, BaseFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(request: HttpRequest, template: str, status: int | None = None, **context: Any) -> HttpResponse:
    """Render a page; one that shows a form with errors is a 422 and says "Error:" in its title."""
    wrong = any(has_errors(value) for value in context.values())
    return render(request, template, {**context, "page_errors": wrong}, status=status or (422 if wrong else 200))


def has_errors(value: object) -> bool:
    if isinstance(value, BaseForm):
        return value.is_bound and bool(value.errors)
    if isinstance(value, BaseFormSet):
        return value.is_bound and not value.is_valid()
    return isinstance(value, list | tuple) and any(isinstance(each, BaseForm) and has_errors(each) for each in value)
