"""Write rated calls: one transfer per customer, account and local date of a batch, and the calls by one COPY (semantics 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from billing_portal.accounts.actor import Actor
from billing_portal.jobs import outbox
from billing_portal.kernel import period
from customers.domain import ledger, spending, standing
from customers.domain.ledger import Posting
from customers.models import AccountKind, Customer, Kind, Transfer
from invoicing.domain import buying, call_rows
from invoicing.domain.buying import Bought, Purchase
from invoicing.domain.rating_batch import Outcome
from invoicing.models import CallBatch

ZERO = Decimal(0)
CLIMB, BUY_PRICE = "calls.climb", "calls.buy_price"


@dataclass(slots=True)
class Day:
    """The calls of one customer on one local date: their sum in the customer's currency, and when the first of them was."""

    customer: Customer
    on: date
    first: datetime
    last: datetime
    total: Decimal = ZERO
    calls: list[tuple[UUID, Outcome]] = field(default_factory=list)


def post(batch: CallBatch, rated: Sequence[tuple[UUID, Outcome]], *, actor: Actor, at: datetime) -> None:
    """Post the rated calls of a batch, each with the id of its key. Days that cost nothing move nothing, and their calls name no transfer.

    Each call is stored with what it costs this reseller; a batch of calls that climb owes its climb (semantics 23, 25).
    """
    days = _days(rated)
    if not days:
        return
    types = standing.lock_types({day.customer.pk for day in days})
    purchase = buying.of(rated)
    accounts = {customer_id: ledger.account_of(Kind.USAGE, type_) for customer_id, type_ in types.items()}
    charged = [day for day in days if day.total]
    transfers = ledger.post_many([_posting(batch, day, accounts[day.customer.pk]) for day in charged], at=at, actor=actor)
    named: dict[tuple[UUID, date], Transfer] = {(day.customer.pk, day.on): transfer for day, transfer in zip(charged, transfers, strict=True)}
    call_rows.copy(_rows(batch, days, named, purchase.prices))
    spending.note(_seen(days, at), at=at)
    _owe(batch, purchase)


def _owe(batch: CallBatch, purchase: Purchase) -> None:
    """What follows in other schemas is owed in the same transaction: the climb, and the price for a call that a reseller below has waited for."""
    if purchase.seller is not None:
        outbox.add(CLIMB, {"batch": str(batch.pk)}, key=f"climb:{batch.pk}")
    if batch.child_schema and batch.source == CallBatch.Source.RATED_AGAIN:
        outbox.add(BUY_PRICE, {"batch": str(batch.pk)}, key=f"buy-price:{batch.pk}")


def _days(rated: Sequence[tuple[UUID, Outcome]]) -> list[Day]:
    days: dict[tuple[UUID, date], Day] = {}
    for key_id, outcome in rated:
        customer, moment = outcome.customer, outcome.at
        if customer is None or moment is None:
            continue
        on = period.local_date(moment, customer.time_zone)
        day = days.get((customer.pk, on))
        if day is None:
            day = days[customer.pk, on] = Day(customer, on, moment, moment)
        day.first, day.last = min(day.first, moment), max(day.last, moment)
        day.total += outcome.price
        day.calls.append((key_id, outcome))
    return [days[key] for key in sorted(days)]


def _posting(batch: CallBatch, day: Day, account: AccountKind) -> Posting:
    key = f"usage:{batch.pk}:{day.customer.pk}:{account.value}:{day.on}"
    return Posting(Kind.USAGE, day.customer, day.total, key, day.first, account, about=("batch", batch.pk))


def _rows(batch: CallBatch, days: Iterable[Day], named: dict[tuple[UUID, date], Transfer], costs: Mapping[UUID, Bought]) -> Iterable[str]:
    for day in days:
        transfer = named.get((day.customer.pk, day.on))
        for key_id, outcome in day.calls:
            named_by = transfer.pk if transfer and not outcome.has_no_price else None
            yield call_rows.row(outcome, day.customer, key_id, batch.pk, named_by, costs.get(key_id))


def _seen(days: Iterable[Day], at: datetime) -> list[spending.Seen]:
    of_customer: dict[UUID, list[Day]] = defaultdict(list)
    for day in days:
        of_customer[day.customer.pk].append(day)
    found = []
    for customer_id, theirs in sorted(of_customer.items()):
        today = period.local_date(at, theirs[0].customer.time_zone)
        spent = sum((day.total for day in theirs if day.on == today), ZERO)
        found.append(spending.Seen(customer_id, max(day.last for day in theirs), today, spent))
    return found
