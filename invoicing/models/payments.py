"""Money received, and given back."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import MoneyField, Record
from customers.models import Transfer


class Payment(Record):
    """Money received, by hand. Its transfer never changes; what it pays is said by `Match` rows. On a pre-paid customer it is a top-up."""

    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="payment")
    reference = models.CharField(max_length=140, blank=True)
    gross = models.DecimalField(max_digits=20, decimal_places=6)


class GiveBack(Record):
    """So much of a payment went back to who paid it, and why. Append-only: one made by mistake is answered by the mirrors of its movements.

    `gross` is with the tax in it, in the customer's currency and minor unit. Its movements carry its id in their keys, and each names in
    `about` the movement of the payment that it takes from.
    """

    class Way(models.TextChoices):
        REFUND = "refund", _("Refund")
        CHARGEBACK = "chargeback", _("Chargeback")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="given_back")
    way = models.CharField(max_length=12, choices=Way.choices)
    gross = MoneyField()
    reason = models.CharField(max_length=300)
    key = models.CharField(max_length=80, unique=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(gross__gt=0), name="give_back_above_zero"),
            models.CheckConstraint(condition=~Q(reason=""), name="give_back_has_reason"),
        ]
