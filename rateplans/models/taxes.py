"""Taxes a reseller charges."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from billing_portal.tenancy.models import Record


class Tax(Record):
    """A percentage added to what a liable customer is charged, with the kinds of charge it applies to (E34.1)."""

    name = models.CharField(max_length=60)
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    on_account_fees = models.BooleanField(default=True)
    on_features = models.BooleanField(default=True)
    on_calls = models.BooleanField(default=True)
    on_products = models.BooleanField(default=True)
    on_charges = models.BooleanField(default=True)
    liable_by_default = models.BooleanField(default=True)

    class Meta:
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="tax_name_once"),
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="tax_percent"),
        ]

    def __str__(self) -> str:
        return self.name
