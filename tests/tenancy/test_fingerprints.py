"""What is stored of a secret means something in one reseller only."""

import hashlib
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.tenancy import fingerprints


@pytest.mark.rel(58)
def test_the_same_secret_leaves_another_hash_in_each_reseller(acme: Any) -> None:
    with schema_context("globex"):
        elsewhere = fingerprints.of("secret")

    assert fingerprints.of("secret") == hashlib.sha256(b"acme/secret").hexdigest()
    assert elsewhere == hashlib.sha256(b"globex/secret").hexdigest()
