"""Who may sign in to one reseller: its staff, and the people of its customers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import Record


class Role(models.TextChoices):
    """Roles are code, not data; what each may do stands in the rights matrix (`docs/architecture.md`)."""

    ADMINISTRATOR = "administrator", _("Administrator")
    COMMERCE = "commerce", _("Commerce")
    SUPPORT = "support", _("Support")
    REPORTS = "reports", _("Reports")
    ACCOUNT_ADMIN = "account_admin", _("Account administrator")
    ACCOUNT_USER = "account_user", _("Account user")


STAFF_ROLES = (Role.ADMINISTRATOR, Role.COMMERCE, Role.SUPPORT, Role.REPORTS)
PEOPLE_ROLES = (Role.ACCOUNT_ADMIN, Role.ACCOUNT_USER)


class UserManager(BaseUserManager["User"]):
    """Users are made by verbs (`accounts.domain.users`); this serves the sign-in framework."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username__iexact=username)


class User(Record, AbstractBaseUser):
    """Somebody who signs in at this reseller. The same e-mail or username in another reseller is somebody else.

    `browsers` counts how often sessions were ended by hand or by a change of access: a browser known from before is known no more (`accounts.known`),
    and a link to a new email asked for before is none. `emails` counts the emails before this one: a link to another that was asked for then is none either.
    `email_proved`: a link that was mailed to the email was followed, so it is theirs whoever else has it written down (`queries.named`).
    `short_password`: it was chosen under the rule for those with a second factor, and does not do without one (reliability 76).
    A row with `stands_for_schema` is the pseudo-user "[Parent name]": it never signs in, and people of that parent act through it after a switch.
    """

    username = models.CharField(max_length=150)
    email = models.EmailField(blank=True)
    emails = models.PositiveIntegerField(default=0, db_default=0)
    email_proved = models.BooleanField(default=False, db_default=False)
    full_name = models.CharField(max_length=150)
    role = models.CharField(max_length=20, choices=Role.choices)
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, blank=True)
    browsers = models.PositiveIntegerField(default=0, db_default=0)
    stands_for_schema = models.CharField(max_length=63, blank=True)
    short_password = models.BooleanField(default=False, db_default=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="username_once"),
            models.CheckConstraint(condition=Q(role__in=[role.value for role in Role]), name="role_known"),
        ]
        indexes = [models.Index(Lower("email"), name="user_email")]

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def is_staff_member(self) -> bool:
        """Staff of the reseller, as opposed to a person of a customer."""
        return self.role in STAFF_ROLES

    @property
    def initials(self) -> str:
        """Of a pseudo-user "[Meridian Networks]" those of the name within: MN."""
        words = str(self).strip("[]").split()
        return "".join(word[0] for word in words[:2]).upper()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Framework permissions are not used: the role decides (reliability 53)."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class SignInName(Record):
    """A further name somebody signs in with: the account number of their customer. Written by customers' verbs, so accounts knows no customer."""

    class Kind(models.TextChoices):
        ACCOUNT_NUMBER = "account_number", _("Account number")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    value = models.CharField(max_length=150)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_names")

    class Meta:
        constraints = [models.UniqueConstraint(Lower("value"), name="sign_in_name_once")]

    def __str__(self) -> str:
        return self.value
