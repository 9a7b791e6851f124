"""A reseller's own exchange rates."""

from django.db import models
from django.db.models import Q

from billing_portal.tenancy.models import Record


class OwnExchangeRate(Record):
    """Units of a currency per EUR on a day, for this reseller's customers; wins over the platform's rate of the currency (semantics 20)."""

    day = models.DateField()
    currency = models.CharField(max_length=3)
    per_euro = models.DecimalField(max_digits=20, decimal_places=10)
    made_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-day", "currency"]
        constraints = [
            models.UniqueConstraint(fields=["day", "currency"], name="own_exchange_rate_once"),
            models.CheckConstraint(condition=Q(per_euro__gt=0), name="own_exchange_rate_above_zero"),
        ]
