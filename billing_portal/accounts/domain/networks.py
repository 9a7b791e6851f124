"""Addresses that something may come from: written by people one a line, stored as networks."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.utils.translation import gettext as _

from billing_portal.kernel.errors import DomainError, require

MOST = 50


def parse(text: str) -> list[str]:
    """Addresses and networks, parted by lines, commas or spaces, each once: "203.0.113.7", "198.51.100.0/24", "2001:db8::/32".

    Raises `address_wrong` at `addresses` for what is neither, and for more than 50.
    """
    written = text.replace(",", " ").split()
    require(len(written) <= MOST, "address_wrong", _("Write at most %(most)d addresses.") % {"most": MOST}, "addresses")
    return list(dict.fromkeys(_network(each) for each in written))


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError as problem:
        message = _("“%(text)s” is not an address such as 203.0.113.7, or a network such as 198.51.100.0/24 without bits behind its mask.")
        raise DomainError("address_wrong", message % {"text": text[:60]}, "addresses") from problem
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def allows(networks: Iterable[str], address: str) -> bool:
    """Whether the address lies in one of the networks; an empty list allows every address, an unknown address lies in none."""
    listed: Sequence[str] = list(networks)
    if not listed:
        return True
    try:
        found = _plain(ip_address(address))
    except ValueError:
        return False
    return any(found in ip_network(each) for each in listed)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address itself where IPv6 only wraps one of IPv4."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
