"""Documents and mails of every kind, made in the reseller in force on top of what is furnished there; the test takes them back."""

from __future__ import annotations

import io
from decimal import Decimal

from django.db import connection
from pypdf import PdfWriter

from billing_portal.accounts.domain import emails, links, notices, passwords
from billing_portal.accounts.models import Role, User
from customers.domain import customers
from customers.models import BillingType, Customer
from invoicing.documents import store
from invoicing.domain import credit_notes, decisions, rendering, topups
from invoicing.models import Document, DocumentFile, TopUpRequest
from tests.isolation.furnished import CURRENCY, Furnished, now
from tests.sizes import FULL
from tests.support import people, world
from tests.support.canary_words import WORD
from tests.support.jobs import run_jobs
from tests.support.world import jane

TOPUP = Decimal("25.00")


def documents(made: Furnished, folder: str = "") -> list[Document]:
    """Anna's invoice, a credit note about it, and the receipt of somebody who pays in advance, each with its PDF in this reseller's folder or another's."""
    word = WORD[connection.schema_name]
    invoice = Document.objects.get(customer_id=made.anna.pk)
    note = credit_notes.issue(invoice, reason=f"Too much, {word}", actor=jane, at=now(), key="every kind")
    pat = world.customer(f"Pat {word}", billing_type=BillingType.PREPAID, currency=CURRENCY[made.schema])
    decisions.approve(topups.ask(pat, TOPUP, actor=people.system, at=now()), actor=jane, at=now())
    every = [invoice, note, Document.objects.get(customer=pat)]
    for document in every:
        _file(document, folder)
    return every


def _file(document: Document, folder: str) -> None:
    """The PDF of the document: at the full size as it is made, else a stand-in, for a child process is dear."""
    if (FULL and not folder) or document.files.exists():
        rendering.pdf_file(document)
        return
    blank, content = PdfWriter(), io.BytesIO()
    blank.add_blank_page(100, 100)
    blank.add_metadata({"/Title": f"{document.number} {WORD[connection.schema_name]}"})
    blank.write(content)
    stored = store.write(folder or connection.schema_name, f"{document.pk}.pdf", content.getvalue())
    DocumentFile.objects.create(document=document, format=rendering.PDF, path=stored.path, sha256=stored.sha256, size=stored.size)


def mails(made: Furnished) -> None:
    """What is mailed with documents, about top-ups and low balances, and to people about how they sign in."""
    *_invoice, note, receipt = documents(made)
    for document in (note, receipt):
        rendering.mail(document, key=rendering.mail_key(document))
    _about_topups(Customer.objects.get(pk=made.anna.pk), Customer.objects.get(pk=made.bob.pk))
    customers.change(receipt.customer, low_balance_threshold=TOPUP * 2, actor=jane, at=now())
    run_jobs("low_balance")
    user = User.objects.get(pk=made.people["Anna", Role.ACCOUNT_ADMIN].pk)
    passwords.send_reset(user, at=now())
    emails.ask(user, f"{WORD[made.schema]}@new.example", address="127.0.0.1", at=now())
    links.tell(user, at=now())
    notices.tell(user, "app_added", at=now())


def _about_topups(anna: Customer, bob: Customer) -> None:
    decisions.approve(TopUpRequest.objects.get(customer=anna), actor=jane, at=now())
    decisions.reject(TopUpRequest.objects.get(customer=bob), comment="No", actor=jane, at=now())
    topups.park(anna, "Three in a day", now())
