"""Messages between two pages, in a cookie that means nothing in another reseller (reliability 60)."""

from __future__ import annotations

from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.core import signing
from django.db import connection
from django.http import HttpRequest


class ResellersCookieStorage(CookieStorage):
    """Signed for the schema in force; what was signed for another one is no message."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.signer = signing.get_cookie_signer(salt=f"{self.key_salt}:{connection.schema_name}")


class MessageStorage(FallbackStorage):
    """In the cookie, what is too long for it in the session, which lies in the reseller's schema anyway."""

    storage_classes = (ResellersCookieStorage, SessionStorage)
