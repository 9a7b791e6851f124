"""From where somebody asks: the address of their machine, and their browser in words."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest
from django.utils.translation import gettext as _

BROWSER_CAP = 300
# The first that fits names it: most browsers claim to be several others.
BROWSERS = (("Edge", r"\bEdgA?/"), ("Opera", r"\bOPR/"), ("Firefox", r"Firefox/|FxiOS/"), ("Chrome", r"Chrome/|CriOS/"), ("Safari", r"\bSafari/"))
SYSTEMS = (
    ("Android", r"Android"),
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux|X11"),
)


@dataclass(frozen=True)
class Where:
    """An address as text, empty when unknown, and what the browser says of itself."""

    address: str = ""
    browser: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Where:
        """The address behind the trusted proxies (TRUSTED_PROXIES), never one that the visitor writes into a header."""
        return cls(get_client_ip(request) or "", request.headers.get("User-Agent", "")[:BROWSER_CAP])

    @property
    def network(self) -> str:
        """What tries are counted by: the address, of IPv6 the /64 that one household or machine has to itself."""
        try:
            found = ipaddress.ip_address(self.address)
        except ValueError:
            return self.address
        if isinstance(found, ipaddress.IPv6Address):
            found = found.ipv4_mapped or ipaddress.IPv6Network((found, 64), strict=False).network_address
        return str(found)


def in_words(browser: str) -> str:
    """ "Firefox on Windows", or what is known of it."""
    name = next((name for name, mark in BROWSERS if re.search(mark, browser)), "")
    system = next((name for name, mark in SYSTEMS if re.search(mark, browser)), "")
    if name and system:
        return _("%(browser)s on %(system)s") % {"browser": name, "system": system}
    return name or system or _("Unknown browser")
