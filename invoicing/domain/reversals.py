"""Movements made by mistake are taken back whole, once; the originals stay (semantics 5, 6, reliability 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import money
from billing_portal.kernel.errors import DomainError, require
from customers.domain import caps, ledger, standing
from customers.models import AccountKind, BillingType, Kind, Standing, Transfer
from customers.models.ledger import CUSTOMER_ACCOUNTS
from invoicing.domain import matching, overdue, wallet_debts, write_offs
from invoicing.models import GiveBack, Payment
from invoicing.queries import billed, debts
from invoicing.queries import credits as queries
from invoicing.queries.billed import Closed

REVERSIBLE = (Kind.PAYMENT, Kind.TOPUP, Kind.REFUND, Kind.CHARGEBACK, Kind.CHARGE, Kind.CREDIT, Kind.ADJUSTMENT, Kind.WRITE_OFF, Kind.SETTLE)


@transaction.atomic
def take_back(movement: Transfer, *, reason: str, actor: Actor, at: datetime) -> list[Transfer]:
    """Answer a payment, a refund, a chargeback, a write-off, a charge, a credit, an adjustment or a settlement by its mirror, its tax too.

    What it settled is open again first. What a credit note or a write-off has answered on its invoice is not answered twice, nor what was
    spent from a wallet and billed with its debt: the debt comes first. Money that comes again does not pass over a write-off that answered its leaving.
    Of who pays afterwards what was spent of it goes on the next invoice: no wallet is left with a debt that nothing asks for (semantics 3).

    Already taken back, such as by a double click, it stays as it is. Raises `reason_missing`, `not_by_hand`, `given_back`, `credited`, `written_off`,
    `debt_billed`, `wallet_used`, `held`, and above the actor's cap what `caps.require_amount` raises.
    """
    require(reason.strip(), "reason_missing", _("Write why; it stands on the statement."), "reason")
    require(is_reversible(movement), "not_by_hand", _("This cannot be taken back here."))
    customer = movement.customer
    row = standing.lock(customer)
    if Transfer.objects.filter(reverses=movement).exists():
        return []
    parts = _parts(movement)
    caps.require_amount(actor, _entered(movement, parts), customer.currency, at=at)
    drawn = any(part.drawn for part in queries.with_left(Transfer.objects.filter(pk__in=[part.pk for part in parts])))
    require(not drawn, "given_back", _("Something of it was refunded, charged back or moved on. Take that back first."))
    _require_unanswered(movement, parts, row)
    spent = _missing(parts, row)
    for part in parts:
        if part.credit.kind == AccountKind.RECEIVABLE:
            matching.take_back(part, None, at=at)
    mirrors = [ledger.reverse(part, at=at, actor=actor, key=f"reversal:{part.pk}", note=reason.strip()) for part in parts]
    if spent:
        wallet_debts.charge(customer, spent, f"{wallet_debts.PREFIX}{movement.pk}:", actor=actor, at=at)
    matching.settle(customer, at=at)
    overdue.refresh([customer.pk], at=at)
    what = {"amount": ("", money.text(movement.amount, customer.currency)), "movement": ("", str(Kind(movement.kind).label))}
    subject = ("customer", customer.pk, customer.name)
    audit.record(actor, "movement.taken_back", subject=subject, customer_id=customer.pk, changes=what, note=reason.strip(), at=at)
    return mirrors


def _entered(movement: Transfer, parts: Sequence[Transfer]) -> Decimal:
    """The amount that somebody entered when it was made, with its tax; of a debt that was billed both movements are the same amount, and the tax that
    came with a settlement out of the wallet was not entered."""
    if movement.key.startswith(wallet_debts.PREFIX):
        return Decimal(movement.amount)
    entered = (part for part in parts if movement.kind != Kind.SETTLE or part.debit.kind in CUSTOMER_ACCOUNTS)
    return sum((part.amount for part in entered), Decimal(0))


def is_reversible(movement: Transfer) -> bool:
    """Whether the movement was made by hand and is no mirror; what a document posted is answered by a credit note."""
    posted_by_document = movement.about_kind == "document" and movement.kind != Kind.WRITE_OFF
    return movement.kind in REVERSIBLE and movement.reverses_id is None and not posted_by_document


def missing(movement: Transfer) -> Decimal:
    """How much of what it brought into the wallet would go on the next invoice, were it taken back now; to the last decimal."""
    return _missing(_parts(movement), Standing.objects.get(customer=movement.customer_id))


def _missing(parts: Sequence[Transfer], row: Standing) -> Decimal:
    if row.billing_type == BillingType.PREPAID:
        return Decimal(0)
    return max(_came(parts) - max(Decimal(row.wallet), Decimal(0)), Decimal(0))


def _came(parts: Sequence[Transfer]) -> Decimal:
    """What they brought into the wallet."""
    return sum((part.amount for part in parts if part.credit.kind == AccountKind.WALLET), Decimal(0))


def why_not(movement: Transfer) -> str:
    """What stands in the way of taking it back now, in words; nothing where nothing does."""
    try:
        _require_unanswered(movement, _parts(movement), Standing.objects.get(customer=movement.customer_id))
    except DomainError as refusal:
        return refusal.message
    return ""


def _require_unanswered(movement: Transfer, parts: Sequence[Transfer], row: Standing) -> None:
    _require_open(parts, row)
    _require_not_given_up(parts)
    _require_prepaid(movement, row)
    if movement.kind == Kind.SETTLE:
        _require_there(parts, row)


def _require_open(parts: Sequence[Transfer], row: Standing) -> None:
    closed = billed.closed([part.pk for part in parts]).values()
    require(Closed.CREDITED not in closed, "credited", _("A credit note has given this back already. Write a charge or a credit where that was wrong."))
    require(Closed.WRITTEN_OFF not in closed, "written_off", _("A part of its invoice was written off. Take that back first."))
    said = _("The wallet's debt was billed with this in it. Take that debt back first.")
    if row.billing_type != BillingType.PREPAID:
        said = _("The wallet's debt was billed with this in it, and no invoice asks for it otherwise. Write a credit where it was wrong.")
    require(Closed.DEBT_BILLED not in closed, "debt_billed", said)


def _require_not_given_up(parts: Sequence[Transfer]) -> None:
    """What went back left something due; as long as that is written off the money does not come again beside it."""
    for part in parts:
        if part.kind in GiveBack.Way.values:
            by_invoice = part.debit.kind == AccountKind.RECEIVABLE and write_offs.stand_since(part)
            by_debt = part.debit.kind == AccountKind.WALLET and billed.written_off(debts.billed_since(part))
            require(not by_invoice and not by_debt, "written_off", _("What was due without this money was written off. Take the write-off back first."))


def _require_prepaid(movement: Transfer, row: Standing) -> None:
    """A debt that was billed goes back into the wallet only of who pays it there."""
    afterwards = row.billing_type != BillingType.PREPAID and movement.key.startswith(wallet_debts.PREFIX)
    said = _("The customer pays afterwards, and no invoice asks for the debt of a wallet. Write a credit where billing it was wrong.")
    require(not afterwards, "debt_billed", said)


def _require_there(parts: Sequence[Transfer], row: Standing) -> None:
    """What a settlement brought into the wallet goes out of it again only while it is there: a debt does not move."""
    came = _came(parts)
    require(came <= max(row.wallet, Decimal(0)), "wallet_used", _("Some of it has been spent. Settle what is left back instead."))
    standing.require_free(row, came)


def _parts(movement: Transfer) -> list[Transfer]:
    """The movements that were made together with it, itself among them: a payment's or a refund's taxes, all of a settlement or of a debt billed."""
    payment = Payment.objects.filter(pk=movement.about_id).first() if movement.about_kind == "payment" and movement.about_id else None
    made = Transfer.objects.select_related("customer", "debit", "credit").order_by("number")
    if payment is not None:
        return list(made.filter(about_kind="payment", about_id=payment.pk, reverses=None))
    if movement.kind in (*GiveBack.Way.values, Kind.SETTLE) or movement.key.startswith(wallet_debts.PREFIX):
        beginning = movement.key.rpartition(":")[0] + ":"
        return list(made.filter(customer=movement.customer, key__startswith=beginning))
    return [movement]
