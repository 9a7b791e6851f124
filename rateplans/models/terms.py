"""The terms on which a reseller bills."""

from django.db import models
from django.db.models import Q

from billing_portal.tenancy.models import MoneyField, Record
from rateplans.models.plans import RatePlan


class BillingTerms(Record):
    """One row per reseller: how documents are numbered and when they fall due unless a rate plan says otherwise, whether they are issued without being
    asked for and how many hours after a period has ended (semantics 10), how many automatic top-ups a customer gets in 24 hours and in a calendar month
    before it is parked (reliability rule 9), what calls cost the root, which has no parent to say it (semantics 25), and how much commerce may enter by
    hand, or raise a credit limit by, at once: in the reseller's currency, null for no cap (contracts, Rights)."""

    document_prefix = models.CharField(max_length=12, blank=True)
    due_days = models.PositiveSmallIntegerField(default=14)
    issue_automatically = models.BooleanField(default=False)
    settle_hours = models.PositiveSmallIntegerField(default=6)
    cost_plan = models.ForeignKey(RatePlan, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    topups_per_day = models.PositiveSmallIntegerField(default=2)
    topups_per_month = models.PositiveSmallIntegerField(default=20)
    amount_cap = MoneyField(null=True, blank=True)
    raise_cap = MoneyField(null=True, blank=True)
    only = models.BooleanField(default=True, editable=False, unique=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(only=True), name="billing_terms_once")]
