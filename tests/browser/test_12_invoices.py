"""Point 12: an invoice run from its preview to the PDF in the customer's mail, produced by a real worker; doing it again makes nothing more."""

import base64
import re
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import DESK, OPPOSITES, Visitors, expect_rows, faults, text_of
from tests.support.portal import Mailbox

pytestmark = pytest.mark.poppler


@pytest.fixture
def month() -> date:
    from tests.browser import sample

    return sample.last_month()


@pytest.fixture
def page(visitors: Visitors, jane: Any, month: date) -> Page:
    """Anna Ltd called twice last month, for 10.00 together, and is liable for VAT; Pat Ltd pays in advance."""
    from customers.models import CustomerTax
    from tests.browser import sample
    from tests.support import months, world

    anna = sample.customer("Anna Ltd", attention="Ann Miller", city="Leeds", billing_email="accounts@anna.example")
    CustomerTax.objects.create(customer=anna, tax=world.vat())
    months.calls(anna, f"{month:%Y-%m}-03 09:00", price="5.0000", times=2, line="1001")
    sample.customer("Pat Ltd", billing_type="prepaid")
    return visitors.window(jane, at="/customers/")


def today() -> date:
    """As Acme's clock has it."""
    return datetime.now(ZoneInfo("Europe/London")).date()


def new_run(page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Invoices").click()
    page.get_by_role("main").get_by_role("link", name="New run").first.click()


def issue(page: Page) -> str:
    """Confirm the preview, wait for the end, open the one invoice; its number."""
    page.get_by_role("button", name="Issue 1 invoice").click()
    expect(page.get_by_role("region", name="1 of 1 invoices")).to_contain_text("Ended")
    state = page.get_by_role("table", name="Invoices of this run").get_by_role("link", name="Issued")
    number = state.inner_text().removeprefix("Issued ")
    state.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Invoice {number}")
    return number


def pdf_text(page: Page, folder: Path) -> str:
    """The text of the PDF behind this page's link."""
    address = page.get_by_role("link", name="PDF").get_attribute("href")
    fetched = page.evaluate(
        """async address => {
            const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
            let text = "";
            for (const byte of bytes) text += String.fromCharCode(byte);
            return btoa(text);
        }""",
        address,
    )
    return text_in(base64.b64decode(fetched), folder)


def text_in(pdf: bytes, folder: Path) -> str:
    assert pdf.startswith(b"%PDF-")
    file = folder / "invoice.pdf"
    file.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", file, "-"], check=True, capture_output=True, text=True).stdout


def words(text: str) -> list[str]:
    return sorted(text.split())


def test_from_the_preview_to_the_invoice(page: Page, month: date) -> None:
    new_run(page)
    expect(page.get_by_label("Invoice every period that ended by")).to_have_value(today().isoformat())
    last = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    period = f"1 {month:%b %Y} – {last.day} {month:%b %Y}"
    preview = page.get_by_role("table", name="What a run for")
    expect(preview.locator("tbody tr")).to_have_count(1)
    expect(preview.locator("tbody :is(th, td)")).to_have_text(["Anna Ltd 100001", period, "2", "10.00", "0.00", "2.00", "12.00 GBP"], use_inner_text=True)
    expect(page.get_by_role("region", name="Skipped")).to_contain_text("Pre-paid (1)")
    assert faults(page, *OPPOSITES) == []
    number = issue(page)
    assert faults(page, *OPPOSITES) == []
    page.set_viewport_size({"width": DESK, "height": 900})

    expect(page.locator("dl.bp-facts dd")).to_contain_text(["Anna Ltd", f"{month:%B %Y}", "", "", "12.00 GBP", "12.00 GBP"])
    lines = page.get_by_role("table", name="What this invoice is for")
    expect(lines.locator("tbody th")).to_contain_text("Calls")
    expect(lines.locator("tbody th small")).to_have_text(f"{month:%B %Y}, 2 calls, 2:00 minutes")
    expect(lines.locator("tfoot td")).to_have_text(["10.00", "2.00", re.compile("12.00")])
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Invoices").click()
    expect(page.get_by_role("table").locator("tbody tr")).to_contain_text([number])


def test_the_pdf_says_what_the_page_says(page: Page, tmp_path: Path) -> None:
    new_run(page)
    number = issue(page)
    printed = pdf_text(page, tmp_path)
    said = " ".join(printed.split())
    for cell in page.get_by_role("main").get_by_role("table").locator("td, tbody th, thead th").all():
        for line in cell.inner_text().splitlines():
            assert " ".join(line.split()) in said

    page.get_by_role("link", name="Print").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Invoice")
    expect(page.locator(".code").first).to_have_text(number)
    page.wait_for_load_state("load")  # before its stylesheet is there, what stands on lines of its own is read as one word
    sheet = words(page.get_by_role("banner").inner_text() + " " + page.get_by_role("main").inner_text())
    paper = words(printed)
    assert [word for word in sheet if word not in paper] == []


def test_the_customer_gets_the_pdf_by_mail_and_in_the_portal(page: Page, visitors: Visitors, mailbox: Mailbox, tmp_path: Path, month: date) -> None:
    from billing_portal.accounts.models import User

    new_run(page)
    number = issue(page)
    mail = mailbox.arrived("accounts@anna.example", f"Invoice {number} from Acme")
    text = text_of(mail)
    assert f"your invoice {number} for {month:%B %Y} is attached." in text
    assert "Total: 12.00 GBP\n" in text
    assert "Hello Ann Miller," in text
    [attachment] = mail.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content_type()) == (f"{number}.pdf", "application/pdf")
    mailed = text_in(attachment.get_content(), tmp_path)
    assert mailed == pdf_text(page, tmp_path)

    ann = visitors.window(User.objects.get(username="accounts"), at="/my/invoices/")
    ann.get_by_role("link", name=number).click()
    expect(ann.get_by_role("heading", level=1)).to_contain_text(f"Invoice {number}")
    assert pdf_text(ann, tmp_path) == mailed
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sent")
    expect(page.get_by_role("region", name="What happened")).to_contain_text("accounts@anna.example")


def test_two_clicks_and_a_second_run_make_the_same_invoice_and_no_more(page: Page) -> None:
    new_run(page)
    other = page.context.new_page()
    other.goto(page.url)
    page.get_by_role("button", name="Issue 1 invoice").dblclick()
    expect(page.get_by_role("region", name="1 of 1 invoices")).to_contain_text("Ended")
    assert faults(page, *OPPOSITES) == []
    other.get_by_role("button", name="Issue 1 invoice").click()
    expect(other.get_by_role("alert")).to_contain_text("There is nothing to invoice for this date.")

    page.goto("/invoices/")
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(1)
    page.get_by_role("main").get_by_role("link", name="New run").first.click()
    expect(page.get_by_role("main")).to_contain_text("Nothing to invoice")
    expect(page.get_by_role("button", name="Issue")).to_have_count(0)


def test_a_date_that_has_not_come_must_be_ticked(page: Page) -> None:
    new_run(page)
    page.get_by_label("Invoice every period that ended by").fill((today() + timedelta(days=40)).isoformat())
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Issue 1 invoice").click()
    expect(page.get_by_role("alert")).to_contain_text("This date has not come yet: tick this to invoice ahead of time.")
    page.get_by_label("Invoice ahead of time").check()
    page.get_by_role("button", name="Issue 1 invoice").click()
    expect(page.get_by_role("region", name="1 of 1 invoices")).to_contain_text("Ended")


def test_a_call_that_waits_holds_the_invoice_back_and_says_so(page: Page, month: date) -> None:
    from billing_portal.accounts.models import Switch
    from invoicing.domain import calls
    from invoicing.domain.records import CallRecord
    from invoicing.models import CallBatch
    from tests.support.world import jane

    at = datetime(month.year, month.month, 4, 9, tzinfo=UTC)
    record = CallRecord("w1", "4930123456", at, account="100001", answered_at=at, seconds=60)
    calls.ingest([record], switch=Switch.objects.create(name="fs1"), source=CallBatch.Source.API, actor=jane, at=at + timedelta(hours=1))
    new_run(page)

    expect_rows(page, "Customers that get no invoice, and why", [["Anna Ltd 100001", "Calls without a price are waiting"]])
    expect(page.get_by_role("button", name="Issue")).to_have_count(0)


def test_an_invoice_is_sent_again(page: Page, mailbox: Mailbox) -> None:
    new_run(page)
    number = issue(page)
    mailbox.arrived("accounts@anna.example", f"Invoice {number}")
    mailbox.mails.clear()
    page.get_by_role("button", name="Send again").click()

    expect(page.get_by_role("main")).to_contain_text(f"Invoice {number} goes to accounts@anna.example.")
    mailbox.arrived("accounts@anna.example", f"Invoice {number}")


def test_the_run_goes_on_without_script(page: Page, visitors: Visitors, jane: Any) -> None:
    quiet = visitors.window(jane, script=False, at="/customers/")
    new_run(quiet)
    quiet.get_by_role("button", name="Issue 1 invoice").click()
    expect(quiet.get_by_role("heading", level=1)).to_contain_text("Invoice run")
    page.goto(quiet.url)
    expect(page.get_by_role("region", name="1 of 1 invoices")).to_contain_text("Ended")
    quiet.reload()
    expect(quiet.get_by_role("main")).to_contain_text("Ended")
