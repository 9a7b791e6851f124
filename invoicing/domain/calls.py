"""Calls come in: each is rated once, posted once, or waits with a reason; the price of each can be told from its own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import switches
from billing_portal.accounts.models import Switch
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from billing_portal.tenancy.models import new_id
from invoicing.domain import answers, buying, keys, posting, rating_batch, records
from invoicing.domain.answers import Answer
from invoicing.domain.keys import Key, Name
from invoicing.domain.rating_batch import Outcome
from invoicing.domain.records import CallRecord
from invoicing.models import Call, CallBatch, CallKey, WaitingCall
from rateplans.domain import rating
from rateplans.domain.rating import Rate, Step

AT_ONCE = 10_000


@transaction.atomic
def ingest(batch: Sequence[CallRecord], *, switch: Switch, source: str, actor: Actor, at: datetime) -> list[Answer]:
    """Take records in, one answer each, in order (contracts, Calls). A repeated one changes nothing; the same key with other content is a conflict.

    All or nothing, at most 10,000. Raises `too_many_records`, `switch_below`.
    """
    switches.require_own(switch)
    require(len(batch) <= AT_ONCE, "too_many_records", _("At most 10,000 records at once."))
    if not batch:
        return []
    outcomes = rating_batch.rate(batch, until=records.latest(at))
    prints = [records.fingerprint(record) for record in batch]
    given = [answers.of(outcome) for outcome in outcomes]
    first: dict[Name, int] = {}
    for index, record in enumerate(batch):
        first.setdefault(record.key, index)
    stored = CallBatch(switch=switch, source=source, posted_at=at, actor_name=actor.name)
    held = keys.claim(switch, stored.pk, {name: (prints[index], given[index]) for name, index in first.items()}, at=at)
    new = [(held[name], outcomes[index]) for name, index in first.items() if held[name].fresh]
    others = [(held[record.key], index) for index, record in enumerate(batch) if prints[index] != held[record.key].record_hash]
    _write(stored, new, [(key, outcomes[index], prints[index]) for key, index in others], actor=actor, at=at)
    return [_told(held[record.key], prints[index], first[record.key] == index) for index, record in enumerate(batch)]


def enter(batch: CallBatch, outcomes: Sequence[Outcome], *, actor: Actor, at: datetime) -> None:
    """Take in what a reseller below has priced already: each once, posted at that price or waiting for its reason. Repeats leave no trace.

    Raises `key_taken` when a key is held by anything but this very batch: nothing of it is posted then, and its calls stay in flight (reliability 4).
    """
    asked = {outcome.record.key: (records.fingerprint(outcome.record), answers.of(outcome)) for outcome in outcomes}
    held = keys.claim(batch.switch, batch.pk, asked, at=at)
    taken = CallKey.objects.filter(pk__in=[key.id for key in held.values() if not key.fresh]).exclude(batch__child_batch_id=batch.child_batch_id)
    require(not taken.exists(), "key_taken", _("Calls of %(switch)s were taken in from elsewhere.") % {"switch": batch.switch.name})
    new = [(held[outcome.record.key], outcome) for outcome in outcomes if held[outcome.record.key].fresh]
    _write(batch, new, [], actor=actor, at=at)


def _told(key: Key, print_: str, is_first: bool) -> Answer:
    if print_ != key.record_hash:
        return answers.conflict(key.answer.call_id, key.answer.leg)
    return key.answer if key.fresh and is_first else key.answer.again()


def _write(batch: CallBatch, new: Sequence[tuple[Key, Outcome]], conflicts: Sequence[tuple[Key, Outcome, str]], *, actor: Actor, at: datetime) -> None:
    """Store the batch with what is new in it. A batch of repeats leaves no trace; nor does a conflict that waits already."""
    if not new and not conflicts:
        return
    batch.save(force_insert=True)
    posting.post(batch, [(key.id, outcome) for key, outcome in new if not outcome.reason] + _ahead(batch, new), actor=actor, at=at)
    waiting = [_waiting(batch, key.id, outcome, key.record_hash, outcome.reason, at) for key, outcome in new if outcome.reason]
    waiting += [_waiting(batch, key.id, outcome, print_, WaitingCall.Reason.CONFLICT, at) for key, outcome, print_ in conflicts]
    waiting.sort(key=lambda row: (row.key_id, row.record_hash))
    WaitingCall.objects.bulk_create(waiting, ignore_conflicts=True)


def _ahead(batch: CallBatch, new: Sequence[tuple[Key, Outcome]]) -> list[tuple[UUID, Outcome]]:
    """What waits for its price here alone, at nothing, where it climbs: the level above is owed for it whatever becomes of it here (semantics 23)."""
    waits = [(key.id, outcome.without_price()) for key, outcome in new if outcome.waits_for_its_price]
    return waits if waits and not batch.child_schema and buying.seller() is not None else []


def _waiting(batch: CallBatch, key_id: UUID, outcome: Outcome, record_hash: str, reason: str, at: datetime) -> WaitingCall:
    is_conflict = reason == WaitingCall.Reason.CONFLICT
    return WaitingCall(
        id=new_id(),
        created_at=at,
        batch=batch,
        key_id=key_id,
        customer=outcome.customer,
        reason=reason,
        detail="" if is_conflict else outcome.detail,
        record=records.to_json(outcome.record),
        record_hash=record_hash,
        at=outcome.at,
    )


def explain(call: Call, origin: tuple[Step, ...] = ()) -> tuple[Step, ...]:
    """The reason of a call's price, computed again from the numbers kept with it by the function that rated it (complaint 20).

    `origin` tells how an inherited rate was made (`rate_origins.of`): for those who may see margins.
    """
    free = _free_of_charge(call)
    if free is not None:
        return (free, Step("price", _("Price"), money.plain(call.price)))
    rate = Rate(
        call.prefix,
        call.destination,
        call.per_minute,
        call.connection_charge,
        call.initial_increment,
        call.increment,
        call.included_seconds,
        call.minimum,
    )
    priced = rating.price_call(
        rate,
        answered=call.answered_at is not None,
        seconds=call.seconds,
        precision=call.precision,
        exchange_rate=call.exchange_rate,
        charge_connection_at_zero=call.price > 0,
        origin=origin,
    )
    return priced.steps


def _free_of_charge(call: Call) -> Step | None:
    """Why a call costs nothing although no rate was asked."""
    if call.direction == records.IN:
        return Step("incoming", _("An incoming call: free of charge"), "0")
    if call.prefix:
        return None
    if call.answered_at is None:
        return Step("free", _("Not answered: free of charge"), "0")
    if call.seconds == 0:
        return Step("free", _("Answered, but no second talked: free of charge"), "0")
    if call.buy_currency:
        return Step("not_billed", _("No price here: it waits for one, was set aside, or went to a line of the same company"), "0")
    return Step("on_net", _("A call to a line of the same company: free of charge"), "0")
