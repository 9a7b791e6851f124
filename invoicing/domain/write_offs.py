"""What will never be paid is written off: the document is settled by bad debt (semantics 5, 11)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from customers.domain import ledger, once, standing
from customers.models import Kind, Transfer
from invoicing.domain import overdue, payments
from invoicing.models import Document, Match
from invoicing.queries import documents as queries


@transaction.atomic
def write_off(document: Document, amount: Decimal, *, reason: str, actor: Actor, at: datetime, key: str) -> Transfer:
    """Give up so much of what is due on a document, in its currency and minor unit. The same `key` again answers with what stands.

    Raises `reason_missing`, `amount_not_positive`, `amount_too_fine`, `key_reused`, `taken_back`, `more_than_due`.
    """
    payments.check_amount(amount, document.currency)
    require(reason.strip(), "reason_missing", _("Write why; it stands on the statement."), "reason")
    customer = document.customer
    standing.lock(customer)
    once.same(_key(key), document.pk, amount, reason.strip())
    known = Transfer.objects.filter(key=_key(key)).first()
    if known is not None:
        once.require_standing(known)
        return known
    due = queries.with_figures(Document.objects.filter(pk=document.pk)).get().left  # type: ignore[attr-defined]  # annotated
    said = {"amount": money.text(money.to_minor(due, document.currency), document.currency)}
    require(amount <= due, "more_than_due", _("At most %(amount)s is due.") % said, "amount")
    about = (queries.ABOUT, document.pk)
    made = ledger.post(Kind.WRITE_OFF, customer, amount, at=at, actor=actor, key=_key(key), note=reason.strip(), about=about)
    Match.objects.create(document=document, credit=made, amount=amount, at=at)
    overdue.refresh([customer.pk], at=at)
    changes = {"amount": ("", money.text(amount, document.currency))}
    subject = (queries.ABOUT, document.pk, document.number)
    audit.record(actor, "document.written_off", subject=subject, customer_id=customer.pk, changes=changes, note=reason.strip(), at=at)
    return made


def _key(key: str) -> str:
    return f"write-off:{key}"
