"""Which low balances need another automatic top-up: asked after every posting, and by the sweeper for what a lost job missed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef

from billing_portal.jobs import outbox
from customers.domain import daily_limit, low_balance, standing
from customers.models import Lock, Standing
from invoicing.domain import episodes, topups
from invoicing.models import LowBalanceEpisode

WANTING = f"""
    SELECT standing.customer_id, standing.low_episode, count(request.id) + 1
      FROM customers_standing AS standing
      JOIN customers_customer AS customer ON customer.id = standing.customer_id
      LEFT JOIN invoicing_lowbalanceepisode AS episode ON episode.customer_id = customer.id AND episode.number = standing.low_episode
      LEFT JOIN invoicing_topuprequest AS request ON request.episode_id = episode.id
     WHERE (standing.customer_id = ANY(%s::uuid[]) OR %s) AND standing.low_since IS NOT NULL AND customer.topup <> 'off' AND NOT customer.topup_parked
       AND {low_balance.LEFT} < coalesce(customer.topup_threshold, standing.low_threshold)
       AND NOT EXISTS (SELECT FROM customers_lock AS lock WHERE lock.customer_id = customer.id AND lock.reason = 'fraud' AND lock.lifted_at IS NULL)
       AND NOT EXISTS (SELECT FROM invoicing_topuprequest AS open WHERE open.customer_id = customer.id AND open.state IN ('pending', 'processing'))
     GROUP BY standing.customer_id, standing.low_episode
    HAVING count(request.id) FILTER (WHERE request.state = 'rejected') = 0
"""


def after_posting(customer_ids: Collection[UUID], at: datetime) -> None:
    """Owe the next attempt of those who are low and wait for nothing: at once as the balance falls, after a top-up that did not suffice."""
    for customer_id, episode, attempt in _wanting(customer_ids):
        outbox.add("low_balance.topup", {"customer": str(customer_id)}, key=f"low-topup:{customer_id}:{episode}:{attempt}")


def sweep(*, at: datetime) -> None:
    """Do what postings and jobs should have done, for every customer of this reseller: begin, end, warn again, top up, let go of yesterday's limit."""
    low_balance.find_missed(at=at)
    for customer_id, number in _without_episode():
        topups.begin_episode(customer_id, number, at=at)
    for episode in LowBalanceEpisode.objects.filter(ended_at=None).exclude(
        customer__standing__low_episode=F("number"), customer__standing__low_since__isnull=False
    ):
        episodes.end(episode.customer_id, episode.number, at=at)
    for episode in LowBalanceEpisode.objects.filter(ended_at=None, warned_at__isnull=False, customer__low_balance_repeat_days__gt=0):
        episodes.remind(episode.pk, episode.warnings + 1, at=at)
    for customer_id, _number, _attempt in _wanting(None):
        topups.attempt(customer_id, at=at)
    _review_limits(at)


def _wanting(customer_ids: Collection[UUID] | None) -> list[tuple[UUID, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(WANTING, [list(customer_ids or []), customer_ids is None])
        return list(cursor.fetchall())


def _without_episode() -> list[tuple[UUID, int]]:
    known = LowBalanceEpisode.objects.filter(customer_id=OuterRef("customer_id"), number=OuterRef("low_episode"))
    low = Standing.objects.filter(low_since__isnull=False).exclude(Exists(known))
    return list(low.values_list("customer_id", "low_episode"))


@transaction.atomic
def _review_limits(at: datetime) -> None:
    """Daily locks whose midnight has passed."""
    past = Lock.objects.filter(reason=Lock.Reason.DAILY_LIMIT, lifted_at=None, until__lte=at)
    ids = list(past.values_list("customer_id", flat=True))
    if ids:
        standing.lock_many(ids)
        daily_limit.review(ids, at=at)
