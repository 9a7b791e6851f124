"""Exchange rates: units of a currency per euro, the platform's, filled by the owner."""

from django.db import models
from django.db.models import Q

from billing_portal.tenancy.models.records import Record


class ExchangeRate(Record):
    """Units of a currency per EUR on a day (semantics 20). A reseller's own rates beside it win for its customers."""

    class Source(models.TextChoices):
        ECB = "ecb"
        HAND = "hand"

    day = models.DateField()
    currency = models.CharField(max_length=3)
    per_euro = models.DecimalField(max_digits=20, decimal_places=10)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.HAND)

    in_shared_schema = True

    class Meta:
        ordering = ["-day", "currency"]
        constraints = [
            models.UniqueConstraint(fields=["day", "currency"], name="exchange_rate_once"),
            models.CheckConstraint(condition=Q(per_euro__gt=0), name="exchange_rate_above_zero"),
        ]
