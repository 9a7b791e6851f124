"""A document before it has a number: which lines, net, taxes and total follow from what it takes (semantics 7, 10, 12)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.money import minor_units, round_half_up, spread, to_minor
from billing_portal.kernel.period import Period
from customers.models import BillingType, Customer
from invoicing.domain import gathering, lines
from invoicing.domain.gathering import Gathered, Ledgers
from invoicing.domain.lines import Behind, DraftLine, Rate
from invoicing.queries import movements, sums
from invoicing.queries.movements import Movement

REASONS: dict[str, Any] = {
    "prepaid": _("Pre-paid"),
    "waiting_calls": _("Calls without a price are waiting"),
    "credit": _("In credit: stays open for the next invoice"),
    "zero": _("Comes to 0.00: stays open for the next invoice"),
    "nothing_to_bill": _("Nothing to bill"),
    "already_issued": _("Invoiced already"),
    "not_due": _("No period has ended"),
}


@dataclass(frozen=True)
class DraftTax:
    """One tax on the rounded lines that bear it, in the minor unit."""

    tax: Rate
    base: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Draft:
    """What the invoice of one period would say, in the customer's currency; `moved` is the exact sum of what it takes."""

    customer: Customer
    period: Period
    movements: tuple[Movement, ...]
    lines: tuple[DraftLine, ...]
    taxes: tuple[DraftTax, ...]
    moved: Decimal
    net: Decimal

    @property
    def tax(self) -> Decimal:
        return sum((tax.amount for tax in self.taxes), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.net + self.tax

    @property
    def reason(self) -> str | None:
        """Why it is not issued: less than nothing, or nothing, is due in all; a single tax may well be given back (semantics 12)."""
        if self.total < 0:
            return "credit"
        return None if self.total else "zero"

    @property
    def comes_to_nothing(self) -> bool:
        """What it takes cancels out, each tax too, or is less than the minor unit."""
        return not self.net and not any(tax.amount for tax in self.taxes)

    @property
    def calls(self) -> int:
        return sum(line.calls.calls for line in self.lines)

    @property
    def usage(self) -> Decimal:
        """The part of the net that is calls."""
        return sum((line.amount for line in self.lines if line.is_usage), Decimal(0))

    @property
    def other(self) -> Decimal:
        """The part of the net that is fees, charges and credits."""
        return self.net - self.usage


@dataclass(frozen=True)
class Skipped:
    """Why a customer gets no document: a code, its period where there is one, and a sentence when something failed."""

    customer: Customer
    reason: str
    period: Period | None = None
    error: str = ""


@dataclass(frozen=True)
class Drafted:
    """What a run would issue and whom it would skip."""

    drafts: list[Draft]
    skipped: list[Skipped]


def draft_all(customer_ids: Collection[UUID], as_of: date) -> Drafted:
    """Draft the documents of many customers for a date: everything they need is asked for at once. Writes nothing (E27, semantics 10)."""
    return _draft_all(customer_ids, as_of, Ledgers.of(customer_ids), movements.calls_of)


def preview_all(customer_ids: Collection[UUID], as_of: date) -> Drafted:
    """The same drafts with the same figures, their calls added up where they lie: to be looked at, never to be issued, for one movement stands in them for
    all calls of a month (reliability 59)."""
    found = sums.of(customer_ids, as_of)
    ledgers = Ledgers(found.untaken, movements.billed_until(customer_ids), movements.blocking_calls(customer_ids))
    return _draft_all(customer_ids, as_of, ledgers, found.calls_of)


def _draft_all(customer_ids: Collection[UUID], as_of: date, ledgers: Ledgers, calls_of: lines.CallsOf) -> Drafted:
    customers = Customer.objects.filter(pk__in=customer_ids).prefetch_related("taxes").order_by("name", "pk")
    paying = [customer for customer in customers if customer.billing_type != BillingType.PREPAID or customer.pk in ledgers.untaken]
    found = Drafted([], [Skipped(customer, "prepaid") for customer in customers if customer not in paying])
    gathered = [each for customer in paying if (each := _gathered(customer, ledgers, as_of, found)) is not None]
    behind = lines.behind(gathered, calls_of)
    for each in gathered:
        try:
            drafts, skipped = _of_customer(each, behind)
        except (DomainError, ArithmeticError, ValueError, LookupError) as problem:
            drafts, skipped = [], [_failed(each.customer, problem)]
        found.drafts.extend(drafts)
        found.skipped.extend(skipped)
    return found


def _gathered(customer: Customer, ledgers: Ledgers, as_of: date, found: Drafted) -> Gathered | None:
    """The customer's periods; a customer that cannot be laid out is taken out with the reason, and the others go on."""
    try:
        return gathering.gather(customer, ledgers, as_of)
    except (DomainError, ArithmeticError, ValueError, LookupError) as problem:
        found.skipped.append(_failed(customer, problem))
        return None


def _failed(customer: Customer, problem: Exception) -> Skipped:
    code, message = (problem.code, problem.message) if isinstance(problem, DomainError) else ("failed", f"{type(problem).__name__}: {problem}")
    return Skipped(customer, code, error=message[:300])


def _of_customer(gathered: Gathered, behind: Behind) -> tuple[list[Draft], list[Skipped]]:
    """The customer's documents, oldest first. What a period without document holds stays open for the next one (semantics 12)."""
    customer, drafts, skipped = gathered.customer, list[Draft](), list[Skipped]()
    carried: list[Movement] = []
    for share in gathered.shares:
        carried = sorted([*carried, *share.movements], key=lambda movement: (movement.occurred_at, movement.id))
        if gathered.is_blocked(share.period):
            return drafts, [*skipped, Skipped(customer, "waiting_calls", share.period)]
        made = draft(customer, share.period, carried, behind)
        if made.reason is None:
            drafts.append(made)
            carried = []
        else:
            skipped.append(Skipped(customer, made.reason, share.period))
    if not drafts and not skipped:
        skipped.append(Skipped(customer, _nothing(gathered), gathered.last))
    return drafts, skipped


def _nothing(gathered: Gathered) -> str:
    """Why there is nothing to draft."""
    if gathered.last is None:
        return "already_issued" if gathered.billed else "not_due"
    return "waiting_calls" if gathered.is_blocked(gathered.last) else "nothing_to_bill"


def draft(customer: Customer, period: Period, movements: Sequence[Movement], behind: Behind) -> Draft:
    """One document: the moved amounts rounded once to the minor unit, spread over the lines, and taxed by rate (semantics 7, 10)."""
    unrounded = lines.lines_of(customer, period, movements, behind)
    moved = sum((movement.amount for movement in movements), Decimal(0))
    net = to_minor(moved, customer.currency)
    amounts = spread(net, [line.exact for line in unrounded], minor_units(customer.currency))
    taxes = sorted(customer.taxes.all(), key=lambda tax: tax.name.lower())
    rounded = tuple(line.rounded(amount, lines.rates_on(line, taxes)) for line, amount in zip(unrounded, amounts, strict=True))
    return Draft(customer, period, tuple(movements), rounded, tuple(_taxes(rounded, customer.currency)), moved, net)


def together(customer: Customer, movements: Sequence[Movement], period: Period) -> Draft:
    """One document over all of these, whenever they fell: what they come to with their taxes."""
    return draft(customer, period, movements, lines.together(customer, movements))


def _taxes(rounded: Iterable[DraftLine], currency: str) -> Iterable[DraftTax]:
    """Each tax once, by name, on the sum of the rounded lines that bear it, also where they cancel: what is given back of one of them is known by it."""
    bases: dict[Rate, Decimal] = {}
    for line in rounded:
        for rate in line.rates:
            bases[rate] = bases.get(rate, Decimal(0)) + line.amount
    for rate in sorted(bases, key=lambda rate: (rate.name.lower(), rate.percent)):
        yield DraftTax(rate, bases[rate], round_half_up(bases[rate] * rate.percent / 100, minor_units(currency)))
