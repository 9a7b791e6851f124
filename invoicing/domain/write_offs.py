"""What will never be paid is written off: the document is settled by bad debt (semantics 5, 11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from billing_portal.kernel.period import Period
from customers.domain import caps, ledger, once, standing
from customers.models import Kind, Standing, Transfer
from invoicing.domain import drafts, overdue, payments
from invoicing.domain.drafts import Draft
from invoicing.models import Document, Match
from invoicing.queries import billed, debts, movements
from invoicing.queries import documents as queries
from invoicing.queries.movements import Movement


@transaction.atomic
def write_off(document: Document, amount: Decimal, *, reason: str, actor: Actor, at: datetime, key: str) -> Transfer:
    """Give up so much of what is due on a document, in its currency and minor unit, and never more than is owed in all: what was taken back, or rated
    again, since waits as a credit for the next one, and its tax with it. What a wallet's debt asks for is paid out of the wallet as long as that holds
    money, such as of a chargeback that was won since. The same `key` again answers with what stands.

    Raises `reason_missing`, `amount_not_positive`, `amount_too_fine`, `key_reused`, `taken_back`, `wallet_holds`, `more_than_due`, and above the actor's
    cap what `caps.require_amount` raises.
    """
    payments.check_amount(amount, document.currency)
    require(reason.strip(), "reason_missing", _("Write why; it stands on the statement."), "reason")
    customer = document.customer
    row = standing.lock(customer)
    known = Transfer.objects.filter(key=_key(key)).first()
    once.same(_key(key), document.pk, amount, reason.strip(), stands=known is not None)
    if known is not None:
        once.require_standing(known)
        return known
    caps.require_amount(actor, amount, document.currency, at=at)
    require(not (said := why_not(document, row)), "wallet_holds", said, "amount")
    _require_due(queries.with_figures(Document.objects.filter(pk=document.pk)).get(), amount, row)
    about = (queries.ABOUT, document.pk)
    made = ledger.post(Kind.WRITE_OFF, customer, amount, at=at, actor=actor, key=_key(key), note=reason.strip(), about=about)
    Match.objects.create(document=document, credit=made, amount=amount, at=at)
    overdue.refresh([customer.pk], at=at)
    changes = {"amount": ("", money.text(amount, document.currency))}
    subject = (queries.ABOUT, document.pk, document.number)
    audit.record(actor, "document.written_off", subject=subject, customer_id=customer.pk, changes=changes, note=reason.strip(), at=at)
    return made


def why_not(document: Document, row: Standing) -> str:
    """What stands in the way of giving up anything of a document, in words; nothing where nothing does."""
    held = money.whole_minor(Decimal(row.wallet), document.currency)
    if not held or not debts.is_on(document):
        return ""
    return _("A debt of the wallet is on it, and the wallet holds %s. Settle that out of the wallet first.") % money.text(held, document.currency)


def stand_since(movement: Transfer) -> bool:
    """Whether something was given up of the movement's customer after it, and still is."""
    given_up = Transfer.objects.filter(customer=movement.customer_id, kind=Kind.WRITE_OFF, number__gt=movement.number, reverses=None, reversed_by=None)
    return given_up.exists()


def most_of(document: Any, row: Standing) -> Decimal:
    """The most that can be given up of a document with its figures, in the minor unit: what is due on it, less what waits to be given back of it, as far
    as the customer owes that in all."""
    customer, answers = document.customer, billed.waiting_answers(document)
    waiting = movements.untaken([customer.pk]).get(customer.pk, [])
    given_back = _together(document, [movement for movement in waiting if movement.id in answers]).total
    everything = _together(document, waiting)
    owed = everything.total - everything.moved - Decimal(row.receivable)
    most = min(Decimal(document.left) + min(given_back, Decimal(0)), owed)
    return max(money.to_minor(most, document.currency), Decimal(0))


def _together(document: Document, waiting: Sequence[Movement]) -> Draft:
    """What waits for the next document as if it were invoiced now, with its taxes (semantics 6, 8)."""
    return drafts.together(document.customer, waiting, Period(document.period_start, document.period_end, document.time_zone))


def _require_due(document: Any, amount: Decimal, row: Standing) -> None:
    most = most_of(document, row)
    said = _("At most %(amount)s is due.")
    if most < document.left:
        said = _("At most %(amount)s can be given up: what else is due waits as a credit for the next invoice, or for a credit note.")
    require(amount <= most, "more_than_due", said % {"amount": money.text(most, document.currency)}, "amount")


def _key(key: str) -> str:
    return f"write-off:{key}"
