"""Passkeys (WebAuthn): added, shown, and the ceremony in which a browser proves that it holds one.

The relying party is the host of the reseller, and the origin must be exactly the one the page came from: a page of another reseller on a
host below or beside it can never use them (reliability 46).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.exceptions import InvalidSignature
from django.db import transaction
from django.utils.translation import gettext as _
from fido2 import cbor
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticatorData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, notices, second_factors
from billing_portal.accounts.models import User
from billing_portal.kernel.errors import DomainError, require

NAME_CAP = 60
MOST = 20
ASKED_AT = "asked_at"
# What the library raises for answers that are no answers: it trusts their shape.
RUBBISH = (ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError, struct.error, RecursionError, NotImplementedError)
BYTES = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Site:
    """Where the browser is: the host without its port, the origin as the browser writes it, and the reseller's name."""

    host: str
    origin: str
    name: str

    def server(self) -> Fido2Server:
        return Fido2Server(PublicKeyCredentialRpEntity(id=self.host, name=self.name), verify_origin=lambda origin: origin == self.origin)


def of(user: User) -> list[Authenticator]:
    """The passkeys of this person, the first added first."""
    return list(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN).order_by("pk"))


def ask_to_add(user: User, *, site: Site) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the browser is asked to make a passkey from, and what must be remembered of the asking until it answers."""
    whom = PublicKeyCredentialUserEntity(id=user.pk.bytes, name=user.username, display_name=str(user))
    options, state = site.server().register_begin(
        whom,
        [credential_of(row) for row in of(user)],
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return dict(options), dict(state)


@transaction.atomic
def add(user: User, name: str, answer: Answer, *, site: Site, state: Mapping[str, Any] | None, actor: Actor, at: datetime) -> list[str]:
    """Keep a passkey that the browser made; answers with new recovery codes if there were none.

    Every other session ends through the caller (`sessions.end_all`). Raises `passkey_refused`, `too_many_passkeys`.
    """
    User.objects.select_for_update().get(pk=user.pk)
    known = of(user)
    require(len(known) < MOST, "too_many_passkeys", _("You have %(most)d passkeys: remove one first.") % {"most": MOST})
    key = made(answer, site=site, state=state)
    require(key.credential_id not in {credential_of(row).credential_id for row in known}, "passkey_refused", refused().message)
    label = name.strip()[:NAME_CAP] or _("Passkey %(number)d") % {"number": len(known) + 1}
    WebAuthn.add(user, label, _kept(answer))
    audit.record(actor, "user.passkey_added", subject=("user", user.pk, str(user)), changes={"passkey": ("", label)}, at=at)
    notices.tell(user, "passkey_added", at=at, name=label)
    return second_factors.first_codes(user)


def rename(user: User, passkey: int, name: str) -> None:
    """Call a passkey something else. Raises `name_missing`; one that is gone is left alone."""
    label = name.strip()[:NAME_CAP]
    require(label, "name_missing", _("Write a name."), "name")
    for row in Authenticator.objects.filter(user_id=user.pk, pk=passkey, type=Authenticator.Type.WEBAUTHN):
        row.data["name"] = label
        row.save(update_fields=["data"])


def ask_to_prove(user: User | None, *, site: Site) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the browser is asked to sign, for one person, or for whoever holds a passkey of this site and proves to it who they are."""
    required, preferred = UserVerificationRequirement.REQUIRED, UserVerificationRequirement.PREFERRED
    credentials = [credential_of(row) for row in of(user)] if user else None
    options, state = site.server().authenticate_begin(credentials, user_verification=preferred if user else required)
    return dict(options), dict(state)


def prove(user: User, answer: Answer, *, site: Site, state: Mapping[str, Any] | None, at: datetime) -> Authenticator:
    """Check what the browser signed; the passkey that signed. Raises `passkey_refused`, whatever is wrong with it.

    One whose counter does not go on may be a copy of it: that is refused, and its holder is told.
    """
    rows = {credential_of(row).credential_id: row for row in of(user)}
    used = check(answer, [credential_of(row) for row in rows.values()], site=site, state=state)
    row = rows[used.credential_id]
    counter = AuthenticatorData(websafe_decode(answer["response"]["authenticatorData"])).counter
    if not _counts_on(row, counter, at, asked_at=state.get(ASKED_AT) if state else None):
        notices.tell(user, "passkey_refused", at=at.replace(minute=0, second=0, microsecond=0), name=row.wrap().name)
        raise refused()
    return row


@transaction.atomic
def _counts_on(row: Authenticator, counter: int, at: datetime, *, asked_at: float | None) -> bool:
    """Whether this is a later use than the last one, which is kept in the locked row; one that never counts says 0 for ever.

    What no session remembers is asked with its moment (seconds since 1970): it serves once, so not after a later use. Raises `passkey_refused`.
    """
    locked = Authenticator.objects.select_for_update().get(pk=row.pk)
    if asked_at is not None and locked.last_used_at is not None and locked.last_used_at.timestamp() >= asked_at:
        raise refused()
    last = locked.data.get("counter", WebAuthn(locked).authenticator_data.counter)
    if counter <= last and (counter or last):
        return False
    locked.data["counter"], locked.last_used_at = counter, at
    locked.save(update_fields=["data", "last_used_at"])
    return True


def check(answer: Answer, credentials: Sequence[AttestedCredentialData], *, site: Site, state: Mapping[str, Any] | None) -> AttestedCredentialData:
    """Which of these signed what was asked. Raises `passkey_refused`."""
    if state is None:
        raise refused()
    try:
        return site.server().authenticate_complete(dict(state), credentials, _as_text(answer))
    except RUBBISH as problem:
        raise refused() from problem


def sign_in(answer: Answer, *, site: Site, state: Mapping[str, Any] | None, at: datetime) -> User:
    """Who signs in with a passkey alone, which must have asked its holder for a finger or a PIN. Raises `passkey_refused`."""
    user = _holder(answer)
    verified = state is not None and state.get("user_verification") == UserVerificationRequirement.REQUIRED
    if user is None or not verified:
        raise refused()
    prove(user, answer, site=site, state=state, at=at)
    return user


def _holder(answer: Answer) -> User | None:
    """Whose passkey the browser says it is; believed only once `prove` has checked it."""
    try:
        handle = websafe_decode(str(answer["response"]["userHandle"]))
        return User.objects.filter(pk=UUID(bytes=handle), is_active=True, stands_for_schema="").first()
    except (KeyError, TypeError, ValueError):
        return None


def credential_of(row: Authenticator) -> AttestedCredentialData:
    """The public key of a passkey and what names it."""
    found: AttestedCredentialData | None = WebAuthn(row).authenticator_data.credential_data
    assert found is not None, "a passkey without a key was stored"
    return found


def refused() -> DomainError:
    return DomainError("passkey_refused", _("This passkey was not accepted. Try again, or use another way."))


def made(answer: Answer, *, site: Site, state: Mapping[str, Any] | None) -> AttestedCredentialData:
    """The new key that the browser answered with, if signatures can be checked by it. Raises `passkey_refused`."""
    if state is None:
        raise refused()
    try:
        key = site.server().register_complete(dict(state), _held_in_bytes(_as_text(answer))).credential_data
        if key is None or not _can_check(key):
            raise refused()
    except RUBBISH as problem:
        raise refused() from problem
    return key


def _as_text(answer: Answer) -> dict[str, Any]:
    """The answer as the library may have it. Where bytes belong it would make as many of them as a number says, so there only text may stand."""
    response = answer["response"]
    carried = [answer["rawId"], *(response[name] for name in BYTES if response.get(name) is not None)]
    if not all(isinstance(each, str) for each in carried):
        raise TypeError("bytes are sent as text")
    return dict(answer)


def _held_in_bytes(answer: dict[str, Any]) -> dict[str, Any]:
    """The same for what is packed into the new key, of which the library would make bytes too."""
    packed: Any = cbor.decode(websafe_decode(answer["response"]["attestationObject"]))
    if not isinstance(packed["authData"], bytes):
        raise TypeError("bytes are packed as bytes")
    return answer


def _kept(answer: Answer) -> dict[str, Any]:
    """What signatures are checked by of an accepted answer, written anew: nothing else that a browser sends is stored."""
    response = {name: _anew(answer["response"][name]) for name in ("clientDataJSON", "attestationObject")}
    return {"type": "public-key", "id": _anew(answer["rawId"]), "rawId": _anew(answer["rawId"]), "response": response}


def _anew(text: str) -> str:
    return websafe_encode(websafe_decode(text))


def _can_check(key: AttestedCredentialData) -> bool:
    """Whether this is a whole key: one that was cut off says so here, and not at the next sign-in."""
    try:
        key.public_key.verify(b"", b"")
    except InvalidSignature:
        return True
    return False
