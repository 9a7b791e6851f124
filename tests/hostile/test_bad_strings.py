"""Sixty bad strings into every text field of every form that pages lead to, and what is kept of them wherever it is shown (reliability 80 to 89)."""

from __future__ import annotations

import csv
import io
import json
import re
import socket
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.cookies import SimpleCookie
from itertools import cycle, product
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
LONG, SELDOM = 50_000, 7  # an address of megabytes, which no server lets through to a page, meets every seventh field; a form of them meets each
EACH = len(BAD) if FULL else 1  # strings for each field; in a quick run they go round, so that each meets a field or two
HIT = '"><b id=hit>'
LEADS_AWAY = re.compile(r"\s*(javascript:|file:|http://127\.0\.0\.1:\d+/x$)")
SHOWN = [name for name, text in BAD.items() if len(text) < LONG and not re.search("[\0\ud800-\udfff]", text)]  # a database keeps neither of these
ROUNDS = size(1, 1 + len(SHOWN))  # times that every field is filled; after the first each gets another of the strings each time, in a full run all of them
PRINTED = SHOWN if FULL else ["picture that runs"]


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


def met(places: Sequence[str], strings: Sequence[str]) -> list[tuple[str, str]]:
    """Each string in each place in a full run; in a quick one each place and each string at least once."""
    if FULL:
        return list(product(places, strings))
    return list(zip(places, cycle(strings), strict=False) if len(places) > len(strings) else zip(cycle(places), strings, strict=False))


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
                    if FULL and form.method == "GET" and len(text) > LONG and turn % SELDOM:
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
    for path, whole in met(plain, strings):
        text = whole.encode("utf-8", "surrogatepass")[:2_000]
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


def payload(turn: int, round_: int, where: str, later: int = 0) -> str:
    """What the field whose turn it is gets, no two the same: first what shows itself, then another of the strings in each round, or one so much later."""
    text = HIT if not round_ else BAD[SHOWN[(turn + later + round_ - 1) % len(SHOWN)]].replace("{where}", where)
    return f"{text} x{turn}."


def squashed(text: str) -> str:
    """What can be seen of a text, whatever its form, case and blanks."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in folded if unicodedata.category(char)[0] not in "CZ" and char != "\ufffd")


def dangers(page: Any) -> list[str]:
    """What a page would have if one of the strings had become more than text."""
    found = [f"{element.tag} {element.attrib}" for element in page.xpath("//*[@id='hit'] | //b[.='x']")]
    found += [value for value in page.xpath("//script/text() | //style/text()") if "alert(1)" in value or "@import" in value]
    for element in page.iter("*"):
        for name, value in element.attrib.items():
            leads = name in {"src", "href", "action", "formaction", "data"} and LEADS_AWAY.match(value)
            if name.startswith("on") or leads or (name == "http-equiv" and value == "refresh"):
                found.append(f"{element.tag} {name}={value}")
    return found


def formulas(content: str) -> list[str]:
    """The cells of a CSV file that a spreadsheet would run."""
    cells = [cell for row in csv.reader(io.StringIO(content.lstrip("\ufeff"))) for cell in row]
    return [cell for cell in cells if cell.startswith(FORMULA) and not NUMBER.fullmatch(cell)]


@pytest.mark.rel(80)
@pytest.mark.rel(84)
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_what_is_kept_is_shown_as_text_on_every_page_and_in_every_file(anna: Customer, desk: Client, where: socket.socket, round_: int) -> None:
    forms = [form for form in Crawl(desk).go().forms.values() if form.method == "POST"]
    given: dict[str, tuple[str, str]] = {}
    for turn, (form, name) in enumerate([(each, name) for each in forms for name in each.texts]):
        for later in range(0, 42 if round_ else 1, 7):  # a field that refuses one of the strings is given another, of another sort
            text = payload(turn, round_, address(where), later)
            if kept(form, desk, name, text):
                given[text] = (form.route, name)
                break
    joe = client(user("joe"))
    shown = Crawl(joe).go()
    for number in range(2, 5):  # what was changed again since is told by the trail alone
        shown.pages[f"/platform/audit/?page={number}"] = joe.get("/platform/audit/", {"page": number})

    everything = ""
    for path, answer in shown.pages.items():
        content = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(errors="replace")
        if "text/html" in answer["Content-Type"]:
            page = html.fromstring(content)
            assert dangers(page) == [], path
            everything += page.text_content() + " ".join(str(value) for value in page.xpath("//@value | //@placeholder | //@title | //@aria-label"))
        elif "text/csv" in answer["Content-Type"]:
            assert formulas(content) == [], path
    everything = squashed(everything)
    assert [(place, text) for text, place in given.items() if squashed(text) not in everything and not text.startswith(BAD["card"])] == []
    assert len(given) > 20
    assert nobody_asked(where)


@pytest.mark.poppler
@pytest.mark.rel(80)
@pytest.mark.rel(84)
@pytest.mark.rel(88)
def test_documents_mails_and_files_show_them_as_text_and_carry_nothing(anna: Customer, desk: Client, where: socket.socket, tmp_path: Path) -> None:
    for name in PRINTED:
        with undone():
            sent(anna, desk, BAD[name].replace("{where}", address(where))[:120], tmp_path)
    assert nobody_asked(where)


def sent(anna: Customer, desk: Client, bad: str, folder: Path) -> None:
    """A text wherever a document, its mail and a file of calls say something, and what becomes of it in each."""
    Customer.objects.filter(pk=anna.pk).update(name=f"A {bad}"[:120], attention=bad, street=f"{bad}\n{bad}"[:200], city=bad[:60], tax_reference=bad[:40])
    said = {"name": f"{bad[:50]}\r\nBcc: x@y.z", "legal_name": bad, "street": bad[:100], "bank_details": f"IBAN: {bad}{BAD['attachment']}"}
    Reseller.objects.filter(schema_name="acme").update(**said)
    months.calls(anna, "2026-11-03 09:00", price="1.00", destination=bad, line=bad[:40])
    [document] = months.issue("2026-12-01", datetime(2026, 12, 1, 6, tzinfo=UTC))

    file = folder / rendering.pdf_file(Document.objects.get(pk=document.pk)).path
    assert subprocess.run(["pdfdetach", "-list", file], capture_output=True, text=True, check=True).stdout.startswith("0 embedded files")
    printed = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout
    assert not bad.isascii() or squashed(bad[:60]) in squashed(printed)
    mail = rendering.mail(Document.objects.select_related("customer").get(pk=document.pk), key="hostile")
    assert mail is not None
    assert not any("\n" in header or "\r" in header for header in (mail.subject, mail.sender, mail.reply_to))
    assert mail.recipients == [anna.billing_email]
    assert dangers(html.fromstring(mail.html)) == []
    table: Any = desk.get(f"/customers/{anna.account_number}/calls/calls.csv")
    table = table.getvalue().decode()
    assert formulas(table) == []
    assert squashed(bad).replace("'", "") in squashed(table.replace('""', '"')).replace("'", "")  # which stands before what would be a formula


@pytest.mark.rel(80)
def test_no_string_in_any_field_of_the_interface_makes_it_fail(anna: Customer, where: socket.socket) -> None:
    secret = keys.make(Switch.objects.get(), [keys.CALLS_WRITE], actor=jane, at=NOW)[1]
    names = ("call_id", "leg", "direction", "account", "line", "address", "from", "to", "setup_at", "answered_at", "ended_at", "seconds", "cause", "more")
    good = {"call_id": "c2", "account": anna.account_number, "to": "442079460123", "setup_at": "2026-11-20T09:00:00Z"}
    program, before = client(raise_request_exception=False), Transfer.objects.count()

    for turn, (name, text) in enumerate(met(names, as_typed(address(where)))):
        record = good | {"call_id": f"c{turn + 2}"} | {name: text}
        answer = program.post(
            "/api/v1/calls", json.dumps({"records": [record]}), content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
        )
        assert answer.status_code in {200, 422}, (name, text[:60], answer.status_code)

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
