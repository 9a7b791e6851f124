"""What is looked for where it must not be: a word for each reseller, and which fields hold words of people (reliability 60)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models

WORD = {"owner": "zqowner", "acme": "zqacme", "globex": "zqglobex"}
# What the program itself reads and no person writes: keys, hashes, codes, names of schemas, places of files.
OF_THE_PROGRAM = """
    about_kind account_number action actor_schema asked brand_colour buy_currency child_schema code content_type country currency format gateway key
    key_hash kind leg message_id number parent_schema password path prefix record_hash reseller_schema schema_name secret session_key sha256
    shared_schema stands_for_schema subject_kind time_zone token_hash value via
"""
OF_A_NEW_COMPANY = ("street", "company_number", "tax_reference", "support_phone", "bank_details")


def text_fields(model: type[models.Model]) -> Iterator[models.Field[Any, Any]]:
    """The fields that hold words of people: text without a list of choices, long enough for a word."""
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, models.CharField | models.TextField) and not field.choices and field.name not in OF_THE_PROGRAM.split()
        if is_text and (field.max_length is None or field.max_length >= 16):
            yield field


def company(schema: str) -> dict[str, str]:
    """The texts that the company of a reseller of the template has from the beginning."""
    return {name: f"{name.replace('_', ' ')} {WORD[schema]}" for name in OF_A_NEW_COMPANY}
