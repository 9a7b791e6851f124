"""Addresses a key works from: what may be written, and what lies in it."""

import pytest

from billing_portal.accounts.domain import networks
from billing_portal.kernel.errors import DomainError


def test_addresses_and_networks_are_kept_once_in_their_short_form() -> None:
    written = "203.0.113.7, 198.51.100.0/24\r\n2001:DB8:0::/32\n203.0.113.7/32  2001:db8::1"

    assert networks.parse(written) == ["203.0.113.7", "198.51.100.0/24", "2001:db8::/32", "2001:db8::1"]
    assert networks.parse(" \n ") == []


@pytest.mark.parametrize("text", ["203.0.113", "203.0.113.256", "198.51.100.7/24", "fsw.example", "1.2.3.4/33", "::g", "0x7f.1", "٢٠٣.0.113.7"])
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(DomainError, match="address_wrong") as refused:
        networks.parse(f"203.0.113.7 {text}")
    assert (refused.value.field, text in refused.value.message) == ("addresses", True)


def test_more_than_fifty_are_refused() -> None:
    with pytest.raises(DomainError, match="at most 50"):
        networks.parse("203.0.113.7 " * 51)


@pytest.mark.rel(96)
@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("203.0.113.7", True),
        ("203.0.113.8", False),
        ("198.51.100.255", True),
        ("198.51.101.0", False),
        ("::ffff:203.0.113.7", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_an_address_lies_in_a_network_or_not(address: str, allowed: bool) -> None:
    assert networks.allows(["203.0.113.7", "198.51.100.0/24", "2001:db8::/32"], address) is allowed
    assert networks.allows([], address) is True
