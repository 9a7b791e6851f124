"""Open, lock and move the one row that says what a customer has and may do."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from billing_portal.kernel.errors import require
from customers.models import Account, AccountKind, Customer, Standing
from customers.models.ledger import CUSTOMER_ACCOUNTS

MOVE = """
    UPDATE customers_standing AS standing
       SET wallet = standing.wallet + moved.wallet, receivable = standing.receivable + moved.receivable, movements = standing.movements + moved.movements
      FROM (SELECT unnest(%s::uuid[]) AS customer_id, unnest(%s::bigint[]) AS movements,
                   unnest(%s::numeric[]) AS wallet, unnest(%s::numeric[]) AS receivable) AS moved
     WHERE standing.customer_id = moved.customer_id
 RETURNING standing.customer_id, standing.movements
"""

LOCK = "SELECT customer_id, billing_type FROM customers_standing WHERE customer_id = ANY (%s::uuid[]) ORDER BY customer_id FOR UPDATE"


def open_for(customer: Customer) -> Standing:
    """Give a new customer its standing and its two ledger accounts, both empty, in its currency (semantics 1)."""
    Account.objects.bulk_create([Account(customer=customer, kind=kind, currency=customer.currency) for kind in CUSTOMER_ACCOUNTS])
    return Standing.objects.create(customer=customer, billing_type=customer.billing_type)


def lock(customer: Customer) -> Standing:
    """The customer's standing, locked until the transaction ends; taken before anything of the customer is decided."""
    return Standing.objects.select_for_update().get(customer_id=customer.pk)


def lock_many(customer_ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """The standings of many, locked in key order in one statement of its own, so that batches cannot deadlock."""
    rows = Standing.objects.select_for_update().filter(customer_id__in=set(customer_ids)).order_by("customer_id")
    return {row.customer_id: row for row in rows}


def lock_types(customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Lock as `lock_many` does, and answer how each customer pays: all that a posting must know."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [list(set(customer_ids))])
        return dict(cursor.fetchall())


def hold_all() -> None:
    """Wait for whoever posts in the schema in force, and let nobody begin until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE customers_standing IN EXCLUSIVE MODE")


def require_free(row: Standing, amount: Decimal) -> None:
    """What live calls hold cannot leave: refused while something is held and less than it would be left (reliability 12). Raises `held`."""
    available = row.available
    free = row.held == 0 or available is None or available >= amount
    require(free, "held", _("Calls in progress hold a part of this. Try again when they have ended."), "amount")


def move(counts: Mapping[UUID, int], deltas: Mapping[UUID, Mapping[str, Decimal]]) -> dict[UUID, int]:
    """Count so many movements more of each customer and add to its cached balances, {account kind: amount}; how many it has by then.

    In the caller's own transaction, which holds the standings; only the ledger calls this.
    """
    ids = sorted(counts)
    columns = [[deltas.get(customer_id, {}).get(kind, Decimal(0)) for customer_id in ids] for kind in (AccountKind.WALLET, AccountKind.RECEIVABLE)]
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [ids, [counts[customer_id] for customer_id in ids], *columns])
        return dict(cursor.fetchall())
