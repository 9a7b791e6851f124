"""What a document says beside its figures: title, captions, the line that asks for money, the footer."""

import re
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from invoicing.documents import figures
from invoicing.documents.value import InvoiceDocument, Kind, TaxLine


@dataclass(frozen=True)
class Words:
    """The words that depend on what the document is."""

    title: str
    date: str
    caption: str
    buyer: str


def words(kind: Kind) -> Words:
    """Title, label of the date, caption of the lines, and what the buyer's address is headed."""
    return {
        Kind.INVOICE: Words(_("Invoice"), _("Invoice date"), _("What this invoice is for"), _("Billed to")),
        Kind.CREDIT_NOTE: Words(_("Credit note"), _("Credit note date"), _("What is credited"), _("Credited to")),
        Kind.RECEIPT: Words(_("Receipt"), _("Receipt date"), _("What was paid for"), _("Paid by")),
        Kind.STATEMENT: Words(_("Statement"), _("Statement date"), _("What was used"), _("For")),
    }[kind]


def asked(document: InvoiceDocument) -> Decimal:
    """What an invoice asks for: `to_pay`, its total where none was said, never less than nothing; other documents ask for nothing."""
    if document.kind is not Kind.INVOICE:
        return Decimal(0)
    wanted = document.total if document.to_pay is None else document.to_pay
    return wanted if wanted > 0 else Decimal(0)


def due_line(document: InvoiceDocument) -> tuple[str, str]:
    """The line that stands out: what is to be done, and the amount."""
    total = figures.money(document.total, document.currency)
    if document.kind is Kind.CREDIT_NOTE:
        return _("Credited to you"), total
    if document.kind is Kind.RECEIPT:
        return _("Paid on %(day)s") % {"day": figures.day(document.issued_on)}, total
    if document.kind is Kind.STATEMENT:
        return _("Paid from your balance, nothing to pay"), total
    wanted = asked(document)
    amount = figures.money(wanted, document.currency)
    if not wanted:
        return _("Nothing to pay"), amount
    if document.due_on is None:
        return _("To pay"), amount
    return _("To pay by %(day)s") % {"day": figures.day(document.due_on)}, amount


def tax_word(document: InvoiceDocument) -> str:
    """The one tax of the document by its name, "VAT", or "Tax" where there are several or none."""
    names = {re.sub(r"[\s\d.,%]+$", "", tax.name) for tax in document.taxes}
    name = names.pop() if len(names) == 1 else ""
    return name or _("Tax")


def tax_name(tax: TaxLine) -> str:
    """A tax with its rate, "VAT 20 %", unless its name says the rate already."""
    rate = "" if tax.percent is None else figures.number(tax.percent)
    if not rate or re.search(rf"(?<!\d){re.escape(rate)}(?!\d)", tax.name):
        return tax.name
    return f"{tax.name} {figures.percent(tax.percent)}"


def foot(document: InvoiceDocument) -> str:
    """Who the seller is, for the foot of each page."""
    seller = document.seller
    parts = [
        seller.legal_name or seller.name,
        _("Company %(number)s") % {"number": seller.company_number} if seller.company_number else "",
        f"{tax_word(document)} {seller.tax_reference}" if seller.tax_reference else "",
        seller.email,
    ]
    return " · ".join(part for part in parts if part)


def initials(document: InvoiceDocument) -> str:
    """Two letters for the mark: those chosen, else the first of the seller's first two words."""
    chosen = document.seller.initials or "".join(word[0] for word in document.seller.name.split()[:2])
    return chosen[:2].upper()


def questions(document: InvoiceDocument) -> str:
    """Where to ask."""
    seller = document.seller
    if seller.email and seller.phone:
        return _("Questions: %(email)s or %(phone)s.") % {"email": seller.email, "phone": seller.phone}
    return _("Questions: %(where)s.") % {"where": seller.email or seller.phone} if seller.email or seller.phone else ""
