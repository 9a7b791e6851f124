"""Customers who run dry: episodes of a low balance, and top-ups that were asked for."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import MoneyField, Record
from customers.models import Customer, Transfer


class LowBalanceEpisode(Record):
    """From the call that took what is left to spend below the threshold until it is back above (semantics 28). Warned once, again every so many days if set."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="low_balance_episodes")
    number = models.PositiveIntegerField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    threshold = MoneyField()
    left_to_spend = MoneyField()
    warned_at = models.DateTimeField(null=True, blank=True)
    warnings = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-began_at"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "number"], name="episode_once"),
            models.UniqueConstraint(fields=["customer"], condition=Q(ended_at__isnull=True), name="one_open_episode"),
        ]


class TopUpRequest(Record):
    """A top-up that was asked for, by a low balance or by the customer; one open at a time (E36, reliability 8, 93).

    `amount` is gross, in the customer's currency. Approval posts it and the reseller is told who did it; rejection says why. `asked_by` names a person
    to the seller's staff; where one of those asked for the customer (`by_seller`), the customer is told the seller's name alone.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        PROCESSING = "processing", _("Being paid")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    class Origin(models.TextChoices):
        AUTOMATIC = "automatic", _("Low balance")
        CUSTOMER = "customer", _("Asked by the customer")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="topup_requests")
    episode = models.ForeignKey(LowBalanceEpisode, on_delete=models.PROTECT, null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PENDING)
    gateway = models.CharField(max_length=20, default="manual")
    amount = MoneyField()
    currency = models.CharField(max_length=3)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    by_seller = models.BooleanField(default=False, db_default=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    comment = models.CharField(max_length=300, blank=True)
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(fields=["customer"], condition=Q(state__in=["pending", "processing"]), name="one_open_request"),
            models.UniqueConstraint(fields=["episode", "attempt"], condition=Q(episode__isnull=False), name="request_attempt_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="request_above_zero"),
            models.CheckConstraint(condition=~Q(state="rejected", comment=""), name="rejection_has_comment"),
        ]
