"""The one door for money: every movement is posted here, and the cached balances move in the same transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.kernel.errors import DomainError, require
from billing_portal.kernel.money import round_half_up
from billing_portal.tenancy import rows
from customers.domain import low_balance, standing
from customers.models import Account, AccountKind, BillingType, Customer, Kind, Transfer
from customers.models.ledger import CUSTOMER_ACCOUNTS

PLACES = 6

# The house account on the other side, and whether a positive amount is taken from the customer (semantics 5).
_OTHER_SIDE: dict[str, tuple[AccountKind, bool]] = {
    Kind.USAGE: (AccountKind.REVENUE, True),
    Kind.FEE: (AccountKind.REVENUE, True),
    Kind.CHARGE: (AccountKind.REVENUE, True),
    Kind.CREDIT: (AccountKind.REVENUE, False),
    Kind.TAX: (AccountKind.TAX_PAYABLE, True),
    Kind.ROUNDING: (AccountKind.ROUNDING, True),
    Kind.TOPUP: (AccountKind.CASH_CLEARING, False),
    Kind.VOUCHER: (AccountKind.VOUCHER_FLOAT, False),
    Kind.PAYMENT: (AccountKind.CASH_CLEARING, False),
    Kind.REFUND: (AccountKind.CASH_CLEARING, True),
    Kind.CHARGEBACK: (AccountKind.CASH_CLEARING, True),
    Kind.WRITE_OFF: (AccountKind.BAD_DEBT, False),
    Kind.ADJUSTMENT: (AccountKind.ADJUSTMENTS, False),
    Kind.OPENING: (AccountKind.OPENING, False),
    Kind.AFFILIATE: (AccountKind.AFFILIATE_EXPENSE, False),
    Kind.SETTLE: (AccountKind.RECEIVABLE, True),
}
_EITHER_WAY = {Kind.USAGE, Kind.TAX, Kind.ROUNDING, Kind.ADJUSTMENT, Kind.OPENING, Kind.SETTLE}
_ALWAYS_RECEIVABLE = {Kind.PAYMENT, Kind.WRITE_OFF, Kind.ROUNDING}
_ALWAYS_WALLET = {Kind.TOPUP, Kind.VOUCHER, Kind.SETTLE}

ACCOUNTS = """
    SELECT id, customer_id, kind, currency FROM customers_account WHERE customer_id = ANY (%s::uuid[])
    UNION ALL
    SELECT id, customer_id, kind, currency FROM customers_account WHERE customer_id IS NULL AND currency = ANY (%s)
"""


@dataclass(frozen=True)
class Posting:
    """One movement to be posted: `amount` in the customer's currency, six decimals, positive in the direction of semantics 5.

    Where the table says ↔ a negative amount goes the other way. `account` replaces the customer's account that the billing type decides;
    a top-up's tax part names `tax_payable`. `about` says what the movement is for.
    """

    kind: Kind
    customer: Customer
    amount: Decimal
    key: str
    occurred_at: datetime
    account: AccountKind | None = None
    note: str = ""
    about: tuple[str, UUID] | None = None


def account_of(kind: Kind, billing_type: str) -> AccountKind:
    """The customer's account that a movement of this kind touches, as the billing type decides at the moment of posting (semantics 1)."""
    if kind in _ALWAYS_RECEIVABLE:
        return AccountKind.RECEIVABLE
    if kind in _ALWAYS_WALLET:
        return AccountKind.WALLET
    return AccountKind.WALLET if billing_type == BillingType.PREPAID else AccountKind.RECEIVABLE


def post(
    kind: Kind,
    customer: Customer,
    amount: Decimal,
    *,
    at: datetime,
    actor: Actor,
    key: str,
    occurred_at: datetime | None = None,
    account: AccountKind | None = None,
    note: str = "",
    about: tuple[str, UUID] | None = None,
) -> Transfer:
    """Post one movement; the same key again answers with the movement that stands. Raises `key_reused` when it was another one."""
    posting = Posting(kind, customer, amount, key, occurred_at or at, account, note, about)
    known = Transfer.objects.filter(key=key).select_related("debit").first()
    if known is None:
        return post_many([posting], at=at, actor=actor)[0]
    from_customer = _OTHER_SIDE[kind][1] == (amount > 0)
    same_way = account is AccountKind.TAX_PAYABLE or from_customer == (known.debit.customer_id is not None)
    same = same_way and (known.customer_id, known.kind, known.amount) == (customer.pk, kind, abs(amount))
    require(same, "key_reused", _("This was posted before with other figures."))
    return known


@transaction.atomic
def post_many(postings: Sequence[Posting], *, at: datetime, actor: Actor) -> list[Transfer]:
    """Post many movements at once, balances included. Locks the customers' standings in key order; each posting's key must be new.

    Raises `amount_zero`, `amount_too_fine`, `wrong_direction`.
    """
    if not postings:
        return []
    customers = {posting.customer.pk: posting.customer for posting in postings}
    types = standing.lock_types(customers)
    accounts = _accounts(postings)
    transfers = []
    for posting in postings:
        _check(posting)
        touched = posting.account or account_of(posting.kind, types[posting.customer.pk])
        transfers.append(_transfer(posting, touched, accounts, at=at, actor=actor))
    _move(transfers, accounts)
    rows.insert(transfers)
    low_balance.watch(customers, at=at)
    return transfers


def reverse(transfer: Transfer, *, at: datetime, actor: Actor, key: str, note: str) -> Transfer:
    """Answer a movement by its mirror, once; the original stays. Raises `already_reversed`."""
    with transaction.atomic():
        standing.lock(transfer.customer)
        require(not Transfer.objects.filter(reverses=transfer).exists(), "already_reversed", _("This movement was taken back before."))
        mirror = Transfer(
            customer=transfer.customer,
            debit=transfer.credit,
            credit=transfer.debit,
            currency=transfer.currency,
            amount=transfer.amount,
            kind=transfer.kind,
            occurred_at=at,
            posted_at=at,
            key=key,
            note=note,
            about_kind=transfer.about_kind,
            about_id=transfer.about_id,
            reverses=transfer,
            **_by(actor),
        )
        _move([mirror], _found([transfer.customer_id], []))
        mirror.save(force_insert=True)
        low_balance.watch([transfer.customer_id], at=at)
    return mirror


def _check(posting: Posting) -> None:
    if posting.amount == 0:
        raise DomainError("amount_zero", _("A movement of 0 is none."))
    if posting.amount != round_half_up(posting.amount, PLACES):
        raise DomainError("amount_too_fine", _("Amounts have at most six decimals."))
    if posting.amount < 0 and posting.kind not in _EITHER_WAY:
        raise DomainError("wrong_direction", _("This kind of movement goes one way only."))


@dataclass(frozen=True)
class _Accounts:
    """The ids of the accounts that postings touch: customers' own by customer and kind, house accounts by kind and currency."""

    own: dict[tuple[UUID, str], UUID]
    house: dict[tuple[str, str], UUID]


def _accounts(postings: Sequence[Posting]) -> _Accounts:
    """What these postings touch. House accounts are made on first use; their balance is summed on demand, so they are never a hot row."""
    wanted = {(_OTHER_SIDE[posting.kind][0], posting.customer.currency) for posting in postings}
    wanted |= {(posting.account, posting.customer.currency) for posting in postings if posting.account}
    wanted = {pair for pair in wanted if pair[0] not in CUSTOMER_ACCOUNTS}
    customers, currencies = {posting.customer.pk for posting in postings}, {currency for _kind, currency in wanted}
    known = _found(customers, currencies)
    missing = sorted(wanted - known.house.keys())
    if not missing:
        return known
    Account.objects.bulk_create([Account(kind=kind, currency=currency) for kind, currency in missing], ignore_conflicts=True)
    return _found(customers, currencies)


def _found(customers: Iterable[UUID], currencies: Iterable[str]) -> _Accounts:
    with connection.cursor() as cursor:
        cursor.execute(ACCOUNTS, [list(customers), list(currencies)])
        found = cursor.fetchall()
    own = {(customer, kind): id_ for id_, customer, kind, _currency in found if customer is not None}
    return _Accounts(own, {(kind, currency): id_ for id_, customer, kind, currency in found if customer is None})


def _transfer(
    posting: Posting,
    touched: AccountKind,
    accounts: _Accounts,
    *,
    at: datetime,
    actor: Actor,
) -> Transfer:
    def account(kind: AccountKind) -> UUID:
        return accounts.own[posting.customer.pk, kind] if kind in CUSTOMER_ACCOUNTS else accounts.house[kind, posting.customer.currency]

    other, from_customer = _OTHER_SIDE[posting.kind]
    debit, credit = (touched, other) if from_customer == (posting.amount > 0) else (other, touched)
    about_kind, about_id = posting.about or ("", None)
    return Transfer(
        customer=posting.customer,
        debit_id=account(debit),
        credit_id=account(credit),
        currency=posting.customer.currency,
        amount=abs(posting.amount),
        kind=posting.kind,
        occurred_at=posting.occurred_at,
        posted_at=at,
        key=posting.key,
        note=posting.note,
        about_kind=about_kind,
        about_id=about_id,
        **_by(actor),
    )


def _by(actor: Actor) -> dict[str, object]:
    return {
        "actor_id": actor.user_id,
        "actor_name": actor.name,
        "actor_schema": actor.schema,
        "acted_for_id": actor.acted_for_id,
        "acted_for_name": actor.acted_for_name,
    }


def _move(transfers: Sequence[Transfer], accounts: _Accounts) -> None:
    """Move the cached balances by these new movements, and number them. Whoever calls holds the standings, so that numbers follow each other as what was
    seen of a customer did."""
    counts = Counter(transfer.customer_id for transfer in transfers)
    last = standing.move(counts, _deltas(transfers, accounts.own))
    for transfer in transfers:
        counts[transfer.customer_id] -= 1
        transfer.number = last[transfer.customer_id] - counts[transfer.customer_id]


def _deltas(transfers: Sequence[Transfer], own: dict[tuple[UUID, str], UUID]) -> dict[UUID, dict[str, Decimal]]:
    """What each customer's accounts gain (credits) and lose (debits)."""
    kinds = {account: kind for (_customer, kind), account in own.items()}
    deltas: dict[UUID, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for transfer in transfers:
        for account_id, amount in ((transfer.credit_id, transfer.amount), (transfer.debit_id, -transfer.amount)):
            if account_id in kinds:
                deltas[transfer.customer_id][kinds[account_id]] += amount
    return deltas
