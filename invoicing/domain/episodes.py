"""A low balance from its beginning to its end: the customer is warned once, again every so many days if set, never twice (semantics 28, E35)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from billing_portal.jobs import outbox
from billing_portal.kernel import money
from billing_portal.mail import outgoing
from customers.domain import low_balance, standing
from customers.models import Standing
from invoicing.domain import own_pages, topup_rules
from invoicing.models import LowBalanceEpisode


@transaction.atomic
def begin(customer_id: UUID, number: int, *, at: datetime) -> LowBalanceEpisode | None:
    """The customer's episode of this number, written down and mailed on first sight. None when it is over already: then nobody needs a warning."""
    row = standing.lock_many([customer_id])[customer_id]
    left = low_balance.left_to_spend(row)
    if row.low_since is None or row.low_episode != number or left is None:
        return None
    LowBalanceEpisode.objects.filter(customer_id=customer_id, ended_at=None).exclude(number=number).update(ended_at=row.low_since)
    found = {"began_at": row.low_since, "threshold": row.low_threshold, "left_to_spend": left}
    episode, is_new = LowBalanceEpisode.objects.get_or_create(customer_id=customer_id, number=number, defaults=found)
    if is_new:
        _warn(episode, row, at=at)
    return episode


def end(customer_id: UUID, number: int, *, at: datetime) -> None:
    """The balance is back at the threshold or above it; `at` is when it came back."""
    LowBalanceEpisode.objects.filter(customer_id=customer_id, number__lte=number, ended_at=None).update(ended_at=at)


@transaction.atomic
def remind(episode_id: UUID, warning: int, *, at: datetime) -> None:
    """Warn again, for the `warning`-th time, if the episode is still open, repeats are still wanted and this one has not gone out."""
    customer_id = LowBalanceEpisode.objects.values_list("customer_id", flat=True).get(pk=episode_id)
    row = standing.lock_many([customer_id])[customer_id]
    episode = LowBalanceEpisode.objects.select_related("customer").get(pk=episode_id)
    days = episode.customer.low_balance_repeat_days
    is_open = episode.ended_at is None and row.low_since is not None and row.low_episode == episode.number
    if not is_open or not days or episode.warnings != warning - 1 or episode.warned_at is None:
        return
    due = episode.warned_at + timedelta(days=days)
    if due > at:
        _owe(episode, warning, due)
        return
    left = low_balance.left_to_spend(row)
    if left is not None:
        episode.left_to_spend = left
        _warn(episode, row, at=at)


def _warn(episode: LowBalanceEpisode, row: Standing, *, at: datetime) -> None:
    """One mail with the key of this warning, and the next one owed. Nothing when the customer wants no mail or has no address."""
    customer = episode.customer
    if not customer.low_balance_email or not customer.billing_email:
        return
    warning = episode.warnings + 1
    key = f"low-balance:{episode.pk}:{warning}"
    outgoing.send("low_balance", to=[customer.billing_email], context=_context(episode, row, at), key=key, about=("customer", customer.pk))
    LowBalanceEpisode.objects.filter(pk=episode.pk).update(warned_at=at, warnings=warning)
    if customer.low_balance_repeat_days:
        _owe(episode, warning + 1, at + timedelta(days=customer.low_balance_repeat_days))


def _owe(episode: LowBalanceEpisode, warning: int, due: datetime) -> None:
    key = f"low-repeat:{episode.pk}:{warning}:{due.isoformat()}"
    outbox.add("low_balance.repeat", {"episode": str(episode.pk), "warning": warning}, key=key, at=due)


def _context(episode: LowBalanceEpisode, row: Standing, at: datetime) -> dict[str, object]:
    customer = episode.customer
    return {
        "customer": customer,
        "left": _left(episode, customer.currency),
        "threshold": money.text(money.to_minor(episode.threshold, customer.currency), customer.currency),
        "outlook": topup_rules.outlook(customer, row, episode.left_to_spend, at),
        "address": own_pages.topups(customer),
    }


def _left(episode: LowBalanceEpisode, currency: str) -> str:
    """What is left in the minor unit, but exact where that would round it up to the threshold it is below."""
    rounded = money.to_minor(episode.left_to_spend, currency)
    return money.text(rounded if rounded < episode.threshold else episode.left_to_spend, currency)
