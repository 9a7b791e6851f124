"""Where paid money is now: in the wallet the latest lots are left, since what is spent is spent oldest first, and settlements move lots on (semantics 3, 9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from billing_portal.kernel import money
from customers.models import AccountKind, Customer, Kind, Transfer
from invoicing.models import Payment
from invoicing.queries import credits
from invoicing.queries.credits import TAKEN_FROM, Part

ZERO = Decimal(0)
PAID_IN = (Kind.TOPUP, Kind.VOUCHER, Kind.SETTLE)
"""What brings its tax with it; what else comes into a wallet was never taxed."""
GIVEN = (Kind.CREDIT, Kind.ADJUSTMENT, Kind.OPENING, Kind.AFFILIATE)
"""What else is there to be spent. What a billed debt gave is none of it: it was spent before it came, and its tax is on the invoice."""


@dataclass(frozen=True)
class Lot:
    """Credit that came by one movement, the first of `parts`, with its taxes after it; `inside` is how much of it is still in the wallet, net."""

    parts: list[Part]
    inside: Decimal = ZERO

    @property
    def main(self) -> Part:
        return self.parts[0]

    @property
    def taxes(self) -> list[Part]:
        return self.parts[1:]

    @property
    def gross(self) -> Decimal:
        return sum((part.amount for part in self.parts), ZERO)

    @property
    def rest(self) -> Decimal:
        """What went nowhere else yet, its tax in it."""
        return self.gross - sum((part.drawn for part in self.parts), ZERO)


def in_wallet(customer: Customer, wallet: Decimal) -> Iterator[Lot]:
    """What a wallet that holds so much is made of, latest lot first, in whole minor units."""
    came = Transfer.objects.filter(customer=customer, credit__kind=AccountKind.WALLET, kind__in=(*PAID_IN, *GIVEN), reverses=None, reversed_by=None)
    came = came.exclude(key__startswith=credits.WALLET_DEBT)
    left = money.whole_minor(wallet, customer.currency)
    for main in credits.with_left(came).select_related("credit", "payment").order_by("-posted_at", "-pk").iterator(chunk_size=100):
        if left <= 0:
            return
        inside = min(left, money.whole_minor(main.amount - main.drawn, customer.currency))
        if inside > 0:
            left -= inside
            yield Lot(_parts(main), inside)


def inside(payment: Payment, wallet: Decimal) -> Decimal:
    """How much of a top-up is still in a wallet that holds so much, net."""
    found = in_wallet(payment.transfer.customer, wallet)
    return next((lot.inside for lot in found if lot.main.pk == payment.transfer_id), ZERO)


def whereabouts(payment: Payment) -> list[Lot]:
    """Where a payment is now: where it came in, then where settlements have moved parts of it, the latest first."""
    return list(_moved_on(Lot(credits.parts_of(payment))))


def _moved_on(lot: Lot) -> Iterator[Lot]:
    yield lot
    moved = Transfer.objects.filter(kind=Kind.SETTLE, about_kind=TAKEN_FROM, about_id__in=[part.pk for part in lot.parts], reverses=None, reversed_by=None)
    settlements: dict[str, list[Part]] = {}
    for part in credits.with_left(moved).select_related("credit").order_by("-posted_at", "-pk"):
        settlements.setdefault(part.key.rpartition(":")[0], []).append(part)
    for parts in settlements.values():
        yield from _moved_on(Lot(_main_first(parts)))


def _parts(main: Part) -> list[Part]:
    """The movement with its taxes: those of its payment, or those that the settlement took out of the same credit."""
    if main.kind == Kind.TOPUP:
        return credits.parts_of(main.payment)
    if main.kind != Kind.SETTLE:
        return [main]
    beside = Transfer.objects.filter(customer_id=main.customer_id, key__startswith=main.key.rpartition(":")[0] + ":", about_id=main.about_id, reverses=None)
    return _main_first(list(credits.with_left(beside).select_related("credit")))


def _main_first(parts: list[Part]) -> list[Part]:
    """Out of the wallet the net is the first that was moved; into it the tax was taken out before."""
    return sorted(parts, key=lambda part: (part.credit.kind == AccountKind.TAX_PAYABLE, int(part.key.rpartition(":")[2])))
