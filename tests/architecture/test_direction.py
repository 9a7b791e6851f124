"""The path tells the schema, the order tells what a row may point at."""

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import models

from billing_portal.tenancy.models import Record

ORDER = ["tenancy", "jobs", "mail", "accounts", "web", "rateplans", "customers", "invoicing"]


def own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in ORDER]


def foreign_keys() -> list[tuple[type[models.Model], type[models.Model]]]:
    return [(model, field.related_model) for model in own_models() for field in model._meta.get_fields() if field.many_to_one and field.related_model]


def test_no_foreign_key_points_upward() -> None:
    upward = [
        f"{model._meta.label} -> {target._meta.label}"
        for model, target in foreign_keys()
        if target._meta.app_label in ORDER and ORDER.index(target._meta.app_label) > ORDER.index(model._meta.app_label)
    ]
    assert upward == []


def test_no_foreign_key_crosses_schemas() -> None:
    shared = {"tenancy"}
    crossing = [
        f"{model._meta.label} -> {target._meta.label}"
        for model, target in foreign_keys()
        if (model._meta.app_label in shared) != (target._meta.app_label in shared)
    ]
    assert crossing == []


def test_only_tenancy_lies_in_the_shared_schema() -> None:
    """Other shared apps have no models, so nothing of theirs lies anywhere."""
    shared = [AppConfig.create(entry).label for entry in settings.SHARED_APPS]

    assert [label for label in shared if list(apps.get_app_config(label).get_models())] == ["tenancy"]


def test_every_model_has_a_key_in_time_order() -> None:
    strangers = [model._meta.label for model in own_models() if not issubclass(model, Record) and model._meta.label != "invoicing.Call"]
    assert strangers == []


def test_nothing_points_at_a_call() -> None:
    assert [model._meta.label for model, target in foreign_keys() if target._meta.label == "invoicing.Call"] == []
