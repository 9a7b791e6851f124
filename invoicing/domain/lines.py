"""The lines of a document: calls of a month are one, everything else has one each (semantics 5, 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from invoicing.queries import movements
from invoicing.queries.movements import Movement, SlotCalls
from rateplans.models import Tax

DESCRIPTION, DETAIL = 200, 300
FEATURES = {"feature", "line", "number", "mailbox"}
NO_CALLS = SlotCalls()


@dataclass(frozen=True)
class DraftLine:
    """One line: what it is, its exact sum, and, once the document is rounded, its amount in the minor unit; `percent` is its taxes together.

    `movements` are those that it adds up.
    """

    kind: str
    description: str
    detail: str
    exact: Decimal
    scope: str
    earlier: bool
    calls: SlotCalls = field(default=NO_CALLS)
    amount: Decimal = Decimal(0)
    percent: Decimal | None = None
    movements: tuple[UUID, ...] = ()

    @property
    def is_usage(self) -> bool:
        return self.kind == Kind.USAGE

    @property
    def quantity(self) -> int:
        """The number of calls, or one of anything else."""
        return self.calls.calls if self.is_usage else 1

    def rounded(self, amount: Decimal, percent: Decimal | None) -> DraftLine:
        return replace(self, amount=amount, percent=percent)


def calls_behind(all_gathered: Iterable[Gathered]) -> tuple[dict[UUID, int], dict[int, SlotCalls]]:
    """Number the months of calls of all customers, and add up the calls behind each: ({usage movement: slot}, {slot: calls})."""
    numbers: dict[tuple[UUID, date], int] = {}
    slots: dict[UUID, int] = {}
    for gathered in all_gathered:
        for movement in (movement for share in gathered.shares for movement in share.movements if movement.kind == Kind.USAGE):
            month = local_date(movement.occurred_at, gathered.customer.time_zone).replace(day=1)
            slots[movement.id] = numbers.setdefault((gathered.customer.pk, month), len(numbers))
    return slots, movements.calls_of(slots)


def lines_of(customer: Customer, period: Period, taken: Sequence[Movement], slots: Mapping[UUID, int], calls: Mapping[int, SlotCalls]) -> list[DraftLine]:
    """The unrounded lines of a document: calls of this period first, then the rest by date; older ones are marked as of earlier periods."""
    by_slot: dict[int, list[Movement]] = {}
    for movement in taken:
        if movement.kind == Kind.USAGE:
            by_slot.setdefault(slots[movement.id], []).append(movement)
    usage = [_usage(customer, period, rows, calls.get(slot, NO_CALLS)) for slot, rows in by_slot.items()]
    rest = [_single(customer, period, movement) for movement in taken if movement.kind != Kind.USAGE]
    return sorted([*usage, *rest], key=lambda line: line.earlier)


def _usage(customer: Customer, period: Period, rows: Sequence[Movement], calls: SlotCalls) -> DraftLine:
    month = month_of(local_date(rows[0].occurred_at, customer.time_zone), customer.time_zone)
    earlier = month.end <= period.start
    shown = month if earlier else period
    count = ngettext("%(count)s call", "%(count)s calls", calls.calls) % {"count": figures.number(Decimal(calls.calls))}
    minutes = _("%(minutes)s minutes") % {"minutes": figures.minutes(calls.seconds)}
    detail = f"{figures.period_name(shown.start, shown.end)}, {count}, {minutes}" if calls.calls else figures.period_name(shown.start, shown.end)
    exact = sum((row.amount for row in rows), Decimal(0))
    again = all(row.about_kind == "call" for row in rows)
    name, taken = _("Calls rated again") if again else _("Calls"), tuple(row.id for row in rows)
    return DraftLine(Kind.USAGE, name, detail, exact, "on_calls", earlier, calls, movements=taken)


def _single(customer: Customer, period: Period, movement: Movement) -> DraftLine:
    day = local_date(movement.occurred_at, customer.time_zone)
    label = str(Kind(movement.kind).label)
    if movement.is_mirror:
        label = _("%(what)s taken back") % {"what": label}
    description, detail = (movement.note, f"{label}, {figures.day(day)}") if movement.note else (label, figures.day(day))
    texts, scope = (description[:DESCRIPTION], detail[:DETAIL]), scope_of(movement)
    return DraftLine(movement.kind, *texts, movement.amount, scope, day < period.start, movements=(movement.id,))


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


def applies(tax: Tax, line: DraftLine) -> bool:
    """True when the tax is on this kind of line."""
    return bool(line.scope and getattr(tax, line.scope))


def percent_on(line: DraftLine, taxes: Iterable[Tax]) -> Decimal | None:
    """The percentages on a line together; None where no tax is."""
    percents = [tax.percent for tax in taxes if applies(tax, line)]
    return sum(percents, Decimal(0)) if percents else None
