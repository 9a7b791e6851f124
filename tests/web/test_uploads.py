"""Files are read from who may send one to the page that takes it: nobody else makes the server hold or spool anything."""

import io
from typing import Any

import pytest
from django.conf import settings

from billing_portal.accounts.models import Role, User
from billing_portal.tenancy.models import Reseller
from billing_portal.web.uploads import AT_THE_DOOR
from rateplans.models import RatePlan
from tests.support import world
from tests.support.people import client, user
from tests.web.pages.test_company import png

FORM, FILES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.FILE_UPLOAD_MAX_MEMORY_SIZE
HEAD = b'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n%s\r\n--x\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\n'
TAIL = b"\r\n--x--\r\n"


class Body(io.BytesIO):
    """What is sent, and how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        got = super().read(size)
        self.taken += len(got)
        return got


def send(of: User | None, path: str, content: bytes, field: bytes = b"file", claims: int = 0, drawn_on: str = "/account/") -> tuple[Any, Body]:
    """A form with a file in it, as a browser sends it; `claims` is the length it is said to have, `drawn_on` a page with a form on it."""
    browser = client(of, enforce_csrf_checks=True)
    token = browser.get("/sign-in/" if of is None else drawn_on).cookies[settings.CSRF_COOKIE_NAME].value
    browser.raise_request_exception = False
    body = Body(HEAD % (token.encode(), field) + content + TAIL)
    said = {"CONTENT_TYPE": "multipart/form-data; boundary=x", "CONTENT_LENGTH": str(claims or len(body.getvalue()))}
    return browser.generic("POST", path, **said, **{"wsgi.input": body}), body  # type: ignore[arg-type]


@pytest.fixture
def standard(acme: Reseller) -> RatePlan:
    return world.plan()


@pytest.mark.rel(59)
@pytest.mark.parametrize("who", [None, "support", "commerce"])
def test_who_may_not_send_a_file_sends_no_more_than_a_form_holds(standard: RatePlan, who: str | None) -> None:
    addresses = {None: ["/sign-in/"], "support": [f"/rate-plans/{standard.pk}/import/"], "commerce": ["/settings/company/logo/", "/customers/new/"]}
    someone = user("sam", Role(who)) if who else None
    for address in addresses[who]:
        answer, body = send(someone, address, b"x" * FORM)
        assert (answer.status_code, "more than is read at once" in answer.content.decode(), body.taken) == (400, True, 0), address

        answer, _body = send(someone, address, b"x" * 1_000)
        assert (answer.status_code < 500, dict(answer.wsgi_request.FILES)) == (True, {}), address


def test_staff_who_have_not_shown_their_second_factor_send_no_file(standard: RatePlan, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True

    answer, body = send(user("jane"), f"/rate-plans/{standard.pk}/import/", b"x" * FORM, drawn_on="/account/second-factor/")
    assert (answer.status_code, body.taken) == (400, 0)


@pytest.mark.rel(59)
def test_at_the_door_no_form_is_read_that_is_larger_than_those_there(acme: Reseller) -> None:
    for length, status, taken in ((AT_THE_DOOR + 1, 400, 0), (AT_THE_DOOR, 422, AT_THE_DOOR)):
        body = Body(b"login=".ljust(length, b"%"))
        said = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(length)}
        answer = client().generic("POST", "/sign-in/", **said, **{"wsgi.input": body})  # type: ignore[arg-type]
        assert (answer.status_code, body.taken) == (status, taken)


def test_who_is_signed_in_sends_a_form_of_a_megabyte_and_no_larger_one(acme: Reseller) -> None:
    browser = client(user("jane"))
    for length, status in ((FORM, 422), (FORM + 1, 400)):
        answer = browser.generic("POST", "/settings/company/", b"name=" + b"x" * (length - 5), "application/x-www-form-urlencoded")
        assert answer.status_code == status


def test_who_may_send_a_file_sends_a_large_one(acme: Reseller) -> None:
    answer, _body = send(user("jane"), "/settings/company/logo/", png() + b"\0" * 2 * FORM, b"logo")

    assert answer.status_code == 302
    assert Reseller.objects.get(pk=acme.pk).logo is not None


@pytest.mark.rel(59)
def test_nobody_sends_a_file_without_end(standard: RatePlan) -> None:
    answer, body = send(user("jane"), f"/rate-plans/{standard.pk}/import/", b"x", claims=FILES + 1)

    assert (answer.status_code, body.taken) == (400, 0)
