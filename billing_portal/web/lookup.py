"""Rows named by an address."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

Row = TypeVar("Row", bound=Model)


def named_or_404(rows: QuerySet[Row], **texts: str) -> Row:
    """The row with these texts; 404 for strangers, and for texts that no row can hold (reliability 83)."""
    if any("\0" in text for text in texts.values()):
        raise Http404
    return get_object_or_404(rows, **texts)
