"""What is stored of a secret: a hash that means something in one reseller only, so that a copied row opens nothing elsewhere (reliability 58)."""

import hashlib

from django.db import connection


def of(secret: str) -> str:
    """The SHA-256, in hex, of the secret together with the reseller whose schema is in force."""
    return hashlib.sha256(f"{connection.schema_name}/{secret}".encode()).hexdigest()
