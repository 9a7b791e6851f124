"""Document value to HTML: one page for the screen, the printer and the PDF, without inline style and without script."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from billing_portal.kernel.errors import require
from invoicing.documents import figures, words
from invoicing.documents.value import COLOUR, CallLine, DestinationLine, InvoiceDocument, Line, SourceLine

TEMPLATE = "documents/v1/invoice.html"
LONG_TEXTS = {"description", "detail", "note"}
NAME_LIMIT = 255
TEXT_LIMIT = 2_000
TEXTS_LIMIT = 400_000
CALLS_LIMIT = 20_000
CALLS_PRINTED = 2_000
LINES_LIMIT = 2_000
ROWS_PRINTED = 500


@dataclass(frozen=True)
class Row:
    """One row of a table, as text."""

    name: str
    small: str
    cells: tuple[str, ...]


def render(document: InvoiceDocument, *, stylesheets: Sequence[str], logo: str = "", pages: int | None = None) -> str:
    """The document as a page of its own (E28). `stylesheets` are addresses, in order; `logo` is one too, empty for the initials.

    `pages` is how many there are in all, where others follow that are not laid out here. Raises `document_too_large` (row 82).
    """
    check_size(document)
    return render_to_string(TEMPLATE, context(document) | {"stylesheets": list(stylesheets), "logo": logo, "pages": pages})


def brand_css(colour: str) -> str:
    """The stylesheet that carries the reseller's colour, #rrggbb and nothing else. Raises `brand_not_a_colour`."""
    require(COLOUR.fullmatch(colour) is not None, "brand_not_a_colour", _("Write the colour as #rrggbb."))
    return f":root{{--brand:{colour.lower()}}}"


def logo_data(document: InvoiceDocument) -> str:
    """The logo as a data address for the screen, empty where there is none."""
    logo = document.seller.logo
    return f"data:image/png;base64,{b64encode(logo).decode('ascii')}" if logo else ""


def check_size(document: InvoiceDocument) -> None:
    """Refuse what would take the renderer minutes (row 82).

    Names may have 255 characters, descriptions and notes 2,000, all texts together 400,000; 2,000 lines, 20,000 calls.
    """
    lengths = list(_lengths(replace(document, calls=document.calls[:CALLS_PRINTED])))
    fits = all(length <= (TEXT_LIMIT if name in LONG_TEXTS else NAME_LIMIT) for name, length in lengths)
    require(fits and sum(length for _name, length in lengths) <= TEXTS_LIMIT, "document_too_large", _("The texts of the document are too long."))
    require(len(document.lines) + len(document.taxes) <= LINES_LIMIT, "document_too_large", _("The document has more than 2,000 lines."))
    require(len(document.calls) <= CALLS_LIMIT, "document_too_large", _("The document carries more than 20,000 calls."))


def _lengths(value: Any, name: str = "") -> Iterator[tuple[str, int]]:
    """Each text in a value: the name of its field and its length."""
    if isinstance(value, str):
        yield name, len(value)
    elif isinstance(value, tuple):
        for item in value:
            yield from _lengths(item, name)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _lengths(getattr(value, field.name), field.name)


def context(document: InvoiceDocument) -> dict[str, Any]:
    """Everything that the template prints, as text."""
    label, amount = words.due_line(document)
    return {
        "document": document,
        "words": words.words(document.kind),
        "language": get_language() or "en",
        "initials": words.initials(document),
        "facts": _facts(document),
        "due_label": label,
        "due_amount": amount,
        "tax_word": words.tax_word(document),
        "lines": _lines(document),
        "totals": _totals(document),
        "taxes": _taxes(document),
        "pays": bool(words.asked(document) and document.seller.bank),
        "foot": words.foot(document),
        "questions": words.questions(document),
        "period_name": figures.period_name(document.period_start, document.period_end),
        "destinations": _destinations(document),
        "sources": _sources(document),
        "calls": _calls(document),
        "calls_left_out": document.calls_left_out,
        "calls_follow": len(document.calls) if follow(document) else 0,
    }


def _facts(document: InvoiceDocument) -> list[tuple[str, str]]:
    """Dates and references beside the buyer's address; those without a value are not there at all."""
    due = figures.day(document.due_on) if document.due_on and words.asked(document) else ""
    facts = [
        (words.words(document.kind).date, figures.day(document.issued_on)),
        (_("Due"), due),
        (_("For invoice"), document.refers_to),
        (_("Period"), figures.period(document.period_start, document.period_end)),
        (_("Time zone"), document.time_zone),
        (_("Account number"), document.buyer.account_number),
        (_("Your reference"), document.buyer.reference),
    ]
    return [(label, value) for label, value in facts if value]


def _lines(document: InvoiceDocument) -> dict[str, Any]:
    """The table of lines: which columns it needs, the rows of this period and those of earlier ones (semantics 10)."""
    columns = {
        "quantity": any(line.quantity != 1 for line in document.lines) or any(line.price is not None for line in document.lines),
        "price": any(line.price is not None for line in document.lines),
        "tax": any(line.tax_percent is not None for line in document.lines),
    }
    rows = {earlier: [_line(line, columns, document.currency) for line in document.lines if line.earlier is earlier] for earlier in (False, True)}
    return columns | {"span": 1 + sum(columns.values()), "width": 2 + sum(columns.values()), "now": rows[False], "earlier": rows[True]}


def _line(line: Line, columns: dict[str, bool], currency: str) -> Row:
    texts = {
        "quantity": figures.number(line.quantity),
        "price": "" if line.price is None else figures.amount(line.price, currency),
        "tax": figures.percent(line.tax_percent),
    }
    return Row(line.description, line.detail, (*(texts[name] for name, shown in columns.items() if shown), figures.amount(line.amount, currency)))


def _totals(document: InvoiceDocument) -> list[tuple[str, str, bool]]:
    """Net, each tax, total; and, where something was open before, previous balance and what is to pay (semantics 11)."""
    currency = document.currency
    grand = _("Total, %(currency)s") % {"currency": currency}
    rows = [(_("Net"), document.net, False)] if document.taxes or document.tax else []
    rows += [(words.tax_name(tax), tax.tax, False) for tax in document.taxes]
    if document.tax and not document.taxes:
        rows.append((_("Tax"), document.tax, False))
    rows.append((grand, document.total, True))
    if document.previous_balance:
        rows.append((_("Previous balance"), document.previous_balance, False))
        rows.append((_("To pay, %(currency)s") % {"currency": currency}, words.asked(document), True))
    return [(label, figures.amount(value, currency), strong) for label, value, strong in rows]


def _taxes(document: InvoiceDocument) -> list[Row]:
    money = [(tax.net, tax.tax, tax.net + tax.tax) for tax in document.taxes]
    texts = [tuple(figures.amount(value, document.currency) for value in values) for values in money]
    return [Row(words.tax_name(tax), "", cells) for tax, cells in zip(document.taxes, texts, strict=True)]


def _usage(rows: Sequence[DestinationLine | SourceLine | CallLine], currency: str) -> tuple[str, str, str]:
    """Calls, minutes and amount of some rows together."""
    count = sum(1 if isinstance(row, CallLine) else row.calls for row in rows)
    total = sum((row.amount for row in rows), Decimal(0))
    return f"{count:,}", figures.minutes(sum(row.seconds for row in rows)), figures.amount(total, currency)


def _destinations(document: InvoiceDocument) -> dict[str, Any]:
    """Calls by destination; beyond 500 the rest is one row."""
    printed, rest = document.destinations[:ROWS_PRINTED], document.destinations[ROWS_PRINTED:]
    rows = [Row(row.destination, "", _usage([row], document.currency)) for row in printed]
    if rest:
        name = ngettext("%(count)d other destination", "%(count)d other destinations", len(rest)) % {"count": len(rest)}
        rows.append(Row(name, "", _usage(rest, document.currency)))
    return {"rows": rows, "total": _usage(document.destinations, document.currency)}


def _sources(document: InvoiceDocument) -> dict[str, Any]:
    """Calls by line; beyond 500 the rest is one row."""
    printed, rest = document.source_lines[:ROWS_PRINTED], document.source_lines[ROWS_PRINTED:]
    rows = [Row(row.line, row.label, _usage([row], document.currency)) for row in printed]
    if rest:
        name = ngettext("%(count)d other line", "%(count)d other lines", len(rest)) % {"count": len(rest)}
        rows.append(Row(name, "", _usage(rest, document.currency)))
    return {"rows": rows, "total": _usage(document.source_lines, document.currency)}


def follow(document: InvoiceDocument) -> bool:
    """Whether its calls are too many to be laid out: the PDF has them on drawn pages at its end."""
    return len(document.calls) > CALLS_PRINTED


def _calls(document: InvoiceDocument) -> dict[str, Any]:
    """Every call, as long as they are few enough to be read on paper."""
    printed = () if follow(document) else document.calls
    rows = [
        Row(call.at, "", (call.source, call.to, call.destination, figures.minutes(call.seconds), figures.call_amount(call.amount, document.currency)))
        for call in printed
    ]
    _count, minutes, _amount = _usage(printed, document.currency)
    total = figures.call_amount(sum((call.amount for call in printed), Decimal(0)), document.currency)
    return {"rows": rows, "minutes": minutes, "amount": total}
