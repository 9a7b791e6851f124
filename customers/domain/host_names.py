"""Which host a reseller may be given: a real name, of nobody else, and under nobody else's."""

from __future__ import annotations

import re

from django.db.models import Q
from django.utils.translation import gettext as _

from billing_portal.kernel import domains
from billing_portal.kernel.errors import require
from billing_portal.tenancy.models import Domain, Reseller
from billing_portal.tenancy.queries import host_of

HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
RESERVED = {
    "account", "accounts", "admin", "administrator", "api", "app", "auth", "autoconfig", "autodiscover", "billing", "cdn", "dns", "ftp", "help",
    "imap", "login", "mail", "mta-sts", "mx", "mx1", "mx2", "ns", "ns1", "ns2", "ns3", "pay", "payments", "pop", "pop3", "portal", "root", "secure",
    "security", "signin", "smtp", "sso", "static", "status", "support", "webmail", "wpad", "www",
}  # fmt: skip
"""What visitors, mail programs and browsers take for the platform's own."""


def check(host: str, short_name: str) -> None:
    """A host for the reseller of this short name. Raises `host_invalid`, `host_reserved`, `host_taken`, each on the field `host`."""
    require(HOST.fullmatch(host), "host_invalid", _("“%s” is not a host name.") % host, "host")
    label, _dot, rest = host.partition(".")
    is_platforms = Domain.objects.filter(domain=rest, tenant__parent=None).exists()
    require(not (is_platforms and label in RESERVED), "host_reserved", _("“%s” is reserved: choose another host.") % label, "host")
    holder = Domain.objects.filter(domain=host).select_related("tenant").first()
    require(holder is None or holder.tenant.schema_name == short_name, "host_taken", _("The host %s belongs to another reseller.") % host, "host")


def check_place(host: str, parent: Reseller) -> None:
    """Where a reseller may order hosts for those below it: under its own, or in a domain where nobody else has any; the root anywhere (reliability 56).

    Raises `host_not_yours` on the field `host`.
    """
    message = _("Choose a host that ends in .%s, or a domain of your own.") % host_of(parent)
    require(parent.parent_id is None or _is_open_to(host, parent), "host_not_yours", message, "host")


def _is_open_to(host: str, parent: Reseller) -> bool:
    """Whether the nearest host above this one is the parent's, or none is there and the domain is free, and those below it are the parent's."""
    above = [".".join(host.split(".")[at:]) for at in range(1, host.count(".") + 1)]
    nearest = max(Domain.objects.filter(domain__in=above), key=lambda each: len(each.domain), default=None)
    is_ours = nearest.tenant_id == parent.pk if nearest is not None else _is_in_free_domain(host, parent)
    return is_ours and not Domain.objects.filter(domain__endswith=f".{host}").exclude(tenant=parent).exists()


def _is_in_free_domain(host: str, parent: Reseller) -> bool:
    """Whether the domain that somebody has registered for this host holds hosts of the parent and of those below it alone; co.uk is nobody's domain."""
    domain = domains.registered(host)
    beside = Domain.objects.filter(Q(domain=domain) | Q(domain__endswith=f".{domain}"))
    return domain is not None and all(_is_of(each.tenant, parent) for each in beside.select_related("tenant"))


def _is_of(reseller: Reseller | None, parent: Reseller) -> bool:
    """Whether this is the parent or hangs from it, however far below."""
    while reseller is not None and reseller.pk != parent.pk:
        reseller = reseller.parent
    return reseller is not None
