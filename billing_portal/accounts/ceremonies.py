"""What a browser and the portal exchange while a second factor is added or shown, and what the session remembers of it."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from billing_portal.accounts.domain import passkeys, sealing, second_factors
from billing_portal.accounts.domain.passkeys import Site
from billing_portal.tenancy import queries as tenancy

APP_SECRET, STATE = "app_secret", "passkey_state"
HANDED_OVER = timedelta(minutes=5)
PICTURE = (
    '<svg class="bp-qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}" shape-rendering="crispEdges">'
    '<path fill="#fff" d="M0 0h{0}v{0}H0z"/><path fill="#000" d="{2}"/></svg>'
)


def site_of(request: HttpRequest) -> Site:
    """The site a passkey belongs to: this reseller's host, which the middleware has looked up."""
    host = request.get_host().lower()
    return Site(host.rsplit(":", 1)[0], f"{request.scheme}://{host}", tenancy.current().name)


def as_json(options: dict[str, Any]) -> str:
    """Options as a page carries them to its script."""
    return json.dumps(options)


def keep_state(session: SessionBase, state: dict[str, Any]) -> None:
    """Remember what the browser was asked, until it answers."""
    session[STATE] = state


def take_state(session: SessionBase) -> dict[str, Any] | None:
    """What the browser was asked: good for one answer."""
    state: dict[str, Any] | None = session.pop(STATE, None)
    return state


def hand_over(answer: HttpResponseBase, state: Mapping[str, Any], *, at: datetime) -> None:
    """Let the browser of nobody keep what it was asked, signed for this reseller: a session would be a row for everybody who asks.

    It can come back for five minutes; that it serves once is for `passkeys` to see, by the moment of asking.
    """
    value = signing.dumps({**state, passkeys.ASKED_AT: at.timestamp()}, salt=_salt())
    answer.set_cookie(settings.PASSKEY_COOKIE_NAME, value, max_age=HANDED_OVER, secure=True, httponly=True, samesite="Strict")


def handed_over(request: HttpRequest) -> dict[str, Any] | None:
    """What the browser of nobody brings back of it; None when that is too old, of another reseller or nothing of ours."""
    try:
        state: dict[str, Any] = signing.loads(request.COOKIES.get(settings.PASSKEY_COOKIE_NAME, ""), salt=_salt(), max_age=HANDED_OVER)
    except signing.BadSignature:
        return None
    return state


def forget_handed_over(answer: HttpResponseBase) -> None:
    answer.set_cookie(settings.PASSKEY_COOKIE_NAME, "", max_age=0, secure=True, httponly=True, samesite="Strict")


def _salt() -> str:
    return f"accounts.passkey:{connection.schema_name}"


def app_secret(session: SessionBase, *, fresh: bool) -> str:
    """The secret that the page shows until the app has proved that it has it; sealed in the session."""
    kept = None if fresh else session.get(APP_SECRET)
    if kept:
        return sealing.unseal(kept)
    secret = second_factors.new_secret()
    session[APP_SECRET] = sealing.seal(secret)
    return secret


def forget_app_secret(session: SessionBase) -> None:
    session.pop(APP_SECRET, None)


def grouped(secret: str) -> str:
    """The secret as somebody types it: in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def picture(request: HttpRequest, secret: str) -> SafeString:
    """The secret as a picture that apps scan, drawn into the page: no style, no script, no address (the content policy allows none)."""
    issuer = tenancy.current().name
    label = f"{issuer}:{request.user.get_username()}"
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(f"otpauth://totp/{quote(label)}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}")
    rows = code.get_matrix()
    squares = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return format_html(PICTURE, len(rows), _("Picture of the key, to be scanned by your authenticator app"), squares)


def text_file(request: HttpRequest, codes: list[str]) -> str:
    """Recovery codes as a file that the page itself carries, so that nothing is fetched or kept to save them."""
    words = _("Recovery codes of %(who)s for %(where)s. Each works once.") % {"who": request.user.get_username(), "where": request.get_host()}
    return f"data:text/plain;charset=utf-8,{quote(chr(10).join([words, '', *codes, '']))}"
