"""Credit moves between a customer's two accounts: out of the wallet its tax comes back, into it it is taxed as a top-up (semantics 3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from customers.domain import caps, ledger, once, standing
from customers.domain.ledger import Posting
from customers.models import AccountKind, Customer, Kind, Transfer
from invoicing.domain import matching, overdue, payments
from invoicing.queries import credits as queries
from invoicing.queries import documents, lots

ZERO = Decimal(0)


class Way(models.TextChoices):
    """Where the credit goes."""

    OUT = "out", gettext_lazy("Out of the wallet")
    INTO = "into", gettext_lazy("Into the wallet")


@transaction.atomic
def settle(customer: Customer, way: str, amount: Decimal, *, actor: Actor, at: datetime, key: str) -> list[Transfer]:
    """Move credit between wallet and receivable; a debt does not move this way (semantics 3).

    Out of the wallet `amount` is net and the tax that is still in it comes back with it; what is open is paid by it. Into the wallet `amount` is gross
    and taken from what no invoice has used. In the customer's currency and minor unit; the same `key` again answers with what stands.
    Raises `amount_not_positive`, `amount_too_fine`, `key_reused`, `wallet_empty`, `not_unapplied`, `held`, and above the actor's cap what
    `caps.require_amount` raises.
    """
    payments.check_amount(amount, customer.currency)
    row = standing.lock(customer)
    known = Transfer.objects.filter(key__startswith=f"{_key(key)}:")
    once.same(_key(key), customer.pk, way, amount, stands=bool(known))
    if known:
        once.require_standing(known[0])
        return sorted(known, key=lambda transfer: int(transfer.key.rpartition(":")[2]))
    caps.require_amount(actor, amount, customer.currency, at=at)
    if way == Way.OUT:
        require(amount <= row.wallet, "wallet_empty", _("The wallet holds %s.") % _text(max(row.wallet, ZERO), customer), "amount")
        standing.require_free(row, amount)
        moves = list(_out(customer, amount, row.wallet))
    else:
        free = unapplied(customer)
        require(amount <= free, "not_unapplied", _("%s is not used by invoices.") % _text(free, customer), "amount")
        moves = list(_into(customer, amount))
    postings = [
        Posting(Kind.SETTLE, customer, moved, f"{_key(key)}:{number}", at, account, about=about)
        for number, (moved, account, about) in enumerate(moves)
        if moved
    ]
    made = ledger.post_many(postings, at=at, actor=actor)
    matching.settle(customer, at=at)
    overdue.refresh([customer.pk], at=at)
    said = {"amount": ("", money.text(amount, customer.currency)), "way": ("", str(Way(way).label))}
    audit.record(actor, "credit.settled", subject=("customer", customer.pk, customer.name), customer_id=customer.pk, changes=said, at=at)
    return made


def unapplied(customer: Customer) -> Decimal:
    """The credit on the receivable that no invoice has used, in whole minor units."""
    return sum((credit.left for credit in documents.unapplied_credits([customer.pk])), ZERO)  # type: ignore[attr-defined]  # annotated


Move = tuple[Decimal, AccountKind, tuple[str, UUID] | None]


def _out(customer: Customer, amount: Decimal, wallet: Decimal) -> Iterator[Move]:
    """What was paid in and is still there gives first, the latest of it, each with its tax in proportion; then what was given, which bore none."""
    rest, places = amount, money.minor_units(customer.currency)
    for lot in sorted(lots.in_wallet(customer, wallet), key=lambda lot: lot.main.kind not in lots.PAID_IN):
        part = min(rest, lot.inside)
        if not part:
            break
        rest -= part
        yield part, AccountKind.WALLET, (queries.TAKEN_FROM, lot.main.pk)
        for tax in lot.taxes:
            whole = money.divide_half_up(tax.amount * (lot.main.drawn + part), lot.main.amount, places)
            yield min(max(whole - tax.drawn, ZERO), tax.amount - tax.drawn), AccountKind.TAX_PAYABLE, (queries.TAKEN_FROM, tax.pk)
    yield rest, AccountKind.WALLET, None


def _into(customer: Customer, amount: Decimal) -> Iterator[Move]:
    """The oldest credit goes first; the taxes of the whole, as of a top-up over it, are spread over the credits."""
    taken: list[tuple[Any, Decimal]] = []
    rest, places = amount, money.minor_units(customer.currency)
    for credit in documents.unapplied_credits([customer.pk]):
        part = min(rest, credit.left)  # type: ignore[attr-defined]  # annotated
        if part:
            taken.append((credit, part))
            rest -= part
    parts = [part for _credit, part in taken]
    for _tax, whole in payments.taxes_in(customer, amount):
        shares = money.spread(whole, parts, places)
        parts = [part - share for part, share in zip(parts, shares, strict=True)]
        for (credit, _part), share in zip(taken, shares, strict=True):
            yield -share, AccountKind.TAX_PAYABLE, (queries.TAKEN_FROM, credit.pk)
    for (credit, _part), part in zip(taken, parts, strict=True):
        yield -part, AccountKind.WALLET, (queries.TAKEN_FROM, credit.pk)


def _key(key: str) -> str:
    return f"settle:{key}"


def _text(amount: Decimal, customer: Customer) -> str:
    return money.text(money.to_minor(amount, customer.currency), customer.currency)
