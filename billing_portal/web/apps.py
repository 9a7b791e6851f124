"""The helpers for pages, as a Django app for its template tags."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "billing_portal.web"
    label = "web"
