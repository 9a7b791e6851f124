"""One-time links to set a password: made, looked at, spent."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, sessions, tries
from billing_portal.accounts.models import LoginLink, User
from billing_portal.kernel.errors import DomainError, require
from billing_portal.mail import outgoing
from billing_portal.tenancy import fingerprints
from billing_portal.tenancy import queries as tenancy

TOKEN_BYTES = 32


def fingerprint(token: str) -> str:
    """What is stored of a token."""
    return fingerprints.of(token)


@transaction.atomic
def make(user: User, purpose: LoginLink.Purpose, *, sent_to: str = "", at: datetime) -> str:
    """Make a link for this user and end the older ones; the token of 256 bits is known to nobody after this call returns it (reliability 72).

    `sent_to` is the address that it will be mailed to, if it is.
    """
    User.objects.select_for_update().get(pk=user.pk)
    end(user, at=at)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = at + timedelta(hours=settings.LOGIN_LINK_HOURS)
    LoginLink.objects.create(user=user, purpose=purpose, sent_to=sent_to, token_hash=fingerprint(token), expires_at=expires_at)
    return token


def end(user: User, *, at: datetime) -> None:
    """Make every open link of this user worthless."""
    LoginLink.objects.filter(user=user, used_at=None, ended_at=None).update(ended_at=at)


def address(token: str) -> str:
    """The link on this reseller's own host."""
    return tenancy.address_of(tenancy.current(), reverse("accounts:set-password", args=[token]))


def known(token: str) -> LoginLink | None:
    """The link of this token in this reseller, open or not."""
    return LoginLink.objects.select_related("user").filter(token_hash=fingerprint(token)).first()


def find(token: str, *, at: datetime) -> LoginLink | None:
    """The link when it can still set a password; looking spends nothing (reliability 73)."""
    link = known(token)
    is_open = link is not None and link.used_at is None and link.ended_at is None and link.expires_at > at and link.user.is_active
    return link if is_open else None


@transaction.atomic
def set_password(token: str, password: str, *, at: datetime) -> User:
    """Set the password and spend the link, once: one conditional UPDATE decides between two submissions. Open sessions end, tries start anew.
    An email that the link was mailed to is proved by it.

    Raises `link_spent`.
    """
    refusal = _("This link has expired or was used already.")
    # The user before the link, as in `make` and `deactivate`: the other way round, a resend at the same moment would be a deadlock.
    user = User.objects.select_for_update(of=("self",)).filter(login_links__token_hash=fingerprint(token)).first()
    if user is None:
        raise DomainError("link_spent", refusal)
    # Only columns of the link itself: a condition on the user would become a subquery, which a second submission does not ask again.
    link = LoginLink.objects.filter(token_hash=fingerprint(token))
    spent = link.filter(used_at=None, ended_at=None, expires_at__gt=at).update(used_at=at)
    require(spent and user.is_active, "link_spent", refusal)
    choose(user, password)
    _prove(user, link.values_list("sent_to", flat=True).get())
    end(user, at=at)
    sessions.shut([user.pk], at=at)
    tries.forgive(user)
    actor = Actor.of(user, via="link")
    audit.record(actor, "user.password_set", subject=("user", user.pk, str(user)), at=at)
    tell(user, at=at)
    return user


def _prove(user: User, sent_to: str) -> None:
    if sent_to and sent_to.lower() == user.email.lower() and not user.email_proved:
        user.email_proved = True
        user.save(update_fields=["email_proved"])


def choose(user: User, password: str) -> None:
    """Store a password, and whether it is only long enough beside a second factor (reliability 76)."""
    user.password = make_password(password)
    user.short_password = len(password) < settings.PASSWORD_MIN_LENGTH
    user.save(update_fields=["password", "short_password"])


def tell(user: User, *, at: datetime) -> None:
    """Mail that the password was set, so that somebody who did not do it learns of it."""
    if user.email:
        key = f"password-set:{user.pk}:{at.isoformat()}"
        outgoing.send("password_set", to=[user.email], context={"user": user}, key=key, about=("user", user.pk))
