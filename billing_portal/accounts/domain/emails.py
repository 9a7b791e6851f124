"""One's own email address: a new one counts once the link that was mailed to it is confirmed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, links, notices, tries
from billing_portal.accounts.models import User
from billing_portal.kernel.errors import DomainError, require
from billing_portal.mail import outgoing
from billing_portal.tenancy import queries as tenancy

EMAIL_FIELDS = ("email", "email_proved", "emails")
LIFETIME = timedelta(hours=settings.LOGIN_LINK_HOURS)


@transaction.atomic
def ask(user: User, email: str, *, address: str, at: datetime) -> None:
    """Mail a link to the new address; nothing changes until it is confirmed. Nobody mails strangers more often than links are asked for.

    `address` is where the request came from. Raises `email_same`, `bad_address`, `too_many_tries`; what was refused counts nothing.
    """
    wanted = email.strip()
    require(wanted.lower() != user.email.lower(), "email_same", _("This is your email address already."), "email")
    tries.begin(tries.Kind.LINK, whom=f"email:{user.pk}", address=address, at=at, refusal=_("Too many links were asked for. Wait a quarter of an hour."))
    token = signing.dumps([str(user.pk), user.email, wanted, *_marks(user)], salt=_salt(), compress=True)
    link = tenancy.address_of(tenancy.current(), reverse("email-confirm", args=[token]))
    context = {"user": user, "email": wanted, "link": link}
    key = f"email-confirm:{user.pk}:{links.fingerprint(wanted)}:{at.isoformat()}"
    outgoing.send("email_confirm", to=[wanted], context=context, key=key, about=("user", user.pk))


def wanted(token: str) -> tuple[User, str] | None:
    """Who asked for which address; None when the link is too old, was used, of another reseller, or the email or password has changed or sessions were
    ended since: whoever asked for it may have been in one of those."""
    try:
        pk, before, email, *marks = signing.loads(token, salt=_salt(), max_age=LIFETIME)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=pk, is_active=True, email=before).first()
    return (user, email) if user and marks == _marks(user) else None


def _marks(user: User) -> list[str | int]:
    """What changes with the password, once sessions are ended (`sessions.shut`), and with the email for good: it may come back, a used link does not."""
    return [user.get_session_auth_hash()[:16], user.browsers, user.emails]


def replace(locked: User, email: str, *, is_proved: bool) -> None:
    """Write another email into the user, who is saved by the caller with `EMAIL_FIELDS`."""
    locked.email, locked.email_proved, locked.emails = email, is_proved, locked.emails + 1


@transaction.atomic
def confirm(token: str, *, at: datetime) -> User:
    """Take the new address; links that went to the former one end, and it is told. Raises `link_spent`."""
    found = wanted(token)
    if found is None:
        raise DomainError("link_spent", _("This link has expired or was used already."))
    locked = User.objects.select_for_update().get(pk=found[0].pk)
    before, email = found[0].email, found[1]
    require(_marks(locked) == _marks(found[0]), "link_spent", _("This link has expired or was used already."))
    replace(locked, email, is_proved=True)
    locked.save(update_fields=EMAIL_FIELDS)
    links.end(locked, at=at)
    audit.record(Actor.of(locked, via="link"), "user.email_changed", subject=("user", locked.pk, str(locked)), changes={"email": (before, email)}, at=at)
    if before:
        notices.tell(locked, "email_changed", at=at, to=before, email=email)
    return locked


def _salt() -> str:
    """A link means nothing in another reseller's schema."""
    return f"accounts.email:{connection.schema_name}"
