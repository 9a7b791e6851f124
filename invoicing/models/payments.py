"""Money received."""

from django.db import models

from billing_portal.tenancy.models import Record
from customers.models import Transfer


class Payment(Record):
    """Money received, by hand. Its transfer never changes; what it pays is said by `Match` rows. On a pre-paid customer it is a top-up."""

    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="payment")
    reference = models.CharField(max_length=140, blank=True)
    gross = models.DecimalField(max_digits=20, decimal_places=6)
