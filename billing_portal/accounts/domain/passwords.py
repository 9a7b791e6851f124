"""New passwords: changed by their owner, or asked for by somebody who forgot. The answer is the same for everybody."""

from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from billing_portal.accounts import queries
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, links, sessions, tries
from billing_portal.accounts.models import LoginLink, User
from billing_portal.jobs import outbox, registry
from billing_portal.kernel.errors import DomainError
from billing_portal.mail import outgoing

NAME_CAP = 254
WAIT_SECONDS = 120  # a second request for the same name within this time sends nothing
FEWEST_CHARACTERS = 5


def forgotten(name: str, *, at: datetime) -> None:
    """Owe a look at who this is and a mail to them; known and unknown names cost the same (reliability 74).

    What was typed may be a password: it goes with the end of the job, and the job's key is one that nobody without ours finds by trying.
    """
    window = int(at.timestamp()) // WAIT_SECONDS
    kept = name.strip()[:NAME_CAP]
    mark = salted_hmac(f"accounts.forgotten:{connection.schema_name}", kept.lower(), algorithm="sha256").hexdigest()
    outbox.add("accounts.forgotten", {"name": kept, "at": at.isoformat()}, key=f"forgotten:{mark}:{window}")


def renew(token: str, *, at: datetime) -> None:
    """Owe a new link in place of one that expired or was used; the same for a token nobody ever had."""
    window = int(at.timestamp()) // WAIT_SECONDS
    mark = links.fingerprint(token)
    outbox.add("accounts.renew", {"token_hash": mark, "at": at.isoformat()}, key=f"renew:{mark}:{window}")


@registry.handler("accounts.forgotten", queue="mail", forgets=True)
def _mail_who_forgot(payload: dict[str, Any]) -> None:
    """The name is what anybody typed at the door, perhaps a password."""
    for user in queries.who_forgot(payload["name"]):
        send_reset(user, at=_moment(payload))


@registry.handler("accounts.renew", queue="mail")
def _mail_new_link(payload: dict[str, Any]) -> None:
    link = LoginLink.objects.select_related("user").filter(token_hash=payload["token_hash"]).first()
    if link is not None and link.user.is_active and link.user.email:
        send_reset(link.user, at=_moment(payload))


def send_reset(user: User, *, at: datetime) -> None:
    """Mail a link to set a new password to the address on file, also to somebody who never set one."""
    token = links.make(user, LoginLink.Purpose.RESET, sent_to=user.email, at=at)
    context = {"user": user, "account_number": queries.account_number_of(user), "link": links.address(token)}
    outgoing.send("password_reset", to=[user.email], context=context, key=f"password-reset:{links.fingerprint(token)}", about=("user", user.pk))


def prove(user: User, password: str, *, counted_as: tuple[str, str], at: datetime) -> None:
    """Check the password in force of somebody signed in; wrong ones count as at the door, by account and address. Raises `wrong_password`, `too_many_tries`."""
    whom, address = counted_as
    counted = tries.begin(tries.Kind.PASSWORD, whom=whom, address=address, at=at)
    if not user.check_password(password):
        raise DomainError("wrong_password", _("This is not your current password."))
    tries.take_back(counted)


@transaction.atomic
def change(user: User, password: str, *, actor: Actor, at: datetime, keep: UUID | None = None) -> User:
    """Give somebody signed in the password they chose; open links and all sessions but the one to keep end (reliability 78)."""
    links.choose(user, password)
    links.end(user, at=at)
    sessions.shut([user.pk], at=at, but=keep)
    audit.record(actor, "user.password_changed", subject=("user", user.pk, str(user)), at=at)
    links.tell(user, at=at)
    return user


def is_pattern(password: str) -> bool:
    """Long, but made of nothing: few different characters, a word repeated, figures or letters in a row (reliability 76)."""
    text = password.casefold()
    repeated = bool(text) and text in (text + text)[1:-1]
    steps = {(ord(after) - ord(before)) % 10 for before, after in pairwise(text)}
    return len(set(text)) < FEWEST_CHARACTERS or repeated or len(steps) == 1


def _moment(payload: dict[str, Any]) -> datetime:
    return parse_datetime(payload["at"]) or timezone.now()
