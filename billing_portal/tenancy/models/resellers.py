"""The tree of resellers: one Postgres schema each, one or more hosts, a brand."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from billing_portal.tenancy.models.records import Record


class Reseller(Record, TenantMixin):
    """One reseller: a schema, its hosts and its brand. The root of the tree, without a parent, is the system owner.

    The company's address and tax reference are what documents show as the seller; an issued document keeps a copy of its own.
    `web_locked`: its parent has locked its sign-in; the verb that sets the lock there writes it here, so that each request knows without asking.
    """

    class State(models.TextChoices):
        MAKING = "making", _("Being made")
        READY = "ready", _("Ready")

    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.MAKING)
    web_locked = models.BooleanField(default=False, db_default=False)

    legal_name = models.CharField(max_length=120, blank=True)
    street = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    tax_reference = models.CharField(max_length=40, blank=True)
    company_number = models.CharField(max_length=40, blank=True)
    support_email = models.EmailField(blank=True)
    support_phone = models.CharField(max_length=40, blank=True)
    bank_details = models.CharField(max_length=300, blank=True)
    logo = models.BinaryField(null=True, blank=True)
    brand_colour = models.CharField(max_length=7, default="#00647e")

    in_shared_schema = True
    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """Up to two letters that stand for the reseller where it has no logo."""
        words = [word for word in self.name.split() if word[:1].isalnum()]
        return "".join(word[0] for word in words[:2]).upper() or "?"


class Domain(Record, DomainMixin):
    """A host name that leads to a reseller; links in mails use the primary one."""

    in_shared_schema = True
