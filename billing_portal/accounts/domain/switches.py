"""The switches that send calls."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.accounts.models import Switch
from billing_portal.kernel.errors import DomainError, require

DEFAULT = "default"


def ensure_default() -> Switch:
    """The switch that every reseller has: files are imported as its calls when they name none."""
    switch, _made = Switch.objects.get_or_create(name=DEFAULT, defaults={"description": _("Files and the first switch")})
    return switch


@transaction.atomic
def create(name: str, description: str, *, actor: Actor, at: datetime) -> Switch:
    """Add a switch; its name is unique in the reseller, whatever its case. Raises `name_missing`, `switch_taken`."""
    name = name.strip()
    require(name, "name_missing", _("Write the name of the switch."), field="name")
    try:
        with transaction.atomic():
            switch = Switch.objects.create(name=name, description=description.strip(), created_at=at)
    except IntegrityError as clash:
        raise DomainError("switch_taken", _("There is a switch “%(name)s” already.") % {"name": name}, field="name") from clash
    audit.record(actor, "switch.created", subject=("switch", switch.pk, switch.name), at=at)
    return switch
