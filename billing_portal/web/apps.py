"""The helpers for pages, as a Django app for its template tags."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "billing_portal.web"
    label = "web"

    def ready(self) -> None:
        from billing_portal.web.pages import menu  # the pages need the models

        menu.register()
