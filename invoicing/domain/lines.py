"""The lines of a document: calls of a month are one, everything else has one each (semantics 5, 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing_portal.kernel.period import Period, local_date, month_of
from customers.models import Customer, Kind
from invoicing.documents import figures
from invoicing.domain.gathering import Gathered
from invoicing.models import DocumentTax
from invoicing.queries import billed, movements
from invoicing.queries.movements import Movement, SlotCalls
from rateplans.models import Tax

DESCRIPTION, DETAIL = 200, 300
FEATURES = {"feature", "line", "number", "mailbox"}
NO_CALLS = SlotCalls()
CallsOf = Callable[[Mapping[UUID, int]], dict[int, SlotCalls]]
"""Adds up the calls behind movements: {movement: number of its month of calls} → {number: calls}."""


@dataclass(frozen=True)
class Rate:
    """A tax as lines bear it, the customer's of today or that of an earlier invoice; the same name and percentage is the same. `id` is the row it is of."""

    name: str
    percent: Decimal
    id: UUID = field(compare=False)

    @classmethod
    def of(cls, tax: Tax | DocumentTax) -> Rate:
        return cls(tax.name, tax.percent, tax.pk)


@dataclass(frozen=True)
class Behind:
    """What is behind the movements of many customers: {usage movement: number of its month of calls}, {number: calls}, and the taxes that what is answered
    bore on its invoice, {mirror or difference: rates}, where they are others than those of today."""

    slots: Mapping[UUID, int]
    calls: Mapping[int, SlotCalls]
    billed: Mapping[UUID, tuple[Rate, ...]]


@dataclass(frozen=True)
class DraftLine:
    """One line: what it is, its exact sum, and, once the document is rounded, its amount in the minor unit and the taxes on it.

    `movements` are those that it adds up; `billed` are the taxes that what it answers bore on its invoice, if others.
    """

    kind: str
    description: str
    detail: str
    exact: Decimal
    scope: str
    earlier: bool
    calls: SlotCalls = field(default=NO_CALLS)
    amount: Decimal = Decimal(0)
    rates: tuple[Rate, ...] = ()
    movements: tuple[UUID, ...] = ()
    billed: tuple[Rate, ...] | None = None

    @property
    def is_usage(self) -> bool:
        return self.kind == Kind.USAGE

    @property
    def quantity(self) -> int:
        """The number of calls, or one of anything else."""
        return self.calls.calls if self.is_usage else 1

    @property
    def percent(self) -> Decimal | None:
        """The percentages on it together; None where no tax is."""
        return sum((rate.percent for rate in self.rates), Decimal(0)) if self.rates else None

    def rounded(self, amount: Decimal, rates: tuple[Rate, ...]) -> DraftLine:
        return replace(self, amount=amount, rates=rates)


def behind(all_gathered: Iterable[Gathered], calls_of: CallsOf = movements.calls_of) -> Behind:
    """Number the months of calls of all customers, add up the calls behind each, and look up what was taken back or rated again."""
    gathered_ = list(all_gathered)
    borne = _borne([movement for gathered in gathered_ for share in gathered.shares for movement in share.movements])
    billed_: dict[UUID, tuple[Rate, ...]] = {}
    numbers: dict[tuple[UUID, date, frozenset[Rate] | None], int] = {}
    slots: dict[UUID, int] = {}
    for gathered in gathered_:
        customer, taxes = gathered.customer, list(gathered.customer.taxes.all())
        for movement in (movement for share in gathered.shares for movement in share.movements):
            others = _others(movement, borne, taxes)
            if others is not None:
                billed_[movement.id] = others
            if movement.kind == Kind.USAGE:
                month = local_date(movement.occurred_at, customer.time_zone).replace(day=1)
                key = (customer.pk, month, None if others is None else frozenset(others))
                slots[movement.id] = numbers.setdefault(key, len(numbers))
    return Behind(slots, calls_of(slots), billed_)


def together(customer: Customer, taken: Sequence[Movement]) -> Behind:
    """The same for a sum of all of these, whose calls nobody reads: the months of calls are one."""
    borne, taxes = _borne(taken), list(customer.taxes.all())
    billed_ = {movement.id: others for movement in taken if (others := _others(movement, borne, taxes)) is not None}
    kinds = list(dict.fromkeys(billed_.values()))
    return Behind({movement.id: 1 + kinds.index(billed_[movement.id]) if movement.id in billed_ else 0 for movement in taken}, {}, billed_)


def _borne(taken: Iterable[Movement]) -> dict[UUID, tuple[Rate, ...]]:
    """The taxes that what these answer bore on its invoice, {mirror or difference: rates}; the answer of what was on none is left out: its taxes are those
    of today, as those of what it answers are."""
    rows = list(taken)
    answers = {movement.id: movement.reverses for movement in rows if movement.reverses is not None}
    answers |= billed.first_moved([movement.id for movement in rows if movement.kind == Kind.USAGE and movement.about_kind == "call"])
    found = billed.taxes_of(set(answers.values()))
    return {answer: tuple(Rate.of(tax) for tax in found[movement]) for answer, movement in answers.items() if movement in found}


def _others(movement: Movement, borne: Mapping[UUID, tuple[Rate, ...]], taxes: Iterable[Tax]) -> tuple[Rate, ...] | None:
    """The taxes that what a movement answers bore, where today others would be on it."""
    rates = borne.get(movement.id)
    return None if rates is None or set(rates) == set(_of_scope(scope_of(movement), taxes)) else rates


def lines_of(customer: Customer, period: Period, taken: Sequence[Movement], behind: Behind) -> list[DraftLine]:
    """The unrounded lines of a document: calls of this period first, then the rest by date; older ones are marked as of earlier periods."""
    by_slot: dict[int, list[Movement]] = {}
    for movement in taken:
        if movement.kind == Kind.USAGE:
            by_slot.setdefault(behind.slots[movement.id], []).append(movement)
    usage = [_usage(customer, period, rows, behind.calls.get(slot, NO_CALLS), behind.billed.get(rows[0].id)) for slot, rows in by_slot.items()]
    rest = [_single(customer, period, movement, behind.billed) for movement in taken if movement.kind != Kind.USAGE]
    return sorted([*usage, *rest], key=lambda line: line.earlier)


def _usage(customer: Customer, period: Period, rows: Sequence[Movement], calls: SlotCalls, bore: tuple[Rate, ...] | None) -> DraftLine:
    month = month_of(local_date(rows[0].occurred_at, customer.time_zone), customer.time_zone)
    earlier = month.end <= period.start
    shown = month if earlier else period
    count = ngettext("%(count)s call", "%(count)s calls", calls.calls) % {"count": figures.number(Decimal(calls.calls))}
    minutes = _("%(minutes)s minutes") % {"minutes": figures.minutes(calls.seconds)}
    detail = f"{figures.period_name(shown.start, shown.end)}, {count}, {minutes}" if calls.calls else figures.period_name(shown.start, shown.end)
    exact = sum((row.amount for row in rows), Decimal(0))
    again = all(row.about_kind == "call" for row in rows) and not calls.calls
    name, taken = _("Calls rated again") if again else _("Calls"), tuple(row.id for row in rows)
    return DraftLine(Kind.USAGE, name, detail, exact, "on_calls", earlier, calls, movements=taken, billed=bore)


def _single(customer: Customer, period: Period, movement: Movement, borne: Mapping[UUID, tuple[Rate, ...]]) -> DraftLine:
    day = local_date(movement.occurred_at, customer.time_zone)
    label = str(Kind(movement.kind).label)
    if movement.reverses is not None:
        label = _("%(what)s taken back") % {"what": label}
    description, detail = (movement.note, f"{label}, {figures.day(day)}") if movement.note else (label, figures.day(day))
    texts, scope = (description[:DESCRIPTION], detail[:DETAIL]), scope_of(movement)
    return DraftLine(movement.kind, *texts, movement.amount, scope, day < period.start, movements=(movement.id,), billed=borne.get(movement.id))


def scope_of(movement: Movement) -> str:
    """Which scope of a tax a movement falls into; adjustments and opening balances fall into none (semantics 5, 7)."""
    if movement.kind in {Kind.ADJUSTMENT, Kind.OPENING}:
        return ""
    if movement.kind == Kind.USAGE or movement.about_kind == "call":
        return "on_calls"
    if movement.about_kind in FEATURES:
        return "on_features"
    if movement.kind == Kind.FEE or movement.about_kind == "fee":
        return "on_account_fees"
    return "on_products" if movement.about_kind == "product" else "on_charges"


def rates_on(line: DraftLine, taxes: Iterable[Tax]) -> tuple[Rate, ...]:
    """The taxes on a line: those of today by its scope, but on what answers something invoiced those that it bore there."""
    return _of_scope(line.scope, taxes) if line.billed is None else line.billed


def _of_scope(scope: str, taxes: Iterable[Tax]) -> tuple[Rate, ...]:
    return tuple(Rate.of(tax) for tax in taxes if scope and getattr(tax, scope))
