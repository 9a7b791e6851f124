"""What a visitor and a program are told while the database is busy, or away (reliability 44, 45)."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import psycopg2
import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client, RequestFactory
from django.test.client import ClientHandler

from billing_portal.accounts.domain import keys
from billing_portal.accounts.models import Switch
from billing_portal.web import errors
from billing_portal.web.charsets import OnlyReadCharsets
from billing_portal.web.viewer import ANONYMOUS
from customers.models import Customer, Standing
from tests.support import world
from tests.support.people import START, client, user
from tests.support.world import jane
from tests.web.viewers import Asking


@contextmanager
def locked(customer: Customer) -> Iterator[None]:
    """Somebody else's transaction has the customer's standing, and keeps it."""
    other = psycopg2.connect(**connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM acme.customers_standing WHERE customer_id = %s FOR UPDATE", [str(customer.pk)])
        yield
    finally:
        other.close()


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split("<h1>")[1].split("</main>")[0].split())


@pytest.mark.rel(45)
@pytest.mark.django_db(transaction=True)
def test_a_page_that_meets_a_lock_says_within_two_seconds_that_nothing_was_saved(acme: Any) -> None:
    anna = world.customer()
    window = client(user("jane"))
    window.raise_request_exception = False
    form = {"amount": "10.00", "reference": "", "key": "k1"}

    with locked(anna):
        begin = time.monotonic()
        answer = window.post(f"/customers/{anna.account_number}/payment/", form)
        took = time.monotonic() - begin

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "Nothing of what you sent was saved" in words(answer)
    assert took < 4
    assert Standing.objects.get(customer=anna).balance == 0
    assert window.post(f"/customers/{anna.account_number}/payment/", form).status_code == 302
    assert Standing.objects.get(customer=anna).balance == 10


@pytest.mark.rel(45)
@pytest.mark.django_db(transaction=True)
def test_a_program_that_meets_a_lock_is_asked_to_come_again(acme: Any) -> None:
    anna = world.customer(on=world.plan())
    key = keys.make(Switch.objects.create(name="Frankfurt"), [keys.CALLS_WRITE], actor=jane, at=START)[1]
    at = "2026-10-03T10:00:00Z"
    call = {"call_id": "c1", "account": anna.account_number, "to": "442079460123", "setup_at": at, "answered_at": at, "seconds": 61}

    def send() -> Any:
        headers = {"host": "acme.localhost", "Authorization": f"Bearer {key}"}
        return Client().post("/api/v1/calls", json.dumps({"records": [call]}), content_type="application/json", headers=headers)

    with locked(anna):
        answer = send()

    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (503, "10", {"detail": "Try again later."})
    assert [record["status"] for record in send().json()["records"]] == ["rated"]


def test_while_the_database_is_away_a_page_says_to_look_before_sending_again(asking: Asking) -> None:
    try:
        raise OperationalError("server closed the connection unexpectedly")
    except OperationalError:
        answer = errors.server_error(asking(ANONYMOUS))

    assert answer.status_code == 503
    assert "Our database does not answer just now" in words(answer)


def test_a_mistake_of_ours_is_no_matter_of_coming_again(asking: Asking) -> None:
    try:
        raise ValueError("no")
    except ValueError:
        answer = errors.server_error(asking(ANONYMOUS))

    assert answer.status_code == 500
    assert "Something broke on our side" in words(answer)


def test_a_program_is_answered_in_its_own_language(asking: Asking) -> None:
    request = asking(ANONYMOUS)
    request.content_type = "application/json"
    try:
        raise OperationalError("could not connect to server")
    except OperationalError:
        answer = errors.server_error(request)

    assert (answer.status_code, answer.headers["Retry-After"], json.loads(answer.content)) == (503, "10", {"detail": "Try again later."})


@pytest.mark.rel(44)
@pytest.mark.parametrize("problem", [OperationalError("server closed the connection unexpectedly"), InterfaceError("cursor already closed")])
def test_a_program_whose_question_lost_its_connection_is_asked_to_come_again(acme: Any, monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    def lost(_token: str) -> None:
        raise problem

    monkeypatch.setattr(keys, "find", lost)
    headers = {"host": "acme.localhost", "Authorization": "Bearer of-somebody"}
    answer = Client().post("/api/v1/calls", "{}", content_type="application/json", headers=headers)

    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (503, "10", {"detail": "Try again later."})


ODD = [
    "rot13", "hex", "zlib", "base64", "undefined", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7", "utf_16", "nonsense", "é", "utf-8\x00",
]  # fmt: skip
TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"]
PART = b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\n\\ud800jane+2AA-\r\n--x--\r\n'


def sent(method: str, path: str, content_type: str, body: bytes = b"") -> Any:
    """As a server hands it over, from the application's first line on."""
    environ = RequestFactory().generic(method, path, body, headers={"host": "acme.localhost"}).environ | {"CONTENT_TYPE": content_type}
    return OnlyReadCharsets(lambda given, _start: ClientHandler(enforce_csrf_checks=False)(given))(environ, None)


def is_our_page(answer: Any) -> bool:
    safe = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
    assert safe.items() <= dict(answer.headers).items()
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    return "That could not be read" in words(answer)


@pytest.mark.rel(79)
@pytest.mark.parametrize("charset", ODD)
def test_letters_in_a_code_that_no_browser_sends_are_refused_by_a_page_of_ours(acme: Any, charset: str) -> None:
    for path in ("/sign-in/", "/password/forgotten/", "/switch/arrive/"):
        for method in ("GET", "POST"):
            for kind in TYPES[:3]:
                answer = sent(method, f"{path}?next=/%5Cud800", f"{kind}; charset={charset}", PART)
                assert (answer.status_code, is_our_page(answer)) == (400, True), (method, path, kind)


@pytest.mark.rel(79)
@pytest.mark.parametrize("content_type", ["text/plain; charset*=utf-8''%00", "text/plain; charset*=rot13''x", "text/plain; charset*=a'b'c"])
def test_a_header_that_cannot_be_taken_apart_is_refused_by_a_page_of_ours(acme: Any, content_type: str) -> None:
    answer = sent("GET", "/sign-in/", content_type)
    assert (answer.status_code, is_our_page(answer)) == (400, True)


def test_what_is_served_refuses_them(acme: Any, capfd: pytest.CaptureFixture[str]) -> None:
    with capfd.disabled():  # the log is set up anew, and keeps the stream it finds
        served = import_module("billing_portal.wsgi")
    assert isinstance(served.application, OnlyReadCharsets)


def test_a_plain_form_in_other_letters_than_utf_8_is_refused_by_a_page_of_ours(acme: Any) -> None:
    for path in ("/sign-in/", "/password/forgotten/", "/switch/arrive/"):
        answer = sent("POST", path, f"{TYPES[1]}; charset=iso-8859-1", b"login=%ff")
        assert (answer.status_code, is_our_page(answer)) == (400, True), path


def test_a_program_that_names_such_a_code_is_told_in_its_own_language(acme: Any) -> None:
    answer = sent("POST", "/api/v1/calls", "application/json; charset=rot13", b"{}")

    assert (answer.status_code, json.loads(answer.content)) == (400, {"detail": "The charset “rot13” is not one that is read here: send UTF-8."})


@pytest.mark.parametrize("charset", ["", "utf-8", "UTF8", '"utf-8"', "us-ascii", "ISO-8859-1", "windows-1252"])
def test_letters_that_browsers_and_programs_send_are_read(acme: Any, charset: str) -> None:
    assert sent("GET", "/sign-in/", f"text/plain; charset={charset}").status_code == 200
    assert sent("POST", "/api/v1/calls", f"application/json; charset={charset}", b"{}").status_code == 401
