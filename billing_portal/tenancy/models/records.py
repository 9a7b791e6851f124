"""The base of every model: a key that names nothing anywhere else, and a guard against saving into another reseller's schema."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self

from django.db import connection, models
from django.utils import timezone
from uuid_utils.compat import uuid7

if TYPE_CHECKING:
    _DecimalField = models.DecimalField[Any, Any]
else:
    _DecimalField = models.DecimalField


def new_id() -> uuid.UUID:
    """A key in time order (UUIDv7): an id of one reseller names nothing in another, and inserts stay at the end of the index."""
    return uuid7()


class MoneyField(_DecimalField):
    """An amount in the currency of its row: numeric(20,6), never a float."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 20)
        kwargs.setdefault("decimal_places", 6)
        super().__init__(*args, **kwargs)


class SchemaMismatchError(RuntimeError):
    """A row that was read in one reseller's schema was about to be written in another's."""


class Record(models.Model):
    """A row with a UUID key in time order; it can be saved only in the schema it was read from (reliability 54)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    in_shared_schema = False
    _read_in: str | None = None

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.in_shared_schema and self._read_in not in {None, connection.schema_name}:
            raise SchemaMismatchError(f"{type(self).__name__} was read in {self._read_in} and would be saved in {connection.schema_name}")
        super().save(*args, **kwargs)

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any) -> Self:
        row = super().from_db(db, field_names, values, **more)
        row._read_in = connection.schema_name
        return row
