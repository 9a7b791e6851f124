"""What a key was used for first: a form that is sent twice is one order, and the same key with anything else in it is refused (reliability rule 4)."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from django.utils.translation import gettext as _

from billing_portal.kernel.errors import require
from customers.models import Transfer, UsedKey

Value = str | Decimal | UUID | date | None


def same(key: str, *asked: Value, stands: bool) -> None:
    """Let pass what this key is used for the first time, and the same again; in the transaction of the verb, under the customer's lock.

    `stands` says whether something was done under the key before: what was done before keys were remembered cannot be compared, and is refused.
    Raises `key_reused` when the key was used for something else.
    """
    forgotten = stands and not UsedKey.objects.filter(key=key).exists()
    require(not forgotten, "key_reused", _("This form was sent before. Open the page anew."))
    fingerprint = sha256(json.dumps([_plain(value) for value in asked]).encode()).hexdigest()
    UsedKey.objects.bulk_create([UsedKey(key=key, asked=fingerprint)], ignore_conflicts=True)
    known = UsedKey.objects.values_list("asked", flat=True).get(key=key)
    require(known == fingerprint, "key_reused", _("This form was sent before with something else in it. Open the page anew."))


def require_standing(made: Transfer) -> None:
    """What was done under a key and taken back since is not told as done. Raises `taken_back`."""
    gone = Transfer.objects.filter(reverses=made).exists()
    require(not gone, "taken_back", _("This was recorded before and has been taken back since. Open the page anew."))


def _plain(value: Value) -> str:
    """One text for one value: 5.0 and 5.00 are the same amount."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return "" if value is None else str(value)
