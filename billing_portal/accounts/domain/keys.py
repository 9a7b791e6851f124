"""The keys that switches show: made, found, revoked. A key is shown once and stored as its SHA-256 (reliability 96)."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, networks, switches
from billing_portal.accounts.models import ApiKey, Switch
from billing_portal.kernel.errors import require
from billing_portal.tenancy import fingerprints

CALLS_WRITE = "calls:write"
SCOPES = (CALLS_WRITE,)
LETTERS_SHOWN = 10
_USED_AGAIN = timedelta(minutes=1)


def _hash(secret: str) -> str:
    return fingerprints.of(secret)


@transaction.atomic
def make(switch: Switch, scopes: Sequence[str], *, addresses: str = "", actor: Actor, at: datetime) -> tuple[ApiKey, str]:
    """Make a key of 256 bits that works from these addresses, written one a line; none: from everywhere. The secret is returned here and never again.

    Raises `scope_unknown`, `address_wrong`, `switch_below`.
    """
    switches.require_own(switch)
    require(scopes and set(scopes) <= set(SCOPES), "scope_unknown", _("Choose what the key may do."), field="scopes")
    secret = f"bp_{secrets.token_urlsafe(32)}"
    allowed = networks.parse(addresses)
    shown = {"prefix": secret[:LETTERS_SHOWN], "scopes": sorted(scopes), "addresses": allowed}
    key = ApiKey.objects.create(switch=switch, key_hash=_hash(secret), made_by=actor.name, created_at=at, **shown)
    changes = {"key": ("", key.prefix), **({"addresses": ("", ", ".join(allowed))} if allowed else {})}
    audit.record(actor, "key.created", subject=("switch", switch.pk, switch.name), changes=changes, at=at)
    return key, secret


def find(secret: str) -> ApiKey | None:
    """The key of this reseller that the secret belongs to, unless it is revoked."""
    return ApiKey.objects.select_related("switch").filter(key_hash=_hash(secret), revoked_at=None).first()


def used(key: ApiKey, *, at: datetime) -> None:
    """Remember when the key was last shown, to the minute, so that a busy switch does not write at every batch."""
    if key.last_used_at is not None and key.last_used_at >= at - _USED_AGAIN:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - _USED_AGAIN)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)


@transaction.atomic
def revoke(key: ApiKey, *, actor: Actor, at: datetime) -> None:
    """Make the key worthless at once."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        audit.record(actor, "key.revoked", subject=("switch", key.switch_id, key.switch.name), changes={"key": (key.prefix, "")}, at=at)
