"""The pages for what went wrong. None of them needs more than the request."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from billing_portal.tenancy import database

RETRY_SECONDS = "10"


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The visitor's role does not include this page."""
    return render(request, "errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such page, or not one of this visitor's."""
    return render(request, "errors/404.html", status=404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What was sent cannot be read; the page reads nothing of it again."""
    return _unreadable(request, "This could not be read.")


def odd_charset(request: HttpRequest, charset: str) -> HttpResponse:
    """What was sent says that it is written in something that is not read here."""
    return _unreadable(request, f"The charset “{charset[:40]}” is not one that is read here: send UTF-8.")


def _unreadable(request: HttpRequest, detail: str) -> HttpResponse:
    """For people a page, for programs a line."""
    if request.content_type == "application/json":
        return JsonResponse({"detail": detail}, status=400)
    return HttpResponse(render_to_string("errors/400.html"), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something of ours broke; the page asks nothing of the database, which may be what broke, and then says so (reliability 44, 45)."""
    problem = sys.exception()
    if database.is_busy(problem):
        return _later(request, "errors/503_busy.html")
    if database.passes(problem):
        return _later(request, "errors/503.html")
    return HttpResponse(render_to_string("errors/500.html"), status=500)


def _later(request: HttpRequest, template: str) -> HttpResponse:
    """For people a page, for programs a line."""
    headers = {"Retry-After": RETRY_SECONDS}
    if request.content_type == "application/json":
        return JsonResponse({"detail": "Try again later."}, status=503, headers=headers)
    return HttpResponse(render_to_string(template), status=503, headers=headers)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, or came from elsewhere; nothing was saved."""
    return render(request, "errors/403_csrf.html", status=403)
