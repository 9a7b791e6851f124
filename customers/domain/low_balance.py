"""Notice in the posting's own transaction that what is left to spend fell through the customer's threshold, or came back (semantics 28)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing_portal.jobs import outbox
from billing_portal.kernel.errors import require
from customers.domain import standing
from customers.models import Customer, Standing

StillLow = Callable[[Collection[UUID], datetime], None]
_still_low: list[StillLow] = []

LEFT = """(CASE standing.billing_type WHEN 'prepaid' THEN standing.wallet ELSE standing.wallet + standing.receivable END
           + standing.credit_limit + standing.raise_amount)"""
"""What is left to spend, holds not counted: may spend plus a temporary raise, in the customer's currency."""

LOW = f"(NOT standing.credit_unlimited AND standing.low_threshold > 0 AND {LEFT} < standing.low_threshold)"
CROSSED = f"{LOW} <> (standing.low_since IS NOT NULL)"

CROSS = f"""
    UPDATE customers_standing AS standing
       SET low_episode = standing.low_episode + CASE WHEN standing.low_since IS NULL THEN 1 ELSE 0 END,
           low_since = CASE WHEN standing.low_since IS NULL THEN %s::timestamptz END
     WHERE standing.customer_id = ANY(%s::uuid[]) AND {CROSSED}
    RETURNING standing.customer_id, standing.low_episode, standing.low_since IS NOT NULL
"""
MISSED = f"SELECT standing.customer_id FROM customers_standing AS standing WHERE {CROSSED}"


def watch(customer_ids: Iterable[UUID], *, at: datetime) -> None:
    """Begin or end the low balance of these customers after their money or their settings changed; the rest is owed to the outbox (E35).

    Only crossing the threshold begins one; unlimited credit and a threshold of 0.00 never do. The caller holds the standings' locks.
    """
    ids = sorted(set(customer_ids))
    with connection.cursor() as cursor:
        cursor.execute(CROSS, [at, ids])
        crossed = cursor.fetchall()
    for customer_id, number, is_low in crossed:
        if is_low:
            outbox.add("low_balance", {"customer": str(customer_id), "episode": number}, key=f"low:{customer_id}:{number}")
        else:
            over = {"customer": str(customer_id), "episode": number, "at": at.isoformat()}
            outbox.add("low_balance.over", over, key=f"low-over:{customer_id}:{number}")
    for still_low in _still_low:
        still_low(ids, at)


def left_to_spend(row: Standing) -> Decimal | None:
    """May spend plus a temporary raise, holds not counted, in the customer's currency; None without limit. What thresholds are compared with."""
    may_spend = row.may_spend
    return None if may_spend is None else may_spend + row.raise_amount


@transaction.atomic
def find_missed(*, at: datetime) -> None:
    """Begin and end what no posting did, for every customer of this reseller."""
    with connection.cursor() as cursor:
        cursor.execute(MISSED)
        ids = [row[0] for row in cursor.fetchall()]
    if ids:
        standing.lock_many(ids)
        watch(ids, at=at)


def register(still_low: StillLow) -> None:
    """Say at start-up what else depends on a low balance after each posting: top-ups live in a higher app."""
    if still_low not in _still_low:
        _still_low.append(still_low)


def check(customer: Customer) -> None:
    """Settings that fit each other: amounts of 0.00 or more, and a top-up that can lift the balance above where it begins (E36).

    Raises `threshold_negative`, `topup_amount_negative`, `topup_needs_threshold`, `topup_threshold_above`, `topup_amount_missing`, `topup_target_too_low`.
    """
    threshold, own = customer.low_balance_threshold, customer.topup_threshold
    require(threshold >= 0, "threshold_negative", _("Write an amount such as 50.00, or 0.00 for none."), "low_balance_threshold")
    require(customer.topup_amount >= 0, "topup_amount_negative", _("Write an amount such as 50.00, or leave it empty."), "topup_amount")
    require(customer.topup in Customer.TopUp.values, "topup_unknown", _("Choose how to top up."), "topup")
    if customer.topup == Customer.TopUp.OFF:
        return
    require(threshold > 0, "topup_needs_threshold", _("Write below which amount the balance is low; the top-up begins there."), "low_balance_threshold")
    lower = own is None or own <= threshold
    require(lower, "topup_threshold_above", _("The top-up may begin at the amount of the email or below it, not above."), "topup_threshold")
    require(customer.topup_amount > 0, "topup_amount_missing", _("Write an amount above 0.00."), "topup_amount")
    reaches = customer.topup == Customer.TopUp.FIXED or customer.topup_amount >= (threshold if own is None else own)
    require(reaches, "topup_target_too_low", _("The target must be as high as the amount at which the top-up begins."), "topup_amount")
