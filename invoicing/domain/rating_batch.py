"""Rate a batch of records: each becomes a priced call, or waits with a reason in words (semantics 18, 19, 21, 22)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from billing_portal.kernel import phone
from billing_portal.kernel.errors import DomainError
from customers.models import Customer
from invoicing.domain import parties, records
from invoicing.domain.parties import Parties
from invoicing.domain.records import CallRecord
from invoicing.domain.timelines import PlanHistory
from invoicing.models import WaitingCall
from rateplans.domain import decks
from rateplans.domain.exchange import Conversion
from rateplans.domain.rating import NET_PLACES, ONE, Rate
from rateplans.domain.sources import Chain
from rateplans.models import PlanVersion, RatePlan

Reason = WaitingCall.Reason
ZERO = Decimal(0)
PRECISION = 4
PRICE_PLACES = 6
MOST, MOST_NET = Decimal(10) ** 10, Decimal(10) ** 14
"""A price or net from here on waits: the columns hold no more, not ten thousand such prices in one movement."""
STOPPED = {Customer.Status.INACTIVE: Reason.INACTIVE, Customer.Status.CLOSED: Reason.CLOSED}
FOR_ITS_PRICE = {Reason.NO_RATE, Reason.NO_PLAN, Reason.NO_EXCHANGE_RATE, Reason.TOO_LARGE, *STOPPED.values()}
"""A record that waits for one of these is a call of a known customer to a number: only what it costs here is open."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """The line or the international number dialled, None when it is neither. A line may be named like a number, and is both then."""

    number: str | None
    on_net: bool
    is_outside: bool


@dataclass(slots=True)
class Outcome:
    """What became of a record: a price, or the reason why it waits. Amounts: `price` in the customer's currency, `net` in the plan's, unrounded.

    `chain` is the plan with all that it inherits at that moment; the numbers of `exchange_rate` are those stored with the call (semantics 20). A call to a
    line is free here: it `asks_rates` no more than one that came in. One that `climbs_free` has no price here either, and is paid for above all the same
    (semantics 23).
    """

    record: CallRecord
    customer: Customer | None = None
    reason: str = ""
    detail: str = ""
    at: datetime | None = None
    number: str = ""
    seconds: int = 0
    plan: RatePlan | None = None
    version: PlanVersion | None = None
    chain: Chain | None = None
    rate: Rate | None = None
    billed_seconds: int = 0
    net: Decimal = ZERO
    exchange_rate: Decimal = ONE
    precision: int = PRECISION
    price: Decimal = Decimal("0.0000")
    asks_rates: bool = False
    climbs_free: bool = False

    @property
    def is_free(self) -> bool:
        """Nothing is charged whatever the rates say: never answered, or no second talked on a plan that charges nothing for it."""
        at_zero = self.chain is not None and self.chain.priced_by.charge_connection_at_zero
        return self.record.answered_at is None or (self.seconds == 0 and not at_zero)

    @property
    def has_no_price(self) -> bool:
        """Whether it is posted at nothing although rates would be asked for it: it waits for its price here, or was set aside."""
        return self.climbs_free and self.asks_rates

    @property
    def waits_for_its_price(self) -> bool:
        """Whether only its price here is open, and the level above may be owed for it meanwhile."""
        return self.reason in FOR_ITS_PRICE and self.asks_rates and self.is_answered

    def without_price(self) -> Outcome:
        """The call at nothing, as it climbs."""
        return Outcome(self.record, self.customer, at=self.at, number=self.number, seconds=self.seconds, asks_rates=True, climbs_free=True)

    @property
    def is_free_for_certain(self) -> bool:
        """Nothing is charged on whatever plan: it came in, or nobody answered. Such a record never waits for what was dialled (complaint 18)."""
        return self.record.direction == records.IN or self.record.answered_at is None

    @property
    def is_answered(self) -> bool:
        """Whether somebody outside or here took a call that was made from here: what the level above may be owed for."""
        return self.record.direction == records.OUT and self.record.answered_at is not None

    def wait(self, reason: str, detail: str = "") -> Outcome:
        self.reason, self.detail = reason, detail[:300]
        return self


def rate(batch: Sequence[CallRecord], *, known_owners: Sequence[UUID | None] = (), until: datetime | None = None, lock: bool = True) -> list[Outcome]:
    """Find the customer and the price of each record, in order; nothing is written, but the customers' standings are locked until the transaction ends.

    A record whose customer is known already (`known_owners`, as in `parties.find`) stays that customer's.
    A record later than `until` has not happened yet and waits. `lock`: False where the prices are asked for only, and posted by somebody else.
    """
    outcomes = _found(batch, parties.find(batch, known_owners, lock=lock), until)
    price([each for each in outcomes if not each.reason and each.asks_rates])
    return outcomes


def give_away(batch: Sequence[CallRecord], owners: Sequence[UUID | None], *, until: datetime) -> list[Outcome]:
    """These records as calls that their customers are never billed for, in order; one waits still if it was answered by nobody outside (semantics 22, 23).

    One later than `until` has not happened yet.
    """
    outcomes = _found(batch, parties.find(batch, owners), until)
    for each in outcomes:
        if each.reason in STOPPED.values() and each.is_answered:
            each.reason = ""
        each.climbs_free = not each.reason and each.is_answered and each.asks_rates
    return outcomes


def _found(batch: Sequence[CallRecord], known: Parties, until: datetime | None) -> list[Outcome]:
    """Whose each record is and what was dialled, or why it waits; nothing is priced yet."""
    numbers: dict[str, Dialled] = {}
    return [_outcome(record, customer, known, numbers, until) for record, customer in zip(batch, known.of_each(), strict=True)]


def price(outcomes: Iterable[Outcome]) -> None:
    """Price outgoing calls to numbers of known customers by what holds now for their moment, or say why each has no price (semantics 18, 19)."""
    asked = list(outcomes)
    history = PlanHistory({each.customer.pk for each in asked if each.customer is not None})
    groups: dict[tuple[object, Decimal], list[Outcome]] = defaultdict(list)
    conversion = Conversion()
    for outcome in asked:
        _put_on_plan(outcome, history, conversion)
        if outcome.chain is not None:
            groups[outcome.chain.key, outcome.exchange_rate].append(outcome)
    for group in groups.values():
        _price(group)


def _outcome(record: CallRecord, customer: Customer | None, known: Parties, numbers: dict[str, Dialled], until: datetime | None) -> Outcome:
    outcome = Outcome(record)
    problem = records.problem_of(record, until)
    if problem:
        return outcome.wait(Reason.BAD_RECORD, problem)
    outcome.at, outcome.seconds = records.moment(record), records.talked(record)
    outcome.customer = customer
    if customer is None:
        return outcome.wait(Reason.UNKNOWN_CUSTOMER, _named(record, known))
    if record.to not in numbers:
        numbers[record.to] = _dialled(record.to, known)
    dialled = numbers[record.to]
    outcome.number = dialled.number or record.to
    outcome.asks_rates = record.direction == records.OUT and dialled.is_outside and not dialled.on_net
    outcome.climbs_free = outcome.is_answered and dialled.is_outside and dialled.on_net
    if dialled.number is None and not outcome.is_free_for_certain:
        return outcome.wait(Reason.INVALID_NUMBER, _doubtful(record.to, known))
    return outcome.wait(STOPPED[Customer.Status(customer.status)]) if customer.status in STOPPED else outcome


def _named(record: CallRecord, known: Parties) -> str:
    """What the record named in vain."""
    what = _("account %(name)s") if record.account else _("line %(name)s") if record.line else _("address %(name)s")
    named, several = what % {"name": record.account or record.line or record.address}, known.that_have(record)
    if several:
        return named + _(", which these customers have: %(names)s") % {"names": known.in_words(several)}
    before = known.that_had(record)
    return named + (_(", which %(names)s gave up before") % {"names": known.in_words(before)} if before else "")


def _doubtful(to: str, known: Parties) -> str:
    """What was dialled, and who has chosen it for a line when somebody has."""
    names = known.in_words(known.lines.in_doubt(to))
    return _("%(number)s: a line that %(names)s named so itself, and not on-net") % {"number": to, "names": names} if names else to


def _dialled(to: str, known: Parties) -> Dialled:
    """What was dialled. A line is known by its name as sent before anything is taken out of it."""
    line = next((name for name in parties.names_dialled(to) if known.lines.are_free(name)), None)
    try:
        number = phone.dialled(to)
    except DomainError:
        return Dialled(line, line is not None, False)
    return Dialled(line or number, line is not None, True)


def _put_on_plan(outcome: Outcome, history: PlanHistory, conversion: Conversion) -> None:
    """Find the plan, its chain and the exchange rate at the moment of answer. A call that costs nothing anyway never waits for them (complaint 18)."""
    if outcome.customer is None or outcome.at is None:
        return
    held, why = _held(outcome.customer, outcome.at, history)
    if held is None:
        if not outcome.is_free:
            outcome.wait(Reason.NO_PLAN, why)
        return
    plan, chain = held
    outcome.plan, outcome.version, outcome.chain = plan, chain.version, chain
    converted = conversion.rate(plan.currency, outcome.customer.currency, outcome.at)
    if converted is not None:
        outcome.exchange_rate = converted
    elif not outcome.is_free:
        outcome.plan = outcome.version = outcome.chain = None
        outcome.wait(Reason.NO_EXCHANGE_RATE, f"{plan.currency} → {outcome.customer.currency}")


def _held(customer: Customer, at: datetime, history: PlanHistory) -> tuple[tuple[RatePlan, Chain] | None, str]:
    """The customer's plan and chain at that moment, else in words why it has none."""
    try:
        return history.at(customer.pk, at), ""
    except DomainError as refused:
        return None, refused.message


def _price(group: list[Outcome]) -> None:
    """Price the calls of one chain and exchange rate at once, exactly as `rating.price_call` prices each."""
    plan, chain = group[0].plan, group[0].chain
    if plan is None or chain is None:
        return
    deck, precision = decks.deck_of_chain(chain), chain.priced_by.precision
    priced = deck.price_many(
        [outcome.number for outcome in group],
        [outcome.record.answered_at is not None for outcome in group],
        [outcome.seconds for outcome in group],
        precision,
        exchange_rate=group[0].exchange_rate,
        charge_connection_at_zero=chain.priced_by.charge_connection_at_zero,
    )
    columns = zip(group, priced.rate.tolist(), priced.billed_seconds.tolist(), priced.net_sixtieths.tolist(), priced.price_micro.tolist(), strict=True)
    half, shift = 30 * 10**priced.scale, 10 ** (PRICE_PLACES - precision)
    for outcome, index, billed, sixtieths, micro in columns:
        if index < 0:
            if not outcome.is_free:
                outcome.wait(Reason.NO_RATE, _("no rate for %(number)s in %(plan)s") % {"number": outcome.number, "plan": plan.name})
            continue
        outcome.rate, outcome.billed_seconds, outcome.precision = deck.rates[index], billed, precision
        outcome.net = Decimal((sixtieths * 10**NET_PLACES + half) // (2 * half)).scaleb(-NET_PLACES)
        outcome.price = Decimal(micro // shift).scaleb(-precision)
        if outcome.price >= MOST or outcome.net >= MOST_NET:
            outcome.wait(Reason.TOO_LARGE, f"{outcome.price} {outcome.customer.currency if outcome.customer else ''}".strip())
