"""What keeps a customer from calling or signing in."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import Record
from customers.models.customers import Customer


class Lock(Record):
    """One reason why a customer may not call, or its people may not sign in (semantics 30).

    Each is lifted only by its own cause; lifted ones stay as history.
    """

    class Reason(models.TextChoices):
        ADMIN = "admin", _("Locked by staff")
        OVERDUE = "overdue", _("Invoice overdue")
        DAILY_LIMIT = "daily_limit", _("Daily limit reached")
        FRAUD = "fraud", _("Fraud suspected")
        PARENT = "parent", _("Locked by the parent")
        FEE_UNPAID = "fee_unpaid", _("Fee not paid")

    class Scope(models.TextChoices):
        WEB = "web", _("Sign-in")
        CALLS = "calls", _("Calls")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="locks")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    note = models.CharField(max_length=300, blank=True)
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=150)
    until = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-set_at"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "reason", "scope"], condition=Q(lifted_at__isnull=True), name="lock_once"),
            models.CheckConstraint(condition=Q(scope="calls") | Q(reason="admin"), name="only_staff_lock_the_web"),
        ]
