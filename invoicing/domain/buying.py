"""What calls cost this reseller: priced with the call by its own plan at its parent (semantics 23, 25), at the root by the cost plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django_tenants.utils import schema_context

from billing_portal.kernel import money
from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import Reseller
from customers.models import Customer
from invoicing.domain import parties, rating_batch
from invoicing.domain.rating_batch import Outcome
from invoicing.domain.records import CallRecord
from rateplans import queries as rateplans
from rateplans.domain import decks
from rateplans.domain.exchange import Conversion
from rateplans.domain.sources import Chain, Resolver
from rateplans.models import RatePlan

Rated = Sequence[tuple[UUID, Outcome]]


@dataclass(frozen=True)
class Seller:
    """The parent: its schema, and this reseller's row among its customers, which decides plan, currency and zone."""

    schema: str
    customer: Customer


@dataclass(frozen=True, slots=True)
class Bought:
    """What one call costs: `price` in `currency`, None where the parent has no price; `inputs` are the numbers it was made of, or why there is none.

    `margin_rate` is what one unit of the call's own price is in `currency` (semantics 20), None where no exchange rate is known.
    """

    currency: str
    price: Decimal | None
    inputs: Mapping[str, Any] | None = None
    margin_rate: Decimal | None = None


@dataclass(frozen=True)
class Purchase:
    """The costs of rated calls by their keys; with a seller the calls climb to it."""

    seller: Seller | None = None
    prices: Mapping[UUID, Bought] = field(default_factory=dict)


def seller() -> Seller | None:
    """Where the reseller whose schema is in force buys; None for the root, and while it is not yet a customer of its parent."""
    reseller = tenancy.current()
    if reseller.parent_id is None:
        return None
    schema = Reseller.objects.values_list("schema_name", flat=True).get(pk=reseller.parent_id)
    with schema_context(schema):
        customer = Customer.objects.filter(reseller_schema=reseller.schema_name).first()
    return Seller(schema, customer) if customer is not None else None


def of(rated: Rated) -> Purchase:
    """The costs of these calls at their own moments. A call that does not climb has none.

    The parent's schema is only read and nothing is locked there, so that whoever posts at one level waits for nobody at another (reliability 45).
    The caller holds the standings of this level: the parent changes what this reseller buys in only while nobody does.
    """
    chargeable = _climbing(rated)
    if not chargeable:
        return Purchase()
    parent = seller()
    if parent is None:
        return Purchase(None, _with_margin_rates(chargeable, _own_cost(chargeable)))
    asked = [record_for(parent, outcome) for _key, outcome in chargeable]
    with schema_context(parent.schema):
        priced = rating_batch.rate(asked, known_owners=[parent.customer.pk] * len(asked), lock=False)
    currency = parent.customer.currency
    bought = {key: _bought(outcome, currency) for (key, _outcome), outcome in zip(chargeable, priced, strict=True)}
    return Purchase(parent, _with_margin_rates(chargeable, bought))


def _with_margin_rates(rated: Rated, bought: Mapping[UUID, Bought]) -> dict[UUID, Bought]:
    """The costs with the rates that lead from the prices to them at the moments of the calls, by the exchange rates of the reseller in force."""
    conversion = Conversion()
    found = {}
    for key, outcome in rated:
        cost = bought.get(key)
        if cost is not None and outcome.customer is not None and outcome.at is not None:
            found[key] = replace(cost, margin_rate=conversion.rate(outcome.customer.currency, cost.currency, outcome.at))
    return found


def record_for(parent: Seller, outcome: Outcome) -> CallRecord:
    """The call as a record of this reseller's row at the parent: nothing of its own customer but the number shown."""
    own: dict[str, Any] = {"account": parent.customer.account_number, "line": "", "address": "", "to": outcome.number, "seconds": outcome.seconds, "extra": {}}
    return replace(outcome.record, **own)


def _climbing(rated: Rated) -> Rated:
    """Answered calls to numbers, whatever they cost here; one to a line of this reseller only if it is named like a number (semantics 21, 23)."""
    answered = [(key, outcome) for key, outcome in rated if outcome.is_answered]
    unclear = [(key, outcome) for key, outcome in answered if outcome.plan is None and outcome.seconds == 0]
    lines = parties.lines_called(outcome.number for _key, outcome in unclear)
    outside = {key for key, outcome in unclear if not lines.are_free(outcome.number)}
    return [(key, outcome) for key, outcome in answered if outcome.plan is not None or outcome.climbs_free or key in outside]


def _bought(outcome: Outcome, currency: str) -> Bought:
    if outcome.reason:
        return Bought(currency, None, {"reason": str(outcome.reason), "detail": outcome.detail})
    rate = outcome.rate
    inputs: dict[str, Any] = {
        "plan": str(outcome.plan.pk) if outcome.plan else None,
        "version": str(outcome.version.pk) if outcome.version else None,
        "rate": rate
        and [
            rate.prefix,
            rate.destination,
            str(rate.per_minute),
            str(rate.connection_charge),
            rate.initial_increment,
            rate.increment,
            rate.included_seconds,
            str(rate.minimum),
        ],
        "billed_seconds": outcome.billed_seconds,
        "net": str(outcome.net),
        "precision": outcome.precision,
        "exchange_rate": str(outcome.exchange_rate),
    }
    return Bought(currency, outcome.price, inputs)


def _own_cost(rated: Rated) -> dict[UUID, Bought]:
    """What carriers charge the root for these calls, by its cost plan and in that plan's currency; without one nothing, never zero (semantics 25)."""
    plan = rateplans.billing_terms().cost_plan
    if plan is None:
        return {}
    groups: dict[object, tuple[Chain, list[tuple[UUID, Outcome]]]] = {}
    resolver = Resolver([plan])
    for key, outcome in rated:
        chain = _chain(resolver, plan, outcome.at)
        if chain is not None:
            groups.setdefault(chain.key, (chain, []))[1].append((key, outcome))
    return {key: bought for chain, group in groups.values() for key, bought in _costs(plan, chain, group)}


def _chain(resolver: Resolver, plan: RatePlan, at: datetime | None) -> Chain | None:
    """The cost plan with all that it inherited then; None while it gave no prices."""
    try:
        return resolver.chain(plan, at) if at is not None else None
    except DomainError:
        return None


def _costs(plan: RatePlan, chain: Chain, group: Rated) -> Iterable[tuple[UUID, Bought]]:
    outcomes = [outcome for _key, outcome in group]
    priced = decks.deck_of_chain(chain).price_many(
        [outcome.number for outcome in outcomes],
        [True] * len(outcomes),
        [outcome.seconds for outcome in outcomes],
        chain.priced_by.precision,
        charge_connection_at_zero=chain.priced_by.charge_connection_at_zero,
    )
    for (key, _outcome), index, micro in zip(group, priced.rate.tolist(), priced.price_micro.tolist(), strict=True):
        if index >= 0 and micro < rating_batch.MOST.scaleb(money.MAX_PLACES):
            yield key, Bought(plan.currency, Decimal(micro).scaleb(-money.MAX_PLACES))
