"""The watch over the suite hears every channel: something of Globex is said to Acme on purpose, and caught (reliability 51, 60)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import path
from django_tenants.utils import schema_context

from billing_portal.tenancy.models import Reseller
from billing_portal.web.access import public
from customers.models import Customer
from invoicing.documents import child, html, pdf
from invoicing.domain import topups
from tests import conftest
from tests.invoicing.documents.samples import DOCUMENT
from tests.support import addresses, months, people, world
from tests.support.canary_words import WORD
from tests.support.leaks import EXCUSES, Excuse, Saying, Text, listener

pytestmark = [pytest.mark.django_db, pytest.mark.rel(60)]

THEIRS = "Quillfeather & Sons"
HEARD = f"holds “{THEIRS}”, which is Customer.name of globex"
SAYINGS = "tests.support.test_leaks"
ANSWERS: dict[str, Callable[[], HttpResponseBase]] = {
    "page": lambda: HttpResponse(html_of(THEIRS)),
    "json": lambda: JsonResponse({"name": THEIRS}),
    "stream": lambda: StreamingHttpResponse([THEIRS[:7], THEIRS[7:]], content_type="text/csv"),
    "header": lambda: HttpResponse(headers={"X-Name": THEIRS}),
    "error": lambda: HttpResponse(THEIRS, status=404, content_type="text/plain"),
}


@public
def say(request: HttpRequest, how: str) -> HttpResponseBase:
    return ANSWERS[how]()


urlpatterns = [path("<str:how>/", say)]


def html_of(text: str) -> str:
    return text.replace("&", "&amp;")


@pytest.fixture
def stolen(acme: Reseller) -> Customer:
    """A customer of Acme that got its name from one of Globex's, by no verb of the portal."""
    with schema_context("globex"):
        world.customer(THEIRS)
    mine = world.customer("Anna Ltd")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET name = %s WHERE id = %s", [THEIRS, mine.pk])
    return Customer.objects.get(pk=mine.pk)


@pytest.fixture
def visitor(stolen: Customer) -> Client:
    return people.client(people.user())


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What the watch finds from here on; it is wanted."""
    with listener.caught() as heard:
        yield heard


@pytest.mark.parametrize("address", ["/customers/", "/calls/", "/calls/calls.csv", "/platform/audit/"])
def test_a_page_or_a_file_with_a_name_of_another_reseller_is_caught(heard: list[str], stolen: Customer, visitor: Client, address: str) -> None:
    months.calls(stolen, "2026-11-03 09:00", price="10.00")
    topups.park(stolen, "Three in a day", months.local("2026-11-03 09:00"))
    heard.clear()
    answer: Any = visitor.get(address)
    b"".join(answer.streaming_content if answer.streaming else ())

    assert (answer.status_code, heard) == (200, [f"GET {address} of acme {HEARD}"])


@pytest.mark.urls(SAYINGS)
@pytest.mark.parametrize("how", ANSWERS)
def test_every_sort_of_answer_is_heard(heard: list[str], stolen: Customer, how: str) -> None:
    answer: Any = people.client().get(f"/{how}/")
    b"".join(answer.streaming_content if answer.streaming else ())

    assert heard == [f"GET /{how}/ of acme {HEARD}"]


def test_a_mail_is_caught_when_it_is_written_and_when_it_is_sent(heard: list[str], stolen: Customer, visitor: Client) -> None:
    topups.park(stolen, "Three in a day", months.local("2026-11-03 09:00"))
    EmailMessage("Hello", "Your bill", to=[f"“{THEIRS}” <q@q.example>"]).send()

    assert heard == [f"mail “topup_parked” of acme {HEARD}", f"a mail that was sent of acme {HEARD}"]


def test_a_document_is_caught_as_a_page_and_on_its_way_to_the_pdf(heard: list[str], stolen: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    document = replace(DOCUMENT, buyer=replace(DOCUMENT.buyer, name=THEIRS))
    monkeypatch.setattr(pdf, "warm", lambda: None)
    monkeypatch.setattr(child, "run", lambda work, caps: {"path": "", "sha256": "", "size": 0})
    html.render(document, stylesheets=[])
    pdf.write("acme", "one.pdf", document)

    assert heard == [f"a document's page of acme {HEARD}", f"the PDF one.pdf of acme {HEARD}"]


def test_a_line_of_the_log_is_caught(heard: list[str], stolen: Customer) -> None:
    logging.getLogger("invoicing").warning("Cannot bill %s", stolen.name)

    assert heard == [f"a line of the log, “Cannot bill %s”, of acme {HEARD}"]


@pytest.mark.rel(51)
def test_a_cached_value_is_caught(heard: list[str], stolen: Customer) -> None:
    cache.set("name", stolen.name, 5)

    assert heard == [f"cache key acme::1:name of acme {HEARD}"]


@pytest.mark.rel(51)
@pytest.mark.parametrize("key", ["globex::1:name", "public::1:name", ":1:name", "name"])
def test_a_key_of_the_cache_that_does_not_begin_with_its_reseller_is_caught(heard: list[str], acme: Reseller, key: str) -> None:
    backend = cast(Any, cache)._cache
    backend.set(key, 1, 5)
    backend.add(key, 1, 5)
    backend.incr(key, 1)
    backend.set_many({"acme::1:name": 1, key: 1}, 5)

    assert heard == [f"cache key {key} was written for acme"] * 4


def test_the_canary_of_another_company_is_caught(heard: list[str], acme: Reseller) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenancy_reseller SET city = %s WHERE schema_name = 'acme'", [f"Leeds {WORD['globex']}"])
    people.client(people.user()).get("/settings/company/")

    assert heard == [f"GET /settings/company/ of acme holds “{WORD['globex']}”, which is its canary of globex"]


def test_the_test_that_caused_a_leak_fails(stolen: Customer, request: pytest.FixtureRequest) -> None:
    call = conftest.pytest_runtest_call(request.node)
    next(call)
    logging.getLogger("invoicing").warning("Cannot bill %s", stolen.name)

    with pytest.raises(pytest.fail.Exception, match="Quillfeather"):
        call.send(None)


# --- what is no leak -------------------------------------------------------------------------------------------------


def test_a_reseller_reads_its_own_words(globex: Reseller) -> None:
    world.customer(THEIRS)
    page = people.client(people.user()).get("/customers/").content.decode()

    assert (html_of(THEIRS) in page, listener.found) == (True, [])


def test_a_text_that_both_have_is_nobodys(acme: Reseller) -> None:
    world.customer(THEIRS)
    with schema_context("globex"):
        world.customer(THEIRS)
    people.client(people.user()).get("/customers/")

    assert listener.found == []


def test_what_was_asked_may_be_said_again(stolen: Customer, visitor: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET name = 'Anna Ltd' WHERE id = %s", [stolen.pk])
    page = visitor.get("/customers/", {"q": THEIRS}).content.decode()

    assert (html_of(THEIRS) in page, listener.found) == (True, [])


def test_names_go_up_and_down_and_not_sideways(heard: list[str], owner: Reseller) -> None:
    for schema, said in (("owner", "Acme"), ("acme", "Globex"), ("globex", "localhost")):
        listener.said(Saying("a page", schema, said))

    assert heard == ["a page of acme holds “Globex”, which is its name of globex"]


@pytest.mark.parametrize("excuse", EXCUSES, ids=lambda excuse: excuse.why)
def test_what_is_excused_is_so_for_that_kin_that_text_and_those_views_alone(acme: Reseller, excuse: Excuse) -> None:
    reader, writer = ("acme", "owner") if excuse.kin == "above" else ("owner", "acme")
    views = excuse.views or ("customers:list",)
    said, text = Saying("GET /", reader, THEIRS, view=views[0]), Text(writer, excuse.sources[0], THEIRS)

    assert excuse.holds(said, text)
    assert not excuse.holds(said, replace(text, source="User.full_name"))
    assert not excuse.holds(replace(said, schema="globex"), replace(text, of="acme"))
    assert excuse.holds(replace(said, view="customers:lines"), text) == (not excuse.views)
    assert set(views) <= {address.name for address in addresses.every()}
