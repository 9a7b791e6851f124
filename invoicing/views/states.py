"""What state a document or a row of a run is in, as a pill shows it; derived, never stored (semantics 13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from customers.views.shell import State
from invoicing.domain.drafts import REASONS
from invoicing.models import Document, InvoiceRunItem

RunState = InvoiceRunItem.State


@dataclass(frozen=True)
class Shown:
    """A document in a list, with its state of today."""

    document: Document
    pill: State


def shown(documents: Any, today: date) -> list[Shown]:
    return [Shown(document, of_document(document, today)) for document in documents]


def of_document(document: Any, today: date) -> State:
    """Cancelled, paid, overdue since when, partly paid, sent, or just issued; needs `left`, `matched`, `credited` and `mailed`."""
    if document.kind == Document.DocumentKind.CREDIT_NOTE:
        return State("plain", _("Sent") if document.mailed else _("Issued"))
    if document.credited == document.total:
        return State("plain", _("Cancelled"))
    if document.kind == Document.DocumentKind.RECEIPT or document.left <= 0:
        return State("good", _("Paid"))
    days = (today - document.due_on).days
    if days > 0:
        return State("bad", ngettext("Overdue %(days)d day", "Overdue %(days)d days", days) % {"days": days})
    if document.matched > 0:
        return State("plain", _("Partly paid"))
    return State("plain", _("Sent") if document.mailed else _("Issued"))


def of_item(item: InvoiceRunItem) -> State:
    """What became of a row of a run."""
    if item.state == RunState.ISSUED and item.document is not None:
        return State("good", _("Issued %(number)s") % {"number": item.document.number})
    if item.state == RunState.FAILED:
        return State("bad", item.error or reason(item.reason))
    if item.state == RunState.SKIPPED:
        kind = "bad" if item.reason == "waiting_calls" else "plain"
        return State(kind, reason(item.reason) if kind == "bad" else _("Skipped: %(why)s") % {"why": reason(item.reason)})
    return State("plain", _("Waiting"))


def reason(code: str) -> str:
    """A reason in words; an unknown code is shown as it is."""
    return str(REASONS.get(code, code))
