"""What is remembered of signing in: tries, so that guessing ends, and open sessions, so that they can be seen and ended."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.models.users import User
from billing_portal.tenancy.models import Record


class SignInTry(Record):
    """One try that has not succeeded: a password, a code of a second factor, a request for a link (reliability 75), or a name of a customer that
    may be another reseller's (57). Forgotten after a day.

    `whom` is the user's id, or the SHA-256 of a name that nobody has, so that known and unknown names are counted alike.
    """

    class Kind(models.TextChoices):
        PASSWORD = "password", _("Password")
        CODE = "code", _("Second factor")
        LINK = "link", _("Link")
        NAME = "name", _("Name of a customer")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    whom = models.CharField(max_length=64)
    address = models.CharField(max_length=45, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["whom", "kind", "at"], name="try_of_account"),
            models.Index(fields=["address", "kind", "at"], name="try_from_address"),
            models.Index(fields=["at"], name="try_at"),
        ]


class OpenSession(Record):
    """A browser in which somebody is signed in: since when, from where, last used when. Its key follows the session's; without the row the session ends."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="open_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-seen_at"], name="open_session_of")]
