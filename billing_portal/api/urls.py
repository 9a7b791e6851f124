"""Addresses below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from billing_portal.api import calls
from billing_portal.api.interface import api

api.add_router("", calls.router)

urlpatterns: list[URLPattern | URLResolver] = [path("", api.urls)]
