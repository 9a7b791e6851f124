"""Signing in and out, passwords."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
