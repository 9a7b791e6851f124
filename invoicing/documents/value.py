"""A document, completely described: what is frozen at issue, and all that a renderer may know."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from billing_portal.kernel.errors import require
from invoicing.documents import plain_json

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
COLOUR = re.compile("#[0-9a-fA-F]{6}")
DEFAULT_BRAND = "#00647e"


class Kind(StrEnum):
    """What a document is; the words on it and whether it asks for money follow from this."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    RECEIPT = "receipt"
    STATEMENT = "statement"


def clean(text: str) -> str:
    """Text without control characters and direction overrides, which could spoof a figure beside it (row 83)."""
    return FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\t", " "))


class Part:
    """A piece of a document; every text in it is cleaned when it is made."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if type(value) is str:
                object.__setattr__(self, name, clean(value))
            elif isinstance(value, tuple):
                object.__setattr__(self, name, tuple(clean(item) if type(item) is str else item for item in value))


@dataclass(frozen=True)
class BankLine(Part):
    """One line of "How to pay", e.g. IBAN and its number."""

    label: str
    value: str


@dataclass(frozen=True)
class Seller(Part):
    """The reseller as it was when the document was issued. `brand` is #rrggbb; `logo` a PNG that we encoded ourselves."""

    name: str
    legal_name: str = ""
    address: tuple[str, ...] = ()
    country: str = ""
    tax_reference: str = ""
    company_number: str = ""
    email: str = ""
    phone: str = ""
    bank: tuple[BankLine, ...] = ()
    initials: str = ""
    logo: bytes | None = None
    brand: str = DEFAULT_BRAND

    def __post_init__(self) -> None:
        super().__post_init__()
        require(COLOUR.fullmatch(self.brand) is not None, "brand_not_a_colour", _("Write the colour as #rrggbb."), field="brand")
        require(self.logo is None or self.logo.startswith(b"\x89PNG\r\n\x1a\n"), "logo_not_png", _("The logo must be a PNG."), field="logo")


@dataclass(frozen=True)
class Buyer(Part):
    """The customer as it was when the document was issued; `reference` is theirs (A36)."""

    name: str
    attention: str = ""
    address: tuple[str, ...] = ()
    country: str = ""
    tax_reference: str = ""
    account_number: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Line(Part):
    """One thing that is charged or credited, net of tax; `earlier` when it belongs to a period before this one (semantics 10)."""

    description: str
    amount: Decimal
    detail: str = ""
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    tax_percent: Decimal | None = None
    earlier: bool = False


@dataclass(frozen=True)
class TaxLine(Part):
    """One tax at one rate: on how much, and how much; `percent` is None for a flat tax."""

    name: str
    percent: Decimal | None
    net: Decimal
    tax: Decimal


@dataclass(frozen=True)
class DestinationLine(Part):
    """The calls of the document to one destination, net of tax."""

    destination: str
    calls: int
    seconds: int
    amount: Decimal


@dataclass(frozen=True)
class SourceLine(Part):
    """The calls of the document from one line, net of tax; `label` is the line's name."""

    line: str
    calls: int
    seconds: int
    amount: Decimal
    label: str = ""


@dataclass(frozen=True)
class CallLine(Part):
    """One call, net of tax; `at` is already text in the document's time zone."""

    at: str
    source: str
    to: str
    destination: str
    seconds: int
    amount: Decimal


@dataclass(frozen=True)
class InvoiceDocument(Part):
    """An invoice, credit note, receipt or statement that never changes (semantics 13).

    The period is half-open. `total` is this document's own lines and tax only; `previous_balance` is what was owed before it
    (below zero: a credit) and `to_pay` what is asked for, both in `currency` (semantics 11). Raises `figures_do_not_add_up`.
    """

    kind: Kind
    number: str
    seller: Seller
    buyer: Buyer
    issued_on: date
    currency: str
    net: Decimal
    tax: Decimal
    total: Decimal
    lines: tuple[Line, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    due_on: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    time_zone: str = ""
    previous_balance: Decimal | None = None
    to_pay: Decimal | None = None
    note: str = ""
    refers_to: str = ""
    destinations: tuple[DestinationLine, ...] = ()
    source_lines: tuple[SourceLine, ...] = ()
    calls: tuple[CallLine, ...] = ()
    calls_left_out: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        sums = (
            self.net + self.tax == self.total,
            sum((line.amount for line in self.lines), Decimal(0)) == self.net or not self.lines,
            sum((line.tax for line in self.taxes), Decimal(0)) == self.tax or not self.taxes,
        )
        require(all(sums), "figures_do_not_add_up", _("The figures of %(number)s do not add up.") % {"number": self.number})

    def to_json(self) -> dict[str, Any]:
        """The document as plain JSON: decimals and dates as text, the logo as base64."""
        encoded: dict[str, Any] = plain_json.encode(self)
        return encoded


def from_json(data: dict[str, Any]) -> InvoiceDocument:
    """The document that `to_json` wrote; fields it did not know yet get their defaults."""
    return plain_json.decode(InvoiceDocument, data)
