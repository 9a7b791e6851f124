"""The list of invoices, one of them, its PDF, and sending it again."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing_portal.accounts.models import AuditEntry
from billing_portal.jobs.models import Job
from billing_portal.mail.models import MailLog
from invoicing.domain import payments
from tests.support import months, world
from tests.support.months import D, run_jobs
from tests.support.people import client
from tests.support.world import jane

pytestmark = [pytest.mark.django_db, months.renders]


def listed(browser: Any, query: str = "") -> list[tuple[str, str]]:
    answer = browser.get(f"/invoices/{query}")
    assert answer.status_code == 200
    return [(row.document.number, str(row.pill.label)) for row in answer.context["rows"]]


@pytest.fixture
def three(anna: Any, october: Any) -> None:
    """October of Anna, overdue; two of Bob, one paid and one open."""
    bob = world.customer("Bob Ltd")
    months.calls(bob, "2026-10-03 09:00", price="3.0000")
    months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))
    payments.record(bob, D("3.00"), reference="", actor=jane, at=datetime(2026, 11, 2, tzinfo=UTC), key="1")
    months.calls(bob, "2026-11-03 09:00", price="4.0000")
    months.issue("2026-12-01", datetime(2099, 1, 1, tzinfo=UTC), bob)


def test_search_and_chips(commerce: Any, three: None) -> None:
    everything = listed(commerce)
    assert [number for number, _state in everything] == ["ACM-2099-0001", "ACM-2026-0002", "ACM-2026-0001"]
    assert [number for number, _state in listed(commerce, "?show=open")] == ["ACM-2099-0001", "ACM-2026-0001"]
    assert listed(commerce, "?show=paid") == [("ACM-2026-0002", "Paid")]
    assert [number for number, _state in listed(commerce, "?q=anna")] == ["ACM-2026-0001"]
    assert listed(commerce, "?q=0002") == [("ACM-2026-0002", "Paid")]


def test_totals_stand_per_currency(commerce: Any, three: None) -> None:
    world_dollar = world.customer("Dora Inc", currency="USD")
    months.calls(world_dollar, "2026-10-03 09:00", price="7.0000")
    months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC), world_dollar)

    totals = commerce.get("/invoices/").context["totals"]

    assert [(row["kind"], row["currency"], row["documents"], months.money(row["total"]), months.money(row["left"])) for row in totals] == [
        ("invoice", "GBP", 3, "19.00", "16.00"),
        ("invoice", "USD", 1, "7.00", "7.00"),
    ]


def test_the_list_asks_as_much_for_three_as_for_one(commerce: Any, october: Any) -> None:
    commerce.get("/invoices/")
    with CaptureQueriesContext(
        connection,
    ) as one:
        commerce.get("/invoices/")
    for name in ("Carl", "Dora"):
        months.calls(world.customer(name), "2026-10-03 09:00", price="3.0000")
    months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))
    with CaptureQueriesContext(connection) as three:
        commerce.get("/invoices/")
    assert len(three) == len(one)


def test_the_page_says_what_the_pdf_says(commerce: Any, october: Any) -> None:
    text = commerce.get(f"/invoices/{october.number}/").content.decode()
    sheet = commerce.get(f"/invoices/{october.number}/sheet/").content.decode()

    for said in ("Anna Ltd", "October 2026, 2 calls, 2:00 minutes", "10.00", "2.00", "12.00", "VAT 20", "United Kingdom - London", "1001"):
        assert said in text, said
        assert said in sheet, said


def test_the_pdf_is_stored_once(commerce: Any, october: Any) -> None:
    once = commerce.get(f"/invoices/{october.number}/pdf/")
    again = commerce.get(f"/invoices/{october.number}/pdf/")

    assert once["Content-Type"] == "application/pdf"
    assert once.content == again.content
    assert october.files.count() == 1


def test_an_invoice_is_sent_again(support: Any, october: Any) -> None:
    run_jobs()
    assert support.post(f"/invoices/{october.number}/send/").status_code == 302
    run_jobs()

    assert list(MailLog.objects.filter(kind="invoice").values_list("state", flat=True)) == ["sent", "sent"]


def test_two_clicks_on_send_again_send_one_mail_and_a_page_opened_anew_sends_another(commerce: Any, october: Any) -> None:
    address = f"/invoices/{october.number}/"
    for clicks, mails in ((2, 1), (1, 2)):
        button = re.search(r'name="key" value="([^"]+)"', commerce.get(address).content.decode())
        assert button is not None
        assert [commerce.post(f"{address}send/", {"key": button[1]}).status_code for _click in range(clicks)] == [302] * clicks
        assert Job.objects.filter(kind="invoices.mail").count() == mails
    commerce.post(f"{address}send/", {"key": "nonsense\0"})
    assert AuditEntry.objects.filter(action="document.sent_again").count() == Job.objects.filter(kind="invoices.mail").count() == 3


def test_an_invoice_is_not_sent_to_nowhere(commerce: Any, october: Any) -> None:
    type(october.customer).objects.update(billing_email="")
    assert commerce.post(f"/invoices/{october.number}/send/").status_code == 422
    assert not Job.objects.filter(kind="invoices.mail").exists()


def test_reports_may_look_but_not_send(reports: Any, october: Any) -> None:
    assert reports.get(f"/invoices/{october.number}/").status_code == 200
    assert reports.post(f"/invoices/{october.number}/send/").status_code == 403


@pytest.mark.parametrize("path", ["", "pdf/", "sheet/"])
def test_it_denies_other_reseller(october: Any, path: str, globex: Any) -> None:
    from billing_portal.accounts.models import Role
    from tests.support.people import user

    theirs = client(user("gus", Role.ADMINISTRATOR))
    assert theirs.get(f"/invoices/{october.number}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "pdf/", "sheet/"])
def test_it_denies_other_customer(october: Any, path: str, person: Any) -> None:
    theirs = person("account_admin", of=world.customer("Bob Ltd"))
    assert theirs.get(f"/my/invoices/{october.number}/{path}").status_code == 404
    assert theirs.get(f"/invoices/{october.number}/{path}").status_code == 404
    assert theirs.post(f"/invoices/{october.number}/send/").status_code == 404


def test_the_sheet_brings_the_colour_of_the_reseller(commerce: Any, october: Any) -> None:
    assert "/invoices/brand-00647e.css" in commerce.get(f"/invoices/{october.number}/sheet/").content.decode()
    assert commerce.get("/invoices/brand-00647e.css").content == b":root{--brand:#00647e}"
    assert commerce.get("/invoices/brand-red;x.css").status_code == 422
