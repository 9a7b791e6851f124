"""The last move of a view at the door and of one's own account."""

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def answer(request: HttpRequest, template: str, form: BaseForm, **context: object) -> HttpResponse:
    """Render a page with its form; one with errors is a 422 and says "Error:" in its title."""
    wrong = form.is_bound and bool(form.errors)
    return render(request, template, {**context, "form": form, "page_errors": wrong}, status=422 if wrong else 200)
