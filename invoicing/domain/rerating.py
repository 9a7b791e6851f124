"""Posted calls rated again by what holds for their moment now: only the difference is posted, once, and it climbs (semantics 5, 18, reliability 22).

A call keeps its customer and its kind: one to a line of the reseller stays free, an incoming or unanswered one too. One for which nothing can be found
now keeps its price, and so does one whose invoice line was credited or written off; credited at the parent, it keeps what it costs. A call that waits
at the parent is left to the parent's queue. Money that a document has taken stays there: the difference goes to the next one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import ngettext

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.jobs import outbox
from billing_portal.kernel import money
from billing_portal.kernel.period import local_date
from billing_portal.tenancy.models import new_id
from customers.domain import ledger, spending, standing
from customers.domain.ledger import Posting
from customers.models import Customer, Kind
from invoicing.domain import buying, closed_above, margins, parties, posted, price_changes, rating_batch, records
from invoicing.domain.buying import Bought, Purchase
from invoicing.domain.price_changes import Finding
from invoicing.domain.rating_batch import Outcome
from invoicing.models import Call, CallBatch, CallKey, WaitingCall
from invoicing.queries import billed

CLIMB, TELL_BELOW = "calls.difference_climbs", "calls.difference_below"
ZERO = Decimal(0)


@dataclass(frozen=True)
class Named:
    """Which posted calls are meant: moments and ids of the calls of these customers, so that each is found in its month by an index."""

    customers: Sequence[UUID]
    calls: Sequence[tuple[datetime, UUID]]

    @classmethod
    def of(cls, found: Iterable[Call]) -> Named:
        rows = list(found)
        return cls(sorted({call.customer_id for call in rows}), [(call.at, call.id) for call in rows])

    def rows(self) -> list[Call]:
        """The calls as they are now, in the order of their keys."""
        moments, ids = {at for at, _id in self.calls}, [id_ for _at, id_ in self.calls]
        return list(Call.objects.filter(customer_id__in=self.customers, at__in=moments, id__in=ids).order_by("key_id"))


@dataclass(frozen=True)
class RatedAgain:
    """How many calls have another price or buy price now, and how many have not."""

    changed: int = 0
    same: int = 0


@transaction.atomic
def rate_again(named: Named, attempt: UUID, *, actor: Actor, at: datetime) -> RatedAgain:
    """Rate these posted calls again and post the differences, one movement for each call whose price changed; repeated it finds nothing to do.

    A margin that was empty for want of an exchange rate is there when there is one now.
    """
    standing.lock_many(named.customers)
    found = look(named)
    changed = apply(found, attempt, actor=actor, at=at)
    margins.fill([(each.call.at, each.call.id) for each in found if each.call.margin_rate is None])
    return RatedAgain(changed, len(named.calls) - sum(each.is_changed for each in found))


def look(named: Named) -> list[Finding]:
    """What these calls should cost by what holds now for their moments, at this level and at the parent; nothing is written. Needs a transaction."""
    calls = ratable(named.rows())
    keys = CallKey.objects.in_bulk([call.key_id for call in calls])
    owners = Customer.objects.in_bulk(list({call.customer_id for call in calls}))
    outcomes = [posted.outcome_of(call, keys[call.key_id], owners[call.customer_id]) for call in calls]
    rating_batch.price(outcomes)
    rated = [(call.key_id, outcome) for call, outcome in zip(calls, outcomes, strict=True) if not outcome.reason]
    purchase, kept = closed_above.split(buying.of(rated), calls)
    closed = billed.closed_calls(calls)
    found = [
        Finding(call, keys[call.key_id], owners[call.customer_id], reason=str(closed.get(call.key_id, "")), cost_stays=call.key_id in kept) for call in calls
    ]
    return [_compared(each, outcome, purchase) for each, outcome in zip(found, outcomes, strict=True)]


def ratable(calls: Iterable[Call]) -> list[Call]:
    """Answered calls to numbers. One with seconds and without a plan was to a line or has no price; one without either may have been."""
    answered = [call for call in calls if call.direction == records.OUT and call.answered_at is not None]
    unclear = [call for call in answered if call.plan_id is None and call.seconds == 0]
    lines = parties.lines_called(call.number for call in unclear)
    open_ = _without_price(call.key_id for call in unclear)
    return [call for call in answered if call.plan_id is not None or (call.seconds == 0 and not lines.are_free(call.number) and call.key_id not in open_)]


def _without_price(keys: Iterable[UUID]) -> set[UUID]:
    """Which of these keys are of calls that wait for their price or were set aside."""
    rows = WaitingCall.objects.filter(key__in=list(keys)).exclude(state=WaitingCall.State.RATED).exclude(reason=WaitingCall.Reason.CONFLICT)
    return set(rows.values_list("key_id", flat=True))


def price_first(rated: Iterable[tuple[Call, CallKey, Outcome]], *, actor: Actor, at: datetime) -> None:
    """Give calls that climbed while they waited their price, as the difference from nothing; what they cost stays. The caller holds the standings.

    A margin that was empty for want of an exchange rate is there when there is one now.
    """
    found = []
    for call, key, outcome in rated:
        numbers: dict[str, Any] = {"price_number": _next(call), "buy_number": call.buy_number, "margin_rate": call.margin_rate}
        if outcome.customer is not None:
            found.append(Finding(call, key, outcome.customer, outcome, **numbers))
    apply(found, new_id(), actor=actor, at=at)
    margins.fill([(each.call.at, each.call.id) for each in found if each.call.margin_rate is None])


def _next(call: Call) -> int:
    """The number of a price that this level sets now: even ones are its own."""
    return call.price_number + 2 - call.price_number % 2


def _compared(found: Finding, outcome: Outcome, purchase: Purchase) -> Finding:
    """What is new about the call; this level sets even numbers on its prices, and odd ones on what it buys."""
    call = found.call
    if outcome.reason:
        return replace(found, reason=outcome.reason, price_number=call.price_number, buy_number=call.buy_number)
    if outcome.price == call.price:
        found = replace(found, reason="")
    price = outcome if outcome.price != call.price and not found.reason else None
    number = _next(call) if price else call.price_number
    return with_cost(replace(found, outcome=price, price_number=number), purchase)


def with_cost(found: Finding, purchase: Purchase) -> Finding:
    """With the buy price where it is another one now, and the rate that leads to it from the price."""
    call, bought = found.call, _bought(found.call, purchase)
    number = call.buy_number + 1 + call.buy_number % 2 if bought else call.buy_number
    return replace(found, bought=bought, buy_number=number, margin_rate=_margin_rate(call, purchase))


def _margin_rate(call: Call, purchase: Purchase) -> Decimal | None:
    """That of now; where none is known any more the one the call has, unless it is bought in another currency now."""
    bought = purchase.prices.get(call.key_id)
    if bought is None or (bought.margin_rate is None and bought.currency == call.buy_currency):
        return call.margin_rate
    return bought.margin_rate


def _bought(call: Call, purchase: Purchase) -> Bought | None:
    """The buy price when it is another one. A call that climbs has one in its currency already; until then the parent's queue decides.

    At the parent too a call keeps its kind: whether it was to a line there was decided when it came. One without a second may have had no plan then.
    """
    bought = purchase.prices.get(call.key_id)
    if bought is None or bought.price is None or (bought.price, bought.currency) == (call.buy_price, call.buy_currency):
        return None
    is_free, was_free = posted.is_free_there(bought.inputs), posted.is_free_there(call.buy_inputs)
    if is_free != was_free and (is_free or call.seconds):
        return None
    climbed = call.buy_price is not None and call.buy_currency == bought.currency
    return bought if climbed or purchase.seller is None else None


def apply(found: Sequence[Finding], attempt: UUID, *, actor: Actor, at: datetime) -> int:
    """Post the differences, write the new prices and owe what follows at the other levels; how many calls changed.

    The key of a movement names the call and the number of its price, so none is posted twice. What is owed elsewhere is owed once for an `attempt`, so
    each transaction needs one of its own.
    """
    changed = [each for each in found if each.is_changed]
    if not changed:
        return 0
    moved = [each for each in changed if each.difference]
    transfers = ledger.post_many([_posting(each) for each in moved], at=at, actor=actor)
    price_changes.write(changed, {each.call.id: transfer for each, transfer in zip(moved, transfers, strict=True)}, attempt, actor=actor, at=at)
    batches = CallBatch.objects.in_bulk(list({each.call.batch_id for each in changed}))
    if moved:
        spending.note(_seen(moved, batches, at), at=at)
    _owe(changed, batches, attempt)
    _audit(changed, actor=actor, at=at)
    return len(changed)


def _posting(found: Finding) -> Posting:
    key = f"rated-again:{found.call.key_id}:{found.price_number}"
    return Posting(Kind.USAGE, found.customer, found.difference, key, found.call.at, about=("call", found.call.id))


def _seen(moved: Iterable[Finding], batches: Mapping[UUID, CallBatch], at: datetime) -> list[spending.Seen]:
    """Today's spending moves by the differences of calls of today that were posted today, in the customer's zone."""
    of_customer: dict[UUID, list[Finding]] = defaultdict(list)
    for each in moved:
        of_customer[each.customer.pk].append(each)
    seen = []
    for customer_id, theirs in sorted(of_customer.items()):
        zone = theirs[0].customer.time_zone
        today = local_date(at, zone)
        spent = sum(
            (each.difference for each in theirs if local_date(each.call.at, zone) == today == local_date(batches[each.call.batch_id].posted_at, zone)), ZERO
        )
        seen.append(spending.Seen(customer_id, max(each.call.at for each in theirs), today, spent))
    return seen


def _owe(changed: Sequence[Finding], batches: Mapping[UUID, CallBatch], attempt: UUID) -> None:
    """The way up for buy prices set here, the way down for prices set here of calls that came from below; where a price came from it is known already."""
    if any(each.bought and each.buy_number % 2 for each in changed) and buying.seller() is not None:
        outbox.add(CLIMB, {"attempt": str(attempt)}, key=f"difference-climbs:{attempt}")
    below = {batches[each.call.batch_id].child_schema for each in changed if each.outcome is not None and each.price_number % 2 == 0} - {""}
    for schema in sorted(below):
        outbox.add(TELL_BELOW, {"attempt": str(attempt), "child": schema}, key=f"difference-below:{attempt}:{schema}")


def _audit(changed: Iterable[Finding], *, actor: Actor, at: datetime) -> None:
    """One entry per customer: how many calls, and what they cost together before and after."""
    of_customer: dict[UUID, list[Finding]] = defaultdict(list)
    for each in changed:
        of_customer[each.customer.pk].append(each)
    for customer_id, theirs in sorted(of_customer.items()):
        customer = theirs[0].customer
        before, after = (money.text(money.to_minor(amount, customer.currency), customer.currency) for amount in _sums(theirs))
        note = ngettext("%(count)s call", "%(count)s calls", len(theirs)) % {"count": len(theirs)}
        subject = ("customer", customer_id, customer.name)
        audit.record(actor, "call.price_changed", subject=subject, customer_id=customer_id, changes={"amount": (before, after)}, note=note, at=at)


def _sums(theirs: Iterable[Finding]) -> tuple[Decimal, Decimal]:
    rows = list(theirs)
    return sum((each.call.price for each in rows), ZERO), sum((each.price for each in rows), ZERO)
