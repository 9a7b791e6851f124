"""Sixty bad strings into every text field of every form that pages lead to, and what is kept of them wherever it is shown (reliability 80 to 89)."""

from __future__ import annotations

import csv
import io
import json
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from lxml import html

from billing_portal.accounts.domain import keys
from billing_portal.accounts.models import Role, Switch, User
from billing_portal.mail.models import MailLog
from billing_portal.tenancy.models import Reseller
from billing_portal.web.downloads import FORMULA, NUMBER
from customers.domain import people
from customers.models import Customer, Line, Transfer
from invoicing.domain import calls, ledger_check, rendering, topups
from invoicing.domain.records import CallRecord
from invoicing.models import CallBatch, Document
from tests.sizes import FULL, size
from tests.support import addresses, months
from tests.support.bad_strings import BAD
from tests.support.crawling import Crawl, Form, form_on
from tests.support.people import client, system, user
from tests.support.world import jane

pytestmark = [pytest.mark.django_db, months.renders, pytest.mark.timeout(size(300, 1_800))]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG, SELDOM = 50_000, 7  # strings of megabytes meet every seventh field of a full run: each page that shows one takes seconds
EACH = len(BAD) if FULL else 1  # strings for each field; in a quick run they go round, so that each meets a field or two
HIT = '"><b id=hit>'


@pytest.fixture
def where() -> Iterator[socket.socket]:
    """A server on this machine that nobody may ask."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        yield server


@pytest.fixture
def anna(acme: Any, time_machine: Any, settings: Any, tmp_path: Path) -> Customer:
    """A customer with a line, a person, calls, one that waits, an invoice and mails."""
    settings.MEDIA_ROOT = tmp_path
    time_machine.move_to(NOW, tick=False)
    made = months.anna()
    Line.objects.create(customer=made, name="1001")
    switch = Switch.objects.create(name="fs1")
    months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))
    record = CallRecord("c1", "442079460123", NOW, line="nobody", answered_at=NOW, seconds=60)
    calls.ingest([record], switch=switch, source=CallBatch.Source.API, actor=system, at=NOW)
    topups.ask(made, Decimal("25.00"), actor=jane, at=NOW)
    people.add(made, full_name="Ann Admin", email="ann@anna.example", role=Role.ACCOUNT_ADMIN, actor=jane, at=NOW)
    return made


@pytest.fixture
def desk(acme: Any) -> Client:
    return client(user("jane"), raise_request_exception=False)


@contextmanager
def undone() -> Iterator[None]:
    begun = transaction.savepoint()
    yield
    transaction.savepoint_rollback(begun)


def address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}/x"


def nobody_asked(server: socket.socket) -> bool:
    try:
        server.accept()
    except TimeoutError:
        return True
    return False


def as_typed(where: str) -> list[str]:
    return [text.replace("{where}", where) for text in BAD.values()]


@pytest.mark.rel(80)
@pytest.mark.rel(82)
@pytest.mark.rel(83)
def test_no_string_in_any_field_makes_a_page_fail(anna: Customer, desk: Client, where: socket.socket) -> None:
    at_home = client(User.objects.get(email="ann@anna.example"), raise_request_exception=False)
    stranger = client(raise_request_exception=False)
    strings, turn, failed, reached = as_typed(address(where)), 0, [], set()
    for browser, start in ((desk, "/"), (at_home, "/"), (stranger, "/sign-in/")):
        for form in Crawl(browser, start).go().forms.values():
            reached.add(form.route)
            for name in form.texts:
                for _n in range(EACH):
                    text = strings[turn % len(strings)]
                    turn += 1
                    if FULL and len(text) > LONG and turn % SELDOM:
                        continue
                    with undone():
                        answer = form.sent(browser, {name: text})
                    if answer.status_code >= 500:
                        failed.append((form.method, form.route, name, text[:60], answer.status_code))

    assert failed == []
    assert {"sign-in/", "password/forgotten/", "my/people/new/", "customers/new/", "requests/<uuid:topup>/", "settings/company/"} <= reached
    assert len(reached) > 30
    assert turn > len(strings)
    assert nobody_asked(where)


@pytest.mark.rel(80)
def test_no_string_sent_to_an_address_that_never_asked_for_it_makes_it_fail(anna: Customer, desk: Client, where: socket.socket) -> None:
    """Every address without a number in it gets every field that any form has, by GET and by POST."""
    known = {name for form in Crawl(desk).go().forms.values() for name in form.texts}
    names = sorted(known | {"note", "reason", "comment", "code", "token", "page", "sort", "show", "format"})
    plain = [each.pattern for each in addresses.every() if not each.arguments and each.pattern != "/sign-out/"]
    strings, failed, cookies = as_typed(address(where)), [], desk.cookies.output(header="")
    for turn, path in enumerate(plain * (len(strings) if FULL else 1)):
        text = strings[turn % len(strings)].encode("utf-8", "surrogatepass")[:2_000]
        given: dict[str, Any] = {name: [text] for name in names}
        for send in (desk.get, desk.post):
            with undone():
                answer = send(path, given)
            desk.cookies = SimpleCookie(cookies)  # whoever was signed out by it is signed in again
            if answer.status_code >= 500:
                failed.append((path, text[:60], answer.status_code))

    assert failed == []
    assert desk.get("/customers/").status_code == 200
    assert len(plain) > 40


def kept(form: Form, desk: Client, name: str, text: str) -> bool:
    """Whether the form takes this text in this field; what it refuses it says at the form."""
    answer = form.sent(desk, {name: text})
    assert answer.status_code in {200, 302, 303, 422}, (form.route, name, answer.status_code)
    assert answer.status_code != 422 or re.search(r'aria-invalid="true"|invalid-feedback|role="alert"', answer.content.decode()), (form.route, name)
    return bool(answer.status_code in {302, 303})


@pytest.mark.rel(80)
@pytest.mark.rel(84)
def test_what_is_kept_is_shown_as_text_on_every_page_and_in_every_file(anna: Customer, desk: Client) -> None:
    forms = [form for form in Crawl(desk).go().forms.values() if form.method == "POST"]
    given: dict[str, tuple[str, str]] = {}
    for form in forms:
        for name in form.texts:
            text = f"{HIT}{len(given)}."
            if kept(form, desk, name, text):
                given[text] = (form.route, name)
    joe = client(user("joe"))
    shown = Crawl(joe).go()
    for number in range(2, 5):  # what was changed again since is told by the trail alone
        shown.pages[f"/platform/audit/?page={number}"] = joe.get("/platform/audit/", {"page": number})

    everything = ""
    for path, answer in shown.pages.items():
        content = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(errors="replace")
        if "text/html" in answer["Content-Type"]:
            page = html.fromstring(content)
            assert page.xpath("//*[@id='hit']") == [], path
            everything += page.text_content() + " ".join(str(value) for value in page.xpath("//@value | //@placeholder | //@title | //@aria-label"))
        elif "text/csv" in answer["Content-Type"]:
            cells = [cell for row in csv.reader(io.StringIO(content.lstrip("\ufeff"))) for cell in row]
            assert [cell for cell in cells if cell.startswith(FORMULA) and not NUMBER.fullmatch(cell)] == [], path
    assert [place for text, place in given.items() if text not in everything] == []
    assert len(given) > 20


@pytest.mark.poppler
@pytest.mark.rel(80)
@pytest.mark.rel(88)
def test_documents_and_mails_show_it_as_text_and_fetch_and_carry_nothing(anna: Customer, where: socket.socket, tmp_path: Path) -> None:
    bad = f"<img src={address(where)}><link rel=attachment href=file:///etc/passwd>"
    Customer.objects.filter(pk=anna.pk).update(name=f"Anna {bad}", attention=bad, street=f"{bad}\n{bad}", city=bad[:60], tax_reference="<b id=hit>")
    line = "x\r\nBcc: x@y.z"
    Reseller.objects.filter(schema_name="acme").update(name=line, legal_name=bad, street=bad, bank_details=f"IBAN: {bad}")
    months.calls(anna, "2026-11-03 09:00", price="1.00", destination=bad[:60], line=bad[:40])
    [document] = months.issue("2026-12-01", datetime(2026, 12, 1, 6, tzinfo=UTC))

    stored = rendering.pdf_file(Document.objects.get(pk=document.pk))
    file = tmp_path / stored.path
    assert subprocess.run(["pdfdetach", "-list", file], capture_output=True, text=True, check=True).stdout.startswith("0 embedded files")
    assert f"src=http://127.0.0.1:{where.getsockname()[1]}" in subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout
    mail = rendering.mail(Document.objects.select_related("customer").get(pk=document.pk), key="hostile")
    assert mail is not None
    assert not any("\n" in header or "\r" in header for header in (mail.subject, mail.sender, mail.reply_to))
    assert "Bcc" not in mail.sender or "x Bcc: x@y.z" in mail.sender
    assert mail.recipients == [anna.billing_email]
    assert html.fromstring(mail.html).xpath("//img[contains(@src, '127.0.0.1')] | //link[@rel='attachment'] | //*[@id='hit']") == []
    assert nobody_asked(where)


@pytest.mark.rel(80)
def test_no_string_in_any_field_of_the_interface_makes_it_fail(anna: Customer, where: socket.socket) -> None:
    secret = keys.make(Switch.objects.get(), [keys.CALLS_WRITE], actor=jane, at=NOW)[1]
    names = ("call_id", "leg", "direction", "account", "line", "address", "from", "to", "setup_at", "answered_at", "ended_at", "seconds", "cause", "more")
    good = {"call_id": "c2", "account": anna.account_number, "to": "442079460123", "setup_at": "2026-11-20T09:00:00Z"}
    program, before = client(raise_request_exception=False), Transfer.objects.count()

    for turn, text in enumerate(as_typed(address(where)) * (len(names) if FULL else 1)):
        record = good | {"call_id": f"c{turn + 2}"} | {names[turn % len(names)]: text}
        answer = program.post(
            "/api/v1/calls", json.dumps({"records": [record]}), content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
        )
        assert answer.status_code in {200, 422}, (names[turn % len(names)], text[:60], answer.status_code)

    assert Transfer.objects.count() == before  # none of them is a call that was answered
    assert ledger_check.check().differences == []
    assert nobody_asked(where)


@pytest.mark.rel(88)
@pytest.mark.parametrize(
    "to", ["a@b.example\r\nBcc: x@y.example", "a@b.example,x@y.example", "a@b.example\0", "a b@c.example", '"a\r\n"@b.example', "a@b.example, " * 500]
)
def test_one_mail_goes_to_the_addresses_given_and_to_nobody_else(anna: Customer, desk: Client, to: str) -> None:
    form = form_on(desk, f"/customers/{anna.account_number}/edit/")
    mails = MailLog.objects.count()

    form.sent(desk, {"billing_email": to})
    anna.refresh_from_db()

    assert re.fullmatch(r"[^\s,]+@[^\s,]+", anna.billing_email)
    assert "y.example" not in anna.billing_email
    assert MailLog.objects.count() == mails


@pytest.mark.rel(83)
@pytest.mark.rel(89)
def test_a_note_keeps_no_card_and_a_line_no_turned_writing(anna: Customer, desk: Client) -> None:
    form = form_on(desk, f"/customers/{anna.account_number}/edit/")

    form.sent(desk, {"description": "\u202epays by 4111 1111 1111 1111\u200b, exp 12/27"})

    anna.refresh_from_db()
    assert anna.description == "pays by XXXX XXXX XXXX 1111, exp 12/27"
