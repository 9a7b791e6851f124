"""The frozen value of a document: seller and buyer as they were, its lines, and the calls behind them (semantics 13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django_countries import countries

from billing_portal.kernel.folding import fold
from billing_portal.kernel.money import minor_units, spread
from billing_portal.kernel.period import zone_of
from billing_portal.tenancy.models import Reseller
from customers.models import Customer, Line
from customers.models import Kind as Movement
from invoicing.documents.html import CALLS_LIMIT, NAME_LIMIT
from invoicing.documents.value import DEFAULT_BRAND, BankLine, Buyer, CallLine, DestinationLine, InvoiceDocument, Kind, Seller, SourceLine, TaxLine
from invoicing.documents.value import Line as PrintedLine
from invoicing.domain.drafts import Draft
from invoicing.models import Call
from invoicing.queries import movements
from invoicing.queries.movements import CallSum

DESTINATION = 60
PNG = b"\x89PNG\r\n\x1a\n"
CITY_FIRST = {"", "AU", "CA", "GB", "IE", "IN", "NZ", "US", "ZA"}


@dataclass(frozen=True)
class Heading:
    """What a document gets when it is issued and not before: number, dates, and what was owed before it (positive: owed)."""

    number: str
    issued_on: date
    due_on: date
    owed_before: Decimal


def seller_of(reseller: Reseller) -> Seller:
    """The reseller as it is now."""
    logo = bytes(reseller.logo) if reseller.logo else b""
    return Seller(
        name=reseller.legal_name or reseller.name,
        legal_name=reseller.legal_name,
        address=_address(reseller.street, reseller.city, reseller.postcode, reseller.country),
        country=_country(reseller.country),
        tax_reference=reseller.tax_reference,
        company_number=reseller.company_number,
        email=reseller.support_email,
        phone=reseller.support_phone,
        bank=tuple(_bank(reseller.bank_details)),
        initials=reseller.initials,
        logo=logo if logo.startswith(PNG) else None,
        brand=reseller.brand_colour or DEFAULT_BRAND,
    )


def buyer_of(customer: Customer) -> Buyer:
    """The customer as it is now."""
    country = str(customer.country or "")
    return Buyer(
        name=customer.name,
        attention=customer.attention,
        address=_address(customer.street, customer.city, customer.postcode, country),
        country=_country(country),
        tax_reference=customer.tax_reference,
        account_number=customer.account_number,
    )


def _address(street: str, city: str, postcode: str, country: str) -> tuple[str, ...]:
    town = (city, postcode) if country in CITY_FIRST else (postcode, city)
    return tuple(line for line in (*street.splitlines(), " ".join(part for part in town if part)) if line.strip())


def _country(code: str) -> str:
    return str(countries.name(code)) if code else ""


def _bank(details: str) -> Iterable[BankLine]:
    """ "IBAN: GB33…" on lines of their own, or parted by semicolons; what has no label is just "Bank"."""
    for part in details.replace(";", "\n").splitlines():
        label, colon, value = part.strip().partition(":")
        if colon and value.strip():
            yield BankLine(label.strip(), value.strip())
        elif part.strip():
            yield BankLine(_("Bank"), part.strip())


def line_labels(customer_ids: Collection[UUID]) -> dict[tuple[UUID, str], str]:
    """The descriptions of these customers' lines, by customer and folded name."""
    rows = Line.objects.filter(customer_id__in=customer_ids).exclude(description="")
    return {(row.customer_id, row.folded_name): row.description for row in rows}


def value_of(draft: Draft, heading: Heading, seller: Seller, labels: Mapping[tuple[UUID, str], str]) -> InvoiceDocument:
    """The document as it is frozen. It prints the previous balance and what is to pay, but its total is its own lines and tax only (semantics 11)."""
    customer, places = draft.customer, minor_units(draft.customer.currency)
    destinations = _added(row for line in draft.lines for row in line.calls.destinations)
    sources = _added(row for line in draft.lines for row in line.calls.lines)
    sums = customer.call_detail != Customer.CallDetail.NONE
    calls, left_out = _calls(draft) if customer.call_detail == Customer.CallDetail.EVERY else ((), 0)
    shares = zip(destinations, _shares(draft.usage, destinations, places), strict=True)
    by_line = zip(sources, _shares(draft.usage, sources, places), strict=True)
    return InvoiceDocument(
        kind=Kind.INVOICE,
        number=heading.number,
        seller=seller,
        buyer=buyer_of(customer),
        issued_on=heading.issued_on,
        due_on=heading.due_on,
        period_start=draft.period.start,
        period_end=draft.period.end,
        time_zone=customer.time_zone,
        currency=customer.currency,
        net=draft.net,
        tax=draft.tax,
        total=draft.total,
        lines=tuple(PrintedLine(line.description, line.amount, detail=line.detail, tax_percent=line.percent, earlier=line.earlier) for line in draft.lines),
        taxes=tuple(TaxLine(tax.tax.name, tax.tax.percent, tax.base, tax.amount) for tax in draft.taxes),
        previous_balance=heading.owed_before,
        to_pay=draft.total + heading.owed_before,
        destinations=tuple(DestinationLine(row.name[:NAME_LIMIT] or _("Other"), row.calls, row.seconds, amount) for row, amount in shares) if sums else (),
        source_lines=tuple(_source(customer, row, amount, labels) for row, amount in by_line) if sums and any(row.name for row in sources) else (),
        calls=calls,
        calls_left_out=left_out,
    )


def _calls(draft: Draft) -> tuple[tuple[CallLine, ...], int]:
    """Each answered call, in the customer's time, and how many are left out: what a document cannot carry stays in the portal (reliability 82).

    Calls of earlier documents that were rated again come first, with their differences and no seconds.
    """
    used = [movement.id for movement in draft.movements if movement.kind == Movement.USAGE]
    zone = zone_of(draft.customer.time_zone)
    own = [_call(call, zone, call.billed_seconds, call.price) for call in movements.each_call(used, CALLS_LIMIT)]
    again = [_call(call, zone, 0, difference) for call, difference in movements.each_difference(used, CALLS_LIMIT)]
    printed = own[: CALLS_LIMIT - len(again)]
    return (*again, *printed), draft.calls - len(printed) if printed else 0


def _call(call: Call, zone: ZoneInfo, seconds: int, amount: Decimal) -> CallLine:
    at, source = f"{call.at.astimezone(zone):%d %b %H:%M:%S}", call.line or call.caller
    return CallLine(at, source, call.number, call.destination[:DESTINATION], seconds, amount)


def _source(customer: Customer, row: CallSum, amount: Decimal, labels: Mapping[tuple[UUID, str], str]) -> SourceLine:
    return SourceLine(row.name or _("No line named"), row.calls, row.seconds, amount, label=labels.get((customer.pk, fold(row.name)), ""))


def _added(rows: Iterable[CallSum]) -> list[CallSum]:
    """Rows of the same name together, the most expensive first."""
    by_name: dict[str, list[CallSum]] = defaultdict(list)
    for row in rows:
        by_name[row.name].append(row)
    added = [
        CallSum(name, sum(row.calls for row in same), sum(row.seconds for row in same), sum((row.amount for row in same), Decimal(0)))
        for name, same in by_name.items()
    ]
    return sorted(added, key=lambda row: (-row.amount, row.name))


def _shares(total: Decimal, rows: Sequence[CallSum], places: int) -> list[Decimal]:
    """The rounded amount of the calls spread over the rows, so that the table adds up to the line."""
    return spread(total, [row.amount for row in rows], places) if rows else []
