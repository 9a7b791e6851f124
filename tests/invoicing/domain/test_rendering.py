"""From the frozen document to its PDF and mail: owed, done once, and never in the way of billing."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from PIL import Image
from pypdf import PdfReader

from billing_portal.accounts.domain import company
from billing_portal.jobs.models import Job
from billing_portal.kernel.errors import DomainError
from billing_portal.mail.models import MailLog
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import Reseller
from customers.models import Customer, Standing
from invoicing.domain import numbering, overdue, rendering
from invoicing.models import DocumentFile
from tests.support import months, world
from tests.support.months import calls, issue, run_jobs
from tests.support.world import jane

pytestmark = [pytest.mark.django_db, months.renders]


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def anna() -> Customer:
    return months.anna()


def text_of(path: Path) -> str:
    return " ".join(page.extract_text() for page in PdfReader(path).pages)


@pytest.mark.rel(37)
def test_the_pdf_says_what_the_ledger_says(media: Path, october: Any) -> None:
    file = rendering.pdf_file(october)

    text = text_of(media / file.path)
    assert file.path.startswith(f"{connection.schema_name}/documents/{october.pk}")
    for said in (october.number, "Anna Ltd", "12.00 GBP", "To pay by 15 November 2026"):
        assert said.replace(" ", "\u00a0") in text or said in text, said


@pytest.mark.rel(81)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_logo_is_on_the_document_whatever_kind_was_uploaded(media: Path, anna: Customer, first: datetime, kind: str) -> None:
    uploaded = io.BytesIO()
    Image.new("RGB", (40, 20), "#00647e").save(uploaded, format=kind)
    company.set_logo(tenancy.current(), uploaded.getvalue(), actor=jane, at=datetime(2026, 10, 1, tzinfo=UTC))
    connection.set_tenant(Reseller.objects.get(pk=tenancy.current().pk))
    [document] = issue("2026-11-01", first)

    [drawn] = PdfReader(media / rendering.pdf_file(document).path).pages[0].images
    assert drawn.image is not None
    assert drawn.image.size == (40, 20)
    assert [abs(seen - meant) < 10 for seen, meant in zip(drawn.image.convert("RGB").tobytes()[:3], (0x00, 0x64, 0x7E), strict=True)] == [True] * 3


def test_it_is_rendered_once_and_mailed_once_however_often_the_jobs_run(media: Path, october: Any) -> None:
    run_jobs()
    Job.objects.filter(kind__in=["invoices.render", "invoices.mail"]).update(state=Job.State.PENDING, due_at=datetime(2026, 1, 1, tzinfo=UTC))
    run_jobs()

    assert DocumentFile.objects.count() == 1
    assert len(list((media / "acme" / "documents").iterdir())) == 1
    [mail] = MailLog.objects.filter(kind="invoice")
    assert (mail.key, mail.recipients, mail.attachments[0]["name"]) == (f"mail:invoice:{october.pk}", ["billing@anna.example"], "ACM-2026-0001.pdf")
    assert "12.00 GBP" in mail.text
    assert "http://acme.localhost" in mail.text


def test_nobody_is_mailed_without_an_address(media: Path, first: datetime) -> None:
    bob = world.customer("Bob Ltd", billing_email="")
    calls(bob, "2026-10-05 09:00", price="1.0000")
    issue("2026-11-01", first)
    run_jobs()
    assert (DocumentFile.objects.count(), MailLog.objects.count()) == (1, 0)


def test_an_invoice_that_is_paid_already_asks_for_nothing(media: Path, first: datetime) -> None:
    from customers.models import Kind

    bob = world.customer("Bob Ltd")
    months.moved(Kind.PAYMENT, bob, "5.00", "2026-10-04 09:00")
    calls(bob, "2026-10-05 09:00", price="1.0000")
    issue("2026-11-01", first)
    run_jobs()
    assert "Nothing to pay" in MailLog.objects.get(kind="invoice").text


@pytest.mark.rel(38)
def test_a_full_disk_leaves_the_invoice_issued_and_the_pdf_owed(media: Path, october: Any) -> None:
    (media / "acme").write_text("in the way of the folder")
    job = Job.objects.get(kind="invoices.render")
    from billing_portal.jobs.domain import running

    running.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.PENDING, 1)
    assert DocumentFile.objects.count() == 0

    (media / "acme").unlink()
    Job.objects.filter(pk=job.pk).update(due_at=datetime(2026, 1, 1, tzinfo=UTC))
    run_jobs()
    assert DocumentFile.objects.count() == 1


@pytest.mark.rel(35)
def test_a_damaged_file_is_not_handed_out(media: Path, october: Any) -> None:
    file = rendering.pdf_file(october)
    (media / file.path).write_bytes(b"%PDF-1.7 other")
    with pytest.raises(DomainError, match="document_damaged"):
        rendering.pdf_content(october)


def test_it_cannot_be_sent_again_without_an_address(october: Any) -> None:
    Customer.objects.update(billing_email="")
    october.customer.refresh_from_db()
    with pytest.raises(DomainError, match="no_billing_email"):
        rendering.send_again(october, actor=jane, at=datetime(2026, 11, 2, tzinfo=UTC))


def test_the_page_that_stands_alone_brings_its_styles(october: Any) -> None:
    page = rendering.standalone(october)
    assert page.count('<link rel="stylesheet" href="data:text/css;base64,') == 2
    assert "Anna Ltd" in page


@pytest.mark.parametrize(
    ("name", "prefix"), [("Acme", "ACM"), ("Harbour Voice", "HV"), ("The Old Phone Company", "TOP"), ("Ö", "Ö"), ("!!!", "INV"), ("A-B", "AB")]
)
def test_the_prefix_comes_from_the_name(name: str, prefix: str) -> None:
    assert numbering.default_prefix(name) == prefix


def test_the_day_after_the_due_date_is_looked_at_once_per_zone_and_day(first: datetime) -> None:
    for name, zone in (("A Ltd", "Europe/London"), ("B Ltd", "Europe/London"), ("C Inc", "America/New_York")):
        calls(world.customer(name, time_zone=zone), "2026-10-05 09:00", price="1.0000")
    issue("2026-11-01", first)

    jobs = Job.objects.filter(kind="invoices.overdue").order_by("due_at").values_list("key", "due_at")
    assert list(jobs) == [
        ("overdue:Europe/London:2026-11-15", datetime(2026, 11, 16, tzinfo=UTC)),
        ("overdue:America/New_York:2026-11-15", datetime(2026, 11, 16, 5, tzinfo=UTC)),
    ]
    overdue.refresh_zone("Europe/London", at=first + timedelta(days=15))
    late = Standing.objects.filter(overdue_since__isnull=False).values_list("customer__name", flat=True)
    assert sorted(late) == ["A Ltd", "B Ltd"]
