"""From the frozen value of a document to its files and its mail; billing never waits for this (architecture §4)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.staticfiles import finders
from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.jobs import outbox
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from billing_portal.mail import outgoing
from billing_portal.mail.models import MailLog
from billing_portal.tenancy.models import new_id
from customers.models import Standing
from invoicing.documents import figures, html, pdf, store, words
from invoicing.documents.value import InvoiceDocument, from_json
from invoicing.domain import own_pages
from invoicing.models import Document, DocumentFile, TopUpRequest
from invoicing.queries import documents as queries

PDF = "pdf"
PDF_TYPE = "application/pdf"
SHEET = "documents/v1/invoice.css"


def value_of(document: Document) -> InvoiceDocument:
    """The document as it was frozen; renderers see this and nothing else."""
    return from_json(document.snapshot)


def file_name(document: Document) -> str:
    return f"{document.number}.{PDF}"


def pdf_file(document: Document) -> DocumentFile:
    """The document's PDF, made on first use and stored once with its hash; made again it is the one that stands (reliability 35, 37, 38).

    Raises `pdf_failed` and what else `pdf.write` raises; the document stays as it is.
    """
    known = document.files.filter(format=PDF).first()
    if known is not None:
        return known
    stored = pdf.write(connection.schema_name, f"{document.pk}-{new_id().hex[-8:]}.{PDF}", value_of(document))
    kept = {"path": stored.path, "sha256": stored.sha256, "size": stored.size}
    return DocumentFile.objects.get_or_create(document=document, format=PDF, defaults=kept)[0]


def pdf_content(document: Document) -> bytes:
    """The bytes of the stored PDF. Raises `document_damaged` when the file is not what was stored."""
    file = pdf_file(document)
    return store.read(connection.schema_name, file.path, file.sha256)


def page(document: Document, stylesheets: list[str]) -> str:
    """The document as a page of its own, the same content as its PDF."""
    value = value_of(document)
    return html.render(value, stylesheets=stylesheets, logo=html.logo_data(value))


def standalone(document: Document) -> str:
    """The same page with its styles inside, for a file of its own; without fonts, the reader's are used."""
    sheet = finders.find(SHEET)
    styles = [Path(str(sheet)).read_text(encoding="utf-8"), html.brand_css(value_of(document).seller.brand)]
    return page(document, [f"data:text/css;base64,{b64encode(style.encode()).decode('ascii')}" for style in styles])


@transaction.atomic
def mail(document: Document, *, key: str) -> MailLog | None:
    """Send the document with its PDF to the customer's billing address; nothing to a customer without one. The same key sends it once."""
    address = document.customer.billing_email
    if not address:
        return None
    file = pdf_file(document)
    attachment = outgoing.Attachment(file_name(document), file.path.partition("/")[2], PDF_TYPE)
    context = CONTEXTS[document.kind](document)
    about = (queries.ABOUT, document.pk)
    return outgoing.send(str(document.kind), to=[address], context=context, key=key, about=about, attachments=[attachment])


def _receipt(document: Document) -> dict[str, object]:
    """What was paid, the tax in it, what the balance gained and is since, and what staff wrote to the one who asked for it."""
    asked = TopUpRequest.objects.filter(transfer__taken__document=document).first()
    figures_ = {"amount": document.total, "credited": document.net, "balance": Standing.objects.get(customer=document.customer).balance}
    texts = {name: _text(amount, document.currency) for name, amount in figures_.items()}
    tax = _text(document.tax, document.currency) if document.tax else ""
    address = own_pages.documents(document.customer)
    return {"customer": document.customer, "document": document, "comment": asked.comment if asked else "", "tax": tax, "address": address, **texts}


def _text(amount: Decimal, currency: str) -> str:
    return money.text(money.to_minor(amount, currency), currency)


def _invoice(document: Document) -> dict[str, object]:
    asked = words.asked(value_of(document))
    return {
        "customer": document.customer,
        "document": document,
        "period": figures.period_name(document.period_start, document.period_end),
        "total": money.text(document.total, document.currency),
        "to_pay": money.text(asked, document.currency),
        "due_on": figures.day(document.due_on),
        "asked": asked,
        "address": own_pages.documents(document.customer),
    }


def _credit_note(document: Document) -> dict[str, object]:
    """What was credited of which invoice, why, and what is still to pay on it."""
    invoice: Any = queries.with_figures(Document.objects.filter(credit_notes=document)).get()
    return {
        "customer": document.customer,
        "document": document,
        "invoice": invoice.number,
        "amount": _text(document.total, document.currency),
        "tax": _text(document.tax, document.currency) if document.tax else "",
        "left": _text(invoice.left, document.currency),
        "reason": value_of(document).note,
        "address": own_pages.documents(document.customer),
    }


CONTEXTS: dict[str, Callable[[Document], dict[str, object]]] = {
    Document.DocumentKind.INVOICE: _invoice,
    Document.DocumentKind.CREDIT_NOTE: _credit_note,
    Document.DocumentKind.RECEIPT: _receipt,
}


def owe_mail(document: Document) -> None:
    """Owe the mail of a document that was just rendered."""
    outbox.add("invoices.mail", {"document": str(document.pk), "key": mail_key(document)}, key=mail_key(document))


def mail_key(document: Document) -> str:
    return f"mail:{document.kind}:{document.pk}"


@transaction.atomic
def send_again(document: Document, *, actor: Actor, at: datetime, key: UUID | None = None) -> None:
    """Owe one more mail of the document, to the billing address of today; one for each `key`, however often it is asked for. Raises `no_billing_email`."""
    customer = document.customer
    require(customer.billing_email, "no_billing_email", _("%(name)s has no billing email. Add one first.") % {"name": customer.name})
    name = f"{mail_key(document)}:{key or new_id()}"
    if not outbox.add("invoices.mail", {"document": str(document.pk), "key": name}, key=name):
        return
    subject = (queries.ABOUT, document.pk, document.number)
    audit.record(actor, "document.sent_again", subject=subject, customer_id=customer.pk, changes={"to": ("", customer.billing_email)}, at=at)
