"""Add, change and deactivate people who sign in, and send them their login details."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from billing_portal.accounts import rights
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, handed_over, letting_in, links, sessions, whereabouts
from billing_portal.accounts.models import LoginLink, Role, SignInName, User
from billing_portal.accounts.models.users import PEOPLE_ROLES, STAFF_ROLES
from billing_portal.accounts.queries import ABOUT_USER, LOGIN_DETAILS
from billing_portal.accounts.rights import Right
from billing_portal.kernel import emails, folding
from billing_portal.kernel.errors import DomainError, require
from billing_portal.kernel.period import zone_names
from billing_portal.mail import outgoing
from billing_portal.mail.models import MailLog

ADDRESS = "://"
USERNAME = re.compile(r"[\w.+-]{1,150}")


@transaction.atomic
def create(username: str, full_name: str, email: str, role: Role | str, *, actor: Actor, at: datetime, customer_id: UUID | None = None) -> User:
    """Add somebody who can sign in once they set a password by their link. Usernames are unique in the reseller, whatever their case. None has an @:
    emails need not be unique and sign in by a rule of their own (`queries.named`), so no refusal here tells of one.

    Raises `username_invalid`, `username_taken`, `email_invalid` and what `require_name` raises.
    """
    username, full_name, email = username.strip(), full_name.strip(), email.strip()
    _check(username, full_name, email)
    user = User(username=username, full_name=full_name, email=email, role=Role(role), created_at=at)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as clash:
        raise _taken(username) from clash
    audit.record(actor, "user.created", subject=_subject(user), customer_id=customer_id, changes={"role": ("", user.get_role_display())}, at=at)
    return user


def _check(username: str, full_name: str, email: str) -> None:
    require_name(full_name)
    require("@" not in username, "username_invalid", _("A username has no @: the email signs in by itself."), field="username")
    require(USERNAME.fullmatch(username), "username_invalid", _("Use letters, figures and . _ - + only."), field="username")
    check_email(email)
    if SignInName.objects.annotate(folded=Lower("value")).filter(folded=Lower(Value(username))).exists():
        raise _taken(username)


def require_name(full_name: str) -> None:
    """A name to greet somebody by in a mail: one line that can be seen, and nothing in it to follow.

    Raises `name_missing`, `name_unreadable`, `name_is_address` on the field `full_name`.
    """
    require(folding.is_seen(full_name), "name_missing", _("Write the person's name."), field="full_name")
    require(folding.is_plain(full_name), "name_unreadable", _("This holds characters that cannot be read. Write it again."), field="full_name")
    require(ADDRESS not in full_name, "name_is_address", _("Write a name, without the address of a page."), field="full_name")


def is_name(text: str) -> bool:
    """Whether somebody can be called so."""
    return folding.is_seen(text) and folding.is_plain(text) and ADDRESS not in text


def check_email(email: str) -> None:
    """An address that means the same one to everybody, or none. Raises `email_invalid` on the field `email`."""
    if not email:
        return
    try:
        emails.check(email)
    except ValidationError as problem:
        raise DomainError("email_invalid", _("Write an email address such as jane@example.com."), field="email") from problem


def _taken(username: str) -> DomainError:
    return DomainError("username_taken", _("“%(name)s” is taken. Choose another username.") % {"name": username}, field="username")


@transaction.atomic
def change_role(user: User, role: Role | str | None, *, actor: Actor, at: datetime) -> User:
    """Give a member of staff another staff role (None: it stays); the last active administrator keeps theirs. The links that they copied end with the
    role they had, and all their switches with the right to switch.

    Raises `last_administrator`, `role_of_others`, `from_above`.
    """
    letting_in.require_may(actor, "role")
    changed = _lock(user)
    wanted = Role(changed.role if role is None else role)
    same_side = (changed.role in STAFF_ROLES and wanted in STAFF_ROLES) or (changed.role in PEOPLE_ROLES and wanted in PEOPLE_ROLES)
    require(same_side, "role_of_others", _("Staff stay staff, and people of customers stay theirs."), field="role")
    if wanted != changed.role:
        _keep_an_administrator(changed)
        before, changed.role = changed.get_role_display(), wanted
        changed.save(update_fields=["role"])
        if wanted not in rights.roles(Right.SWITCH):
            whereabouts.call_back(changed, at=at)
        handed_over.end_of({changed.pk}, at=at)
        audit.record(actor, "user.role_changed", subject=_subject(changed), changes={"role": (before, changed.get_role_display())}, at=at)
    return changed


@transaction.atomic
def deactivate(user: User, *, actor: Actor, at: datetime, customer_id: UUID | None = None) -> User:
    """End somebody's access at once: sessions, switches, links, sign-in. Not one's own, not the last administrator's.

    Raises `not_yourself`, `last_administrator`.
    """
    require(user.pk != actor.user_id, "not_yourself", _("You cannot deactivate yourself; another administrator can."))
    left = _lock(user)
    if left.is_active:
        _keep_an_administrator(left)
        left.is_active = False
        left.save(update_fields=["is_active"])
        if left.role in STAFF_ROLES:
            whereabouts.call_back(left, at=at)
        links.end(left, at=at)
        sessions.shut([left.pk], at=at)
        audit.record(actor, "user.deactivated", subject=_subject(left), customer_id=customer_id, at=at)
    return left


@transaction.atomic
def activate(user: User, *, actor: Actor, at: datetime, customer_id: UUID | None = None) -> User:
    """Let somebody who was deactivated sign in again. Raises `from_above`."""
    letting_in.require_may(actor)
    back = _lock(user)
    if not back.is_active:
        back.is_active = True
        back.save(update_fields=["is_active"])
        audit.record(actor, "user.activated", subject=_subject(back), customer_id=customer_id, at=at)
    return back


@transaction.atomic
def choose_time_zone(user: User, name: str, *, actor: Actor, at: datetime) -> User:
    """Show somebody all times in the zone they chose; an empty name is their company's. Raises `time_zone_unknown`."""
    require(not name or name in zone_names(), "time_zone_unknown", _("Choose a time zone from the list."), "time_zone")
    found = User.objects.select_for_update().get(pk=user.pk)
    before, found.time_zone = found.time_zone, name
    if name != before:
        found.save(update_fields=["time_zone"])
        audit.record(actor, "user.changed", subject=_subject(found), changes={"time_zone": (before, name)}, at=at)
    return found


@transaction.atomic
def send_login_details(
    user: User, *, to: Sequence[str], actor: Actor, at: datetime, account_number: str | None = None, customer_id: UUID | None = None
) -> MailLog:
    """Mail address, username, account number and a one-time link to set the password, never a password; older links end (reliability 72).

    Raises `bad_address` (none, more than five, or not an address) and `not_active`.
    """
    require(user.is_active, "not_active", _("%(name)s is deactivated.") % {"name": user})
    token = links.make(user, LoginLink.Purpose.WELCOME, sent_to=to[0] if len(to) == 1 else "", at=at)
    mail = outgoing.send(
        LOGIN_DETAILS,
        to=to,
        context={"user": user, "account_number": account_number or "", "link": links.address(token)},
        key=f"login-details:{links.fingerprint(token)}",
        about=(ABOUT_USER, user.pk),
    )
    audit.record(actor, "user.login_details_sent", subject=_subject(user), customer_id=customer_id, changes={"to": ("", ", ".join(to))}, at=at)
    return mail


@transaction.atomic
def copy_link(user: User, *, actor: Actor, at: datetime, customer_id: UUID | None = None) -> str:
    """Make a fresh link for a member of staff to hand over, and write down who took it; the link mailed before ends. Never one for oneself.

    Raises `not_active`, `not_yourself`.
    """
    require(user.pk != actor.user_id, "not_yourself", _("Change your own password under Your account; it asks for the one you have."))
    require(user.is_active, "not_active", _("%(name)s is deactivated.") % {"name": user})
    token = links.make(user, LoginLink.Purpose.WELCOME, at=at)
    audit.record(actor, handed_over.COPIED, subject=_subject(user), customer_id=customer_id, at=at)
    return links.address(token)


def _lock(user: User) -> User:
    """The user and all administrators, locked in key order, so that two administrators cannot remove each other at once."""
    rows = User.objects.filter(role=Role.ADMINISTRATOR) | User.objects.filter(pk=user.pk)
    return {row.pk: row for row in rows.order_by("pk").select_for_update()}[user.pk]


def _keep_an_administrator(user: User) -> None:
    others = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True, stands_for_schema="").exclude(pk=user.pk)
    safe = user.role != Role.ADMINISTRATOR or not user.is_active or others.exists()
    require(safe, "last_administrator", _("This is the last active administrator. Make somebody else one first."))


def _subject(user: User) -> tuple[str, UUID, str]:
    return ABOUT_USER, user.pk, str(user)
