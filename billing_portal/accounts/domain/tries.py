"""Guessing ends: at most ten tries in a quarter of an hour for one account, and from one address (reliability 75).

At the door the name that was typed is counted too, and it alone is spoken of: that another name of the same account was tried is not told (74).
Tries lie in the database, so they are counted without Redis. Each is written down before it is looked at, so that many at the same
moment are not more than ten, and taken back when it succeeds. The owner is never locked out: a browser they signed in with before has ten
tries of its own (`accounts.known`), a link by mail works all the while, and who set a new password by it starts anew.

Whether a name is a customer's somewhere on the platform is told one person twenty times in a minute, wherever they ask; one that is saved
counts as well, or a list of names could be asked by renaming (57).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django_tenants.utils import schema_context

from billing_portal.accounts import queries
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import SignInTry, User
from billing_portal.kernel.errors import require

Kind = SignInTry.Kind
MOST = 10
WINDOW = timedelta(minutes=15)
KEPT = timedelta(days=1)
MOST_NAMES = 20
MINUTE = timedelta(minutes=1)
TOO_MANY = _("Too many attempts. Wait a quarter of an hour, or ask for a link to set a new password.")
TOO_MANY_NAMES = _("You asked for many names within a minute. Wait a minute, then try again.")


@dataclass(frozen=True)
class AtTheDoor:
    """What was counted of one try at the door, and whether the password is looked at: not once its account has had all of its tries."""

    rows: tuple[SignInTry, ...]
    looked_at: bool


def whom(name: str) -> str:
    """Whose account a name tries: the same for all names of one user; of a name that nobody has, its fingerprint."""
    user = queries.named(name)
    unknown = _mark("unknown", name)
    return str(user.pk) if user else unknown


def typed(name: str) -> str:
    """What the name itself is counted as, whoever has it."""
    return _mark("typed", name)


def _mark(kind: str, name: str) -> str:
    """A fingerprint for this reseller by our secret: what was typed may be a password, and nobody finds it by trying."""
    return salted_hmac(f"accounts.tries.{kind}:{connection.schema_name}", name.strip().casefold(), algorithm="sha256").hexdigest()


@transaction.atomic
def begin(kind: Kind, *, whom: str, address: str, at: datetime, refusal: object = TOO_MANY, most: int = MOST) -> SignInTry:
    """Write down one try, which counts until it is taken back; an empty address is not counted. Raises `too_many_tries` and then counts nothing."""
    _one_at_a_time(*_names(kind, whom, address))
    recent = SignInTry.objects.filter(kind=kind, at__gt=at - WINDOW)
    few = recent.filter(whom=whom).count() < most and (not address or recent.filter(address=address).count() < MOST)
    require(few, "too_many_tries", refusal)
    return SignInTry.objects.create(kind=kind, whom=whom, address=address, at=at)


@transaction.atomic
def begin_at_the_door(name: str, *, whom: str, address: str, at: datetime) -> AtTheDoor:
    """Write down one try at a password by the name that was typed. Raises `too_many_tries` for this name or address, and then counts nothing.

    What the account had by other names is not told: beyond its ten the try counts for the name alone and is answered as a wrong one. Every name
    costs the same questions.
    """
    mark = typed(name)
    _one_at_a_time(*_names(Kind.PASSWORD, mark, address), *_names(Kind.PASSWORD, whom, address))
    by_name = begin(Kind.PASSWORD, whom=mark, address=address, at=at)
    looked_at = SignInTry.objects.filter(kind=Kind.PASSWORD, at__gt=at - WINDOW, whom=whom).count() < MOST
    of_account = SignInTry.objects.create(kind=Kind.PASSWORD, whom=whom if looked_at else "", at=at)
    return AtTheDoor((by_name, of_account), looked_at)


@transaction.atomic
def ask_a_name(actor: Actor, *, at: datetime) -> None:
    """Count that a person is told whether a name is free, which taking it tells too; a program may always ask. Counted where the person is at home,
    so that whoever switches into resellers is told no more in each.

    Raises `too_many_names` at `name`, and then counts nothing.
    """
    if actor.user_id is None:
        return
    whom = str(actor.user_id)
    with schema_context(actor.schema or connection.schema_name):
        _one_at_a_time(f"{Kind.NAME}:whom:{whom}")
        asked = SignInTry.objects.filter(kind=Kind.NAME, whom=whom, at__gt=at - MINUTE)
        require(asked.count() < MOST_NAMES, "too_many_names", TOO_MANY_NAMES, "name")
        SignInTry.objects.create(kind=Kind.NAME, whom=whom, at=at)


def take_back(*counted: SignInTry) -> None:
    """This one succeeded."""
    SignInTry.objects.filter(pk__in=[each.pk for each in counted]).delete()


def forgive(user: User) -> None:
    """Forget the passwords that were tried at this account, by any of its names: it is a new one now. Codes that were tried count on."""
    names = [user.username, user.email, *user.sign_in_names.values_list("value", flat=True)]
    SignInTry.objects.filter(whom__in=[str(user.pk), *(typed(name) for name in names if name)], kind=Kind.PASSWORD).delete()


def tidy(*, at: datetime) -> int:
    """Forget tries that count no more."""
    gone, _by_model = SignInTry.objects.filter(at__lt=at - KEPT).delete()
    return gone


def _names(kind: Kind, whom: str, address: str) -> tuple[str, str]:
    return f"{kind}:whom:{whom}", f"{kind}:address:{address}"


def _one_at_a_time(*names: str) -> None:
    """Hold these names until the transaction ends, in one order, so that two who count at the same moment do not both see the last free try."""
    numbers = {int.from_bytes(hashlib.sha256(f"{connection.schema_name}:{name}".encode()).digest()[:8], signed=True) for name in names}
    with connection.cursor() as cursor:
        for number in sorted(numbers):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
