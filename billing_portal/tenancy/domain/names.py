"""Take and free names of customers: unique across the platform, a clash tells nothing but that (M8)."""

import unicodedata
import uuid

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import CustomerName


def fold(name: str) -> str:
    """The form in which names are compared: case, white space and Unicode form do not distinguish them."""
    folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return folded if settings.CUSTOMER_NAMES_UNIQUE == "platform" else f"{connection.schema_name}/{folded}"


def is_free(name: str, *, except_for: uuid.UUID | None = None) -> bool:
    """Whether a customer could take this name now; the database is the judge when it does (`take`)."""
    holders = CustomerName.objects.filter(folded=fold(name))
    return not (holders.exclude(customer_id=except_for) if except_for else holders).exists()


def take(name: str, *, customer_id: uuid.UUID) -> None:
    """Hold the name for the customer, giving back the one it held. Raises `name_taken` on the field `name`."""
    CustomerName.objects.filter(schema_name=connection.schema_name, customer_id=customer_id).delete()
    try:
        with transaction.atomic():
            CustomerName.objects.create(folded=fold(name), schema_name=connection.schema_name, customer_id=customer_id)
    except IntegrityError as clash:
        message = _("“%(name)s” is taken. Names are unique across the platform.") % {"name": name}
        raise DomainError("name_taken", message, field="name") from clash


def free_all(schema_name: str) -> None:
    """Give back every name that customers of this reseller hold."""
    CustomerName.objects.filter(schema_name=schema_name).delete()


def free_alternatives(name: str, *, hints: list[str], count: int = 3) -> list[str]:
    """Up to `count` names close to the wanted one that are free: with the hints (a city, an account number), then with a figure."""
    candidates = [f"{name} {hint}" for hint in hints if hint] + [f"{name} {figure}" for figure in range(2, 30)]
    taken = set(CustomerName.objects.filter(folded__in=[fold(candidate) for candidate in candidates]).values_list("folded", flat=True))
    return [candidate for candidate in candidates if fold(candidate) not in taken][:count]
