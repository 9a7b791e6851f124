"""What the frame of every page shows: brand, menu, the way into customers and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from billing_portal.web import registry
from billing_portal.web.access import must_add_second_factor
from billing_portal.web.viewer import ANONYMOUS, Viewer, viewer_of

GROUP_LABELS = {
    "Account": _("Account"),
    "Commerce": _("Commerce"),
    "Features": _("Features"),
    "Reports": _("Reports"),
    "Settings": _("Settings"),
    "Platform": _("Platform"),
}


@dataclass(frozen=True)
class Brand:
    """The reseller as its visitors see it."""

    name: str = ""
    initials: str = ""
    logo_url: str = ""
    support_email: str = ""
    support_phone: str = ""


@dataclass(frozen=True)
class Entry:
    """An entry of the menu, as drawn."""

    label: registry.Text
    url: str
    icon: str
    count: int
    current: bool


def initials(name: str) -> str:
    """Two letters for a mark: "Harbour Voice" becomes HV, "Acme" AC."""
    words = name.split()
    return ("".join(word[0] for word in words[:2]) if len(words) > 1 else name[:2]).upper()


def brand_of(request: HttpRequest) -> Brand:
    reseller = getattr(request, "tenant", None)
    name: str = getattr(reseller, "name", "")
    if not name:
        return Brand()
    logo_url = reverse("web:logo") if getattr(reseller, "logo", None) else ""
    return Brand(name, initials(name), logo_url, getattr(reseller, "support_email", ""), getattr(reseller, "support_phone", ""))


def menu_of(viewer: Viewer, path: str) -> list[tuple[str, registry.Text, list[Entry]]]:
    """Groups with their entries; the current one is that with the longest address the path begins with."""
    if not viewer.signed_in:
        return []
    groups = [(group, [(item, reverse(item.url_name)) for item in items]) for group, items in registry.menu.of(viewer)]
    here = max((url for _group, items in groups for _item, url in items if path == url or (url != "/" and path.startswith(url))), key=len, default="")
    return [
        (group.lower(), GROUP_LABELS[group], [Entry(item.label, url, item.icon, item.badge(viewer) if item.badge else 0, url == here) for item, url in items])
        for group, items in groups
    ]


def guided(request: HttpRequest, viewer: Viewer) -> Viewer:
    """Whom the frame leads on: nobody who must show a second factor first, for the menu counts and the targets name customers (reliability 77)."""
    return ANONYMOUS if must_add_second_factor(request, viewer) else viewer


def portal(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `viewer`, `brand`, `menu`, `switch_targets`, and the addresses of entering and leaving a customer."""
    viewer = viewer_of(request)
    return {
        "viewer": viewer,
        "brand": SimpleLazyObject(lambda: brand_of(request)),
        "menu": SimpleLazyObject(lambda: menu_of(guided(request, viewer), request.path)),
        "switch_targets": SimpleLazyObject(lambda: registry.switching.of(guided(request, viewer))),
        "switch_enter_url": SimpleLazyObject(lambda: registry.address(registry.switching.enter)),
        "switch_leave_url": SimpleLazyObject(lambda: registry.address(registry.switching.leave)),
        "switch_find_url": SimpleLazyObject(lambda: registry.address(registry.switching.find)),
        "page_errors": False,
    }
