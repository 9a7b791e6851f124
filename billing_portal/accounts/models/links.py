"""One-time links to set a password."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.models.users import User
from billing_portal.tenancy.models import Record


class LoginLink(Record):
    """A link that sets a password once. Opening spends nothing; it dies at use, after 72 hours, and when a newer one is made.

    Only the SHA-256 of its token is stored, and it lies in the reseller's schema, so it means nothing on another host. `sent_to` is the address that
    it was mailed to, which its use proves; empty when it was handed over.
    """

    class Purpose(models.TextChoices):
        WELCOME = "welcome", _("Login details")
        RESET = "reset", _("New password")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="login_links")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    sent_to = models.EmailField(blank=True, default="", db_default="")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"], name="login_link_of")]
