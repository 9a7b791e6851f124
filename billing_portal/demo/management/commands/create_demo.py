"""`manage.py create_demo`: the sample world."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from billing_portal.demo import world
from billing_portal.kernel.errors import require
from billing_portal.tenancy.commands import PortalCommand
from billing_portal.tenancy.models import Reseller


class Command(PortalCommand):
    """Make the sample world in an empty database."""

    help = "Make the sample world: three resellers, one below another, about fifty customers, their calls, invoices and payments. Only in an empty database."

    def handle(self, *args: Any, **options: Any) -> None:
        require(settings.DEVELOPMENT, "not_here", "The sample world has a password that everybody knows; it is not made in production.")
        require(not Reseller.objects.exists(), "not_empty", "There are resellers already; the sample world needs an empty database.")
        world.create(self.stdout.write, now=timezone.now().replace(microsecond=0))
        self.stdout.write("The sample world is there.")
