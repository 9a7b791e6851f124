"""Headers of every page (reliability 79)."""

import os
import subprocess
import sys
from contextlib import closing
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


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("nobody.localhost", "/", 404),
        ("acme_localhost", "/", 404),
        ("acme.localhost", "/nowhere/", 404),
        ("acme.localhost", "/customers/", 302),
        ("acme.localhost", "/static/portal.css", 200),
        ("acme.localhost", "/static/theme.js", 200),
        ("acme.localhost", "/static/mark.svg", 200),
        ("acme.localhost", "/api/v1/calls", 405),
    ],
)
def test_every_answer_carries_them_whoever_gives_it(acme: Any, settings: Any, host: str, path: str, status: int) -> None:
    answer = client(host=host).get(path)
    answer.close()

    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"] == policy()
    assert {name: answer.headers[name] for name in ("X-Content-Type-Options", "X-Frame-Options", "Cross-Origin-Resource-Policy", "Referrer-Policy")} == {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
    }


def test_files_of_ours_are_kept_by_browsers_and_pages_are_not(acme: Any) -> None:
    assert client().get("/sign-in/").headers["Cache-Control"].split(", ").count("no-store") == 1
    with closing(client().get("/static/portal.css")) as file:
        assert "no-store" not in file.headers["Cache-Control"]
