"""Headers of every page (reliability 79)."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.http import HttpResponse

from billing_portal.web.headers import HeadersMiddleware, policy
from billing_portal.web.viewer import Viewer
from tests.support.people import client
from tests.support.servers import ROOT
from tests.web.viewers import Asking

pytestmark = pytest.mark.rel(79)


def test_a_page_runs_only_scripts_and_styles_of_ours_and_stands_in_no_frame(asking: Asking, commerce: Viewer) -> None:
    answer = HeadersMiddleware(lambda request: HttpResponse("page"))(asking(commerce))

    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_what_a_view_says_itself_stays(asking: Asking, commerce: Viewer) -> None:
    own = HttpResponse("logo", headers={"Cache-Control": "public, max-age=300", "Content-Security-Policy": policy(form_action="'self' https://b.example")})

    answer = HeadersMiddleware(lambda request: own)(asking(commerce))

    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "form-action 'self' https://b.example;" in answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]


def test_in_production_browsers_are_told_to_come_by_tls_alone() -> None:
    environment = os.environ | {"PORTAL_ENV": "production", "ALLOWED_HOSTS": "portal.example", "DEFAULT_FROM_EMAIL": "billing@portal.example"}
    asked = "from billing_portal import settings as s; print(s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_SSL_REDIRECT)"
    ran = subprocess.run([sys.executable, "-c", asked], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.stdout.split() == ["31536000", "True", "True"], ran.stderr


def test_the_header_for_it_goes_out_with_every_page(acme: Any, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000

    answer = client().get("/sign-in/", secure=True)

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
