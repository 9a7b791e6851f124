"""Questions about the tree of resellers."""

from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.tenancy.models import Domain, Reseller


def current() -> Reseller:
    """The reseller whose schema is in force."""
    tenant = connection.tenant
    return tenant if isinstance(tenant, Reseller) else Reseller.objects.get(schema_name=connection.schema_name)


def named(schema_name: str, *, made: bool = False) -> Reseller | None:
    """The reseller with this short name; `made`: only if its schema is there."""
    found = Reseller.objects.filter(schema_name=schema_name)
    return (found.filter(state=Reseller.State.READY) if made else found).first()


def child(schema_name: str) -> Reseller | None:
    """The reseller with this short name right below the one whose schema is in force; one of another parent has only the name of it (reliability 58)."""
    return Reseller.objects.filter(schema_name=schema_name, parent=current()).first()


def each() -> Iterator[Reseller]:
    """Every reseller that is ready, each with its schema in force while it is handled."""
    for reseller in list(Reseller.objects.filter(state=Reseller.State.READY).order_by("schema_name")):
        with schema_context(reseller.schema_name):
            yield reseller


def above(schema_name: str) -> list[str]:
    """The short names of the resellers above this one, its parent first, the root last."""
    found: list[str] = []
    parent = Reseller.objects.filter(schema_name=schema_name).values_list("parent__schema_name", flat=True).first()
    while parent is not None:
        found.append(parent)
        parent = Reseller.objects.filter(schema_name=parent).values_list("parent__schema_name", flat=True).first()
    return found


def below(reseller: Reseller) -> list[Reseller]:
    """All resellers under this one that are made, each before those below it."""
    children: dict[object, list[Reseller]] = {}
    for each in Reseller.objects.filter(state=Reseller.State.READY).order_by("name"):
        children.setdefault(each.parent_id, []).append(each)
    found = list(children.get(reseller.pk, []))
    for each in found:  # grows while it is walked
        found += children.get(each.pk, [])
    return found


def address_of(reseller: Reseller, path: str = "/") -> str:
    """The absolute address of a page on the reseller's own host, from the stored domain and never from a request's header."""
    host = host_of(reseller)
    default_port = 80 if settings.PORTAL_SCHEME == "http" else 443
    port = "" if default_port == settings.PORTAL_PORT else f":{settings.PORTAL_PORT}"
    return f"{settings.PORTAL_SCHEME}://{host}{port}{path}"


def host_of(reseller: Reseller) -> str:
    """The reseller's own host: what links in mails lead to, and what hosts suggested for those below it end in."""
    host: str = Domain.objects.get(tenant=reseller, is_primary=True).domain
    return host
