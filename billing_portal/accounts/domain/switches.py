"""The switches that send calls."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.accounts.models import Switch
from billing_portal.kernel.errors import DomainError, require
from billing_portal.tenancy.models import Reseller

DEFAULT = "default"
BELOW = "/"  # between a reseller below and its switch, in the name that the switch has here


def ensure_default() -> Switch:
    """The switch that every reseller has: files are imported as its calls when they name none."""
    switch, _made = Switch.objects.get_or_create(name=DEFAULT, defaults={"description": _("Files and the first switch")})
    return switch


def own() -> QuerySet[Switch]:
    """The reseller's own switches, without those of resellers below."""
    return Switch.objects.filter(child_schema="")


def of_child(name: str, child: Reseller) -> Switch:
    """The switch under which calls of a reseller below climb here, made when it is new. Raises `switch_taken` when the name is somebody else's."""
    switch, _made = Switch.objects.get_or_create(name=name, defaults={"description": child.name, "child_schema": child.schema_name})
    require(
        switch.child_schema == child.schema_name,
        "switch_taken",
        _("The switch “%(name)s” is no switch of %(reseller)s.") % {"name": name, "reseller": child.name},
    )
    return switch


def require_own(switch: Switch) -> None:
    """Raises `switch_below`: what sends calls here is a switch of this reseller."""
    require(
        not switch.child_schema, "switch_below", _("“%(name)s” is a switch of a reseller below: its calls climb here by themselves.") % {"name": switch.name}
    )


@transaction.atomic
def create(name: str, description: str, *, actor: Actor, at: datetime) -> Switch:
    """Add a switch; its name is unique in the reseller, whatever its case. Raises `name_missing`, `name_reserved`, `switch_taken`."""
    name = name.strip()
    require(name, "name_missing", _("Write the name of the switch."), field="name")
    require(BELOW not in name, "name_reserved", _("Write it without a slash: names with one are for switches of resellers below."), field="name")
    try:
        with transaction.atomic():
            switch = Switch.objects.create(name=name, description=description.strip(), created_at=at)
    except IntegrityError as clash:
        raise DomainError("switch_taken", _("There is a switch “%(name)s” already.") % {"name": name}, field="name") from clash
    audit.record(actor, "switch.created", subject=("switch", switch.pk, switch.name), at=at)
    return switch
