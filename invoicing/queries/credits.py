"""What became of money received: how much of it invoices have used, how much went back, and what is left."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.http import Http404

from billing_portal.tenancy.models import MoneyField
from customers.models import Account, Customer, Kind, Transfer
from customers.models.ledger import CUSTOMER_ACCOUNTS
from invoicing.models import Match, Payment

TAKEN_FROM = "taken_from"
"""What a refund, a chargeback or a settlement says in `about`: the movement that it takes from."""
WALLET_DEBT = "wallet-debt:"
"""How the keys of the two movements of a billed debt of a wallet begin."""
Part = Any  # a Transfer with `matched`, `drawn`, `left` and `reversed`
BY_HAND = (Kind.CHARGE, Kind.CREDIT, Kind.ADJUSTMENT)
SHOWN = (Kind.PAYMENT, Kind.TOPUP, Kind.REFUND, Kind.CHARGEBACK, Kind.WRITE_OFF, Kind.SETTLE, *BY_HAND)
PAYMENTS = Q(kind__in=[Kind.PAYMENT, Kind.TOPUP])
GIVEN_BACK = Q(kind__in=[Kind.REFUND, Kind.CHARGEBACK])
CHARGES = Q(kind__in=BY_HAND)
_MONEY = MoneyField()


def with_left(movements: QuerySet[Transfer]) -> Any:
    """The same movements with `matched` (settled documents), `drawn` (went back or moved on), `left`, and whether they were `reversed`."""
    matched = Match.objects.filter(credit=OuterRef("pk")).order_by().values("credit").annotate(sum=Sum("amount"))
    sums = {"matched": _or_nothing(matched), "drawn": _or_nothing(_drawn())}
    return movements.annotate(**sums, reversed=Exists(Transfer.objects.filter(reverses=OuterRef("pk")))).annotate(left=F("amount") - F("matched") - F("drawn"))


def _drawn() -> QuerySet[Any, Any]:
    """What was taken from a movement, summed."""
    drawn = Transfer.objects.filter(about_kind=TAKEN_FROM, about_id=OuterRef("pk"), reverses=None, reversed_by=None)
    return drawn.order_by().values("about_id").annotate(sum=Sum("amount"))


def _or_nothing(sums: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(sums.values("sum")), Value(Decimal(0)), output_field=_MONEY)


def parts_of(payment: Payment) -> list[Part]:
    """The movements of a payment with what is left of each: the customer's own first, then its taxes by name."""
    parts = with_left(Transfer.objects.filter(about_kind="payment", about_id=payment.pk, reverses=None)).select_related("credit")
    return sorted(parts, key=lambda part: (part.pk != payment.transfer_id, part.note))


def by_hand(customer: Customer) -> QuerySet[Any]:
    """What staff did to the customer's money, each with what became of it and how much of it settlements `moved_on`; not what documents post themselves,
    nor the mirrors of what was taken back."""
    own = Account.objects.filter(customer=customer, kind__in=CUSTOMER_ACCOUNTS).values("pk")
    moved = Transfer.objects.filter(Q(debit__in=own) | Q(credit__in=own), customer=customer, kind__in=SHOWN, reverses=None)
    moved = moved.exclude(about_kind="document", kind__in=[Kind.CREDIT, Kind.CHARGE, Kind.ADJUSTMENT])
    named = moved.select_related("debit", "credit", "payment").annotate(reference=Coalesce("payment__reference", Value(""), output_field=CharField()))
    return cast("QuerySet[Any]", with_left(named).annotate(moved_on=_or_nothing(_drawn().filter(kind=Kind.SETTLE))))


def movement_or_404(customer: Customer, id_: Any) -> Transfer:
    """One of those movements; 404 for any other."""
    found = by_hand(customer).filter(pk=id_).first()
    if found is None:
        raise Http404
    return Transfer.objects.select_related("customer", "debit", "credit").get(pk=found.pk)


def payment_or_404(customer: Customer, id_: Any) -> Payment:
    """The payment whose movement this is; 404 when it is none of the customer's."""
    found = Payment.objects.filter(transfer_id=id_, transfer__customer=customer).select_related("transfer__customer").first()
    if found is None:
        raise Http404
    return found
