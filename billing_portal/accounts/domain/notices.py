"""Mails to somebody about a change to how they sign in, so that who did not do it learns of it."""

from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import User
from billing_portal.accounts.models.users import STAFF_ROLES
from billing_portal.accounts.queries import is_of_people
from billing_portal.mail import outgoing
from billing_portal.tenancy import fingerprints
from billing_portal.tenancy import queries as tenancy

KIND = "sign_in_changed"

SAID: dict[str, tuple[Promise, Promise]] = {
    "app_added": (_("An authenticator app was added"), _("Signing in now asks for a code of your authenticator app too.")),
    "app_removed": (_("Your authenticator app was removed"), _("Signing in no longer asks for a code of it.")),
    "passkey_added": (_("A passkey was added"), _("The passkey “%(name)s” can now be used to sign in.")),
    "passkey_removed": (_("A passkey was removed"), _("The passkey “%(name)s” can no longer be used to sign in.")),
    "passkey_refused": (
        _("A passkey was refused"),
        _("The passkey “%(name)s” said that it was used less often than before, as a copy of it would. If there is none, remove it and sign out everywhere."),
    ),
    "codes_made": (_("New recovery codes were made"), _("The codes made before no longer work.")),
    "code_used": (_("A recovery code was used"), _("It works no more. %(left)s are left.")),
    "reset": (
        _("Your second factor was reset"),
        _("%(by)s took away your authenticator app, passkeys and recovery codes. Add new ones the next time you sign in."),
    ),
    "email_changed": (_("Your email address was changed"), _("Mails now go to %(email)s instead of this address.")),
    "email_changed_by": (_("Your email address was changed"), _("%(by)s changed it. Mails no longer go to this address.")),
}


def tell(user: User, what: str, *, at: datetime, to: str = "", **values: Any) -> None:
    """Mail one of the notices above to the address on file, or to the one given; somebody without an address gets none."""
    address = to or user.email
    if not address:
        return
    title, text = SAID[what]
    context = {"user": user, "title": title, "said": text % values}
    key = f"{KIND}:{what}:{user.pk}:{fingerprints.of(address)}:{at.isoformat()}"
    outgoing.send(KIND, to=[address], context=context, key=key, about=("user", user.pk))


def tell_reset(user: User, *, by: Actor, at: datetime) -> None:
    """Tell who lost the second factor who took it away."""
    tell(user, "reset", at=at, by=_as_known_to(user, by))


def tell_former(user: User, *, by: Actor, at: datetime) -> None:
    """Tell the address on file that somebody else takes another for it; not which, for it may have been written wrongly."""
    tell(user, "email_changed_by", at=at, by=_as_known_to(user, by))


def _as_known_to(user: User, by: Actor) -> str:
    """The name of who acted, for staff; people of a customer read those of their own people, and of everybody else the reseller's."""
    theirs = is_of_people(by.user_id, schema=by.schema, acted_for_id=by.acted_for_id)
    return by.name if user.role in STAFF_ROLES or theirs else tenancy.current().name
