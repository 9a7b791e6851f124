"""Documents to render: a whole one, a bare one, and one that says the same thing in every field."""

from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from invoicing.documents.value import BankLine, Buyer, CallLine, DestinationLine, InvoiceDocument, Kind, Line, Seller, SourceLine, TaxLine

VAT = Decimal(20)

SELLER = Seller(
    name="Harbour Voice Ltd",
    address=("3 Quay Street, Bristol BS1 4DJ",),
    country="United Kingdom",
    tax_reference="GB 123 4567 82",
    company_number="09123456",
    email="billing@harbourvoice.example",
    phone="+44 20 7946 0100",
    bank=(BankLine("Bank transfer to", "Harbour Voice Ltd"), BankLine("IBAN", "GB33 BUKB 2020 1555 5555 55")),
    initials="HV",
)
BUYER = Buyer(
    name="Acme Ltd",
    attention="Accounts Payable",
    address=("27 Wellington Street", "Leeds LS1 2JD"),
    country="United Kingdom",
    tax_reference="GB 987 6543 21",
    account_number="100042",
    reference="PO 77-1840",
)
DOCUMENT = InvoiceDocument(
    kind=Kind.INVOICE,
    number="HV-2025-0912",
    seller=SELLER,
    buyer=BUYER,
    issued_on=date(2025, 11, 1),
    due_on=date(2025, 11, 15),
    period_start=date(2025, 10, 1),
    period_end=date(2025, 11, 1),
    time_zone="Europe/London",
    currency="GBP",
    lines=(
        Line("Calls", Decimal("860.47"), detail="October 2025, 3,552 calls", price=Decimal("860.47"), tax_percent=VAT),
        Line("Telephone lines", Decimal("275.00"), detail="November 2025, in advance", quantity=Decimal(22), price=Decimal("12.50"), tax_percent=VAT),
        Line("Numbers", Decimal("18.00"), detail="November 2025, in advance", quantity=Decimal(9), price=Decimal("2.00"), tax_percent=VAT),
        Line("New line “Warehouse”", Decimal("15.00"), detail="Set up once, 14 October 2025", price=Decimal("15.00"), tax_percent=VAT),
    ),
    taxes=(TaxLine("VAT", VAT, net=Decimal("1168.47"), tax=Decimal("233.69")),),
    net=Decimal("1168.47"),
    tax=Decimal("233.69"),
    total=Decimal("1402.16"),
    destinations=(DestinationLine("Germany mobile", 402, 234_684, Decimal("733.48")), DestinationLine("USA and Canada", 377, 507_960, Decimal("126.99"))),
    source_lines=(SourceLine("+44 113 496 0020", 779, 742_644, Decimal("860.47"), label="Reception"),),
)
BARE = InvoiceDocument(
    kind=Kind.INVOICE,
    number="1",
    seller=Seller(name="Solo"),
    buyer=Buyer(name="Anna"),
    issued_on=date(2026, 1, 1),
    currency="EUR",
    lines=(Line("Line", Decimal("5.00")),),
    net=Decimal("5.00"),
    tax=Decimal("0.00"),
    total=Decimal("5.00"),
)


def calls(count: int) -> tuple[CallLine, ...]:
    """So many calls of one pence each."""
    return tuple(
        CallLine(f"{n % 28 + 1:02} Oct 10:51:{n % 60:02}", "+44 113 496 0020", "+49 1512 3456789", "Germany mobile", 61, Decimal("0.0100"))
        for n in range(count)
    )


def saying(text: str, kind: Kind = Kind.INVOICE) -> InvoiceDocument:
    """The whole document with `text` in every field that takes text."""
    spoken: InvoiceDocument = _saying(replace(DOCUMENT, kind=kind, note="x", refers_to="x", calls=calls(1)), text)
    return spoken


def _saying(value: Any, text: str) -> Any:
    if isinstance(value, tuple):
        return tuple(_saying(item, text) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        kept = {"brand", "currency", "kind"}
        return replace(value, **{field.name: _saying(getattr(value, field.name), text) for field in fields(value) if field.name not in kept})
    return text if isinstance(value, str) else value
