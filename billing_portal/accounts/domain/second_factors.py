"""Second factors: an authenticator app, passkeys, and recovery codes that stand in for them. Kept in allauth's table, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts import queries
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, notices, sealing, sessions
from billing_portal.accounts.models import User
from billing_portal.kernel.errors import DomainError, require

Kind = Authenticator.Type
STEP_SECONDS = 30
STEPS_ASIDE = 1  # a clock may be half a minute off


@dataclass(frozen=True)
class Factors:
    """What somebody has to sign in with beside the password; `codes_left` is None without recovery codes."""

    app: Authenticator | None
    passkeys: Sequence[Authenticator]
    codes_left: int | None

    @property
    def any(self) -> bool:
        return self.app is not None or bool(self.passkeys)


def of(user: User) -> Factors:
    """All second factors of this person."""
    rows = list(Authenticator.objects.filter(user_id=user.pk).order_by("pk"))
    apps, codes = [row for row in rows if row.type == Kind.TOTP], [row for row in rows if row.type == Kind.RECOVERY_CODES]
    left = len(RecoveryCodes(codes[0]).get_unused_codes()) if codes else None
    return Factors(apps[0] if apps else None, [row for row in rows if row.type == Kind.WEBAUTHN], left)


def is_required(user: User) -> bool:
    """Whether this person may not do without one: staff, where REQUIRE_SECOND_FACTOR says so (reliability 77)."""
    return bool(settings.REQUIRE_SECOND_FACTOR) and user.is_staff_member and not user.stands_for_schema


def new_secret() -> str:
    """A secret of 160 bits for an authenticator app, in base 32."""
    secret: str = generate_totp_secret()
    return secret


@transaction.atomic
def add_app(user: User, secret: str, code: str, *, actor: Actor, at: datetime) -> list[str]:
    """Let an authenticator app prove who signs in, once it showed a code of this secret; answers with new recovery codes if there were none.

    Every other session ends through the caller (`sessions.end_all`). Raises `wrong_code`, `app_there`.
    """
    _lock(user)
    require(
        not Authenticator.objects.filter(user_id=user.pk, type=Kind.TOTP).exists(), "app_there", _("You have an authenticator app already; remove it first.")
    )
    step = _step_of(secret, code, at, after=0)
    if step is None:
        raise wrong_code()
    app = TOTP.activate(user, secret).instance
    app.data["last_step"] = step
    app.save(update_fields=["data"])
    audit.record(actor, "user.app_added", subject=_subject(user), at=at)
    notices.tell(user, "app_added", at=at)
    return first_codes(user)


def first_codes(user: User) -> list[str]:
    """New recovery codes for somebody who has none, else nothing; they are shown here and never again."""
    if Authenticator.objects.filter(user_id=user.pk, type=Kind.RECOVERY_CODES).exists():
        return []
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    return codes


@transaction.atomic
def make_codes(user: User, *, actor: Actor, at: datetime) -> list[str]:
    """Ten new recovery codes in place of the older ones, shown once. Raises `no_second_factor`."""
    _lock(user)
    require(queries.has_second_factor(user), "no_second_factor", _("Add an authenticator app or a passkey first."))
    Authenticator.objects.filter(user_id=user.pk, type=Kind.RECOVERY_CODES).delete()
    audit.record(actor, "user.codes_made", subject=_subject(user), at=at)
    notices.tell(user, "codes_made", at=at)
    return first_codes(user)


@transaction.atomic
def spend_code(user: User, code: str, *, at: datetime) -> Authenticator:
    """Take a code of the app, or a recovery code: each is good once, also without a cache to remember it in. Raises `wrong_code`."""
    rows = Authenticator.objects.select_for_update().filter(user_id=user.pk, type__in=(Kind.TOTP, Kind.RECOVERY_CODES)).order_by("pk")
    for row in list(rows):
        if _app_takes(row, code, at) if row.type == Kind.TOTP else RecoveryCodes(row).validate_code(code):
            return _used(user, Authenticator.objects.get(pk=row.pk), at)
    raise wrong_code()


@transaction.atomic
def remove(user: User, factor: int, *, actor: Actor, at: datetime) -> None:
    """Take one factor away; with the last one the recovery codes go too. Raises `factor_gone`, `second_factor_required`, `password_short`."""
    _lock(user)
    row = Authenticator.objects.filter(user_id=user.pk, pk=factor, type__in=queries.FACTORS).first()
    if row is None:
        raise DomainError("factor_gone", _("It was removed already."))
    last = not Authenticator.objects.filter(user_id=user.pk, type__in=queries.FACTORS).exclude(pk=row.pk).exists()
    require(not (last and is_required(user)), "second_factor_required", _("Staff need a second factor: add another one before you remove the last."))
    least = settings.PASSWORD_MIN_LENGTH
    short = _("Without a second factor your password needs at least %(least)d characters: change it first.") % {"least": least}
    require(not (last and user.short_password), "password_short", short)
    what, name = ("app_removed", "") if row.type == Kind.TOTP else ("passkey_removed", row.wrap().name)
    (Authenticator.objects.filter(user_id=user.pk) if last else Authenticator.objects.filter(pk=row.pk)).delete()
    audit.record(actor, f"user.{what}", subject=_subject(user), changes={"passkey": (name, "")} if name else None, at=at)
    notices.tell(user, what, at=at, name=name)


@transaction.atomic
def reset(user: User, *, actor: Actor, at: datetime, customer_id: UUID | None = None) -> None:
    """Take away all second factors of somebody who lost them, by somebody who may, and end their sessions; the person is told by mail.

    A password that was only long enough beside a second factor ends too. Raises `not_yourself`, `no_second_factor`.
    """
    require(user.pk != actor.user_id, "not_yourself", _("You cannot reset your own second factor; another administrator can."))
    found = _lock(user)
    gone, _by_model = Authenticator.objects.filter(user_id=user.pk).delete()
    require(gone, "no_second_factor", _("%(name)s has no second factor.") % {"name": user})
    if found.short_password:
        found.password, found.short_password = make_password(None), False
        found.save(update_fields=["password", "short_password"])
    sessions.shut([user.pk], at=at)
    audit.record(actor, "user.second_factor_reset", subject=_subject(user), customer_id=customer_id, at=at)
    notices.tell_reset(found, by=actor, at=at)


def wrong_code() -> DomainError:
    """The one answer to every code that does not fit: wrong, too old, used before, of somebody else."""
    return DomainError("wrong_code", _("This code does not fit. Codes change every half minute and work once; wait for the next one."), field="code")


def _app_takes(row: Authenticator, code: str, at: datetime) -> bool:
    """Whether the app shows this code now, later than any that was taken: the step is kept in the locked row, so a code works once (reliability 75)."""
    step = _step_of(sealing.unseal(row.data["secret"]), code, at, after=row.data.get("last_step", 0))
    if step is None:
        return False
    row.data["last_step"] = step
    row.save(update_fields=["data"])
    return True


def _step_of(secret: str, code: str, at: datetime, *, after: int) -> int | None:
    now = int(at.timestamp()) // STEP_SECONDS
    steps = [step for step in range(now - STEPS_ASIDE, now + STEPS_ASIDE + 1) if step > after]
    fitting = [step for step in steps if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))]
    return fitting[0] if fitting else None


def _used(user: User, row: Authenticator, at: datetime) -> Authenticator:
    Authenticator.objects.filter(pk=row.pk).update(last_used_at=at)
    if row.type == Kind.RECOVERY_CODES:
        notices.tell(user, "code_used", at=at, left=len(RecoveryCodes(row).get_unused_codes()))
    return row


def _lock(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def _subject(user: User) -> tuple[str, UUID, str]:
    return "user", user.pk, str(user)
