"""Secrets that must be read again, such as an authenticator app's: stored sealed, and worthless in another reseller's schema."""

import base64
import hmac

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import connection

PURPOSE = "second-factor"


def seal(text: str) -> str:
    """What is stored of a secret."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret again; also with a key of SECRET_KEY_FALLBACKS, so that SECRET_KEY can be changed. Raises `cryptography.fernet.InvalidToken`."""
    return _box().decrypt(sealed.encode()).decode()


def _box() -> MultiFernet:
    return MultiFernet([Fernet(_key(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> bytes:
    """A key for this purpose in this schema alone."""
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), f"{PURPOSE}:{connection.schema_name}".encode(), "sha256"))
