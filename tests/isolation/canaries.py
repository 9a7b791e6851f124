"""A word of its own in every text field of every model of a reseller, written into the tables themselves; and the search for it elsewhere (reliability 60)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django_tenants.utils import schema_context
from psycopg2 import sql

from tests.support import databases
from tests.support.canary_words import WORD, text_fields

NAMED_IN_ADDRESSES = {"mfa.Authenticator"}
OF_THE_COMPANY = ("legal_name", "street", "city", "bank_details", "tax_reference", "company_number", "support_phone")


def models_of_a_reseller() -> list[type[models.Model]]:
    """Every model whose table exists once per reseller, in the order in which their rows can be made."""
    labels = {apps.get_app_config(config.label).label for config in apps.get_app_configs() if config.name in _tenant_apps()}
    return [model for model in apps.get_models() if model._meta.app_label in labels and model._meta.managed and not model._meta.proxy]


def _tenant_apps() -> set[str]:
    return set(settings.TENANT_APPS) - {"django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"}


def complete(schema: str) -> None:
    """A row of every model with words that has none yet, so that a model that is new has its canary too; it stands with whoever came last."""
    with schema_context(schema):
        for model in models_of_a_reseller():
            if (any(text_fields(model)) or model._meta.label in NAMED_IN_ADDRESSES) and not model._default_manager.exists():
                model._default_manager.create(**_values(model))


def _values(model: type[models.Model]) -> dict[str, Any]:
    return {
        field.name: _value(field)
        for field in model._meta.concrete_fields
        if not field.has_default() and not field.null and not field.primary_key and (not field.blank or isinstance(field, models.ForeignKey))
    }


def _value(field: Any) -> Any:
    if isinstance(field, models.ForeignKey):
        return field.related_model._default_manager.order_by("pk").last()
    kinds: list[tuple[type, Any]] = [
        (models.DateTimeField, datetime.now(UTC)), (models.DateField, date(2026, 10, 1)), (models.UUIDField, uuid.uuid4()), (models.JSONField, {}),
        (models.DecimalField, Decimal(1)), (models.BooleanField, False), (models.IntegerField, 1), (models.BinaryField, b"x"),
        (models.EmailField, "word@word.example"),
    ]  # fmt: skip
    if field.choices:
        return field.choices[0][0]
    return next((value for kind, value in kinds if isinstance(field, kind)), "word")


def seed(schema: str, name: str) -> None:
    """Write the reseller's word behind every text of its tables, as the superuser, who alone may change rows that only grow."""
    with databases.superuser(name).cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; BEGIN")
        for model in models_of_a_reseller():
            table = sql.Identifier(schema, model._meta.db_table)
            for field in text_fields(model):
                cursor.execute(_change(table, field), {"word": WORD[schema], "most": field.max_length or 100_000})
        company = ", ".join(f"{column} = left({column}, 20) || %(word)s" for column in OF_THE_COMPANY)
        company += ", support_email = %(word)s || '@x.example'"
        cursor.execute(f"UPDATE public.tenancy_reseller SET {company} WHERE schema_name = %(schema)s", {"word": WORD[schema], "schema": schema})
        cursor.execute("COMMIT")


def _change(table: sql.Identifier, field: models.Field[Any, Any]) -> sql.Composable:
    """The statement that puts the word behind the field's text, or in front of an address."""
    new = "left({column}, %(most)s - length(%(word)s)) || %(word)s"
    if isinstance(field, models.EmailField):
        new = "%(word)s || '-' || split_part({column}, '@', 1) || '@x.example'"
    return sql.SQL(f"UPDATE {{table}} SET {{column}} = {new}").format(column=sql.Identifier(field.column), table=table)


def without(schema: str) -> list[str]:
    """The text columns of a reseller in which its word stands nowhere."""
    missing = []
    with schema_context(schema), connection.cursor() as cursor:
        for model in models_of_a_reseller():
            for field in text_fields(model):
                cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}" WHERE "{field.column}"::text LIKE %s', [f"%{WORD[schema]}%"])
                if cursor.fetchone()[0] == 0:
                    missing.append(f"{model._meta.label}.{field.name}")
    return missing


def in_tables(schema: str, words: Iterable[str]) -> list[str]:
    """The tables of a reseller that hold one of these words."""
    found = []
    with schema_context(schema), connection.cursor() as cursor:
        for model in [*models_of_a_reseller(), apps.get_model("sessions", "Session")]:
            cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}" AS row WHERE row::text ~* %s', ["|".join(words)])
            if cursor.fetchone()[0]:
                found.append(f"{schema}.{model._meta.db_table}")
    return found
