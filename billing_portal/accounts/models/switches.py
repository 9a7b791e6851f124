"""Switches that send calls, and the keys they show."""

from django.db import models
from django.db.models.functions import Lower

from billing_portal.tenancy.models import Record


class Switch(Record):
    """A telephone switch of this reseller. Calls are unique per switch, call id and leg; every reseller has one named `default` for files.

    One with a `child_schema` is a switch of a reseller below: its calls climb here by themselves, and nobody else may send any (reliability 20).
    """

    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    child_schema = models.CharField(max_length=63, blank=True)

    class Meta:
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint(Lower("name"), name="switch_once")]

    def __str__(self) -> str:
        return self.name


class ApiKey(Record):
    """What a switch shows to send calls. Stored as SHA-256, shown once, belongs to one switch of one reseller, can be revoked at once.

    `addresses` are the networks it works from, as text; none: it works from everywhere.
    """

    switch = models.ForeignKey(Switch, on_delete=models.CASCADE, related_name="keys")
    prefix = models.CharField(max_length=12)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    addresses = models.JSONField(default=list)
    made_by = models.CharField(max_length=150)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}…"
