"""Take and free names of customers: unique across the platform, a clash tells nothing but that (M8)."""

import uuid

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from billing_portal.kernel import folding
from billing_portal.kernel.errors import DomainError, require
from billing_portal.tenancy.models import CustomerName, Reseller
from billing_portal.tenancy.models.names import LONGEST


def fold(name: str) -> str:
    """The form in which names of customers are compared, within the reseller alone where the platform is set so."""
    folded = folding.fold(name)
    return folded if settings.CUSTOMER_NAMES_UNIQUE == "platform" else f"{connection.schema_name}/{folded}"


def require_usable(name: str) -> None:
    """A name that can be seen and compared; one letter may become as many as 18 when it is folded.

    Raises `name_missing`, `name_unreadable` and `name_too_long` on the field `name`.
    """
    require(folding.is_seen(name), "name_missing", _("Write a name that can be seen."), "name")
    require(folding.is_plain(name), "name_unreadable", _("This holds characters that cannot be read. Write it again."), "name")
    short = len(fold(name)) <= LONGEST
    require(short, "name_too_long", _("This name is too long: some of its signs stand for several letters each. Write a shorter one."), "name")


def is_free(name: str, *, except_for: uuid.UUID | None = None) -> bool:
    """Whether a customer could take this name now; the database is the judge when it does (`take`)."""
    holders = CustomerName.objects.filter(folded=fold(name))
    return not (holders.exclude(customer_id=except_for) if except_for else holders).exists()


def take(name: str, *, customer_id: uuid.UUID, beside: str = "") -> None:
    """Hold the name for the customer, giving back what it held; `beside`: what a reseller calls itself, which is held for it too.

    Raises `name_taken` and what `require_usable` raises, on the field `name`.
    """
    wanted = [name, beside] if beside else [name]
    mine = _held(customer_id)
    known = set(mine.values_list("folded", flat=True))
    for each in wanted:
        if fold(each) not in known:
            require_usable(each)
    mine.exclude(folded__in=[fold(each) for each in wanted]).delete()
    for each in wanted:
        take_too(each, customer_id=customer_id)


def take_too(name: str, *, customer_id: uuid.UUID) -> None:
    """Hold the name for the customer beside those it holds. Raises `name_taken` and what `require_usable` raises, on the field `name`."""
    if fold(name) in set(_held(customer_id).values_list("folded", flat=True)):
        return
    require_usable(name)
    try:
        with transaction.atomic():
            CustomerName.objects.create(folded=fold(name), schema_name=connection.schema_name, customer_id=customer_id)
    except IntegrityError as clash:
        message = _("“%(name)s” is taken. Names are unique across the platform.") % {"name": name}
        raise DomainError("name_taken", message, field="name") from clash


def _held(customer_id: uuid.UUID) -> QuerySet[CustomerName]:
    """What the customer holds; a name it holds from before stays usable, whatever is refused of new ones."""
    return CustomerName.objects.filter(schema_name=connection.schema_name, customer_id=customer_id)


def near(reseller: Reseller) -> QuerySet[Reseller]:
    """The resellers that may not be called as this one is: all others, or those of the same parent and that parent where the platform is set so."""
    others = Reseller.objects.exclude(pk=reseller.pk)
    if settings.CUSTOMER_NAMES_UNIQUE == "platform":
        return others
    family = Q(parent=reseller) | Q(pk=reseller.parent_id)
    return others.filter(family | Q(parent=reseller.parent_id) if reseller.parent_id else family)


def free_all(schema_name: str) -> None:
    """Give back every name that customers of this reseller hold."""
    CustomerName.objects.filter(schema_name=schema_name).delete()


def free_alternatives(name: str, *, hints: list[str], count: int = 3) -> list[str]:
    """Up to `count` names close to the wanted one that are free: with the hints (a city, an account number), then with a figure."""
    candidates = [f"{name} {hint}" for hint in hints if hint] + [f"{name} {figure}" for figure in range(2, 30)]
    taken = set(CustomerName.objects.filter(folded__in=[fold(candidate) for candidate in candidates]).values_list("folded", flat=True))
    return [candidate for candidate in candidates if fold(candidate) not in taken][:count]
