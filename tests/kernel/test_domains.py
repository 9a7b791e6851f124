"""Which domain was registered for a host."""

import pytest

from billing_portal.kernel import domains


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("portal.north.example", "north.example"),
        ("north.example", "north.example"),
        ("uk.portal.north.co.uk", "north.co.uk"),
        ("north.github.io", "north.github.io"),
        ("co.uk", None),
        ("localhost", None),
    ],
)
def test_a_domain_is_a_label_and_what_everybody_shares(host: str, domain: str | None) -> None:
    assert domains.registered(host) == domain
