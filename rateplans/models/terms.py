"""The terms on which a reseller bills."""

from django.db import models
from django.db.models import Q

from billing_portal.tenancy.models import Record


class BillingTerms(Record):
    """One row per reseller: how documents are numbered and when they fall due, unless a rate plan says otherwise."""

    document_prefix = models.CharField(max_length=12, blank=True)
    due_days = models.PositiveSmallIntegerField(default=14)
    only = models.BooleanField(default=True, editable=False, unique=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(only=True), name="billing_terms_once")]
