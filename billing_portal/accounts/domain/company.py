"""The reseller's own company: what documents show as the seller, and how its portal looks."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, logos, tries
from billing_portal.kernel.errors import require
from billing_portal.tenancy.domain import names
from billing_portal.tenancy.models import Reseller

FIELDS = (
    "name", "legal_name", "street", "city", "postcode", "country", "tax_reference", "company_number",
    "support_email", "support_phone", "bank_details", "brand_colour",
)  # fmt: skip
COLOUR = re.compile(r"#[0-9a-f]{6}")
READABLE = 4.5  # contrast with white, WCAG 2.2 AA

Holder = Callable[[Reseller], UUID | None]
Taker = Callable[[Reseller, str], None]
_holders: list[tuple[Holder, Taker]] = []


def register_holder(of: Holder, take: Taker) -> None:
    """Say who knows under which id the platform holds the names of a reseller, and holds one more for it: a higher app, at start-up."""
    _holders[:] = [(of, take)]


def change(reseller: Reseller, values: Mapping[str, str], *, actor: Actor, at: datetime) -> Reseller:
    """Change the company's fields; documents already issued keep what they show.

    Raises `name_missing`, `name_taken`, `too_many_names`, `colour_invalid`, `colour_pale`.
    """
    if str(values.get("name", reseller.name)).strip() != reseller.name:
        tries.ask_a_name(actor, at=at)
    return _change(reseller, values, actor=actor, at=at)


@transaction.atomic
def _change(reseller: Reseller, values: Mapping[str, str], *, actor: Actor, at: datetime) -> Reseller:
    changed = Reseller.objects.select_for_update().get(pk=reseller.pk)
    _check(changed, values)
    changes = {}
    for field in FIELDS:
        new = str(values.get(field, getattr(changed, field))).strip()
        if new != getattr(changed, field):
            changes[field] = (getattr(changed, field), new)
            setattr(changed, field, new)
    if "name" in changes:
        for _of, take in _holders:
            take(changed, changed.name)
    if changes:
        changed.save(update_fields=list(changes))
        audit.record(actor, "company.changed", subject=("company", changed.pk, changed.name), changes=changes, at=at)
    return changed


@transaction.atomic
def set_logo(reseller: Reseller, content: bytes, *, actor: Actor, at: datetime) -> None:
    """Put the picture on the portal and on documents issued from now on. Raises what `logos.clean` raises."""
    Reseller.objects.filter(pk=reseller.pk).update(logo=logos.clean(content))
    audit.record(actor, "company.logo_changed", subject=("company", reseller.pk, reseller.name), at=at)


@transaction.atomic
def remove_logo(reseller: Reseller, *, actor: Actor, at: datetime) -> None:
    """Show the initials instead of a picture."""
    if Reseller.objects.filter(pk=reseller.pk, logo__isnull=False).update(logo=None):
        audit.record(actor, "company.logo_removed", subject=("company", reseller.pk, reseller.name), at=at)


def _check(reseller: Reseller, values: Mapping[str, str]) -> None:
    name = str(values.get("name", reseller.name)).strip()
    require(name, "name_missing", _("Write the company's name."), field="name")
    if name != reseller.name:
        names.require_usable(name)
    message = _("“%(name)s” is taken. Names are unique across the platform.") % {"name": name}
    require(_is_free(reseller, name), "name_taken", message, field="name")
    colour = str(values.get("brand_colour", reseller.brand_colour)).strip().lower()
    require(COLOUR.fullmatch(colour), "colour_invalid", _("Write a colour such as #00647e."), field="brand_colour")
    require(contrast_with_white(colour) >= READABLE, "colour_pale", _("White text cannot be read on this colour; choose a darker one."), field="brand_colour")


def _is_free(reseller: Reseller, name: str) -> bool:
    """Whether nobody else has the name; what the reseller's own row at its parent is called does not keep it from its former name."""
    folded = names.fold(name)
    if folded == names.fold(reseller.name):
        return True
    others = names.near(reseller).values_list("name", flat=True)
    own = next((of(reseller) for of, _take in _holders), None)
    return folded not in {names.fold(other) for other in others} and names.is_free(name, except_for=own)


def contrast_with_white(colour: str) -> float:
    """The contrast of white text on `#rrggbb`, from 1 to 21, as WCAG defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
