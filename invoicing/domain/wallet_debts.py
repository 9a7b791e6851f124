"""What a wallet owes is put on the next invoice, so that it is asked for like any other debt (semantics 3)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from billing_portal.tenancy.models import new_id
from customers.domain import caps, ledger, once, standing
from customers.domain.ledger import Posting
from customers.models import AccountKind, Customer, Kind, Standing, Transfer
from invoicing.domain import overdue
from invoicing.queries import credits

HUNDRED = Decimal(100)
PREFIX = credits.WALLET_DEBT


@transaction.atomic
def bill(customer: Customer, owed: Decimal, *, actor: Actor, at: datetime, key: str) -> list[Transfer]:
    """Charge what the wallet owes on the receivable instead, to its last decimal: the wallet is at zero, and the next invoice asks for it.

    It is taxed as calls, as the top-up that would have paid it. `owed` is the debt that was seen, above 0; the same `key` again answers with what stands.
    Raises `key_reused`, `taken_back`, `no_debt`, `debt_moved` when it is another one by now, and above the actor's cap what
    `caps.require_amount` raises.
    """
    row = standing.lock(customer)
    beginning = f"{PREFIX}{key}:"
    known = list(Transfer.objects.filter(key__startswith=beginning).order_by("key"))
    once.same(beginning, customer.pk, owed, stands=bool(known))
    if known:
        once.require_standing(known[0])
        return known
    caps.require_amount(actor, owed, customer.currency, at=at)
    require(row.wallet < 0, "no_debt", _("The wallet owes nothing."))
    moved = _("The wallet owes %(amount)s by now. Look at it again, then put that on the next invoice.")
    require(row.wallet == -owed, "debt_moved", moved % {"amount": money.text(-row.wallet, customer.currency)})
    made = charge(customer, owed, beginning, actor=actor, at=at)
    overdue.refresh([customer.pk], at=at)
    return made


def charge(customer: Customer, owed: Decimal, beginning: str, *, actor: Actor, at: datetime) -> list[Transfer]:
    """Post so much of a debt on the receivable, and give it to the wallet; the keys begin as said. The caller holds the standing."""
    about, note = ("call", new_id()), _("Spent from the wallet beyond what was paid in")
    postings = [
        Posting(Kind.CHARGE, customer, owed, f"{beginning}0", at, AccountKind.RECEIVABLE, note, about),
        Posting(Kind.CREDIT, customer, owed, f"{beginning}1", at, AccountKind.WALLET, note, about),
    ]
    said = {"amount": ("", money.text(owed, customer.currency))}
    audit.record(actor, "wallet.debt_billed", subject=("customer", customer.pk, customer.name), customer_id=customer.pk, changes=said, at=at)
    return ledger.post_many(postings, at=at, actor=actor)


def to_pay(customer: Customer, row: Standing) -> Decimal:
    """What would have to be paid in for the wallet to owe nothing: the debt with the taxes of a top-up, in the minor unit; nothing without a debt."""
    debt = max(-row.wallet, Decimal(0))
    percent = sum((tax.percent for tax in customer.taxes.filter(on_calls=True)), Decimal(0))
    return money.divide_half_up(debt * (HUNDRED + percent), HUNDRED, money.minor_units(customer.currency))
