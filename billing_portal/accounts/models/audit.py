"""The audit trail: who did what, and for whom."""

from django.db import models

from billing_portal.tenancy.models import Record


class AuditEntry(Record):
    """One thing somebody did. Append-only. Names the real actor and, while switched, the customer acted for (E40, reliability 70)."""

    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=150)
    actor_schema = models.CharField(max_length=63, blank=True)
    acted_for_id = models.UUIDField(null=True, blank=True)
    acted_for_name = models.CharField(max_length=200, blank=True)
    via = models.CharField(max_length=20)
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField(null=True, blank=True)
    subject_name = models.CharField(max_length=200, blank=True)
    customer_id = models.UUIDField(null=True, blank=True)
    changes = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["customer_id", "-at"], name="audit_of_customer"), models.Index(fields=["-at"], name="audit_latest")]
