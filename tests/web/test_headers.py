"""Headers of every page (reliability 79)."""

import pytest
from django.http import HttpResponse

from billing_portal.web.headers import HeadersMiddleware, policy
from billing_portal.web.viewer import Viewer
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
