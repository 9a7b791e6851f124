"""Pages of this app."""

from django.urls import URLPattern

app_name = "rateplans"
urlpatterns: list[URLPattern] = []
